"""Says more about a problem of the drawing than the layer at which it was found can know: what stands before it, and how wires run around it."""

from __future__ import annotations

from dataclasses import replace

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.infer import Inferred, infer
from workbench.graph.order import reaching
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import SEQUENCE_AXES, Axis, Shape
from workbench.project.standing import layer_of
from workbench.text import Text

_WANTED = {"shape.needs-sequence": SEQUENCE_AXES, "shape.needs-image": frozenset({Axis.HEIGHT}), "shape.needs-volume": frozenset({Axis.DEPTH})}
_TRIED_NODES, _TRIED_PROBLEMS = 500, 4
_SIDES = (Axis.DEPTH, Axis.HEIGHT, Axis.WIDTH)


def told(problem: Problem[Graph], inferred: Inferred) -> Problem[Graph]:
    """Returns a problem as it is told to a person who sees the whole drawing."""
    if problem.node not in inferred.graph:
        return problem
    if problem.kind in ("merge.sizes-differ", "merge.channels-differ"):
        return _strided_way(problem, inferred)
    return _losing_axes(problem, inferred) if problem.kind in _WANTED else problem


def ranked(problems: list[Problem[Graph]], inferred: Inferred) -> list[Problem[Graph]]:
    """Returns the problems with a repair first that leaves less wrong than there is; where the first does, the order stays."""
    wrong = _wrong(inferred)
    if len(inferred.graph) > _TRIED_NODES or wrong > _TRIED_PROBLEMS:
        return problems
    return [_tried(problem, inferred, wrong) if problem.severity == Severity.ERROR and len(problem.fixes) > 1 else problem for problem in problems]


def _tried(problem: Problem[Graph], inferred: Inferred, wrong: int) -> Problem[Graph]:
    for index, fix in enumerate(problem.fixes[:3]):
        mended = fix.apply(inferred.graph)
        if mended is not inferred.graph and _wrong(infer(mended, inferred.layers, previous=inferred)) < wrong:
            return replace(problem, fixes=(fix, *problem.fixes[:index], *problem.fixes[index + 1:])) if index else problem
    return problem


def _wrong(inferred: Inferred) -> int:
    return len(inferred.problems)


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
    ways = _ways(problem.node, inferred)
    if ways is None:
        return problem
    (short, wide), (long, small) = ways
    stride, layer = _ratio(wide, small), _shrinking(inferred, short.source.node, long.source.node)
    if problem.kind == "merge.channels-differ":
        first = _projected(short, wide, small, stride, inferred) if stride > 1 else ()
        return replace(problem, fixes=(*first, *problem.fixes)[:3])
    if stride < 2 or layer is None:
        return replace(problem, fixes=(*_padded(layer, inferred), *_pooled(short, small), *problem.fixes)[:3])
    axis = next(axis for axis in _SIDES if _known(wide, axis) and wide[axis] != small[axis])
    message = Text(
        "{node}: the way around over {source} has {axis} {wide}, but {layer} has made it {small}.", node=graph[problem.node].path,
        source=graph[short.source.node].path, axis=Text(axis), wide=str(wide[axis]), layer=layer.path, small=str(small[axis]),
    )
    reason = Text("A residual connection needs the same stride on both ways.")
    fixes = (*_projected(short, wide, small, stride, inferred), *_unstrided(layer, inferred), *problem.fixes)
    return replace(problem, kind="residual.strided", message=message, reason=reason, fixes=fixes[:3])


def _ways(node: str, inferred: Inferred) -> tuple[tuple[Edge, Shape], tuple[Edge, Shape]] | None:
    """Returns the two wires that part at one node and meet again, the one with the larger image first; None where they do not."""
    wires = [(edge, inferred.output_shapes(edge.source.node).get(edge.source.port)) for edge in inferred.graph.incoming(node)]
    for short, wide in wires:
        for long, small in wires:
            if wide is None or small is None or not _larger(wide, small):
                continue
            if reaching(inferred.graph, (short.source.node,)) & reaching(inferred.graph, (long.source.node,)):
                return (short, wide), (long, small)
    return None


def _larger(one: Shape, other: Shape) -> bool:
    return any(_known(one, axis) and _known(other, axis) and int(one[axis]) > int(other[axis]) for axis in _SIDES)


