"""Mistakes are named at the node, with the axis and the cause, and every fix repairs."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.graph.problem import Problem, Severity
from workbench.layers import LAYERS

Layers = list[tuple[str, str, dict[str, Any], list[str]]]

IMAGE = ("image", "image_input", {"channels": 3, "height": 8, "width": 8}, [])
TEXT = ("tokens", "text_input", {"vocabulary": 50, "maximum_length": 20}, [])
EMBED = ("embed", "embedding", {"width": 10}, ["tokens"])


def draw(layers: Layers) -> Graph:
    """Draws named layers, each with its sources, and an output behind the last."""
    graph, ids = Graph(), {}
    for name, layer, params, sources in [*layers, ("result", "output", {}, [layers[-1][0]])]:
        graph, ids[name] = edit.add_node(graph, layer, params=params, name=name)
        for source in sources:
            port = "inputs" if layer in ("add", "concatenate") else "input"
            graph = edit.connect(graph, Edge(PortRef(ids[source], "output"), PortRef(ids[name], port)))
    return graph


def errors(graph: Graph) -> list[Problem[Graph]]:
    """Returns what stops the build."""
    return [problem for problem in infer(graph, LAYERS).problems if problem.severity == Severity.ERROR]


# layers, kind, words of the message, labels of the fixes that must be there; every fix that is there must repair (but those marked "~").
WRONG: list[tuple[Layers, str, list[str], list[str]]] = [
    (
        [IMAGE, ("fc", "linear", {}, ["image"])],
        "linear.needs-vector",
        ["fc", "image", "channel 3"],
        ["Flatten first", "Global average first"],
    ),
    (
        [IMAGE, ("conv1", "conv2d", {"kernel": 9, "padding": "valid"}, ["image"])],
        "conv.kernel-too-large",
        ["conv1", "9×9", "8×8"],
        ["Use same padding", "Use a 8×8 kernel", "Remove conv1"],
    ),
    (
        [IMAGE, ("conv1", "conv2d", {"groups": 2, "filters": 8}, ["image"])],
        "conv.groups",
        ["conv1", "2 groups", "3 input channels"],
        ["Use 1 group"],
    ),
    (
        [IMAGE, ("conv1", "conv2d", {"groups": 3, "filters": 8}, ["image"])],
        "conv.groups",
        ["8 filters"],
        ["Use 1 group", "Use 9 filters"],
    ),
    (
        [IMAGE, ("pool1", "max_pool2d", {"kernel": 9}, ["image"])],
        "pool.window-too-large",
        ["pool1", "9×9", "8×8"],
        ["Use a 8×8 window", "Remove pool1"],
    ),
    (
        [
            IMAGE,
            ("a", "conv2d", {"filters": 8}, ["image"]),
            ("b", "conv2d", {"filters": 4}, ["image"]),
            ("both", "add", {}, ["a", "b"]),
        ],
        "merge.channels-differ",
        ["both", "channel", "a has 8", "b has 4"],
        ["Project b to 8 channels", "Project a to 4 channels", "Concatenate instead"],
    ),
    (
        [
            IMAGE,
            ("flat", "flatten", {}, ["image"]),
            ("a", "linear", {"units": 8}, ["flat"]),
            ("b", "linear", {"units": 4}, ["flat"]),
            ("both", "add", {}, ["a", "b"]),
        ],
        "merge.features-differ",
        ["feature", "a has 8", "b has 4"],
        ["Project b to 8 features", "Project a to 4 features", "Concatenate instead"],
    ),
    (
        [IMAGE, ("b", "max_pool2d", {}, ["image"]), ("both", "concatenate", {}, ["image", "b"])],
        "merge.sizes-differ",
        ["both", "height"],
        ["Pool image by 2"],
    ),
    (
        [IMAGE, ("b", "global_average_pool", {}, ["image"]), ("both", "concatenate", {}, ["image", "b"])],
        "merge.axes-differ",
        ["both", "image"],
        ["Global average after image", "Flatten image"],
    ),
    ([IMAGE, ("one", "add", {}, ["image"])], "merge.one-input", ["one", "1"], ["Remove one"]),
    ([TEXT, EMBED, ("conv1", "conv2d", {}, ["embed"])], "shape.needs-image", ["conv1", "embed", "token"], ["Remove conv1"]),
    (
        [TEXT, EMBED, ("pool1", "global_average_pool", {}, ["embed"])],
        "pool.needs-image",
        ["pool1", "embed"],
        ["Average over time instead"],
    ),
    ([TEXT, EMBED, ("norm", "batch_norm2d", {}, ["embed"])], "norm.sequence", ["norm"], ["Use Layer norm instead"]),
    (
        [TEXT, EMBED, ("flat", "flatten", {}, ["embed"])],
        "flatten.unknown-size",
        ["flat", "token", "T"],
        ["Average over time first", "Take the last position first"],
    ),
    ([TEXT, ("fc", "linear", {}, ["tokens"])], "dtype.needs-numbers", ["fc", "tokens", "int64"], ["Add an Embedding"]),
    (
        [TEXT, EMBED, ("attend", "self_attention", {"heads": 4}, ["embed"])],
        "attention.heads",
        ["attend", "4 heads", "10"],
        ["Use 5 heads", "Use 2 heads", "Project to 12 features first"],
    ),
    (
        [TEXT, EMBED, ("block", "transformer_encoder", {"heads": 3}, ["embed"])],
        "attention.heads",
        ["block", "3 heads"],
        ["Use 2 heads"],
    ),
    (
        [IMAGE, ("lstm1", "lstm", {}, ["image"])],
        "shape.needs-sequence",
        ["lstm1", "image", "channel 3"],
        ["Read the image row by row"],
    ),
    ([IMAGE, ("embed", "embedding", {"width": 8}, ["image"])], "embedding.needs-ids", ["embed", "float32"], ["Remove embed"]),
    (
        [TEXT, EMBED, ("where", "positional_encoding", {"maximum_length": 8}, ["embed"])],
        "positions.too-few",
        ["where", "8", "20"],
        ["Know as many as the input has"],
    ),
    (
        [TEXT, EMBED, ("turned", "permute", {"order": "feature, token"}, ["embed"]), ("fc", "linear", {}, ["turned"])],
        "linear.needs-feature",
        ["fc", "feature axis"],
        ["Reorder the axes to token, feature"],
    ),
    (
        [IMAGE, ("turned", "permute", {"order": "height, width, channel"}, ["image"]), ("conv1", "conv2d", {}, ["turned"])],
        "shape.needs-image",
        ["conv1", "turned"],
        ["Reorder the axes to channel, height, width"],
    ),
    (
        [IMAGE, ("turned", "permute", {"order": "height, depth"}, ["image"])],
        "axis.order",
        ["turned", "channel, height, width"],
        ["Swap the last two axes"],
    ),
    (
        [TEXT, EMBED, ("share", "softmax", {"axis": "token"}, ["embed"])],
        "axis.padded",
        ["share", "token"],
        ["Use the feature axis"],
    ),
    (
        [TEXT, EMBED, ("bent", "relu", {}, ["embed"]), ("both", "concatenate", {"axis": "token"}, ["embed", "bent"])],
        "axis.padded",
        ["both", "token"],
        ["Use the feature axis"],
    ),
    (
        [IMAGE, ("share", "softmax", {"axis": "feature"}, ["image"])],
        "axis.missing",
        ["share", "'feature'"],
        ["Use the channel axis"],
    ),
    (
        [TEXT, EMBED, ("norm", "layer_norm", {"over": "row"}, ["embed"])],
        "norm.unknown-size",
        ["norm", "token"],
        ["Normalise over features"],
    ),
    (
        [IMAGE, ("flat", "flatten", {}, ["image"]), ("norm", "batch_norm2d", {}, ["flat"])],
        "shape.needs-image",
        ["norm", "vector"],
        ["Use the batch norm for vectors", "Use Layer norm instead"],
    ),
    ([IMAGE, ("norm", "batch_norm1d", {}, ["image"])], "shape.needs-vector", ["norm"], ["Use the batch norm for images"]),
]


@pytest.mark.parametrize(
    ("layers", "kind", "words", "labels"), WRONG, ids=[f"{row[1]}-{index}" for index, row in enumerate(WRONG)]
)
def test_mistakes_are_named_and_their_fixes_repair(layers: Layers, kind: str, words: list[str], labels: list[str]) -> None:
    graph = draw(layers)
    (problem,) = errors(graph)
    assert problem.kind == kind
    assert all(word in problem.message for word in words), problem.message
    assert problem.node == [node.id for node in graph][len(layers) - 1] and problem.message.endswith(".")
    offered = [str(fix.label) for fix in problem.fixes]
    assert [label for label in labels if label not in offered] == [], offered
    for fix in problem.fixes:
        repaired = fix.apply(graph)
        assert repaired != graph, fix.label
        assert not [error for error in errors(repaired) if error.node == problem.node], (fix.label, errors(repaired))


DOUBTFUL: list[tuple[Layers, str, str]] = [
    (
        [IMAGE, ("flat", "flatten", {}, ["image"]), ("a", "linear", {}, ["flat"]), ("b", "linear", {}, ["a"])],
        "activation.missing",
        "Add ReLU",
    ),
    ([IMAGE, ("a", "conv2d", {}, ["image"]), ("b", "conv2d", {}, ["a"])], "activation.missing", "Add ReLU"),
    ([IMAGE, ("a", "relu", {}, ["image"]), ("b", "relu", {}, ["a"])], "activation.twice", "Remove b"),
    ([IMAGE, ("a", "dropout", {"rate": 0.0}, ["image"])], "dropout.does-nothing", "Set the rate to 0.2"),
    ([IMAGE, ("a", "max_pool2d", {"kernel": 1}, ["image"])], "pool.does-nothing", "Use a 2×2 window"),
    ([IMAGE, ("a", "conv2d", {"kernel": 1, "dilation": 2}, ["image"])], "conv.dilation-unused", "Set dilation to 1"),
    ([TEXT, EMBED, ("a", "lstm", {"dropout": 0.2}, ["embed"])], "lstm.dropout-unused", "Use two layers"),
    (
        [TEXT, EMBED, ("a", "positional_encoding", {}, ["embed"]), ("b", "positional_encoding", {}, ["a"])],
        "positions.twice",
        "Remove b",
    ),
    ([TEXT, EMBED, ("fc", "linear", {}, ["embed"])], "output.sequence", "Average over time first"),
]


@pytest.mark.parametrize(("layers", "kind", "label"), DOUBTFUL, ids=[f"{row[1]}-{index}" for index, row in enumerate(DOUBTFUL)])
def test_what_runs_but_is_hardly_meant(layers: Layers, kind: str, label: str) -> None:
    graph = draw(layers)
    assert not errors(graph)
    found = [problem for problem in infer(graph, LAYERS).problems if problem.kind == kind]
    assert len(found) == 1 and found[0].severity == Severity.WARNING
    assert label in [str(fix.label) for fix in found[0].fixes]
    for fix in found[0].fixes:
        repaired = infer(fix.apply(graph), LAYERS)
        assert kind not in [problem.kind for problem in repaired.problems] and repaired.ok, fix.label


def test_a_depthwise_separable_pair_is_no_mistake() -> None:
    graph = draw([IMAGE, ("deep", "conv2d", {"groups": 3, "filters": 3}, ["image"]), ("mix", "conv2d", {"kernel": 1}, ["deep"])])
    assert not infer(graph, LAYERS).problems


def test_sizes_that_differ_for_some_length_come_with_a_counter_example() -> None:
    second = ("more", "text_input", {"vocabulary": 50, "maximum_length": 20, "symbol": "S"}, [])
    graph = draw(
        [TEXT, EMBED, second, ("embed2", "embedding", {"width": 10}, ["more"]), ("both", "add", {}, ["embed", "embed2"])]
    )
    (problem,) = errors(graph)
    assert problem.kind == "merge.sizes-differ" and "T" in problem.message and "S" in problem.message
