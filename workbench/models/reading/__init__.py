"""The other way: plain PyTorch source becomes a drawing. The source is parsed as text, never imported and never run."""

from __future__ import annotations

from workbench.models.reading.reading import Reading
from workbench.models.reading.source import read_source
from workbench.models.reading.weights import Moved, load_foreign

__all__ = ["Moved", "Reading", "load_foreign", "read_source"]
