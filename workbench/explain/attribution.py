"""Methods that share out a decision among the parts of the input: pixels of an image, tokens of a text, steps of a series or columns of a table."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.catalogue import Params, param
from workbench.explain.evidence import Evidence, evidence_of
from workbench.explain.faithfulness import faithfulness
from workbench.explain.method import Method, Watch, has_image, has_numbers, has_text
from workbench.explain.results import HeatMap, TokenScores

if TYPE_CHECKING:
    from workbench.explain.subject import Subject


class AttributionParams(Params):
    """What every attribution can be told."""

    faithfulness: bool = param(
        True, label="Check faithfulness", main=False,
        help="Erase what ranks highest and compare with random orderings; costs a few hundred forward passes.",
    )
    seed: int = param(0, label="Seed", help="Seed of the random orderings it is compared with.", main=False, ge=0)


class Attribution(Method):
    """Shares out the explained number; signed values speak for (above 0) or against (below 0) the target."""

    result: ClassVar[str] = "HeatMap"
    attribution: ClassVar[bool] = True
    category: ClassVar[str] = "attribution"
    Params: ClassVar[type[Params]] = AttributionParams

    def fits(self, plan: Any) -> bool:
        """Whether there is an image, a text, a series, a sound or a number to share the decision out on."""
        return has_image(plan) or has_text(plan) or has_numbers(plan)

    @abstractmethod
    def attribute(self, evidence: Evidence, params: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Returns values of the shape of the evidence, and the facts that are its own (baseline, residual)."""

    def explain(self, subject: Subject, params: Any, watch: Watch) -> HeatMap | TokenScores:
        """Attributes, then measures how faithful the ranking is."""
        with evidence_of(subject, watch) as evidence:
            values, own = self.attribute(evidence, params)
            share = faithfulness(evidence, values, seed=params.seed) if params.faithfulness else None
            return evidence.result(values.astype(np.float32), self.facts(subject, watch, faithfulness=share, seed=params.seed, **own))
