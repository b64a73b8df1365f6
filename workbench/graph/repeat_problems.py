"""What keeps a group from being repeated, with repairs: ends inside it, wires in and out of it, and shapes that do not come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from workbench.graph import edit
from workbench.graph.bypass import without_bypassed
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.grouping import members_of
from workbench.graph.mistakes import Found, called, repair
from workbench.graph.order import reachable_from
from workbench.graph.problem import Fix, Problem
from workbench.graph.repeat import (
    MAX_STEPS,
    Loop,
    arranged,
    built_part,
    counts,
    loops,
    passed_as,
    repeat_of,
    repeated_paths,
    set_repeat,
    steps_of,
)
from workbench.graph.shape import Shape
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.graph.inferred import Inferred

_AGREE = Text("Each repetition reads what the one before hands on, so what comes in and what goes out must have one shape.")


def repeat_problems(inferred: Inferred, outputs: Iterable[str], ends: Mapping[str, bool]) -> list[Found]:
    """Returns what is wrong with the repeated groups of a drawing.

    Args:
        inferred: Its shapes; the wires form no circle.
        outputs: The output nodes.
        ends: The input and output nodes.
    """
    if not repeated_paths(inferred.graph):
        return []
    if (steps := steps_of(inferred.graph)) > MAX_STEPS:
        return [_too_many(inferred.graph, steps)]
    graph = built_part(without_bypassed(inferred.graph), outputs)
    found = loops(graph)
    in_turn = arranged(graph, found) is not None
    problems = [problem for loop in found if (problem := _problem(inferred, graph, loop, ends, in_turn)) is not None]
    if not problems and not in_turn:
        problems = [_around(graph, found[0], None)]
    return problems


def _problem(inferred: Inferred, graph: Graph, loop: Loop, ends: Mapping[str, bool], in_turn: bool) -> Found | None:
    among = loop.members & ends.keys()
    inside = [node for node in graph.nodes if node in among] if among else []
    if inside:
        return _end_inside(graph, loop, inside)
    if loop.results and loop.source is None:
        message = Text("{group} is repeated, but nothing is wired into it.", group=loop.path)
        return Problem("repeat.no-input", message, loop.results[0].node, _AGREE, fixes=(_once(loop),))
    if len(loop.results) > 1:
        return _several_results(graph, loop)
    if loop.source is None or not loop.results:
        return None
    return (None if in_turn else _comes_back(graph, loop)) or _shapes_differ(inferred, graph, loop)


def _comes_back(graph: Graph, loop: Loop) -> Found | None:
    """Names the wire by which the result of a group comes back into it."""
    fed = [edge.target.node for edge in graph.outgoing(loop.results[0].node) if edge.source == loop.results[0]]
    back = reachable_from(graph, (node for node in fed if node not in loop.members))
    returning = next((edge for edge in graph.edges if edge.target.node in loop.members and edge.source.node in back - loop.members), None)
    return _around(graph, loop, returning) if returning is not None else None


def _once(loop: Loop) -> Fix[Graph]:
    return Fix(Text("Let {group} stand once", group=loop.path), _change_repeat(loop.path, 1))


def _change_repeat(path: str, times: int) -> Callable[[Graph], Graph]:
    return lambda graph: set_repeat(graph, path, times=times) if members_of(graph, path) else graph


def _too_many(graph: Graph, steps: int) -> Found:
    path = max(repeated_paths(graph), key=lambda path: repeat_of(graph, path).times)
    own = repeat_of(graph, path).times
    inside = sum(counts(graph, node.group)[0] for node in graph if f"{node.group}.".startswith(f"{path}.")) // own
    most = max(1, (MAX_STEPS - (steps - inside * own)) // max(inside, 1))
    message = Text("{group} is repeated {times} times: {steps} layers in all.", group=path, times=own, steps=steps)
    reason = Text("At most {limit} can be built.", limit=MAX_STEPS)
    fix = Fix(Text("Repeat {group} {times} times", group=path, times=most), _change_repeat(path, most))
    return Problem("repeat.too-many", message, next(iter(members_of(graph, path))), reason, fixes=(fix,))


def _end_inside(graph: Graph, loop: Loop, inside: list[str]) -> Found:
    node = graph[inside[0]]
    message = Text("{node} is an end of the drawing and cannot stand in {group}, which is repeated.", node=node.path, group=loop.path)
    out = repair(Text("Take {node} out of the group", node=node.path), lambda graph: _taken_out(graph, node.id, loop.path), node.id)
    return Problem("repeat.end-inside", message, node.id, Text("Data comes in once, and each result leaves once."), fixes=(out, _once(loop)))


def _taken_out(graph: Graph, id: str, path: str) -> Graph:
    from workbench.graph.names import free_name, taken_names

    parent = path.rpartition(".")[0]
    return edit.change_node(graph, id, group=parent, name=free_name(graph[id].name, taken_names(graph, parent, (id,))))


def _several_results(graph: Graph, loop: Loop) -> Found:
    names = ", ".join(called(graph, port.node) for port in loop.results)
    message = Text("{group} is repeated, but several of its layers lead out of it: {names}.", group=loop.path, names=names)
    last = min(loop.results, key=lambda port: len(reachable_from(graph, (port.node,)) & loop.members))
    keep = Fix[Graph](Text("Keep only the wires of {node}", node=called(graph, last.node)), lambda graph: _only(graph, loop, last))
    return Problem("repeat.results", message, last.node, Text("One result is handed from each repetition to the next."), fixes=(_once(loop), keep))


def _only(graph: Graph, loop: Loop, kept: PortRef) -> Graph:
    for edge in graph.edges:
        if edge.source in loop.results and edge.source != kept and edge.target.node not in loop.members:
            graph = edit.disconnect(graph, edge)
    return graph


def _around(graph: Graph, loop: Loop, edge: Edge | None) -> Found:
    node = edge.target.node if edge else next(node for node in graph.nodes if node in loop.members)
    message = Text("What {group} gives comes back into it at {node}.", group=loop.path, node=called(graph, node))
    cut = [Fix[Graph](
        Text("Remove the wire from {source} to {target}", source=called(graph, edge.source.node), target=called(graph, node)),
        lambda graph: edit.disconnect(graph, edge),
    )] if edge else []
    reason = Text("All repetitions run one after the other, before anything outside reads their result.")
    return Problem("repeat.around", message, node, reason, fixes=(_once(loop), *cut))


def _shapes_differ(inferred: Inferred, graph: Graph, loop: Loop) -> Found | None:
    given, handed = _crossing(inferred, loop)
    if given is None or handed is None or given == handed or loop.source is None:
        return None
    source, last = called(graph, loop.source.node), called(graph, loop.results[0].node)
    axis = next((axis for axis, one, other in zip(given.axes, given.dims, handed.dims, strict=False) if one != other), None)
    if given.axes != handed.axes or axis is None:
        message = Text(
            "{group} cannot be repeated: {source} gives it {given}, but {last} hands on {handed}.",
            group=loop.path, source=source, given=given.named(), last=last, handed=handed.named(),
        )
    else:
        message = Text(
            "{group} cannot be repeated: {source} gives it {axis} {given}, but {last} hands on {handed}.",
            group=loop.path, source=source, axis=Text(axis), given=str(given[axis]), last=last, handed=str(handed[axis]),
        )
    fixes = (*_passing_fixes(inferred, graph, loop, handed), *_width_fixes(inferred, graph, loop, given, handed), _once(loop))
    return Problem("repeat.shapes", message, loop.results[0].node, _AGREE, fixes=fixes[:3])


def _crossing(inferred: Inferred, loop: Loop) -> tuple[Shape | None, Shape | None]:
    """Returns the shape that comes in and the one that goes out."""
    if loop.source is None or not loop.results:
        return None, None
    source, result = loop.source, loop.results[0]
    return inferred.output_shapes(source.node).get(source.port), inferred.output_shapes(result.node).get(result.port)


def _passing_fixes(inferred: Inferred, graph: Graph, loop: Loop, handed: Shape) -> list[Fix[Graph]]:
    """Another input of the group has the shape that is handed on: the result may belong there."""
    found: list[Fix[Graph]] = []
    for port in loop.others:
        edge = next((edge for edge in graph.edges if edge.source == port and edge.target.node in loop.members), None)
        if edge is not None and inferred.output_shapes(port.node).get(port.port) == handed:
            passed = passed_as(graph, loop.path, edge)
            label = Text("Hand the result on to {port}", port=f"{loop.path}.{passed}")
            found.append(Fix(label, _pass(loop.path, passed)))
    return found[:1]


def _pass(path: str, passed: str) -> Callable[[Graph], Graph]:
    return lambda graph: set_repeat(graph, path, passed=passed) if members_of(graph, path) else graph


def _width_fixes(inferred: Inferred, graph: Graph, loop: Loop, given: Shape, handed: Shape) -> list[Fix[Graph]]:
    """Repairs that change one number: of the layer inside that makes the size, else of the one before the group."""
    wrong = [index for index, (one, other) in enumerate(zip(given.dims, handed.dims, strict=False)) if one != other]
    sizes = [(given.dims[index].constant, handed.dims[index].constant) for index in wrong]
    if given.axes != handed.axes or len(wrong) != 1 or loop.source is None or None in sizes[0]:
        return []
    before, after = sizes[0]
    inside = _setting(inferred, graph, loop, loop.results[0].node, after, before)
    return inside or _setting(inferred, graph, loop, loop.source.node, before, after)


def _setting(inferred: Inferred, graph: Graph, loop: Loop, start: str, now: int | None, wanted: int | None) -> list[Fix[Graph]]:
    """Returns the repair at the nearest node at or before `start` where a number set anew makes what comes in and goes out agree."""
    inside = start in loop.members
    node: str | None = start
    for _ in range(12):
        if node is None or (inside and node not in loop.members):
            break
        params = inferred.params(node)
        fields: Mapping[str, object] = getattr(type(params), "model_fields", {})
        names = [name for name in fields if type(getattr(params, name)) is int and getattr(params, name) == now]
        for name in names:
            if _agrees(inferred, loop, edit.set_params(inferred.graph, node, **{name: wanted})):
                label = Text("Set {name} of {node} to {value}", name=name, node=called(graph, node), value=wanted)
                return [repair(label, _set(node, name, wanted), node)]
        node = next((edge.source.node for edge in graph.incoming(node)), None)
    return []


def _set(node: str, name: str, value: object) -> Callable[[Graph], Graph]:
    return lambda graph: edit.set_params(graph, node, **{name: value})


def _agrees(inferred: Inferred, loop: Loop, graph: Graph) -> bool:
    from workbench.graph.infer import infer

    after = infer(graph, inferred.layers, inferred.given, inferred)
    given, handed = _crossing(after, loop)
    whole = all(after.output_shapes(node) for node in after.order if inferred.output_shapes(node))
    return given is not None and given == handed and whole


__all__ = ["repeat_problems"]
