"""Mistakes that people make, planted in networks that work: what was done, the kind it must be called, the node it must be told at.

Node ids of the starters are their names. A row is (kind, node or "", starter, what was done).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.project.project import Choice, DataChoice, Project

Change = Callable[[Project], Project]


def drawn(change: Callable[[Graph], Graph]) -> Change:
    return lambda project: replace(project, graph=change(project.graph))


def params(node: str, **values: Any) -> Change:
    return drawn(lambda graph: edit.set_params(graph, node, **values))


def removed(*nodes: str) -> Change:
    return drawn(lambda graph: edit.remove_nodes(graph, nodes, reconnect=True))


def inserted(after: str, layer: str, name: str = "extra", port: str = "input", **values: Any) -> Change:
    def change(graph: Graph) -> Graph:
        graph, node = edit.insert_on_edge(graph, graph.outgoing(after)[0], layer, values, (port, "output"))
        return edit.rename(graph, node, name)

    return drawn(change)


def replaced(node: str, layer: str, **values: Any) -> Change:
    return drawn(lambda graph: edit.replace_layer(graph, node, layer, values))


def merged(first: str, second: str, layer: str, before: str) -> Change:
    """Merges the outputs of two nodes and gives the result to `before`."""

    def change(graph: Graph) -> Graph:
        graph, node = edit.add_node(graph, layer, name="merge", id="merge")
        for source in (first, second):
            graph = edit.connect(graph, Edge(PortRef(source, "output"), PortRef(node, "inputs")))
        for wire in graph.incoming(before):
            graph = edit.disconnect(graph, wire)
        return edit.connect(graph, Edge(PortRef(node, "output"), PortRef(before, "input")))

    return drawn(change)


def tuned(**values: Any) -> Change:
    return lambda project: replace(project, recipe=replace(project.recipe, **values))


def learned(**values: Any) -> Change:
    return lambda project: replace(project, objectives=(replace(project.objectives[0], **values),))


def cut(node: str) -> Change:
    return drawn(lambda graph: edit.disconnect(graph, graph.incoming(node)[0]))


def circle(graph: Graph) -> Graph:
    wire = Edge(PortRef("relu2", "output"), PortRef("conv1", "input"))
    return replace(graph, edges=(*(edge for edge in graph.edges if edge.target.node != "conv1"), wire))


def loose_end(graph: Graph) -> Graph:
    return replace(graph, edges=(*graph.edges, Edge(PortRef("conv2", "output"), PortRef("gone", "input"))))


def doubled(graph: Graph) -> Graph:
    return replace(graph, edges=(*graph.edges, Edge(PortRef("image", "output"), PortRef("conv2", "input"))))


def same_name(graph: Graph) -> Graph:
    return replace(graph, nodes=MappingProxyType({**graph.nodes, "relu2": replace(graph["relu2"], name="relu1")}))


def side_branch(graph: Graph) -> Graph:
    graph, node = edit.add_node(graph, "conv2d", name="aside", id="aside")
    return edit.connect(graph, Edge(PortRef("relu1", "output"), PortRef(node, "input")))


def rate(value: float) -> Change:
    return tuned(optimizer=Choice("adamw", MappingProxyType({"learning_rate": value})))


CNN, LSTM, TRANSFORMER = "digits-cnn", "reviews-lstm", "reviews-transformer"
MISTAKES: tuple[tuple[str, str, str, Change], ...] = (
    ("merge.channels-differ", "merge", CNN, merged("relu1", "conv2", "add", "batch_norm2")),
    ("merge.sizes-differ", "merge", CNN, merged("relu1", "max_pool1", "add", "conv2")),
    ("merge.one-input", "extra", CNN, inserted("relu1", "add", port="inputs")),
    ("conv.kernel-too-large", "conv2", CNN, params("conv2", kernel=9, padding="valid")),
    ("conv.groups", "conv2", CNN, params("conv2", groups=3)),
    ("conv.dilation-unused", "extra", CNN, inserted("relu1", "conv2d", kernel=1, dilation=2, filters=32)),
    ("pool.window-too-large", "max_pool2", CNN, params("max_pool2", kernel=8)),
    ("pool.does-nothing", "max_pool1", CNN, params("max_pool1", kernel=1, stride=1)),
    ("linear.needs-vector", "linear1", CNN, removed("flatten1")),
    ("shape.needs-image", "extra", CNN, inserted("flatten1", "conv2d")),
    ("shape.needs-sequence", "extra", CNN, inserted("relu2", "lstm")),
    ("output.width", "digit", CNN, params("linear1", units=7)),
    ("output.squashed", "extra", CNN, inserted("linear1", "softmax")),
    ("output.squashed", "extra", CNN, inserted("linear1", "relu")),
    ("output.squashed", "extra", CNN, inserted("linear1", "sigmoid")),
    ("output.not-a-vector", "digit", CNN, removed("flatten1", "linear1")),
    ("activation.missing", "linear1", CNN, inserted("flatten1", "linear", units=32)),
    ("activation.twice", "extra", CNN, inserted("relu1", "relu")),
    ("dropout.does-nothing", "dropout1", CNN, params("dropout1", rate=0.0)),
    ("params.invalid", "dropout1", CNN, params("dropout1", rate=1.5)),
    ("params.invalid", "conv1", CNN, params("conv1", filters=-4)),
    ("layer.unknown", "swoosh1", CNN, replaced("relu1", "swoosh")),
    ("port.missing", "conv2", CNN, cut("conv2")),
    ("port.two-wires", "conv2", CNN, drawn(doubled)),
    ("edge.dangling", "", CNN, drawn(loose_end)),
    ("graph.cycle", "", CNN, drawn(circle)),
    ("graph.unused", "aside", CNN, drawn(side_branch)),
    ("graph.no-output", "", CNN, drawn(lambda graph: edit.remove_nodes(graph, ["digit"]))),
    ("name.duplicate", "relu1", CNN, drawn(same_name)),
    ("input.size-differs", "image", CNN, params("image", height=28, width=28)),
    ("input.size-differs", "image", CNN, params("image", channels=3)),
    ("input.field-missing", "image", CNN, params("image", field="photo")),
    ("memory.too-much", "conv2", CNN, params("conv2", filters=100_000_000)),
    ("recipe.batch-small", "batch_norm1", CNN, tuned(batch_size=1)),
    ("recipe.rate-too-high", "", CNN, rate(50.0)),
    ("recipe.watch-unknown", "", CNN, tuned(watch="beauty/val")),
    ("objective.missing", "", CNN, lambda project: replace(project, objectives=())),
    ("objective.target-missing", "", CNN, learned(target="mood")),
    ("objective.target-kind", "", CNN, learned(name="regression")),
    ("objective.output-missing", "", CNN, learned(output="nowhere")),
    ("data.missing", "", CNN, lambda project: replace(project, data=DataChoice())),
    ("dtype.needs-numbers", "lstm1", LSTM, removed("embedding1", "dropout1")),
    ("embedding.needs-ids", "extra", LSTM, inserted("embedding1", "embedding")),
    ("output.sequence", "verdict", LSTM, removed("mean_over_time1")),
    ("shape.needs-sequence", "extra", LSTM, inserted("mean_over_time1", "lstm")),
    ("input.vocabulary-small", "text", LSTM, params("text", vocabulary=20)),
    ("input.length-short", "text", LSTM, params("text", maximum_length=5)),
    ("lstm.dropout-unused", "lstm1", LSTM, params("lstm1", dropout=0.3)),
    ("attention.heads", "transformer_encoder1", TRANSFORMER, params("transformer_encoder1", heads=7)),
    ("positions.twice", "extra", TRANSFORMER, inserted("positional_encoding1", "positional_encoding")),
    ("positions.too-few", "positional_encoding1", TRANSFORMER, params("positional_encoding1", kind="learned", maximum_length=8)),
)
