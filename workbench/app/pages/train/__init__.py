"""The Train page."""

from __future__ import annotations

from workbench.app.pages.train.page import TrainPage

__all__ = ["TrainPage"]
