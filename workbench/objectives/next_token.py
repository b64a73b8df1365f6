"""The next token of a text: a language model."""

from __future__ import annotations

from typing import ClassVar

from workbench.objectives.base import Metric
from workbench.objectives.token_accumulators import Perplexity, TokenAccuracy
from workbench.objectives.tokens import Writing


class NextToken(Writing):
    """Every token from those before it. The input that the model writes is the text itself, one token late."""

    name: ClassVar[str] = "next_token"
    label: ClassVar[str] = "Next token"
    category: ClassVar[str] = "self-supervised"
    summary: ClassVar[str] = "Says at every place of a text which token comes next."
    aliases: ClassVar[tuple[str, ...]] = ("language model", "GPT", "perplexity", "causal LM", "autoregressive", "语言模型", "困惑度", "下一个词")
    main_metric: ClassVar[str] = "token_accuracy"

    def accumulators(self) -> dict[str, Metric]:
        return {"token_accuracy": TokenAccuracy(), "perplexity": Perplexity()}
