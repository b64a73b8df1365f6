"""Linear layers."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import SEQUENCE_AXES, Axis, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.combine import Units
from workbench.text import Text


class LinearParams(Params):
    """What can be set on a linear layer."""

    units: int = param(
        64,
        label="Units",
        help="How many numbers it gives; for a classifier, one per class.",
        unit="features",
        ge=1,
        le=1_000_000_000,
        log=True,
    )
    bias: bool = param(True, label="Bias", help="Add a learned number per unit.", main=False)


class Linear(Layer):
    """A weighted sum of all features per unit, on the last axis; sequences position by position."""

    name = "linear"
    prominence = 16
    kept = ("input",)
    label = "Linear"
    family = Family.DENSE
    summary = "Every unit weighs all features and adds them up; on a sequence, at each position alike."
    aliases = ("Dense", "fully connected", "FC", "Gemm", "MatMul", "InnerProduct", "tf.keras.layers.Dense", "全连接", "线性")
    formula = "y = W·x + b"
    figure = Units()
    related = ("relu", "bilinear", "batch_norm1d")
    paper = "Rosenblatt 1958, The Perceptron"
    Params = LinearParams
    width_param = "units"
    weighs = True
    bends = False
    usual_norm = "layer_norm"
    usually_next = ("relu",)

    def shape(self, params: LinearParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if "height" in shape.axes or "width" in shape.axes:
            raise _image(shape, context)
        if shape.rank < 2 or shape.axes[-1] != Axis.FEATURE:
            raise _last_axis(shape, context)
        checks.known(shape["feature"], "feature", context)
        return {"output": shape.with_dim("feature", params.units)}

    def call(self, params: LinearParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"in_features": int(inputs["input"]["feature"]), "out_features": params.units}
        return Call("nn.Linear", arguments if params.bias else {**arguments, "bias": False})

    def parameters(self, params: LinearParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = {"weight": (params.units, int(inputs["input"]["feature"]))}
        return {**weight, "bias": (params.units,)} if params.bias else weight

    def macs(self, params: LinearParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) * params.units

    def summary_line(self, params: LinearParams) -> str:
        return Text("{units} units", units=params.units)

    def warnings(self, params: LinearParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if context.source_layers.get("input") != "linear":
            return []
        message = Text(
            "{node} follows {source} without an activation between them.",
            node=context.name,
            source=context.sources.get("input", ""),
        )
        reason = Text("Two linear layers in a row compute no more than one.")
        repairs = (
            fixes.insert(context, "input", "relu", Text("Add ReLU")),
            fixes.insert(context, "input", "gelu", Text("Add GELU")),
        )
        return [Problem("activation.missing", message, context.node, reason, "input", Severity.WARNING, repairs)]


def _image(shape: Shape, context: Context) -> LayerProblem:
    return LayerProblem(
        "linear.needs-vector",
        Text(
            "{node} needs one vector per row, but {source} gives an image ({shape}).",
            node=context.name,
            source=checks.source_name(context, "input"),
            shape=shape.named(),
        ),
        reason=Text("A linear layer works on the last axis, which is here the width of the image."),
        port="input",
        fixes=[
            fixes.insert(context, "input", "flatten", Text("Flatten first")),
            fixes.insert(context, "input", "global_average_pool", Text("Global average first")),
        ],
    )


def _last_axis(shape: Shape, context: Context) -> LayerProblem:
    repairs = []
    if Axis.FEATURE in shape.axes:
        order = ", ".join([axis for axis in shape.axes[1:] if axis != Axis.FEATURE] + ["feature"])
        repairs.append(fixes.insert(context, "input", "permute", Text("Reorder the axes to {order}", order=order), order=order))
    if shape.axes[-1] in SEQUENCE_AXES and not shape.ragged:
        repairs.append(fixes.insert(context, "input", "flatten", Text("Flatten first")))
    return LayerProblem(
        "linear.needs-feature",
        Text(
            "{node} needs a feature axis at the end, but {source} gives {shape}.",
            node=context.name,
            source=checks.source_name(context, "input"),
            shape=shape.named(),
        ),
        reason=Text("It weighs features; time and position are no features."),
        port="input",
        fixes=[*repairs, fixes.remove(context)],
    )
