"""Handwritten digits with a small convolutional network."""

from __future__ import annotations

from types import MappingProxyType

from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter


class DigitsCnn(Starter):
    """Two convolutions with batch normalisation and pooling, then one linear layer: about 21,000 weights."""

    name = "digits-cnn"
    label = "Handwritten digits"
    summary = "A convolutional network learns to read real handwritten digits; watch its filters look for strokes."
    task = "image classification"
    aliases = ("CNN", "MNIST", "convolution", "手写数字", "卷积神经网络")
    field = "image"
    seconds = 10.0
    accuracy = 0.993

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
        sketch.chain(
            ("conv2d", {"filters": 32, "kernel": 3, "bias": False}), "batch_norm2d", "relu", "max_pool2d",
            ("conv2d", {"filters": 64, "kernel": 3, "bias": False}), "batch_norm2d", "relu", "max_pool2d",
            ("dropout", {"rate": 0.3}), "flatten", ("linear", {"units": 10}),
        )
        sketch.add("output", "digit")
        return Project(
            name="Handwritten digits",
            graph=sketch.laid_out(),
            data=DataChoice("sample:digits"),
            objectives=(ObjectiveChoice("classification", "digit", "label"),),
            recipe=Recipe(
                optimizer=Choice("adamw", MappingProxyType({"learning_rate": 0.004})), schedule=Choice("one_cycle"), epochs=20, batch_size=32,
            ),
            template=self.name,
        )
