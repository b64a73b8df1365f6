"""Small widgets that several pages use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.app.widgets.basic import Bar, Card, Chip, EmptyState, Heading, KeyValue, button, line, quiet, small

if TYPE_CHECKING:
    from workbench.app.widgets.image_view import ImageView

__all__ = ["Bar", "Card", "Chip", "EmptyState", "Heading", "ImageView", "KeyValue", "button", "line", "quiet", "small"]


def __getattr__(name: str) -> Any:
    # The first paint shows no picture.
    if name == "ImageView":
        from workbench.app.widgets.image_view import ImageView

        return ImageView
    raise AttributeError(name)
