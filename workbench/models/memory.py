"""The memory that a drawing takes while it trains and while it predicts: a walk through forward and backward pass without a tensor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import PortRef
from workbench.graph.repeat import repeat_of, repeated_paths, set_repeat
from workbench.graph.repetitions import written_out
from workbench.models.cost import BYTES_PER_NUMBER, costs, total
from workbench.models.storage import Kept, bytes_per_row, is_view, read_again, reads

_MOST = 3

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred


@dataclass(frozen=True, slots=True)
class Forecast:
    """The most that is held at one moment, in bytes.

    Attributes:
        weights: Of the trained numbers.
        training: Of a training step: weights, gradients, the optimizer's state, and what the two passes hold.
        predicting: Of a forward pass alone, with its weights.
        fullest: The node at which a training step holds the most; "" where that is not inside the two passes.
    """

    weights: int
    training: int
    predicting: int
    fullest: str = ""


def forecast(inferred: Inferred, batch_size: int, length: int = 32, moments: int = 2) -> Forecast:
    """Returns the memory that a batch needs. The optimizer's state is there from the second step on.

    Args:
        inferred: The shapes of a drawing without problems.
        batch_size: Rows at a time.
        length: Stands for the length of a row, and for every other size that is not known yet.
        moments: How many numbers the optimizer remembers for each trained one: 2 of Adam, 1 of SGD with momentum.
    """
    whole = total(costs(inferred, length))
    weights, rest = BYTES_PER_NUMBER * whole.parameters, 0
    if repeated_paths(inferred.graph):
        drawn, inferred = inferred, _few_written_out(inferred)
        rest = batch_size * _kept_by_the_rest(drawn, inferred, length)
    walk = _Walk(inferred, batch_size, length)
    predicting = weights + walk.forward(frozenset())
    standing = weights * (1 + moments)
    walk = _Walk(inferred, batch_size, length)
    walk.forward(walk.kept.ports, training=True)
    walk.backward()
    at_the_end = weights + walk.inputs  # every gradient is there, the optimizer steps
    if at_the_end > walk.peak + rest:
        return Forecast(weights, standing + at_the_end, predicting)
    return Forecast(weights, standing + walk.peak + rest, predicting, walk.fullest.partition("@")[0])


def _few_written_out(inferred: Inferred) -> Inferred:
    """Returns the shapes of the drawing with up to three repetitions of each group, written out."""
    from workbench.graph.infer import infer

    graph = inferred.graph
    for path in repeated_paths(graph):
        graph = set_repeat(graph, path, min(_MOST, repeat_of(graph, path).times))
    return infer(written_out(graph), inferred.layers, inferred.given)


def _kept_by_the_rest(drawn: Inferred, few: Inferred, length: int) -> int:
    """Returns what the repetitions keep of a row that are not written out: each as much as the second, which stands between two others."""
    kept, rest = costs(few, length), 0
    for node in drawn.order:
        steps = drawn.graph[node].group.split(".")
        times = [repeat_of(drawn.graph, ".".join(steps[:depth])).times for depth in range(1, len(steps) + 1)]
        more = prod(times) - prod(min(_MOST, number) for number in times)
        second = node + "@1" * sum(number > 1 for number in times)
        rest += more * kept[second].kept_bytes if more and second in kept else 0
    return rest


class _Walk:
    """What is held from node to node.

    Attributes:
        held: Bytes by what they belong to: a tensor by the port that made it, gradients and what a layer keeps by name and port.
        peak: The largest sum so far.
        fullest: The node at which it was reached.
        inputs: Bytes of the batch itself, which stays throughout.
    """

    def __init__(self, inferred: Inferred, batch_size: int, length: int) -> None:
        self.inferred, self._rows, self._length = inferred, batch_size, length
        self.kept: Kept = read_again(inferred)
        self._nodes = [node for node in inferred.order if inferred.output_shapes(node)]
        self._owners = self._storages()
        self.held: dict[Any, int] = {}
        self._sum, self.peak, self.fullest, self.inputs = 0, 0, "", 0

    def forward(self, stays: frozenset[PortRef], training: bool = False) -> int:
        """Walks through the forward pass; tensors that nothing needs any more go, except those that stay. Returns the peak."""
        last = self._last_uses()
        for node in self._nodes:
            for port, shape in self.inferred.output_shapes(node).items():
                if self._owners[PortRef(node, port)] == PortRef(node, port):
                    self._hold(PortRef(node, port), bytes_per_row(shape, self._length), node)
            if self._is_input(node):
                self.inputs += sum(self.held.get(PortRef(node, port), 0) for port in self.inferred.output_shapes(node))
            if not training:
                self._pass(self._numbers(node, "scratch"), node)
            elif node in self.kept.learning:
                self._hold(("inside", node), self._numbers(node, "inside"), node)
            self._release(owner for owner in last.get(node, ()) if owner not in stays)
        return self.peak

    def backward(self) -> None:
        """Walks back: gradients come, what was kept for them goes."""
        first = self._first_reads()
        for node in reversed(self._nodes):
            if node not in self.kept.learning:
                continue
            graph, shapes = self.inferred.graph, self.inferred.input_shapes(node)
            if not graph.outgoing(node):
                self._gradients((PortRef(node, port) for port in self.inferred.output_shapes(node)), node)
            self._gradients((edge.source for edge in graph.incoming(node) if edge.source.node in self.kept.learning), node)
            self._hold(("weights", node), self._weights(node, shapes), node)
            self._pass(self._numbers(node, "scratch", True), node)
            mine = (PortRef(node, port) for port in self.inferred.output_shapes(node))
            self._release([("inside", node), *(("gradient", owner) for owner in mine if self._owners[owner] == owner), *first.get(node, ())])

    def _gradients(self, ports: Iterable[PortRef], node: str) -> None:
        for port in ports:
            owner = self._owners.get(port)
            if owner is not None:
                self._hold(("gradient", owner), bytes_per_row(self.inferred.output_shapes(owner.node)[owner.port], self._length), node)

    def _hold(self, key: Any, row_bytes: int, node: str) -> None:
        """Adds what is not there yet; weights' gradients count as they are, all else by the row."""
        size = row_bytes if isinstance(key, tuple) and key[0] == "weights" else row_bytes * self._rows
        if not size or key in self.held:
            return
        self.held[key] = size
        self._sum += size
        if self._sum > self.peak:
            self.peak, self.fullest = self._sum, node

    def _pass(self, row_bytes: int, node: str) -> None:
        """Notes what is held for a moment."""
        if row_bytes and self._sum + row_bytes * self._rows > self.peak:
            self.peak, self.fullest = self._sum + row_bytes * self._rows, node

    def _release(self, keys: Iterable[Any]) -> None:
        for key in keys:
            self._sum -= self.held.pop(key, 0)

    def _storages(self) -> dict[PortRef, PortRef]:
        """Returns for every output whose memory it is: its own, or through views that of an earlier one."""
        owners: dict[PortRef, PortRef] = {}
        for node in self._nodes:
            wires = self.inferred.graph.incoming(node)
            seen = owners.get(wires[0].source) if wires and is_view(self.inferred, node) else None
            for port in self.inferred.output_shapes(node):
                owners[PortRef(node, port)] = seen or PortRef(node, port)
        return owners

    def _last_uses(self) -> dict[str, list[PortRef]]:
        """Returns which memories no node after this one looks at; the batch, and what leaves the model, stay."""
        last: dict[PortRef, str] = {}
        for node in self._nodes:
            for port in self.inferred.output_shapes(node):
                last[self._owners[PortRef(node, port)]] = node
            for edge in self.inferred.graph.incoming(node):
                if edge.source in self._owners:
                    last[self._owners[edge.source]] = node
        found: dict[str, list[PortRef]] = {}
        for owner, node in last.items():
            if not self._is_input(owner.node) and self.inferred.graph.outgoing(node):
                found.setdefault(node, []).append(owner)
        return found

    def _first_reads(self) -> dict[str, list[PortRef]]:
        """Returns which kept memories the backward pass needs no more after a node: the first in the drawing that reads them."""
        first: dict[PortRef, str] = {}
        for node in reversed(self._nodes):
            for port in reads(self.inferred, node) if node in self.kept.learning else ():
                first[self._owners[port]] = node
        found: dict[str, list[PortRef]] = {}
        for owner, node in first.items():
            if not self._is_input(owner.node):
                found.setdefault(node, []).append(owner)
        return found

    def _is_input(self, node: str) -> bool:
        return not self.inferred.graph.incoming(node)

    def _numbers(self, node: str, what: str, *flags: bool) -> int:
        """Returns the bytes of one row that a layer says it has `inside` or as `scratch`."""
        layer: Any = self.inferred.layers.get(self.inferred.graph[node].layer)
        if is_bypassed(self.inferred.graph[node]):
            return 0
        given, made = self.inferred.input_shapes(node), self.inferred.output_shapes(node)
        return BYTES_PER_NUMBER * int(getattr(layer, what)(self.inferred.params(node), given, made, self._length, *flags))

    def _weights(self, node: str, inputs: Any) -> int:
        if is_bypassed(self.inferred.graph[node]):
            return 0
        layer: Any = self.inferred.layers.get(self.inferred.graph[node].layer)
        return BYTES_PER_NUMBER * int(layer.parameter_count(self.inferred.params(node), inputs))
