"""How weights follow their gradients."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.training.optimizers.base import OptimizerEntry

OPTIMIZERS: Catalogue[OptimizerEntry] = Catalogue("workbench.training.optimizers", OptimizerEntry, "optimizer")

__all__ = ["OPTIMIZERS", "OptimizerEntry"]
