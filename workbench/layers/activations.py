"""Activations: one function for every number, and softmax."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures import functions
from workbench.layers.figures.curve import Bars, Curve
from workbench.text import Text


class Activation(Layer):
    """What all activations share: the shape stays."""

    family = Family.ACTIVATION
    keeps_width = True
    usually_next = ("max_pool2d", "max_pool3d", "linear", "flatten")
    target: ClassVar[str]

    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": checks.numbers(inputs, context)}

    def call(self, params: Any, inputs: Shapes) -> Call:
        return Call(self.target)

    def warnings(self, params: Any, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if context.source_layers.get("input") != self.name or self.name not in ("relu", "softmax", "sigmoid"):
            return []
        message = Text(
            "{node} follows {source}, which is the same activation.", node=context.name, source=context.sources.get("input", "")
        )
        return [Problem("activation.twice", message, context.node, severity=Severity.WARNING, fixes=(fixes.remove(context),))]


class ReLU(Activation):
    """Rectifier."""

    name = "relu"
    prominence = 14
    kept = ("output",)
    label = "ReLU"
    summary = "Lets positive numbers pass and makes negative ones zero; the usual choice after a convolution."
    aliases = ("Relu", "rectifier", "tf.nn.relu", "activation", "激活", "线性整流")
    formula = "y = max(0, x)"
    figure = Curve(functions.relu)
    related = ("leaky_relu", "gelu", "batch_norm2d", "conv2d")
    paper = "Nair and Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines"
    target = "nn.ReLU"
    rectifies = True


class GELU(Activation):
    """Gaussian error linear unit (Hendrycks and Gimpel 2016)."""

    name = "gelu"
    prominence = 15
    kept = ("input",)
    label = "GELU"
    summary = "A smooth ReLU; the usual choice inside Transformers."
    aliases = ("Gelu", "tf.nn.gelu", "activation", "激活", "高斯误差线性单元")
    formula = "y = x · Φ(x), Φ the normal distribution function"
    figure = Curve(functions.gelu)
    related = ("silu", "relu", "mish")
    paper = "Hendrycks and Gimpel 2016, Gaussian Error Linear Units"
    target = "nn.GELU"


class SiLU(Activation):
    """Sigmoid linear unit, also called swish."""

    name = "silu"
    kept = ("input",)
    label = "SiLU"
    summary = "A smooth ReLU that dips below zero; also called swish."
    aliases = ("Swish", "tf.nn.silu", "activation", "激活")
    formula = "y = x · σ(x)"
    figure = Curve(functions.silu)
    related = ("gelu", "hardswish", "mish")
    paper = "Ramachandran et al. 2017, Searching for Activation Functions"
    target = "nn.SiLU"


class Tanh(Activation):
    """Hyperbolic tangent."""

    name = "tanh"
    kept = ("output",)
    label = "Tanh"
    summary = "Squeezes numbers between -1 and 1."
    aliases = ("hyperbolic tangent", "tf.nn.tanh", "activation", "激活", "双曲正切")
    formula = "y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"
    figure = Curve(functions.hyperbolic)
    related = ("sigmoid", "softsign", "lstm")
    paper = "LeCun et al. 1998, Efficient BackProp"
    target = "nn.Tanh"
    saturates = True


class Sigmoid(Activation):
    """Logistic function."""

    name = "sigmoid"
    kept = ("output",)
    label = "Sigmoid"
    summary = "Squeezes numbers between 0 and 1, as a probability or a gate."
    aliases = ("logistic", "tf.nn.sigmoid", "activation", "激活", "S型函数")
    formula = "y = σ(x) = 1 / (1 + e⁻ˣ)"
    figure = Curve(functions.sigmoid, reach=6.0)
    related = ("tanh", "softmax", "hardsigmoid")
    paper = "Rumelhart et al. 1986, Learning Representations by Back-propagating Errors"
    target = "nn.Sigmoid"
    usually_next = ("output", "linear", "multiply")
    saturates = True


class SoftmaxParams(Params):
    """Which axis adds up to one."""

    axis: str = param(
        "",
        label="Axis",
        help="The axis whose numbers shall add up to 1 (channel, feature); empty: channel or the last one.",
        main=False,
    )


class Softmax(Activation):
    """Numbers that add up to one along an axis."""

    name = "softmax"
    kept = ("output",)
    label = "Softmax"
    summary = "Turns scores into probabilities that add up to 1; not needed in front of a classification objective."
    aliases = ("tf.nn.softmax", "probabilities", "activation", "激活", "归一化指数")
    formula = "y_k = e^(x_k) / Σ_j e^(x_j)"
    figure = Bars()
    related = ("log_softmax", "sigmoid", "self_attention")
    paper = "Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs"
    Params = SoftmaxParams
    usually_next = ("output", "linear")
    shares_one = True

    def shape(self, params: SoftmaxParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        axis = _softmax_axis(params, shape)
        if axis not in shape.axes[1:]:
            others = [fixes.change(context, Text("Use the {axis} axis", axis=Text(name)), axis=name) for name in reversed(shape.axes[1:])]
            raise checks.no_axis(axis, shape, context, others)
        if shape[axis].ragged:
            others = [
                fixes.change(context, Text("Use the {axis} axis", axis=Text(name)), axis=name)
                for name in shape.axes[1:]
                if name != axis
            ]
            raise LayerProblem(
                "axis.padded",
                Text("{node} cannot share 1 along {axis}: rows differ in length.", node=context.name, axis=Text(axis)),
                reason=Text("Padding would take its part, so a row would change with the rows beside it."),
                port="input",
                fixes=[*others, fixes.remove(context)],
            )
        return {"output": shape}

    def call(self, params: SoftmaxParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        return Call("nn.Softmax", {"dim": shape.index(_softmax_axis(params, shape))})

    def causal(self, params: SoftmaxParams) -> bool:
        return params.axis not in ("time", "token")


def _softmax_axis(params: SoftmaxParams, shape: Shape) -> str:
    return params.axis or ("channel" if "channel" in shape.axes else shape.axes[-1])
