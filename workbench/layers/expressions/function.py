"""One function of the formula language: how it is written, and how it becomes torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.layers.expressions.value import Operand, Work
from workbench.text import Text

Kind = Literal["value", "axis", "number", "size", "text", "flag", "axes", "sizes"]


@dataclass(frozen=True)
class Given:
    """The arguments of one call.

    Attributes:
        work: What is being worked out.
        operands: Tensors and numbers, in order.
        axes: The axes that were named or counted, in order.
        rest: Other arguments by position, in order.
        options: Arguments by keyword.
        place: Where the call stands.
    """

    work: Work
    operands: list[Operand]
    axes: list[str | int]
    rest: list[Any]
    options: Mapping[str, Any]
    place: int


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        name: As it is written.
        takes: What stands in its brackets, for people (`x, axis, ...`).
        summary: One sentence.
        make: Works a call out.
        positions: The kinds of its arguments by position; the one with a star repeats, those behind `?` may be left out.
        options: The kinds of its keywords; `*` takes any keyword.
        mixes: Whether a place of the result may depend on later places along the axes it names; `""` along any axis.
    """

    name: str
    takes: str
    summary: Text
    make: Callable[[Given], Operand]
    positions: tuple[str, ...] = ("value",)
    options: Mapping[str, Kind] = field(default_factory=dict)
    mixes: bool = False

    @property
    def least(self) -> int:
        """The fewest arguments by position."""
        return sum(not kind.endswith("?") and not kind.startswith("*?") for kind in self.positions)

    def kinds(self, count: int) -> list[str] | None:
        """Returns the kind of each of so many arguments, or None where it takes fewer or more."""
        plain = [kind.removesuffix("?") for kind in self.positions]
        star = next((index for index, kind in enumerate(plain) if kind.startswith("*")), -1)
        if star < 0:
            return plain[:count] if self.least <= count <= len(plain) else None
        repeated = count - len(plain) + 1
        fewest = 0 if plain[star].startswith("*?") else 1
        if repeated < fewest:
            return None
        return [*plain[:star], *[plain[star].lstrip("*?")] * repeated, *plain[star + 1:]]
