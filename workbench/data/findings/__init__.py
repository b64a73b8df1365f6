"""What may be wrong with data: one class in one module for each kind of trouble, found by listing."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.data.findings.base import Finder

FINDERS: Catalogue[Finder] = Catalogue(__name__, Finder, "finding")

__all__ = ["FINDERS", "Finder"]
