"""One text from another: translation, writing dates another way, adding numbers up."""

from __future__ import annotations

from typing import ClassVar

from workbench.objectives.base import Metric
from workbench.objectives.token_accumulators import ExactMatch, TokenAccuracy
from workbench.objectives.tokens import Writing


class Sequence(Writing):
    """A whole text from another input. While training, the right tokens so far are given (teacher forcing)."""

    name: ClassVar[str] = "sequence"
    label: ClassVar[str] = "Sequence to sequence"
    category: ClassVar[str] = "supervised"
    summary: ClassVar[str] = "Writes a text from another input, token by token."
    aliases: ClassVar[tuple[str, ...]] = ("seq2seq", "translation", "teacher forcing", "encoder-decoder", "序列到序列", "翻译", "教师强制")
    main_metric: ClassVar[str] = "exact_match"

    def accumulators(self) -> dict[str, Metric]:
        return {"exact_match": ExactMatch(), "token_accuracy": TokenAccuracy()}
