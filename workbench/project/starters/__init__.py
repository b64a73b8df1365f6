"""Starter projects: complete, small, and good at what they do."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.project.starters.base import Starter

STARTERS: Catalogue[Starter] = Catalogue("workbench.project.starters", Starter, "starter")

__all__ = ["STARTERS", "Starter"]
