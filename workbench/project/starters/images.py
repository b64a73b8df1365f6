"""More ways to look at images: as patches that attend to each other, as rows that are read, and through residual blocks."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from workbench.graph.graph import Graph, PortRef
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_DIGITS = "sample:digits"


def _project(name: str, title: str, source: str, output: str, graph: Graph, rate: float, epochs: int, **data: Any) -> Project:
    return Project(
        name=title,
        graph=graph,
        data=DataChoice(source, params=MappingProxyType(data)),
        objectives=(ObjectiveChoice("classification", output, "label"),),
        recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": rate})), epochs=epochs, batch_size=32, clip_norm=1.0),
        template=name,
    )


class DigitsVit(Starter):
    """Patches of 2×2 pixels as tokens, learned positions, two encoder blocks: a small vision Transformer (arXiv 2010.11929)."""

    name = "digits-vit"
    label = "Digits with a vision Transformer"
    summary = "A Transformer cuts each digit into patches and lets them look at each other; see which patch attends to which."
    task = "image classification"
    aliases = ("ViT", "vision transformer", "patches", "视觉变换器", "手写数字")
    field = "image"
    seconds = 25.0
    accuracy = 0.98

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
        sketch.chain(
            ("conv2d", {"filters": 48, "kernel": 2, "stride": 2, "padding": "valid"}), "image_to_sequence",
            ("positional_encoding", {"kind": "learned", "maximum_length": 16}),
            ("transformer_encoder", {"layers": 2, "heads": 4, "feed_forward": 96, "dropout": 0.1}), "mean_over_time", ("linear", {"units": 10}),
        )
        sketch.add("output", "digit")
        return _project(self.name, self.label, _DIGITS, "digit", sketch.laid_out(), 0.003, 30)


class DigitsRnn(Starter):
    """The rows of the image, top to bottom, read by an LSTM in both directions."""

    name = "digits-rnn"
    label = "Digits read row by row"
    summary = "A recurrent network reads a digit as eight rows; watch its hidden state and gates change from row to row."
    task = "image classification"
    aliases = ("LSTM", "recurrent", "rows", "循环神经网络", "手写数字")
    field = "image"
    seconds = 15.0
    accuracy = 0.96

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
        sketch.chain(
            ("image_to_sequence", {"steps": "rows"}), ("lstm", {"units": 48, "bidirectional": True}), "mean_over_time",
            ("dropout", {"rate": 0.2}), ("linear", {"units": 10}),
        )
        sketch.add("output", "digit")
        return _project(self.name, self.label, _DIGITS, "digit", sketch.laid_out(), 0.006, 25)


class ShapesResnet(Starter):
    """Two residual blocks: what a block adds to its input is learned, so deeper stays trainable (arXiv 1512.03385)."""

    name = "shapes-resnet"
    label = "Shapes with residual blocks"
    summary = "A small residual network tells circles, squares, triangles and crosses apart; the pixels that decide are known."
    task = "image classification"
    aliases = ("ResNet", "skip connection", "residual", "残差网络", "形状")
    field = "image"
    seconds = 60.0
    accuracy = 0.98

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        sketch.add("image_input", "image", field="image", channels=1, height=32, width=32)
        sketch.chain(("conv2d", {"filters": 16, "kernel": 5, "stride": 2, "bias": False}), "batch_norm2d", "relu", "max_pool2d")
        for filters in (16, 32):
            _residual(sketch, filters)
        sketch.chain("global_average_pool", ("linear", {"units": 4}))
        sketch.add("output", "shape")
        return _project(self.name, self.label, "generated:shapes", "shape", sketch.laid_out(), 0.004, 20, rows=4000)


def _residual(sketch: Sketch, filters: int) -> None:
    """Adds convolution, norm, activation, convolution, norm beside a way past them, and brings both together."""
    begin = sketch.end
    assert begin is not None
    body = sketch.chain(
        ("conv2d", {"filters": filters, "bias": False}), "batch_norm2d", "relu", ("conv2d", {"filters": filters, "bias": False}), "batch_norm2d"
    )
    around: PortRef = begin
    if filters != 16:
        sketch.end = begin
        around = sketch.add("conv2d", kernel=1, filters=filters, bias=False)
    sketch.add("add", after=(body, around), port="inputs")
    sketch.chain("relu")
