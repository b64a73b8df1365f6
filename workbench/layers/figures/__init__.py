"""Pictures of what layers do, drawn from their own parameters: shapes and words, without torch and without a window."""

from __future__ import annotations

from workbench.layers.figures.picture import Box, Figure, Item, Label, Path, Picture, Tone

__all__ = ["Box", "Figure", "Item", "Label", "Path", "Picture", "Tone"]
