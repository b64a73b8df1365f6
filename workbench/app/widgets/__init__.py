"""Small widgets that several pages use."""

from __future__ import annotations

from workbench.app.widgets.basic import Bar, Card, Chip, EmptyState, Heading, KeyValue, button, line, quiet, small
from workbench.app.widgets.image_view import ImageView

__all__ = ["Bar", "Card", "Chip", "EmptyState", "Heading", "ImageView", "KeyValue", "button", "line", "quiet", "small"]
