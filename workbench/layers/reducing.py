"""One number instead of an axis: mean, maximum, minimum or sum along it."""

from __future__ import annotations

from typing import Literal

from workbench.catalogue import Params, param
from workbench.graph.shape import SEQUENCE_AXES, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.layers.figures.collapse import Steps
from workbench.layers.rearranging import without
from workbench.text import Text

_METHODS = {"mean": "mean", "max": "amax", "min": "amin", "sum": "sum"}
_OVER_TIME = {
    "mean": "over_time.MeanOverTime", "max": "over_time.MaxOverTime", "min": "reducing.MinOverTime", "sum": "reducing.SumOverTime"
}


class ReduceParams(Params):
    """Along which axis, and how."""

    axis: str = param("", label="Axis", help="The axis that goes away (time, channel, height); empty: time or the last one.")
    how: Literal["mean", "max", "min", "sum"] = param(
        "mean", label="How", help="What stands for all numbers along the axis.", choices=("mean", "max", "min", "sum")
    )

    def along(self, shape: Shape) -> str:
        """Returns the axis for this shape."""
        found = shape.sequence_axis
        return self.axis or shape.axes[-1 if found is None else found]


class Reduce(Layer):
    """Mean, maximum, minimum or sum along a named axis."""

    name = "reduce"
    label = "Reduce"
    family = Family.POOLING
    summary = "Takes the mean, maximum, minimum or sum along one axis, which goes away; padding does not count."
    aliases = ("ReduceMean", "ReduceMax", "ReduceSum", "tf.reduce_mean", "tf.reduce_max", "mean", "sum", "归约", "求平均", "求和")
    formula = "y = 1 / L · Σ_i x[…, i, …], or Σ_i, max_i, min_i"
    figure = Steps()
    related = ("mean_over_time", "max_over_time", "global_average_pool")
    Params = ReduceParams
    usually_next = ("linear", "conv2d")

    def shape(self, params: ReduceParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        axis = params.along(shape)
        if axis not in shape.axes[1:]:
            repairs = [fixes.change(context, Text("Use the {axis} axis", axis=Text(name)), axis=name) for name in reversed(shape.axes[1:])]
            raise checks.no_axis(axis, shape, context, [*repairs, fixes.remove(context)])
        if shape[axis].constant is None and not checks.is_sequence(shape):
            raise LayerProblem(
                "axis.padded",
                Text("{node} cannot sum up along {axis}: rows differ in length.", node=context.name, axis=Text(axis)),
                reason=Text("Padding can be left out of a sequence of vectors only."),
                port="input",
                fixes=[fixes.remove(context)],
            )
        return {"output": without(shape, axis, context)}

    def call(self, params: ReduceParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        axis = params.along(shape)
        if shape[axis].constant is None:
            return Call(_OVER_TIME[params.how], inputs={"input": FromPort("input"), "lengths": FromLengths("input")})
        place = shape.index(axis)
        method = _METHODS[params.how]
        return Call("reducing.Reduce", {"method": method, "axis": place}, expression=f"{{input}}.{method}({place})")

    def keeps(self, params: ReduceParams, inputs: Shapes) -> tuple[str, ...]:
        return ("input", "output") if params.how in ("min", "max") else ()

    def summary_line(self, params: ReduceParams) -> str:
        how = {"mean": Text("mean"), "max": Text("maximum"), "min": Text("minimum"), "sum": Text("sum")}[params.how]
        return Text("{how} over {axis}", how=how, axis=Text(params.axis)) if params.axis else how

    def causal(self, params: ReduceParams) -> bool:
        return params.axis != "" and params.axis not in SEQUENCE_AXES
