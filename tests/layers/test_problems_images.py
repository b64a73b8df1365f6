"""Mistakes around images, volumes, windows, axes and sounds are named at the node, and every fix repairs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.layers.test_problems import EMBED, IMAGE, TEXT, Layers, errors
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.graph.problem import Severity
from workbench.layers import LAYERS

FLAT = ("flat", "flatten", {}, ["image"])
CUBE = ("cube", "reshape", {"form": "channel 2, depth 2, height 6, width 8"}, ["image"])
ROWS = ("rows", "image_to_sequence", {"steps": "rows"}, ["image"])


def draw(layers: Layers) -> Graph:
    """Draws named layers, each with its sources at its input ports in order, and an output behind the last."""
    graph, ids = Graph(), {}
    for name, layer, params, sources in layers:
        graph, ids[name] = edit.add_node(graph, layer, params=params, name=name)
        ports = LAYERS[layer].inputs
        for place, source in enumerate(sources):
            port = ports[0] if ports[0].variadic else ports[place]
            graph = edit.connect(graph, Edge(PortRef(ids[source], "output"), PortRef(ids[name], port.name)))
    name, layer, params, _ = layers[-1]
    for port in LAYERS[layer].output_ports(LAYERS[layer].parse(params)):
        graph, end = edit.add_node(graph, "output", name=f"result_{port.name}")
        graph = edit.connect(graph, Edge(PortRef(ids[name], port.name), PortRef(end, "input")))
    return graph


def one(layer: str, *before: tuple[str, str, dict[str, Any], list[str]], **params: Any) -> Layers:
    """Returns `layer` as `it` behind the last of what stands before, by default an image of 3×8×8."""
    given = before or (IMAGE,)
    return [*given, ("it", layer, params, [given[-1][0]])]


def two(layer: str, first: tuple[str, str, dict[str, Any], list[str]], second: tuple[str, str, dict[str, Any], list[str]]) -> Layers:
    """Returns `layer` as `it` behind two layers of the image."""
    return [IMAGE, first, second, ("it", layer, {}, [first[0], second[0]])]


WRONG: list[tuple[Layers, str, list[str], list[str]]] = [
    (one("conv1d"), "shape.needs-sequence", ["it", "image"], ["Use Conv2d, which slides over images", "Read the image row by row"]),
    (one("conv1d", TEXT, EMBED, padding="valid"), "window.too-large", ["it", "3"], ["Use same padding"]),
    (one("conv1d", TEXT, EMBED, groups=4), "conv.groups", ["4 groups", "10"], ["Use 2 groups"]),
    (one("conv3d"), "shape.needs-volume", ["it", "channel 3"], ["Read the channels as depth", "Remove it"]),
    (one("conv3d", IMAGE, CUBE, kernel=7, padding="valid"), "window.too-large", ["7×7×7", "2×6×8"], ["Use same padding"]),
    (one("max_pool3d", IMAGE, CUBE, kernel=3), "window.too-large", ["3×3×3"], ["Use a window of 2", "Average over the whole volume instead"]),
    (one("conv_transpose2d", kernel=4, stride=1), "conv.no-middle", ["4"], ["Use a kernel of 5", "Use a stride of 2", "Keep all that is written"]),
    (one("conv_transpose1d", TEXT, EMBED, kernel=2, padding=2), "conv.all-cut", ["token", "2"], ["Use same padding", "Cut nothing off"]),
    (one("depthwise_conv2d", kernel=9, padding="valid"), "window.too-large", ["9×9", "8×8"], ["Use same padding"]),
    (one("max_pool1d"), "shape.needs-sequence", ["it"], ["Use the pooling for images", "Read the image row by row"]),
    (one("max_pool1d", TEXT, EMBED, partial=False), "window.too-large", ["it"], ["Let partial windows count"]),
    (one("upsample", TEXT, EMBED, mode="bilinear"), "upsample.sequence", ["it"], ["Repeat every position instead"]),
    (one("pixel_shuffle"), "shuffle.channels", ["3 channels", "4"], ["Project to 4 channels first", "Repeat the pixels instead"]),
    (one("pixel_unshuffle", factor=3), "shuffle.pixels", ["8×8", "3×3"], ["Use a factor of 2", "Pool to 6×6 first"]),
    (one("group_norm"), "norm.groups", ["8 groups", "3 channels"], ["Use 3 groups", "Use Layer norm instead"]),
    (one("group_norm", TEXT, EMBED), "norm.needs-channels", ["it", "token"], ["Use Layer norm instead", "Use RMS norm instead"]),
    (one("group_norm", IMAGE, ("fc", "global_average_pool", {}, ["image"]), groups=3), "norm.one-place", ["fc"], ["Use 1 group"]),
    (
        one("instance_norm", IMAGE, ("small", "adaptive_max_pool2d", {"size": 1}, ["image"])),
        "norm.one-place", ["small"], ["Use Layer norm instead", "Remove it"],
    ),
    (one("glu"), "glu.odd", ["channel", "3"], ["Project to 4 channels first", "Use SiLU instead"]),
    (one("glu", axis="depth"), "axis.missing", ["'depth'"], []),
    (one("spatial_dropout", IMAGE, FLAT), "dropout.no-channels", ["it", "feature"], ["Use Dropout instead"]),
    (one("reshape", form="channel 3, height 9, width 8"), "reshape.count", ["192", "216"], ["Use channel 3, height 8, width 8"]),
    (one("reshape", form="8 by 8"), "reshape.form", ["'8 by 8'"], ["Make it one vector of 192"]),
    (one("reshape", TEXT, EMBED, form="feature ?"), "reshape.unknown-size", ["token", "T"], ["Average over time first"]),
    (one("slice", start=5, stop=2), "slice.empty", ["channel", "3"], ["Keep the first half", "Keep everything"]),
    (one("slice", TEXT, EMBED, axis="token", stop=2), "axis.padded", ["token"], ["Use the feature axis"]),
    (one("select", TEXT, EMBED, index=-1), "axis.padded", ["token"], ["Take the last position of each row"]),
    (one("select", axis="channel", index=3), "select.outside", ["3", "channel"], ["Take the last place", "Take the first place"]),
    (one("select", IMAGE, FLAT), "axis.last-one", ["feature"], ["Keep one place of it instead", "Weigh all of it into one number"]),
    (one("split"), "split.uneven", ["channel", "3", "2"], ["Cut into 3 parts"]),
    (one("reduce", IMAGE, FLAT), "axis.last-one", ["feature"], ["Weigh all of it into one number"]),
    (one("patch_embedding", patch=3), "patch.uneven", ["8×8", "3×3"], ["Use patches of 4×4", "Use patches of 2×2", "Pool to 9×9 first"]),
    (one("spectrogram", IMAGE, ROWS), "spectrogram.channels", ["rows", "feature 24"], ["Take the first channel", "Mix the channels into one"]),
    (
        two("subtract", ("a", "conv2d", {"filters": 8}, ["image"]), ("b", "conv2d", {"filters": 4}, ["image"])),
        "merge.shapes-differ", ["channel 8", "channel 4"], ["Project b to 8 channels"],
    ),
    (
        two("matmul", ROWS, ("bent", "relu", {}, ["rows"])),
        "matmul.inner-sizes", ["24", "8"], ["Swap the last two axes of the second", "Swap the last two axes of the first"],
    ),
    (two("matmul", FLAT, ("bent", "relu", {}, ["flat"])), "matmul.no-matrices", ["feature 192"], ["Use a Bilinear layer"]),
    (two("bilinear", ("a", "relu", {}, ["image"]), FLAT), "linear.needs-feature", ["a", "width 8"], ["Flatten first"]),
    (
        [IMAGE, ROWS, ("bent", "relu", {}, ["rows"]), ("it", "stack", {"axis": "time"}, ["rows", "bent"])],
        "stack.axis", ["time"], ["Call it depth", "Concatenate along time instead"],
    ),
]


@pytest.mark.parametrize(("layers", "kind", "words", "labels"), WRONG, ids=[f"{row[1]}-{index}" for index, row in enumerate(WRONG)])
def test_mistakes_are_named_and_their_fixes_repair(layers: Layers, kind: str, words: list[str], labels: list[str]) -> None:
    graph = draw(layers)
    (problem,) = errors(graph)
    assert problem.kind == kind
    assert all(word in problem.message for word in words), problem.message
    assert graph[problem.node].name == "it" and problem.message.endswith(".")
    offered = [str(fix.label) for fix in problem.fixes]
    assert [label for label in labels if label not in offered] == [], offered
    for fix in problem.fixes:
        repaired = fix.apply(graph)
        assert repaired != graph, fix.label
        assert not [error for error in errors(repaired) if error.node == problem.node], (fix.label, errors(repaired))


DOUBTFUL: list[tuple[Layers, str, str]] = [
    ([IMAGE, ROWS, ("a", "conv1d", {}, ["rows"]), ("it", "conv1d", {}, ["a"])], "activation.missing", "Add ReLU"),
    (one("conv_transpose2d", kernel=3), "conv.checkerboard", "Use a kernel of 4"),
    (one("max_pool1d", TEXT, EMBED, kernel=1), "pool.does-nothing", "Use a window of 2"),
    (one("max_pool3d", IMAGE, CUBE, kernel=1), "pool.does-nothing", "Remove it"),
    (one("upsample", factor=1), "upsample.does-nothing", "Double the size"),
    (one("spatial_dropout", rate=0.0), "dropout.does-nothing", "Set the rate to 0.2"),
    (one("split", parts=3), "split.single", "Select one place instead"),
    (one("patch_embedding", patch=8), "patch.single", "Use patches of 4×4"),
    (one("squeeze_excitation"), "attention.narrow", "Use a reduction of 1"),
    (
        [IMAGE, ("small", "adaptive_max_pool2d", {"size": 1}, ["image"]), ("it", "residual_block", {"stride": 2}, ["small"])],
        "conv.stride-unused", "Set the stride to 1",
    ),
    (
        [IMAGE, ("sound", "reshape", {"form": "time ?, feature 1"}, ["image"]), ("it", "spectrogram", {"window": 8, "hop": 9}, ["sound"])],
        "spectrogram.gaps", "Use a hop of 4",
    ),
    (
        [IMAGE, ("sound", "reshape", {"form": "time ?, feature 1"}, ["image"]), ("it", "mel_spectrogram", {"window": 8, "hop": 4}, ["sound"])],
        "spectrogram.empty-bands", "Use 2 bands",
    ),
]


@pytest.mark.parametrize(("layers", "kind", "label"), DOUBTFUL, ids=[f"{row[1]}-{index}" for index, row in enumerate(DOUBTFUL)])
def test_what_runs_but_is_hardly_meant(layers: Layers, kind: str, label: str) -> None:
    graph = draw(layers)
    assert not errors(graph)
    (found,) = [problem for problem in infer(graph, LAYERS).problems if problem.kind == kind]
    assert found.severity == Severity.WARNING and label in [str(fix.label) for fix in found.fixes]
    for fix in found.fixes:
        repaired = infer(fix.apply(graph), LAYERS)
        assert kind not in [problem.kind for problem in repaired.problems], fix.label
