"""Every repetition of a repeated group as steps of its own: the one place where a drawing is unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.graph.graph import Graph, PortRef
from workbench.graph.repeat import repetition_id, repetition_path
from workbench.models.steps import Loop, Step, Wired


@dataclass(frozen=True, slots=True)
class Unrolled:
    """All steps, each repetition its own.

    Attributes:
        steps: In the order of computing.
        ports: By port of the drawing, the port that holds its value in the end.
        around: By node of the drawing, the loops around it, the outermost first.
        by_place: Steps by node of the drawing and number of the repetition in each loop.
    """

    steps: tuple[Step, ...]
    ports: Mapping[PortRef, PortRef]
    around: Mapping[str, tuple[Loop, ...]]
    by_place: Mapping[tuple[str, tuple[int, ...]], Step]

    def port(self, port: PortRef) -> PortRef:
        """Returns the port that holds the value of a port of the drawing once every loop has run."""
        return self.ports.get(port, port)

    def owner(self, step: Step, drawn: str) -> Step | None:
        """Returns the step whose weights `step` uses where the drawing ties it to a node, or None where that leads to no output.

        Args:
            step: The step that shares.
            drawn: The node of the drawing that owns the weights; the step's own for what repetitions share among themselves.
        """
        own = dict(zip((loop.path for loop in self.around.get(step.drawn, ())), step.places, strict=True))
        places = tuple(0 if loop.shared else own.get(loop.path, 0) for loop in self.around.get(drawn, ()))
        return self.by_place.get((drawn, places))


def unroll(graph: Graph, body: tuple[Step | Loop, ...]) -> Unrolled:
    """Writes every repetition out.

    Args:
        graph: The drawing.
        body: Its steps in order, each repeated group as one loop.
    """
    work = _Unrolling(graph)
    work.run(body, ())
    return Unrolled(tuple(work.steps), work.values, work.around, work.by_place)


class _Unrolling:
    """One pass over the loops; `values` says where the value of a port of the drawing is at the moment."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: list[Step] = []
        self.values: dict[PortRef, PortRef] = {}
        self.around: dict[str, tuple[Loop, ...]] = {}
        self.by_place: dict[tuple[str, tuple[int, ...]], Step] = {}

    def run(self, body: tuple[Step | Loop, ...], loops: tuple[Loop, ...], places: tuple[int, ...] = ()) -> None:
        for item in body:
            if isinstance(item, Loop):
                self._repeat(item, loops, places)
            else:
                self._place(item, loops, places)

    def _repeat(self, loop: Loop, loops: tuple[Loop, ...], places: tuple[int, ...]) -> None:
        before = self.values.get(loop.source, loop.source)
        for number in range(loop.times):
            self.run(loop.body, (*loops, loop), (*places, number))
            self.values[loop.source] = self.values[loop.result]
        self.values[loop.source] = before

    def _place(self, step: Step, loops: tuple[Loop, ...], places: tuple[int, ...]) -> None:
        new = replace(step, drawn=step.node, places=places, wiring=tuple(self._wired(wired) for wired in step.wiring))
        if loops:
            numbers = {loop.path: number for loop, number in zip(loops, places, strict=True)}
            new = replace(new, node=repetition_id(self.graph, step.node, places), path=repetition_path(step.path, numbers))
        for port in step.outputs:
            self.values[PortRef(step.node, port)] = PortRef(new.node, port)
        self.around[step.node] = loops
        self.by_place[step.node, places] = new
        self.steps.append(new)

    def _wired(self, wired: Wired) -> Wired:
        ports = tuple(self.values.get(port, port) for port in wired.ports)
        return wired if ports == wired.ports else replace(wired, ports=ports)


__all__ = ["Unrolled", "unroll"]
