"""The other way: plain PyTorch source becomes a drawing. The source is parsed as text, never imported and never run."""

from __future__ import annotations

from workbench.models.moving import Moved
from workbench.models.reading.reading import Reading
from workbench.models.reading.source import read_source
from workbench.models.reading.weights import in_our_names, load_foreign

__all__ = ["Moved", "Reading", "in_our_names", "load_foreign", "read_source"]
