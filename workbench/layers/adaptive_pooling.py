"""Pooling to a size that is given, instead of by a window that is given."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from workbench.catalogue import Params, param
from workbench.graph.shape import Shape
from workbench.layers import checks, windows
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.volume import Volume
from workbench.layers.figures.window import Adaptive


class AdaptivePoolParams(Params):
    """The size afterwards."""

    size: int = param(4, label="Size", help="Height and width of the output.", unit="px", ge=1, le=4096)
    width: int = param(0, label="Width", help="Width of the output where it is not square; 0: as its height.", unit="px", main=False, ge=0, le=4096)

    def sizes(self, rank: int) -> tuple[int, ...]:
        """Returns the size of every axis, depth first where there are three."""
        return (*[self.size] * (rank - 1), self.width or self.size)


class AdaptivePool(Layer):
    """What the poolings to a given size share.

    Attributes:
        rank: How many axes are pooled.
        simple: The class of torch.nn for sizes that divide evenly.
        target: Our module for all others.
    """

    family = Family.POOLING
    rank: ClassVar[int]
    simple: ClassVar[str]
    target: ClassVar[str]
    Params = AdaptivePoolParams
    keeps_width = True
    usually_next = ("flatten",)

    def shape(self, params: AdaptivePoolParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.image(inputs, context) if self.rank == 2 else windows.volume(inputs, context)
        return {"output": shape.with_axes(shape.axes, (*shape.dims[:2], *params.sizes(self.rank)))}

    def call(self, params: AdaptivePoolParams, inputs: Shapes) -> Call:
        sizes, given = params.sizes(self.rank), [int(size) for size in inputs["input"].dims[2:]]
        if any(size % wanted for size, wanted in zip(given, sizes, strict=True)):
            return Call(self.target, {"sizes": sizes})
        return Call(self.simple, {"kernel_size": tuple(size // wanted for size, wanted in zip(given, sizes, strict=True))})

    def keeps(self, params: AdaptivePoolParams, inputs: Shapes) -> tuple[str, ...]:
        return ("input",) if not self.simple.startswith("nn.Avg") or self.call(params, inputs).target == self.simple else ()

    def inside(self, params: AdaptivePoolParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        if self.simple.startswith("nn.Avg"):
            return 0
        if self.call(params, inputs).target == self.simple:
            return 2 * outputs["output"].elements_per_row(length)
        kept, sizes = 0, [int(size) for size in inputs["input"].dims[1:]]
        for place, size in enumerate(params.sizes(self.rank), 1):
            sizes[place] = size
            kept += 2 * prod(sizes)
        return kept

    def summary_line(self, params: AdaptivePoolParams) -> str:
        return windows.written(params.sizes(self.rank))


class AdaptiveAveragePool2d(AdaptivePool):
    """Mean of equal parts of an image."""

    name = "adaptive_average_pool2d"
    label = "Adaptive average"
    summary = "Cuts an image into a grid of a given size and takes the mean of each field."
    aliases = ("AdaptiveAvgPool2d", "AdaptiveAveragePooling2D", "AveragePool", "自适应平均池化", "池化")
    formula = "y[c, i, j] = mean of x[c, u, v] for ⌊i·H/h⌋ ≤ u < ⌈(i+1)·H/h⌉ and ⌊j·W/w⌋ ≤ v < ⌈(j+1)·W/w⌉"
    figure = Adaptive("average")
    related = ("adaptive_max_pool2d", "global_average_pool", "average_pool2d")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    rank = 2
    simple = "nn.AvgPool2d"
    target = "adaptive.AdaptiveAverage"
    bends = False


class AdaptiveMaxPool2d(AdaptivePool):
    """Maximum of equal parts of an image."""

    name = "adaptive_max_pool2d"
    kept = ("input",)
    label = "Adaptive max"
    summary = "Cuts an image into a grid of a given size and keeps the strongest answer of each field."
    aliases = ("AdaptiveMaxPool2d", "AdaptiveMaxPooling2D", "MaxPool", "自适应最大池化", "池化")
    formula = "y[c, i, j] = max of x[c, u, v] for ⌊i·H/h⌋ ≤ u < ⌈(i+1)·H/h⌉ and ⌊j·W/w⌋ ≤ v < ⌈(j+1)·W/w⌉"
    figure = Adaptive("max")
    related = ("adaptive_average_pool2d", "global_max_pool", "max_pool2d")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    rank = 2
    simple = "nn.MaxPool2d"
    target = "adaptive.AdaptiveMaximum"


class AdaptiveAveragePool3d(AdaptivePool):
    """Mean of equal parts of a volume."""

    name = "adaptive_average_pool3d"
    label = "Adaptive average 3d"
    summary = "Cuts a volume into a grid of a given size and takes the mean of each field."
    aliases = ("AdaptiveAvgPool3d", "AdaptiveAveragePooling3D", "AveragePool", "三维自适应平均池化", "池化")
    formula = "y[c, i, j, k] = mean of x[c, u, v, w] for ⌊i·D/d⌋ ≤ u < ⌈(i+1)·D/d⌉, and so for height and width"
    figure = Volume("average", "adaptive")
    related = ("adaptive_max_pool3d", "global_average_pool3d", "average_pool3d")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    rank = 3
    simple = "nn.AvgPool3d"
    target = "adaptive.AdaptiveAverage3d"
    bends = False


class AdaptiveMaxPool3d(AdaptivePool):
    """Maximum of equal parts of a volume."""

    name = "adaptive_max_pool3d"
    kept = ("input",)
    label = "Adaptive max 3d"
    summary = "Cuts a volume into a grid of a given size and keeps the strongest answer of each field."
    aliases = ("AdaptiveMaxPool3d", "AdaptiveMaxPooling3D", "MaxPool", "三维自适应最大池化", "池化")
    formula = "y[c, i, j, k] = max of x[c, u, v, w] for ⌊i·D/d⌋ ≤ u < ⌈(i+1)·D/d⌉, and so for height and width"
    figure = Volume("max", "adaptive")
    related = ("adaptive_average_pool3d", "global_max_pool3d", "max_pool3d")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    rank = 3
    simple = "nn.MaxPool3d"
    target = "adaptive.AdaptiveMaximum3d"
