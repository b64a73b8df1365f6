"""The rules about order: who may look ahead, who knows the places, who reads from both ends."""

from __future__ import annotations

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.order import reachable_from, reaching
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import Axis, Shape
from workbench.layers.base import Family, Layer, Shapes
from workbench.project.check import Found, Subject, graph_fix
from workbench.project.check_drawing import removing, setting, taste
from workbench.project.feeding import output_nodes
from workbench.project.project import Project
from workbench.project.standing import layer_of, of_family, only_source
from workbench.text import Text


def writers(subject: Subject) -> list[Node]:
    """Returns the inputs that take what the model itself writes."""
    return [node for node in subject.graph if getattr(subject.inferred.params(node.id), "decoder", False)]


def looking_ahead(subject: Subject) -> list[Found]:
    """Whatever is reached from a text that the model writes may see only what is written already."""
    found: list[Found] = []
    for writer in writers(subject):
        reached = reachable_from(subject.graph, (writer.id,)) | {writer.id}
        for node in (node for node in subject.inferred.order if node in reached and node != writer.id):
            found += _ahead(subject, writer, subject.graph[node], reached)
    return found


def _ahead(subject: Subject, writer: Node, node: Node, reached: set[str]) -> list[Found]:
    layer, params = layer_of(node), subject.inferred.params(node.id)
    if layer is None or params is None or layer.role:
        return []
    ports = {edge.target.port for edge in subject.graph.incoming(node.id) if edge.source.node in reached}
    shapes = subject.inferred.input_shapes(node.id)
    blind = [port for port in sorted(ports) if _mixes(shapes, port) and not layer.causal_from(params, port)]
    if not blind:
        return []
    fixes = _turned(node, layer)
    if "causal" in layer.causal_by:
        message = Text("{node} has no causal mask: every token of {writer} sees the tokens after it.", node=node.path, writer=writer.path)
        reason = Text("While training it would read the answer; when it writes, what comes after is not there yet.")
        return [Problem("decoder.no-mask", message, node.id, reason, blind[0], fixes=fixes)]
    message = Text("{node} looks ahead along the token axis, but {writer} is written from left to right.", node=node.path, writer=writer.path)
    reason = Text("What is reached from a text that the model writes must not depend on what comes after.")
    return [Problem("decoder.looks-ahead", message, node.id, reason, blind[0], fixes=fixes)]


def _mixes(shapes: Shapes, port: str) -> bool:
    """Whether what comes in at a port has places at all; several wires of one port are `port.0`, `port.1`, ..."""
    return any(shape.sequence_axis is not None for name, shape in shapes.items() if name.partition(".")[0] == port)


def _turned(node: Node, layer: Layer) -> tuple[Fix[Project], ...]:
    """Offers to make a layer causal, or to take it out."""
    label = Text("Let {node} see only what came before", node=node.path)
    return (*([setting(node, label, **layer.causal_by)] if layer.causal_by else []), removing(node))


def language_without_mask(subject: Subject) -> list[Found]:
    """A network that names a token at every place and sees the places after it only learns to copy them."""
    found: list[Found] = []
    marked = {node.id for node in writers(subject)}
    for output in output_nodes(subject.graph):
        shape = subject.inferred.input_shapes(output.id).get("input")
        before = reaching(subject.graph, (output.id,))
        for text in (subject.graph[name] for name in before if name not in marked):
            if shape is None or not _names_tokens(subject, text, shape):
                continue
            masked = reachable_from(subject.graph, (text.id,)) & before
            for node in (subject.graph[name] for name in masked):
                layer, params = layer_of(node), subject.inferred.params(node.id)
                if layer is None or params is None or "causal" not in layer.causal_by or layer.causal(params):
                    continue
                message = Text("{node} has no causal mask, but {output} names a token of {text} at every place.",
                               node=node.path, output=output.path, text=text.path)
                reason = Text("A place that sees the next token copies it and learns no language.")
                label = Text("Let {node} see only what came before", node=node.path)
                found.append(taste("attention.no-mask", message, node, reason, setting(node, label, **layer.causal_by)))
    return found


