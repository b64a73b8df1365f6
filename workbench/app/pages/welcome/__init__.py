"""The Welcome page: starters, one's own data, an empty canvas, recent projects."""

from __future__ import annotations

from workbench.app.pages.welcome.page import WelcomePage

__all__ = ["WelcomePage"]
