"""A road seen from a car: which way to steer, and what every pixel shows."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from workbench.graph.graph import PortRef
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_SIZE: dict[str, Any] = {"channels": 3, "height": 32, "width": 48}


class RoadCnn(Starter):
    """Strided convolutions down to a small map, then three linear layers, as in PilotNet (arXiv 1604.07316), much smaller."""

    name = "road-cnn"
    label = "Steering by sight"
    summary = "A convolutional network looks at the road, by day and by night, and says how far to turn the wheel."
    task = "image regression"
    family = "images"
    aliases = ("PilotNet", "driving", "steering", "autonomous", "regression", "自动驾驶", "转向", "道路", "回归")
    field = "image"
    seconds = 40.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("image_input", "view", field="image", **_SIZE)
        with sketch.framed("See: edges, lines, bends", "看：边缘、标线、弯道"):
            sketch.chain(("conv2d", {"filters": 16, "kernel": 5, "stride": 2, "bias": False}), "batch_norm2d", "relu")
            sketch.note(
                "Each step halves the picture and looks wider: from edges to lines to the bend of the road.",
                "每一步把画面缩小一半、看得更宽：从边缘到标线，再到道路的弯曲。",
            )
            sketch.chain(
                ("conv2d", {"filters": 32, "kernel": 3, "stride": 2, "bias": False}), "batch_norm2d", "relu",
                ("conv2d", {"filters": 32, "kernel": 3, "stride": 2, "bias": False}), "batch_norm2d", "relu", "flatten",
            )
        with sketch.framed("Decide: one angle", "决定：一个角度", "green"):
            sketch.chain(("linear", {"units": 64}), "relu", ("linear", {"units": 1}))
            sketch.note(
                "Where the road lies matters here, so the map is flattened and not averaged.", "道路在哪里很重要，所以把特征图展平，而不是取平均。",
            )
        sketch.add("output", "angle")
        return Project(
            name=self.label, graph=sketch.laid_out(), data=DataChoice("generated:road", params=MappingProxyType({"rows": 4000})),
            objectives=(ObjectiveChoice("regression", "angle", "steering"),),
            recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.003})), schedule=Choice("one_cycle"), epochs=15, batch_size=64),
            template=self.name,
        )


class RoadUnet(Starter):
    """Two steps down, two steps up, and bridges that carry the fine detail across (arXiv 1505.04597), 55,000 weights."""

    name = "road-unet"
    label = "Road, pixel by pixel"
    summary = "A U-Net paints road and lines: on the way down it learns what is there, on the way up it finds where."
    task = "image segmentation"
    family = "images"
    aliases = ("U-Net", "UNet", "segmentation", "mask", "lane", "语义分割", "车道", "道路")
    field = "image"
    seconds = 90.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("image_input", "view", field="image", **_SIZE)
        with sketch.framed("Down: what is there", "向下：有什么"):
            fine = _twice(sketch, 16)
            sketch.chain("max_pool2d")
            middle = _twice(sketch, 32)
            sketch.chain("max_pool2d")
            sketch.note("Half the pixels, twice the channels: less where, more what.", "像素减半，通道加倍：位置更少，含义更多。")
        with sketch.framed("Bottom: the whole scene", "底部：整个场景", "violet"):
            _twice(sketch, 64)
        with sketch.framed("Up: where it is", "向上：在哪里", "green"):
            _bridge(sketch, middle, 32)
            sketch.note(
                "The long wires are bridges: they bring back the edges that were lost on the way down.",
                "长连线是桥：它们把下行途中丢失的边缘带回来。",
            )
            _bridge(sketch, fine, 16)
            sketch.chain(("conv2d", {"filters": 3, "kernel": 1}))
            sketch.note("One score per class at every pixel.", "每个像素上，每类一个分数。")
        sketch.add("output", "painted")
        return Project(
            name=self.label, graph=sketch.laid_out(), data=DataChoice("generated:road", params=MappingProxyType({"rows": 1200})),
            objectives=(ObjectiveChoice("segmentation", "painted", "mask"),),
            recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.004})), schedule=Choice("one_cycle"), epochs=6, batch_size=16),
            template=self.name,
        )


def _twice(sketch: Sketch, filters: int) -> PortRef:
    """Adds a convolution with norm and activation, twice."""
    layer = ("conv2d", {"filters": filters, "kernel": 3, "bias": False})
    return sketch.chain(layer, "batch_norm2d", "relu", layer, "batch_norm2d", "relu")


def _bridge(sketch: Sketch, across: PortRef, filters: int) -> None:
    """Doubles the size, lays what came before beside it, and lets a convolution join both."""
    larger = sketch.chain(("conv_transpose2d", {"filters": filters, "kernel": 2, "stride": 2}))
    sketch.add("concatenate", after=(across, larger), port="inputs", axis="channel")
    sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "bias": False}), "batch_norm2d", "relu")