def _names_tokens(subject: Subject, text: Node, shape: Shape) -> bool:
    """Whether a result has, at each place of a text, one number for every token of its vocabulary."""
    given = subject.inferred.output_shapes(text.id).get("output")
    layer = layer_of(text)
    if layer is None or layer.role != "input" or given is None or given.vocabulary is None or Axis.TOKEN not in given.axes:
        return False
    return shape.axes == ("batch", "token", "feature") and shape["feature"] == given.vocabulary and shape["token"] == given["token"]


def order_unknown(subject: Subject) -> list[Found]:
    """Attention without positions takes a sentence for a bag of words."""
    found: list[Found] = []
    marked = reachable_from(subject.graph, [node.id for node in subject.graph if (entry := layer_of(node)) is not None and entry.marks_positions])
    for node in subject.graph:
        layer, params = layer_of(node), subject.inferred.params(node.id)
        shape = subject.inferred.input_shapes(node.id).get("input")
        if layer is None or params is None or shape is None or shape.sequence_axis is None or not layer.order_blind(params) or node.id in marked:
            continue
        message = Text("{node} does not know the order along its {axis} axis: nothing before it marks positions.", node=node.path,
                       axis=Text(shape.axes[shape.sequence_axis]))
        reason = Text("Attention alone sees a bag: any other order gives the same result.")
        insert = graph_fix(
            Text("Add positions before {node}", node=node.path),
            lambda graph, node=node: edit.insert_before(graph, node.id, "input", "positional_encoding")[0],
        )
        own = [setting(node, Text("Let {node} turn by position (rotary)", node=node.path), positions="rotary")]
        found.append(taste("positions.missing", message, node, reason, insert, *(own if hasattr(params, "positions") else [])))
    return found


def last_of_both_ways(subject: Subject) -> list[Found]:
    """The last place of a layer that reads both ways: its backward half has read one place only."""
    found: list[Found] = []
    for node in subject.graph:
        source = only_source(subject.graph, node.id)
        if source is None or not _takes_last(node) or not getattr(subject.inferred.params(source.id), "bidirectional", False):
            continue
        message = Text("{node} takes the last place of {source}, whose backward half has read nothing but that place.",
                       node=node.path, source=source.path)
        reason = Text("{source} reads both ways; the backward half knows the whole row at the first place.", source=source.path)
        mean = graph_fix(Text("Use the mean over time"), lambda graph, node=node: edit.replace_layer(graph, node.id, "mean_over_time"))
        state = graph_fix(Text("Use the last state of both directions"), lambda graph, node=node, source=source: _from_state(graph, node, source))
        found.append(taste("recurrent.half-read", message, node, reason, mean, state))
    return found


def _takes_last(node: Node) -> bool:
    layer = layer_of(node)
    return layer is not None and layer.takes_last


def _from_state(graph: Graph, node: Node, source: Node) -> Graph:
    """Feeds what followed a node from the state of the recurrent layer instead."""
    following = graph.outgoing(node.id)
    graph = edit.remove_nodes(graph, [node.id])
    for edge in following:
        graph = edit.connect(graph, Edge(PortRef(source.id, "hidden"), edge.target))
    return graph


def one_step(subject: Subject) -> list[Found]:
    """A layer that reads a sequence of one place has nothing to read."""
    found: list[Found] = []
    for node in subject.graph:
        shape = subject.inferred.input_shapes(node.id).get("input")
        if shape is None or shape.sequence_axis is None or not of_family(node, Family.RECURRENT, Family.ATTENTION):
            continue
        if shape.dims[shape.sequence_axis].constant != 1 or not _reads_order(subject, node):
            continue
        message = Text("{node} reads a sequence of one place: its {axis} axis is 1.", node=node.path, axis=Text(shape.axes[shape.sequence_axis]))
        reason = Text("There is nothing before or after to remember or to look at.")
        found.append(taste("sequence.one-place", message, node, reason, removing(node)))
    return found


def _reads_order(subject: Subject, node: Node) -> bool:
    layer, params = layer_of(node), subject.inferred.params(node.id)
    return layer is not None and params is not None and (of_family(node, Family.RECURRENT) or bool(layer.causal_by))


RULES = (looking_ahead, language_without_mask, order_unknown, last_of_both_ways, one_step)
