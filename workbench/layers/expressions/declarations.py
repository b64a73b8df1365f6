"""Learned parameters of a formula: one line each, a name, its axes and how its numbers begin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from workbench.graph.dim import Dim
from workbench.graph.graph import is_name
from workbench.graph.shape import Axis
from workbench.layers.base import Shapes
from workbench.layers.expressions.grammar import CONSTANTS, FUNCTIONS
from workbench.layers.expressions.value import ExpressionError, Value
from workbench.text import Text

MOST = 16
LARGEST = 2**31
LARGEST_SIZE = 1_000_000
_LINE = re.compile(r"([A-Za-z]\w*)\s*:\s*([^=]*?)\s*(?:=\s*(.+?))?\s*\Z", re.ASCII)
_AXIS = re.compile(r"([A-Za-z]\w*)(?:\s+(\d{1,9}))?\Z", re.ASCII)
_START = re.compile(r"(zeros|ones|normal|uniform|xavier|kaiming)(?:\s*\(\s*([0-9.eE+-]{1,20})\s*\))?\Z")
_USUAL = {"normal": 0.02, "uniform": 0.1}
START_NAMES = ("zeros", "ones", "normal(0.02)", "uniform(0.1)", "xavier", "kaiming")
EXAMPLE = "weight: channel, unit 64 = normal(0.02)"


@dataclass(frozen=True)
class Declared:
    """One learned parameter.

    Attributes:
        name: Its name in the formula and in the saved weights.
        axes: Its axes with their sizes; None takes the size of the axis of that name of the inputs.
        start: `zeros`, `ones`, `full`, `normal`, `uniform`, `xavier` or `kaiming`.
        number: The deviation, bound or value that `start` needs.
    """

    name: str
    axes: tuple[tuple[str, int | None], ...]
    start: str = "zeros"
    number: float = 0.0

    def shape(self, inputs: Shapes) -> tuple[int, ...]:
        """Returns its sizes for these inputs.

        Raises:
            ExpressionError: An axis has no size, or rows differ in it.
        """
        sizes = tuple(size if size is not None else _size_of(self.name, axis, inputs) for axis, size in self.axes)
        total = 1
        for size in sizes:
            total *= size
        if total > LARGEST:
            raise ExpressionError(Text("{name} would have {count} numbers", name=self.name, count=f"{total:,}"), kind="expression.too-large")
        return sizes

    def value(self, inputs: Shapes) -> Value:
        """Returns it as a part of a formula."""
        return Value(("self", self.name), tuple(axis for axis, _ in self.axes), tuple(Dim.of(size) for size in self.shape(inputs)))


def _size_of(name: str, axis: str, inputs: Shapes) -> int:
    found = next((shape[axis] for shape in inputs.values() if axis in shape.axes), None)
    if found is None:
        raise ExpressionError(
            Text(
                "the axis {axis} of {name} needs a size ({axis} 64): no input has such an axis, only {axes}",
                axis=axis, name=name, axes=_all_axes(inputs),
            ),
            kind="axis.missing",
        )
    if found.constant is None:
        raise ExpressionError(
            Text("{name} cannot have a number for every {axis}: rows differ in length", name=name, axis=axis), kind="axis.padded"
        )
    return found.constant


def _all_axes(inputs: Shapes) -> str:
    return ", ".join(dict.fromkeys(axis for shape in inputs.values() for axis in shape.axes if axis != Axis.BATCH)) or "-"


@lru_cache(maxsize=512)
def declared(text: str) -> tuple[Declared, ...]:
    """Reads the declarations.

    Raises:
        ExpressionError: A line cannot be read; the sentence quotes it.
    """
    lines = [line.strip() for line in re.split(r"[\n;]", text) if line.strip()]
    if len(lines) > MOST:
        raise ExpressionError(Text("there are {count} parameters, {most} are allowed", count=len(lines), most=MOST), kind="expression.parameters")
    found = tuple(_read(line) for line in lines)
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ExpressionError(Text("two parameters are called {name}", name=twice), kind="expression.parameters")
    return found


def _read(line: str) -> Declared:
    match = _LINE.match(line)
    if match is None:
        raise _refused(Text("{line} declares no parameter; write it as {example}", line=repr(line[:60]), example=EXAMPLE))
    name, axes, start = match.groups()
    if not is_name(name) or name in FUNCTIONS or name in CONSTANTS or name.startswith("lengths"):
        raise _refused(Text("{name} cannot be the name of a parameter", name=name))
    parts = [part.strip() for part in axes.split(",")] if axes else []
    read = tuple(_axis(name, part) for part in parts)
    if len({axis for axis, _ in read}) < len(read) or len(read) > 8:
        raise _refused(Text("the axes of {name} need names of their own, eight at most", name=name))
    return Declared(name, read, *_start(name, start or "zeros", len(read)))


def _refused(message: Text) -> ExpressionError:
    return ExpressionError(message, kind="expression.parameters")


def _axis(name: str, part: str) -> tuple[str, int | None]:
    match = _AXIS.match(part)
    if match is None:
        raise _refused(Text("{part} is no axis of {name}; write its name, and a size where it is new: unit 64", part=repr(part[:40]), name=name))
    axis, size = match.group(1), int(match.group(2)) if match.group(2) else None
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        raise _refused(Text("{axis} cannot have the size {size}", axis=axis, size=size))
    if axis == Axis.BATCH and size != 1:
        raise _refused(Text("{name} cannot have numbers for every row of a batch", name=name))
    return axis, size


def _start(name: str, text: str, rank: int) -> tuple[str, float]:
    match = _START.match(text)
    if match is None:
        number = _number(text)
        if number is None:
            raise _refused(Text("{start} is no way to begin; use a number or one of {names}", start=repr(text[:40]), names=", ".join(START_NAMES)))
        return "full", number
    kind = match.group(1)
    if kind in ("xavier", "kaiming") and rank < 2:
        raise _refused(Text("{start} needs two axes or more, {name} has {count}", start=kind, name=name, count=rank))
    given = _number(match.group(2)) if match.group(2) else _USUAL.get(kind, 0.0)
    if given is None or (match.group(2) and kind not in _USUAL) or (kind in _USUAL and given < 0):
        raise _refused(Text("{start} is no way to begin; use a number or one of {names}", start=repr(text[:40]), names=", ".join(START_NAMES)))
    return kind, given


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) <= 1e6 else None


def values_of(parameters: tuple[Declared, ...], inputs: Shapes) -> Mapping[str, Value]:
    """Returns the declared parameters as parts of a formula."""
    return {one.name: one.value(inputs) for one in parameters}


