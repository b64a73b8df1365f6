"""One vector of a sequence, whatever its length; padding does not count."""

from __future__ import annotations

from typing import ClassVar

from workbench.catalogue import Params
from workbench.graph.shape import Shape
from workbench.layers import checks
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, Shapes


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
    formula = "y = 1/L · Σ_(t<L) x[t]"
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
    target = "over_time.MaxOverTime"


class LastOverTime(OverTime):
    """Last position of a row."""

    name = "last_over_time"
    prominence = 11
    label = "Last over time"
    summary = "Takes the last position of every row, wherever it ends."
    aliases = ("return_sequences=False", "Gather", "last hidden state", "last token", "最后时刻", "末状态")
    formula = "y = x[L−1]"
    target = "over_time.LastOverTime"
    bends = False
