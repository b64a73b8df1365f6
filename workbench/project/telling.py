"""Says more about a problem of the drawing than the layer at which it was found can know: what stands before it, and how wires run around it."""

from __future__ import annotations

from dataclasses import replace

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.infer import Inferred
from workbench.graph.order import reaching
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import SEQUENCE_AXES, Axis, Shape
from workbench.project.standing import layer_of
from workbench.text import Text

_WANTED = {"shape.needs-sequence": SEQUENCE_AXES, "shape.needs-image": frozenset({Axis.HEIGHT}), "shape.needs-volume": frozenset({Axis.DEPTH})}
_SIDES = (Axis.DEPTH, Axis.HEIGHT, Axis.WIDTH)


def told(problem: Problem[Graph], inferred: Inferred) -> Problem[Graph]:
    """Returns a problem as it is told to a person who sees the whole drawing."""
    if problem.node not in inferred.graph:
        return problem
    if problem.kind == "merge.sizes-differ":
        return _strided_way(problem, inferred)
    return _losing_axes(problem, inferred) if problem.kind in _WANTED else problem


def _losing_axes(problem: Problem[Graph], inferred: Inferred) -> Problem[Graph]:
    """Where the layer right before took the axes away that are needed, taking it out comes first."""
    wires = [edge for edge in inferred.graph.incoming(problem.node) if edge.target.port == (problem.port or "input")]
    source = inferred.graph.nodes.get(wires[0].source.node) if wires else None
    before = inferred.input_shapes(source.id).get("input") if source is not None else None
    if source is None or before is None or not _WANTED[problem.kind] & set(before.axes) or len(inferred.graph.outgoing(source.id)) > 1:
        return problem
    label = Text("Remove {node}", node=source.path)
    remove = Fix[Graph](label, lambda graph: edit.remove_nodes(graph, [source.id], reconnect=True))
    return replace(problem, fixes=(remove, *problem.fixes)[:3])


def _strided_way(problem: Problem[Graph], inferred: Inferred) -> Problem[Graph]:
    """A way around layers that make the image smaller: it must become smaller just as much."""
    graph = inferred.graph
    wires = list(graph.incoming(problem.node))
    pair = _around(graph, wires)
    shapes = [inferred.output_shapes(edge.source.node).get(edge.source.port) for edge in pair or ()]
    if pair is None or shapes[0] is None or shapes[1] is None:
        return problem
    stride, short = _ratio(shapes[0], shapes[1]), pair[0]
    shrinking = _shrinking(graph, inferred, pair)
    if stride < 2 or shrinking is None:
        return problem
    axis = next(axis for axis in _SIDES if shapes[0].get(axis) != shapes[1].get(axis) and shapes[0].get(axis) is not None)
    message = Text(
        "{node}: the way around from {source} has {axis} {wide}, but {layer} has made it {small}.", node=graph[problem.node].path,
        source=graph[short.source.node].path, axis=Text(axis), wide=str(shapes[0][axis]), layer=shrinking.path, small=str(shapes[1][axis]),
    )
    reason = Text("A residual connection needs the same stride on both ways.")
    fixes = (*_projected(short, shapes[0], shapes[1], stride, graph), *_unstrided(shrinking, inferred), *problem.fixes)
    return replace(problem, kind="residual.strided", message=message, reason=reason, fixes=fixes[:3])


def _around(graph: Graph, wires: list[Edge]) -> tuple[Edge, Edge] | None:
    """Returns the wire that goes around and the one that does not: the source of the first stands before the source of the second."""
    for short in wires:
        for long in wires:
            if short is not long and short.source.node in reaching(graph, (long.source.node,)) - {long.source.node}:
                return short, long
    return None


def _ratio(wide: Shape, small: Shape) -> int:
    """Returns the one stride that leads from the larger to the smaller image, or 0."""
    strides = {_stride(int(wide[axis]), int(small[axis])) for axis in _SIDES if _known(wide, axis) and _known(small, axis)}
    return strides.pop() if len(strides) == 1 else 0


def _known(shape: Shape, axis: str) -> bool:
    size = shape.get(axis)
    return size is not None and size.constant is not None


def _stride(wide: int, small: int) -> int:
    return next((stride for stride in range(2, wide + 1) if (wide - 1) // stride + 1 == small), 0)


def _shrinking(graph: Graph, inferred: Inferred, pair: tuple[Edge, Edge]) -> Node | None:
    """Returns the first layer on the long way that makes the image smaller."""
    start, end = pair[0].source.node, pair[1].source.node
    on_way = reaching(graph, (end,))
    for id in inferred.order:
        if id not in on_way or start not in reaching(graph, (id,)) or id == start:
            continue
        before, after = inferred.input_shapes(id).get("input"), inferred.output_shapes(id).get("output")
        if before is not None and after is not None and before.get(Axis.HEIGHT) != after.get(Axis.HEIGHT):
            return graph[id]
    return None


def _projected(short: Edge, wide: Shape, small: Shape, stride: int, graph: Graph) -> tuple[Fix[Graph], ...]:
    """Offers a convolution of one pixel with the stride on the way around."""
    channels = small.get(Axis.CHANNEL)
    if channels is None or channels.constant is None or Axis.DEPTH in wide.axes:
        return ()
    params = {"filters": int(channels), "kernel": 1, "stride": stride, "bias": False}
    label = Text("Put a 1×1 convolution of stride {stride} on the way around", stride=stride)
    return (Fix(label, lambda graph: edit.insert_on_edge(graph, short, "conv2d", params)[0] if short in graph.edges else graph),)


def _unstrided(node: Node, inferred: Inferred) -> tuple[Fix[Graph], ...]:
    """Offers to leave the image as large as it is, or to take the pooling out."""
    layer, params = layer_of(node), inferred.params(node.id)
    if layer is None or params is None:
        return ()
    if layer.weighs and getattr(params, "stride", 1) > 1:
        return (Fix(Text("Set {name} of {node} to {value}", name="stride", node=node.path, value=1), lambda graph: edit.set_params(graph, node.id, stride=1)),)
    label = Text("Remove {node}", node=node.path)
    return (Fix(label, lambda graph: edit.remove_nodes(graph, [node.id], reconnect=True)),) if layer.keeps_width else ()
