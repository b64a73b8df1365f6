"""Digits through eight numbers and back."""

from __future__ import annotations

from types import MappingProxyType

from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter


class DigitsAutoencoder(Starter):
    """Convolutions down to a code of eight numbers, and transposed convolutions up again."""

    name = "digits-autoencoder"
    label = "Digits through a keyhole"
    summary = "An autoencoder squeezes every digit through eight numbers and paints it again; see what survives."
    task = "image reconstruction"
    family = "images"
    aliases = ("autoencoder", "bottleneck", "latent", "compression", "reconstruction", "自编码器", "瓶颈", "重建", "手写数字")
    field = "image"
    seconds = 15.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
        with sketch.framed("Encoder: 64 pixels to 8 numbers", "编码器：64 个像素变成 8 个数"):
            for filters in (16, 32):
                sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "stride": 2}), "relu")
            sketch.chain("flatten")
        with sketch.framed("Code", "编码", "violet"):
            sketch.add("linear", "code", units=8)
            sketch.note(
                "The keyhole: all that the decoder will ever know of the digit. Try 2 or 32 numbers.",
                "钥匙孔：解码器对这个数字所知道的一切都在这里。试试 2 个或 32 个数。",
            )
            sketch.chain("tanh")
        with sketch.framed("Decoder: 8 numbers to 64 pixels", "解码器：8 个数变成 64 个像素", "green"):
            sketch.chain(
                ("linear", {"units": 128}), "relu", ("reshape", {"form": "channel 32, height 2, width 2"}),
                ("conv_transpose2d", {"filters": 16}), "relu", ("conv_transpose2d", {"filters": 1}),
            )
        sketch.add("output", "painted")
        return Project(
            name=self.label, graph=sketch.laid_out(), data=DataChoice("sample:digits"),
            objectives=(ObjectiveChoice("reconstruction", "painted", "image"),),
            recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.004})), schedule=Choice("one_cycle"), epochs=30, batch_size=32),
            template=self.name,
        )
