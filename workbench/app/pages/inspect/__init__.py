"""The Inspect page."""

from __future__ import annotations

from workbench.app.pages.inspect.page import InspectPage

__all__ = ["InspectPage"]
