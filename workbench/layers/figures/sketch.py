"""A sheet on which a figure puts its items: cells, arrows, words, numbers in grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, sin

from workbench.layers.figures.picture import LINE_PX, WIDTH_PX, Box, Item, Label, Path, Picture, Tone
from workbench.text import Text

SMALL_PX = 10.0
_READABLE_PX = 15.0
_DARK_FROM = 0.62

Number = float | int | None
Shade = Callable[[int, int], tuple[Tone, float]]


def written(value: Number) -> str:
    """Returns a number as a cell shows it: `3`, `−2`, `0.25`."""
    if value is None:
        return ""
    text = f"{value:d}" if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:.0f}"
    return "0" if text == "-0" else text.replace("-", "−")


class Sketch:
    """Collects the items of one picture."""

    def __init__(self, height: float, width: float = WIDTH_PX) -> None:
        self.width, self.height = width, height
        self.items: list[Item] = []

    def picture(self) -> Picture:
        """Returns what has been drawn."""
        return Picture(self.width, self.height, tuple(self.items))

    def box(
        self, x: float, y: float, width: float, height: float, fill: Tone | None = None, strength: float = 1.0,
        stroke: Tone | None = Tone.LINE, line: float = LINE_PX, radius: float = 0.0, dashed: bool = False,
    ) -> None:
        """Adds a rectangle."""
        self.items.append(Box(x, y, width, height, fill, strength, stroke, line, radius, dashed))

    def label(
        self, x: float, y: float, text: str, size: float = 11.0, tone: Tone = Tone.TEXT, align: str = "middle", *,
        italic: bool = False, bold: bool = False, turned: bool = False,
    ) -> None:
        """Adds a line of text with its middle at `y`."""
        self.items.append(Label(x, y, text, size, tone, align, italic, bold, turned))

    def note(self, x: float, y: float, text: str, align: str = "middle") -> None:
        """Adds a small quiet line of text."""
        self.label(x, y, text, SMALL_PX, Tone.QUIET, align)

    def line(self, *points: tuple[float, float], stroke: Tone = Tone.QUIET, line: float = LINE_PX, dashed: bool = False) -> None:
        """Adds straight pieces through points."""
        self.items.append(Path(points, stroke, line, dashed=dashed))

    def arrow(self, *points: tuple[float, float], stroke: Tone = Tone.QUIET, line: float = LINE_PX, dashed: bool = False) -> None:
        """Adds straight pieces that end in an arrow head."""
        self.items.append(Path(points, stroke, line, arrow=True, dashed=dashed))

    def area(self, *points: tuple[float, float], fill: Tone, strength: float = 1.0, stroke: Tone | None = None, line: float = LINE_PX) -> None:
        """Adds a filled polygon."""
        self.items.append(Path((*points, points[0]), stroke, line, fill, strength))

    def cell(
        self, x: float, y: float, width: float, height: float, text: str = "", tone: Tone = Tone.BLUE, strength: float = 0.0,
        stroke: Tone = Tone.LINE, size: float = SMALL_PX,
    ) -> None:
        """Adds a box with a number or a symbol in it; dark cells take light text."""
        self.box(x, y, width, height, tone if strength else None, strength, stroke, 1.0)
        if text:
            self.label(x + width / 2, y + height / 2, text, size, Tone.ON if strength > _DARK_FROM else Tone.TEXT)

    def grid(self, x: float, y: float, values: Sequence[Sequence[Number]], cell: float, shade: Shade, *, numbers: bool = True) -> None:
        """Adds rows of cells; numbers are left out where cells are too small to read them."""
        for row, line in enumerate(values):
            for column, value in enumerate(line):
                tone, strength = shade(row, column)
                text = written(value) if numbers and cell >= _READABLE_PX else ""
                size = SMALL_PX if len(text) < 3 or cell >= 22 else 8.0
                self.cell(x + column * cell, y + row * cell, cell, cell, text, tone, strength, size=size)

    def frame(self, x: float, y: float, width: float, height: float, tone: Tone = Tone.AMBER) -> None:
        """Adds a strong outline around cells."""
        self.box(x, y, width, height, None, stroke=tone, line=2.2)

    def block(self, x: float, y: float, width: float, height: float, text: str, tone: Tone = Tone.SLATE, size: float = 10.5) -> None:
        """Adds a rounded box with a name, as blocks of a drawing have."""
        self.box(x, y, width, height, tone, 0.16, tone, radius=5.0)
        self.label(x + width / 2, y + height / 2, text, size)

    def disc(self, x: float, y: float, radius: float, text: str, tone: Tone = Tone.SLATE, strength: float = 0.16, size: float = 12.0) -> None:
        """Adds a circle around a point with a sign in it."""
        self.box(x - radius, y - radius, 2 * radius, 2 * radius, tone, strength, tone, radius=radius)
        if text:
            self.label(x, y, text, size, Tone.ON if strength > _DARK_FROM else Tone.TEXT)

    def arc(self, start: tuple[float, float], end: tuple[float, float], rise: float, stroke: Tone = Tone.AMBER) -> None:
        """Adds a curved arrow that rises over (or, negative, dips under) the straight way."""
        points = [
            (start[0] + (end[0] - start[0]) * (1 - cos(pi * at / 16)) / 2, start[1] + (end[1] - start[1]) * at / 16 - rise * sin(pi * at / 16))
            for at in range(17)
        ]
        self.items.append(Path(tuple(points), stroke, 1.4, arrow=True))


def heat(value: float, most: float = 1.0) -> tuple[Tone, float]:
    """Returns how a number is shaded: blue where it is positive, pink where it is negative, the stronger the larger."""
    return (Tone.BLUE if value >= 0 else Tone.PINK), min(1.0, abs(value) / most) * 0.85


def clamped(value: int, low: int, high: int) -> int:
    """Returns the value, moved into what a picture can show."""
    return max(low, min(high, value))


SMALLER = Text("drawn smaller than set")
