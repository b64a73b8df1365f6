"""One vector of a sequence, whatever its length; padding does not count."""

from __future__ import annotations

from typing import ClassVar

from workbench.catalogue import Params
from workbench.graph.shape import Shape
from workbench.layers import checks
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, Shapes
from workbench.layers.figures.collapse import Steps


class OverTime(Layer):
    """What the poolings over time share: (batch, time, feature) becomes (batch, feature)."""

    family = Family.POOLING
    keeps_width = True
    usually_next = ("linear",)
    target: ClassVar[str]

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        return {"output": shape.with_axes(("batch", "feature"), (shape["batch"], shape["feature"]))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call(self.target, inputs={"input": FromPort("input"), "lengths": FromLengths("input")})

    def causal(self, params: Params) -> bool:
        return False


class MeanOverTime(OverTime):
    """Mean of all positions of a row."""

    name = "mean_over_time"
    prominence = 10
    label = "Mean over time"
    summary = "Takes the mean of all positions of a row; padding does not count."
    aliases = ("GlobalAveragePooling1D", "ReduceMean", "mean pooling", "average pooling 1d", "时间平均", "平均池化", "池化")
    formula = "y = 1 / L · Σ_(t<L) x[t]"
    figure = Steps("mean")
    related = ("max_over_time", "last_over_time", "reduce")
    paper = "Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods for Text Classification"
    target = "over_time.MeanOverTime"
    bends = False


class MaxOverTime(OverTime):
    """Largest number of all positions of a row."""

    name = "max_over_time"
    kept = ("input", "output")
    label = "Max over time"
    summary = "Keeps the strongest answer of all positions of a row; padding does not count."
    aliases = ("GlobalMaxPooling1D", "ReduceMax", "max pooling 1d", "时间最大", "最大池化", "池化")
    formula = "y = max over t < L of x[t]"
    figure = Steps("max")
    related = ("mean_over_time", "last_over_time", "conv1d")
    paper = "Collobert and Weston 2008, A Unified Architecture for Natural Language Processing; Kim 2014"
    target = "over_time.MaxOverTime"


class LastOverTime(OverTime):
    """Last position of a row."""

    name = "last_over_time"
    prominence = 11
    label = "Last over time"
    summary = "Takes the last position of every row, wherever it ends."
    aliases = ("return_sequences=False", "Gather", "last hidden state", "last token", "最后时刻", "末状态")
    formula = "y = x[L−1]"
    figure = Steps("last")
    related = ("mean_over_time", "max_over_time", "lstm")
    target = "over_time.LastOverTime"
    bends = False
    takes_last = True

    def inside(self, params: Params, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return 2 if inputs["input"].ragged else 0

    def keeps(self, params: Params, inputs: Shapes) -> tuple[str, ...]:
        return ("input",) if inputs["input"].ragged else ()

    def is_view(self, params: Params, inputs: Shapes) -> bool:
        return not inputs["input"].ragged
