"""The ways texts are cut into tokens: one class in one module each, found by listing."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.data.tokenizers.base import TokenizerKind

TOKENIZERS: Catalogue[TokenizerKind] = Catalogue(__name__, TokenizerKind, "tokeniser")
