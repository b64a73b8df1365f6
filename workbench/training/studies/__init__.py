"""Studies: one question answered by several runs of the same engine. One class in one module for each, found by listing."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.training.studies.base import Study

STUDIES: Catalogue[Study] = Catalogue(__name__, Study, "study")

__all__ = ["STUDIES", "Study"]
