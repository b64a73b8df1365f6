"""What shape inference knows about a layer: its ports, where it stands, and how it says that its inputs do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import Shape

_EMPTY: Mapping[str, Any] = MappingProxyType({})

Shapes = Mapping[str, Shape]
"""Shapes by port name; a variadic port `inputs` has its wires as `inputs.0`, `inputs.1`, ..."""


@dataclass(frozen=True, slots=True)
class Port:
    """One place where wires end or begin.

    Attributes:
        name: Unique among the inputs (or outputs) of the layer.
        optional: An input that may stay empty.
        variadic: An input that takes several wires, in order.
        help: One sentence.
    """

    name: str
    optional: bool = False
    variadic: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a layer stands, for messages and fixes; never for the shape itself.

    Attributes:
        node: The id of the node.
        name: Its name.
        sources: For every connected input (variadic ones as `inputs.0`, ...), the name of the node it comes from.
        source_layers: For the same inputs, the layer of that node (`linear`).
    """

    node: str
    name: str
    sources: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    source_layers: Mapping[str, str] = field(default_factory=lambda: _EMPTY)


class LayerProblem(Exception):  # noqa: N818 (it becomes a Problem)
    """Raised by `Layer.shape` where the inputs do not fit: becomes the `Problem` of the node.

    Args:
        kind: A stable id.
        message: One sentence with `{node}` already filled in by the layer through `Context.name`.
        reason: Why that is a mistake.
        port: The input port concerned.
        fixes: Repairs, best first.
    """

    def __init__(self, kind: str, message: str, *, reason: str = "", port: str = "", fixes: Sequence[Fix[Graph]] = ()) -> None:
        super().__init__(message)
        self.kind, self.message, self.reason, self.port, self.fixes = kind, message, reason, port, tuple(fixes)

    def at(self, node: str) -> Problem[Graph]:
        """Returns it as the problem of a node."""
        return Problem(self.kind, self.message, node, self.reason, self.port, fixes=self.fixes)


class LayerRule(Protocol):
    """The part of a layer that inference asks. `workbench.layers.base.Layer` has it; so may any stand-in.

    Attributes:
        family: The colour group; `input/output` marks the ends of the drawing.
        inputs: The input ports with default parameters; none marks an input of the drawing.
    """

    family: ClassVar[Any]
    inputs: ClassVar[tuple[Port, ...]]

    def parse(self, raw: dict[str, Any]) -> Any:
        """Returns checked parameters, or raises `CatalogueError`."""
        ...

    def input_ports(self, params: Any) -> tuple[Port, ...]:
        """Returns the input ports for these parameters."""
        ...

    def output_ports(self, params: Any) -> tuple[Port, ...]:
        """Returns the output ports for these parameters."""
        ...

    def shape(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        """Returns the shape of every output port, or raises `LayerProblem`."""
        ...

    def warnings(self, params: Any, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        """Returns what runs but is hardly meant."""
        ...


class LayerRules(Protocol):
    """A catalogue as inference sees it."""

    def get(self, name: str, /) -> LayerRule | None:
        """Returns the layer of that name, or None."""
        ...
