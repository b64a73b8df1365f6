"""Layers that work only while training, against learning by heart."""

from __future__ import annotations

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.standardise import Mask
from workbench.text import Text


class DropoutParams(Params):
    """How much is dropped."""

    rate: float = param(0.2, label="Rate", help="The share of numbers that is set to zero at each training step.", ge=0, lt=1)


class Dropout(Layer):
    """Dropout (Srivastava et al. 2014)."""

    name = "dropout"
    prominence = 25
    label = "Dropout"
    family = Family.REGULARISING
    summary = "Sets a random share of the numbers to zero while training, so that no unit is relied on alone."
    aliases = ("tf.nn.dropout", "regularisation", "regularization", "随机失活", "丢弃")
    formula = "y = x · m / (1 − p), m = 0 with probability p, else 1; y = x after training"
    figure = Mask("number")
    related = ("spatial_dropout", "stochastic_depth")
    paper = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    Params = DropoutParams
    keeps_width = True
    bends = False
    usually_next = ("linear", "conv2d", "flatten")

    def shape(self, params: DropoutParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": checks.numbers(inputs, context)}

    def call(self, params: DropoutParams, inputs: Shapes) -> Call:
        return Call("nn.Dropout", {"p": params.rate})

    def inside(self, params: DropoutParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return self._drawn(inputs["input"], length) if params.rate else 0

    def is_view(self, params: DropoutParams, inputs: Shapes) -> bool:
        return not params.rate

    def _drawn(self, shape: Shape, length: int) -> int:
        """Returns how many random numbers a row draws, which the backward pass reads again."""
        return shape.elements_per_row(length)

    def summary_line(self, params: DropoutParams) -> str:
        return f"{params.rate:.0%}"

    def warnings(self, params: DropoutParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.rate > 0:
            return []
        message = Text("{node} has a rate of 0, which changes nothing.", node=context.name)
        repairs = (fixes.change(context, Text("Set the rate to 0.2"), rate=0.2), fixes.remove(context))
        return [Problem("dropout.does-nothing", message, context.node, severity=Severity.WARNING, fixes=repairs)]
