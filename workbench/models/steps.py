"""The steps of a plan: one node at work, its arguments, and loops of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.graph.dim import Dim
from workbench.graph.graph import PortRef
from workbench.layers.base import Call, Shapes


@dataclass(frozen=True, slots=True)
class Wired:
    """One argument of a forward call and where it comes from; one of `ports`, `given` and `lengths` says where.

    Attributes:
        parameter: The name of the argument.
        ports: The output ports whose tensors are passed, one or (variadic) several.
        variadic: Whether they are passed one after the other as `*inputs`.
        given: The name of the model input that is passed.
        lengths: The valid lengths, as a size to be evaluated at the lengths of the rows.
    """

    parameter: str
    ports: tuple[PortRef, ...] = ()
    variadic: bool = False
    given: str = ""
    lengths: Dim | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One node at work.

    Attributes:
        node: The id of the node; within a repetition after the first, an id of its own that never changes.
        path: The path of its submodule (`blocks.3.attention` in the fourth repetition of the group `blocks`).
        layer: The name of its catalogue entry.
        params: Its parsed parameters.
        call: How it becomes code.
        wiring: The arguments, in the order of the signature.
        inputs: The shapes of its inputs.
        outputs: The shapes of its outputs.
        drawn: The id of the node in the drawing.
        places: The number of the repetition in each loop around it, the outermost first.
    """

    node: str
    path: str
    layer: str
    params: Any
    call: Call
    wiring: tuple[Wired, ...]
    inputs: Shapes
    outputs: Shapes
    drawn: str = ""
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """A repeated group, as it is printed: the steps of one repetition, in the drawing's own ids and paths.

    Attributes:
        path: The path of the group.
        times: How often it runs.
        shared: Whether every repetition has the weights of the first.
        source: The port outside that the first repetition reads, and in whose place the others read the result of the one before.
        others: Further ports outside that every repetition reads.
        result: The port inside that is handed on.
        body: What one repetition does, in order.
    """

    path: str
    times: int
    shared: bool
    source: PortRef
    others: tuple[PortRef, ...]
    result: PortRef
    body: tuple[Step | Loop, ...]


__all__ = ["Loop", "Step", "Wired"]
