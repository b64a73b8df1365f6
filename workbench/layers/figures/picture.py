"""What a picture of a layer is made of: boxes, paths and labels in tones of the theme, within a given size."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Union

from workbench.graph.shape import Shape
from workbench.text import Text, translated

WIDTH_PX = 360.0
LINE_PX = 1.2
_NARROW, _WIDE = frozenset("iljtfr.,;:|()[]{}' !/·′"), frozenset("mwMWΣ—%@")


class Tone(StrEnum):
    """A colour by its part in the picture; the theme decides which one it is."""

    TEXT = "text"
    QUIET = "quiet"
    FAINT = "faint"
    LINE = "line"
    GROUND = "ground"
    ON = "on"
    BLUE = "blue"
    AMBER = "amber"
    GREEN = "green"
    PINK = "pink"
    VIOLET = "violet"
    SLATE = "slate"


SERIES = (Tone.BLUE, Tone.AMBER, Tone.GREEN, Tone.PINK, Tone.VIOLET, Tone.SLATE)
"""Tones that tell things apart, in order."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; with `radius` half its side, a disc.

    Attributes:
        fill: Its tone, or None for an outline.
        strength: How much of the tone shows over the ground, 0 to 1; a heat cell has its value here.
        stroke: The tone of its outline, or None.
    """

    x: float
    y: float
    width: float
    height: float
    fill: Tone | None = None
    strength: float = 1.0
    stroke: Tone | None = None
    line: float = LINE_PX
    radius: float = 0.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """Straight pieces through points; closed and filled where `fill` is given.

    Attributes:
        arrow: Whether it ends in an arrow head.
    """

    points: tuple[tuple[float, float], ...]
    stroke: Tone | None = Tone.QUIET
    line: float = LINE_PX
    fill: Tone | None = None
    strength: float = 1.0
    arrow: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text; `y` is the middle of its height.

    Attributes:
        text: A `Text` is translated, a plain string (a number, a symbol) is not.
        align: Where `x` lies: `start`, `middle` or `end`.
        turned: Whether it reads upwards.
        serif: Whether it stands in a formula.
    """

    x: float
    y: float
    text: str
    size: float = 11.0
    tone: Tone = Tone.TEXT
    align: str = "middle"
    italic: bool = False
    bold: bool = False
    turned: bool = False
    serif: bool = False


Item = Union[Box, Path, Label]


@dataclass(frozen=True, slots=True)
class Picture:
    """Items within `(0, 0)` and `(width, height)`, in units of a pixel at usual size."""

    width: float
    height: float
    items: tuple[Item, ...]

    def labels(self) -> tuple[Label, ...]:
        """Returns its labels."""
        return tuple(item for item in self.items if isinstance(item, Label))

    def translated(self, lookup: Callable[[str], str]) -> Picture:
        """Returns this picture with its words in another language."""
        return Picture(self.width, self.height, tuple(_translated(item, lookup) for item in self.items))


def _translated(item: Item, lookup: Callable[[str], str]) -> Item:
    if not isinstance(item, Label) or not isinstance(item.text, Text):
        return item
    return replace(item, text=translated(item.text, lookup))


class Figure(ABC):
    """A picture of what a layer does. Declared on its class: `figure = Curve(functions.relu)`."""

    @abstractmethod
    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        """Returns the picture for these parameters.

        Args:
            params: Parsed parameters of the layer.
            inputs: The shapes of its inputs, where they are known; empty otherwise.
            step: Which moment of the motion, from 0 to `steps - 1`.
        """

    def steps(self, params: Any) -> int:
        """Returns how many moments the motion has; 1 for a still picture."""
        return 1


def width_of(text: str, size: float) -> float:
    """Returns about how wide a text is at a font size, rather too much than too little; without a font at hand."""
    return sum(_share(letter) for letter in text) * size


def _share(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if letter in _NARROW:
        return 0.34
    return 0.88 if letter in _WIDE else 0.68 if letter.isupper() else 0.58


def bounds(item: Item) -> tuple[float, float, float, float]:
    """Returns left, top, right and bottom of what an item covers."""
    if isinstance(item, Box):
        return item.x, item.y, item.x + item.width, item.y + item.height
    if isinstance(item, Path):
        across, down = [x for x, _ in item.points], [y for _, y in item.points]
        return min(across), min(down), max(across), max(down)
    wide, high = width_of(item.text, item.size), item.size * 1.1
    before = {"start": 0.0, "middle": wide / 2, "end": wide}[item.align]
    if item.turned:
        return item.x - high / 2, item.y - wide + before, item.x + high / 2, item.y + before
    return item.x - before, item.y - high / 2, item.x - before + wide, item.y + high / 2