def _ratio(wide: Shape, small: Shape) -> int:
    """Returns the one stride that leads from the larger to the smaller image, or 0."""
    strides = {_stride(int(wide[axis]), int(small[axis])) for axis in _SIDES if _known(wide, axis) and _known(small, axis)}
    return strides.pop() if len(strides) == 1 else 0


def _known(shape: Shape, axis: str) -> bool:
    size = shape.get(axis)
    return size is not None and size.constant is not None


def _stride(wide: int, small: int) -> int:
    return next((stride for stride in range(2, wide + 1) if (wide - 1) // stride + 1 == small), 0)


def _shrinking(inferred: Inferred, short: str, long: str) -> Node | None:
    """Returns the first layer on the long way alone that makes the image smaller."""
    on_way = reaching(inferred.graph, (long,)) - reaching(inferred.graph, (short,))
    for node in (node for node in inferred.order if node in on_way):
        before, after = inferred.input_shapes(node).get("input"), inferred.output_shapes(node).get("output")
        if before is not None and after is not None and before.get(Axis.HEIGHT) != after.get(Axis.HEIGHT):
            return inferred.graph[node]
    return None


def _projected(short: Edge, wide: Shape, small: Shape, stride: int, inferred: Inferred) -> tuple[Fix[Graph], ...]:
    """Offers the stride on the way around: in the convolution that stands there, or in a new one of one pixel."""
    source = inferred.graph[short.source.node]
    layer, params = layer_of(source), inferred.params(source.id)
    alone = len(inferred.graph.outgoing(source.id)) == 1
    same = wide.get(Axis.CHANNEL) == small.get(Axis.CHANNEL)
    if layer is not None and layer.weighs and alone and same and getattr(params, "stride", 0) == 1:
        label = Text("Set {name} of {node} to {value}", name="stride", node=source.path, value=stride)
        return (Fix(label, lambda graph: edit.set_params(graph, source.id, stride=stride)),)
    channels = small.get(Axis.CHANNEL)
    if channels is None or channels.constant is None or Axis.DEPTH in wide.axes:
        return ()
    made = {"filters": int(channels), "kernel": 1, "stride": stride, "bias": False}
    label = Text("Put a 1×1 convolution of stride {stride} on the way around", stride=stride)
    return (Fix(label, lambda graph: edit.insert_on_edge(graph, short, "conv2d", made)[0] if short in graph.edges else graph),)


def _padded(node: Node | None, inferred: Inferred) -> tuple[Fix[Graph], ...]:
    """Offers the padding that keeps the size of an image."""
    params = inferred.params(node.id) if node is not None else None
    if node is None or getattr(params, "padding", "same") == "same" or getattr(params, "stride", 0) != 1:
        return ()
    return (Fix(Text("Use same padding in {node}", node=node.path), lambda graph: edit.set_params(graph, node.id, padding="same")),)


def _pooled(short: Edge, small: Shape) -> tuple[Fix[Graph], ...]:
    """Offers to bring the larger image to the size of the smaller one."""
    if not _known(small, Axis.HEIGHT) or Axis.DEPTH in small.axes:
        return ()
    height, width = int(small[Axis.HEIGHT]), int(small[Axis.WIDTH])
    label = Text("Average the larger one down to {height}×{width}", height=height, width=width)
    made = {"size": height, **({"width": width} if width != height else {})}
    return (Fix(label, lambda graph: edit.insert_on_edge(graph, short, "adaptive_average_pool2d", made)[0] if short in graph.edges else graph),)


def _unstrided(node: Node, inferred: Inferred) -> tuple[Fix[Graph], ...]:
    """Offers to leave the image as large as it is, or to take the pooling out."""
    layer, params = layer_of(node), inferred.params(node.id)
    if layer is None or params is None:
        return ()
    if layer.weighs and getattr(params, "stride", 1) > 1:
        label = Text("Set {name} of {node} to {value}", name="stride", node=node.path, value=1)
        return (Fix(label, lambda graph: edit.set_params(graph, node.id, stride=1)),)
    label = Text("Remove {node}", node=node.path)
    return (Fix(label, lambda graph: edit.remove_nodes(graph, [node.id], reconnect=True)),) if layer.keeps_width else ()
