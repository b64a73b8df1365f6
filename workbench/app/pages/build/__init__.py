"""The Build page: where the model is drawn."""

from __future__ import annotations

from workbench.app.pages.build.page import BuildPage

__all__ = ["BuildPage"]
