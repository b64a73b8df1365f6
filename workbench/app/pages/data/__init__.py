"""The Data page."""

from __future__ import annotations

from workbench.app.pages.data.page import DataPage

__all__ = ["DataPage"]
