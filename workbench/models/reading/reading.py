"""What comes out of reading a source, and the errors on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.graph.graph import Graph
from workbench.graph.problem import Problem


@dataclass(frozen=True)
class Reading:
    """A drawing made from source.

    Attributes:
        graph: The drawing, laid out.
        problems: What could not be drawn, with its line, and what had to be assumed (`source.*`).
        names: For every state key of the read class the keys of the drawing's model that take its numbers; none where the drawing works
            them out itself. `KEY[8:16]` are some rows of ours, `KEY<8:16` takes some rows of theirs.
        class_name: The class that was read.
        zeros: Keys of the drawing's model that the read class does not have and that are 0 where it computes the same.
    """

    graph: Graph
    problems: tuple[Problem[Graph], ...]
    names: Mapping[str, tuple[str, ...]]
    class_name: str
    zeros: tuple[str, ...] = ()


BROKEN = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)
"""What Python raises where a source hands something to a function that does not take it; such a source would not run either."""


class NotDrawableError(Exception):
    """Raised where an expression cannot be drawn; becomes a placeholder with its line.

    Attributes:
        reason: One sentence without the line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongSizeError(Exception):
    """Raised while sizes of the input are tried, where a layer was made for another size."""
