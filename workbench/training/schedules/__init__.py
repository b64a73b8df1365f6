"""How the learning rate moves over a run."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.training.schedules.base import Schedule

SCHEDULES: Catalogue[Schedule] = Catalogue("workbench.training.schedules", Schedule, "schedule")

__all__ = ["SCHEDULES", "Schedule"]
