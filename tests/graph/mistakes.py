"""Mistakes that people make, planted in networks that work: what was done, the kind it must be called, the node it must be told at.

Node ids of the starters are their names. A row is (kind, node or "", starter, what was done).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.graph import Edge, Graph, PortRef, Tie
from workbench.project.project import Choice, DataChoice, Project

Change = Callable[[Project], Project]


def drawn(change: Callable[[Graph], Graph]) -> Change:
    return lambda project: replace(project, graph=change(project.graph))


def params(node: str, **values: Any) -> Change:
    return drawn(lambda graph: edit.set_params(graph, node, **values))


def removed(*nodes: str) -> Change:
    return drawn(lambda graph: edit.remove_nodes(graph, nodes, reconnect=True))


def at(graph: Graph, name: str) -> str:
    """Returns the id of a node; those of the starters are their names, those that were planted are not."""
    return next(node.id for node in graph if node.name == name)


def inserted(after: str, layer: str, name: str = "extra", port: str = "input", **values: Any) -> Change:
    def change(graph: Graph) -> Graph:
        graph, node = edit.insert_on_edge(graph, graph.outgoing(at(graph, after))[0], layer, values, (port, "output"))
        return edit.rename(graph, node, name)

    return drawn(change)


def replaced(node: str, layer: str, **values: Any) -> Change:
    return drawn(lambda graph: edit.replace_layer(graph, node, layer, values))


def merged(first: str, second: str, layer: str, before: str) -> Change:
    """Merges the outputs of two nodes and gives the result to `before`."""

    def change(graph: Graph) -> Graph:
        graph, node = edit.add_node(graph, layer, name="merge", id="merge")
        for source in (first, second):
            graph = edit.connect(graph, Edge(PortRef(at(graph, source), "output"), PortRef(node, "inputs")))
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


def both(*changes: Change) -> Change:
    def change(project: Project) -> Project:
        for each in changes:
            project = each(project)
        return project

    return change


def wired(source: str, target: str, port: str = "output", into: str = "input") -> Change:
    """Adds a wire, or moves the one that is there."""
    return drawn(lambda graph: edit.connect(graph, Edge(PortRef(source, port), PortRef(target, into)), replacing=True))


def sigmoids(graph: Graph) -> Graph:
    """Five pairs of a linear layer and a sigmoid after the mean over time."""
    place = "mean_over_time1"
    for index in range(1, 6):
        for layer, params in (("linear", {"units": 32}), ("sigmoid", {})):
            graph, node = edit.insert_on_edge(graph, graph.outgoing(place)[0], layer, params)
            graph, place = edit.rename(graph, node, f"{layer}_{index}"), node
    return graph


def by_state(graph: Graph) -> Graph:
    """Reads the answer from the last state of a new LSTM instead of the mean over time."""
    graph = edit.replace_layer(graph, "mean_over_time1", "lstm", {"units": 48})
    (wire,) = graph.outgoing("mean_over_time1")
    return edit.connect(graph, Edge(PortRef("mean_over_time1", "hidden"), wire.target), replacing=True)


def bypassed(node: str) -> Change:
    return drawn(lambda graph: bypass(graph, (node,)))


def stranger(graph: Graph) -> Graph:
    return replace(graph, nodes=MappingProxyType({**graph.nodes, "conv2": replace(graph["conv2"], ties=(Tie("weight", "gone", "weight"),))}))


def no_such_port(graph: Graph) -> Graph:
    return replace(graph, edges=tuple(
        replace(edge, target=PortRef("conv2", "picture")) if edge.target.node == "conv2" else edge for edge in graph.edges
    ))


CNN, LSTM, TRANSFORMER = "digits-cnn", "reviews-lstm", "reviews-transformer"
RESNET, ROAD, VIT, RNN = "shapes-resnet", "road-cnn", "digits-vit", "digits-rnn"
GPT, DATES = "text-gpt", "dates-seq2seq"
MISTAKES: tuple[tuple[str, str, str, Change], ...] = (
    ("merge.channels-differ", "merge", CNN, merged("relu1", "conv2", "add", "batch_norm2")),
    ("residual.strided", "merge", CNN, merged("relu1", "max_pool1", "add", "conv2")),
    ("residual.strided", "add2", RESNET, params("conv4", stride=2)),
    ("merge.channels-differ", "add2", RESNET, removed("conv6")),
    ("merge.sizes-differ", "merge", CNN, both(
        inserted("relu1", "conv2d", "narrow", filters=32, padding="valid"), merged("relu1", "narrow", "add", "max_pool1"),
    )),
    ("merge.axes-differ", "merge", CNN, merged("max_pool2", "flatten1", "concatenate", "linear1")),
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
    ("recipe.no-epochs", "", CNN, tuned(epochs=0)),
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
    # who may look ahead, and who knows the places
    ("decoder.looks-ahead", "lstm1", LSTM, both(params("text", decoder=True), removed("mean_over_time1"), wired("lstm1", "dropout2", "hidden"))),
    ("decoder.looks-ahead", "mean_over_time1", TRANSFORMER, both(params("text", decoder=True), params("transformer_encoder1", causal=True))),
    ("decoder.no-mask", "transformer_encoder1", TRANSFORMER, both(params("text", decoder=True), drawn(by_state))),
    ("decoder.no-mask", "extra", LSTM, both(
        params("text", decoder=True), params("lstm1", bidirectional=False), inserted("embedding1", "self_attention"), removed("mean_over_time1"),
        wired("lstm1", "dropout2", "hidden"),
    )),
    ("decoder.no-mask", "transformer_encoder1", GPT, replaced("transformer_decoder1", "transformer_encoder")),
    ("decoder.looks-ahead", "extra", GPT, inserted("embedding1", "conv1d", filters=64, kernel=5)),
    ("decoder.looks-ahead", "gru2", DATES, params("gru2", bidirectional=True)),
    ("decoder.not-marked", "text", GPT, params("text", decoder=False)),
    ("output.width", "next", GPT, params("vocabulary", units=7)),
    ("output.squashed", "extra", GPT, inserted("vocabulary", "softmax")),
    ("attention.no-mask", "transformer_encoder1", TRANSFORMER, both(removed("mean_over_time1"), params("linear1", units=109))),
    ("positions.missing", "transformer_encoder1", TRANSFORMER, removed("positional_encoding1")),
    ("positions.missing", "transformer_encoder1", VIT, removed("positional_encoding1")),
    ("positions.odd-width", "extra", LSTM, both(params("embedding1", width=47), inserted("embedding1", "rotary_positions"))),
    ("recurrent.half-read", "last_over_time1", LSTM, replaced("mean_over_time1", "last_over_time")),
    ("sequence.one-place", "lstm1", RNN, inserted("image_to_sequence1", "adaptive_average_pool1d", steps=1)),
    ("shape.needs-sequence", "lstm1", RNN, inserted("image_to_sequence1", "flatten")),
    ("shape.needs-image", "extra", LSTM, inserted("embedding1", "conv2d")),
    ("attention.key-heads", "extra", TRANSFORMER, inserted("positional_encoding1", "self_attention", key_heads=3)),
    ("norm.sequence", "extra", LSTM, inserted("embedding1", "batch_norm1d")),
    # what runs, but is hardly meant
    ("dropout.after-output", "extra", CNN, inserted("linear1", "dropout")),
    ("dropout.before-norm", "extra", CNN, inserted("conv1", "dropout")),
    ("dropout.wasteful", "dropout1", CNN, params("dropout1", rate=0.9)),
    ("norm.twice", "extra", CNN, inserted("batch_norm1", "batch_norm2d")),
    ("norm.one-number", "extra", CNN, both(inserted("flatten1", "linear", "thin", units=1), inserted("thin", "layer_norm"))),
    ("output.normalised", "extra", CNN, inserted("linear1", "layer_norm")),
    ("output.squashed", "extra", CNN, inserted("linear1", "log_softmax")),
    ("output.bounded", "extra", ROAD, inserted("linear2", "relu")),
    ("output.constant", "extra", ROAD, inserted("linear2", "softmax")),
    ("output.width", "angle", ROAD, params("linear2", units=3)),
    ("conv.one-pixel", "late", CNN, both(
        inserted("max_pool2", "conv2d", "late"), inserted("max_pool2", "adaptive_average_pool2d", size=1),
    )),
    ("conv.skips-places", "conv2", CNN, params("conv2", kernel=1, stride=2)),
    ("width.one", "thin", CNN, both(inserted("flatten1", "linear", "thin", units=1), inserted("thin", "relu"))),
    ("activation.fading", "sigmoid_1", LSTM, drawn(sigmoids)),
    ("activation.missing", "conv2", CNN, both(removed("relu1"), replaced("max_pool1", "average_pool2d"))),
    # sizes that do not divide, axes that are not there
    ("patch.uneven", "patch_embedding1", VIT, both(replaced("conv1", "patch_embedding", patch=3, width=48), removed("image_to_sequence1"))),
    ("norm.groups", "group_norm1", CNN, replaced("batch_norm1", "group_norm", groups=5)),
    ("shuffle.pixels", "extra", CNN, inserted("relu1", "pixel_unshuffle", factor=3)),
    ("shuffle.channels", "extra", CNN, inserted("relu1", "pixel_shuffle", factor=3)),
    ("glu.odd", "extra", CNN, both(params("conv1", filters=33), inserted("relu1", "glu"))),
    ("select.outside", "select1", RNN, replaced("mean_over_time1", "select", axis="time", index=99)),
    ("axis.batch", "extra", CNN, inserted("linear1", "softmax", axis="batch")),
    ("axis.batch", "merge", CNN, both(merged("relu2", "batch_norm2", "concatenate", "max_pool2"), params("merge", axis="batch"))),
    ("axis.batch", "reduce1", RNN, replaced("mean_over_time1", "reduce", axis="batch")),
    ("axis.missing", "extra", CNN, inserted("linear1", "softmax", axis="height")),
    ("axis.order", "extra", CNN, inserted("relu1", "permute", order="height, width")),
    ("reshape.count", "extra", CNN, inserted("flatten1", "reshape", form="feature 7")),
    # ends, wires and settings
    ("graph.no-input", "", CNN, drawn(lambda graph: edit.remove_nodes(graph, ["image"]))),
    ("edge.no-such-port", "conv2", CNN, drawn(no_such_port)),
    ("bypass.end", "digit", CNN, bypassed("digit")),
    ("tie.lost", "conv2", CNN, drawn(stranger)),
    ("objective.unknown", "", CNN, learned(name="divination")),
    ("input.field-kind", "image", CNN, params("image", field="label")),
    ("recipe.batch-too-large", "", CNN, tuned(batch_size=4096)),
)
