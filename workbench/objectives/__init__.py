"""What is learned: loss, metrics, what counts as better, and how an output is read by a person."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.objectives.base import Chance, Expected, Metric, Objective

OBJECTIVES: Catalogue[Objective] = Catalogue("workbench.objectives", Objective, "objective")

__all__ = ["OBJECTIVES", "Chance", "Expected", "Metric", "Objective"]
