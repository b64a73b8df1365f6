"""The Deploy page."""

from __future__ import annotations

from workbench.app.pages.deploy.page import DeployPage

__all__ = ["DeployPage"]
