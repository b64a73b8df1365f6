"""A road seen from a car: which way to steer, and what every pixel shows."""

from __future__ import annotations

from types import MappingProxyType

from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_SIZE = {"channels": 3, "height": 32, "width": 48}


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
