"""Look inside a model, say why it decided: methods, each returning one of few result kinds.

A method runs on a copy of the model in eval mode; training state, random numbers, buffers and gradients stay as they are.
"""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.explain.method import Cancelled, Method

METHODS: Catalogue[Method] = Catalogue("workbench.explain", Method, "method")

__all__ = ["METHODS", "Cancelled", "Method"]
