"""The ways data lies on disk or is generated: one class in one module each, found by listing."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.data.base import Format

FORMATS: Catalogue[Format] = Catalogue(__name__, Format, "data format")
