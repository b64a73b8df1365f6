"""Activations beside the usual ones: leaky, smooth, cheap, and gated."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.graph.shape import SEQUENCE_AXES, Shape
from workbench.layers import checks, fixes
from workbench.layers.activations import Activation, Softmax, SoftmaxParams
from workbench.layers.base import Call, Context, LayerProblem, Shapes
from workbench.layers.figures import functions
from workbench.layers.figures.curve import Bars, Curve, Gate
from workbench.text import Text


class LeakyReLUParams(Params):
    """How much leaks."""

    slope: float = param(0.01, label="Slope", help="The factor of negative numbers; 0 would be ReLU.", ge=0, le=1)


class LeakyReLU(Activation):
    """Rectifier that lets a little of the negative numbers pass."""

    name = "leaky_relu"
    kept = ("input",)
    label = "Leaky ReLU"
    summary = "Lets positive numbers pass and a small share of negative ones, so that no unit goes dead."
    aliases = ("LeakyReLU", "LeakyRelu", "tf.nn.leaky_relu", "activation", "激活", "带泄漏线性整流")
    formula = "y = x where x > 0, else a · x"
    figure = Curve(functions.leaky_relu)
    related = ("relu", "prelu", "elu")
    paper = "Maas et al. 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models"
    Params = LeakyReLUParams

    def call(self, params: LeakyReLUParams, inputs: Shapes) -> Call:
        return Call("nn.LeakyReLU", {"negative_slope": params.slope})

    def summary_line(self, params: LeakyReLUParams) -> str:
        return f"{params.slope:g}"


class PReLUParams(Params):
    """How many slopes are learned."""

    slopes: Literal["one", "channel"] = param(
        "channel", label="Slopes", help="channel: a slope for every channel or feature; one: the same slope for all.",
        choices=("channel", "one"),
    )


class PReLU(Activation):
    """Rectifier with a learned slope (He et al. 2015)."""

    name = "prelu"
    kept = ("input",)
    label = "PReLU"
    summary = "A leaky ReLU that learns how much of the negative numbers passes."
    aliases = ("PReLU", "PRelu", "parametric ReLU", "tf.keras.layers.PReLU", "activation", "激活", "参数化线性整流")
    formula = "y = x where x > 0, else a_c · x"
    figure = Curve(functions.prelu)
    related = ("leaky_relu", "relu")
    paper = "He et al. 2015, Delving Deep into Rectifiers"
    Params = PReLUParams

    def shape(self, params: PReLUParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if params.slopes == "channel":
            checks.known(shape[_channel(shape)], _channel(shape), context)
        return {"output": shape}

    def call(self, params: PReLUParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        if params.slopes == "one":
            return Call("nn.PReLU")
        target = "nn.PReLU" if shape.index(_channel(shape)) == 1 else "gating.LastAxisPReLU"
        return Call(target, {"num_parameters": int(shape[_channel(shape)])})

    def parameters(self, params: PReLUParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        shape = inputs["input"]
        return {"weight": (1 if params.slopes == "one" else int(shape[_channel(shape)]),)}


def _channel(shape: Shape) -> str:
    return shape.axes[1] if shape.axes[1] == "channel" else shape.axes[-1]


class AlphaParams(Params):
    """How far it dips."""

    alpha: float = param(1.0, label="Alpha", help="Very negative numbers become minus this.", main=False, gt=0, le=10)


class ELU(Activation):
    """Exponential linear unit (Clevert, Unterthiner and Hochreiter 2016)."""

    name = "elu"
    kept = ("input",)
    label = "ELU"
    summary = "Lets positive numbers pass and bends negative ones smoothly towards a lower bound."
    aliases = ("Elu", "exponential linear unit", "tf.nn.elu", "activation", "激活", "指数线性单元")
    formula = "y = x where x > 0, else α · (eˣ − 1)"
    figure = Curve(functions.elu)
    related = ("selu", "leaky_relu", "relu")
    paper = "Clevert et al. 2016, Fast and Accurate Deep Network Learning by Exponential Linear Units"
    Params = AlphaParams

    def call(self, params: AlphaParams, inputs: Shapes) -> Call:
        return Call("nn.ELU", {"alpha": params.alpha} if params.alpha != 1 else {})


class SELU(Activation):
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

    name = "selu"
    kept = ("input",)
    label = "SELU"
    summary = "An ELU with fixed factors that keep mean 0 and spread 1 through deep stacks of linear layers."
    aliases = ("Selu", "self-normalizing", "tf.nn.selu", "activation", "激活", "缩放指数线性单元")
    formula = "y = 1.0507 · (x where x > 0, else 1.6733 · (eˣ − 1))"
    figure = Curve(functions.selu)
    related = ("elu", "batch_norm1d", "linear")
    paper = "Klambauer et al. 2017, Self-Normalizing Neural Networks"
    target = "nn.SELU"


class SoftplusParams(Params):
    """How sharp the bend is."""

    beta: float = param(1.0, label="Sharpness", help="Larger values come closer to ReLU.", main=False, gt=0, le=100)


class Softplus(Activation):
    """Smooth rectifier that is always positive."""

    name = "softplus"
    kept = ("input",)
    label = "Softplus"
    summary = "A smooth ReLU that is always above zero; for quantities such as a spread or a rate."
    aliases = ("tf.nn.softplus", "SoftPlus", "smooth ReLU", "activation", "激活", "平滑整流")
    formula = "y = 1 / β · ln(1 + e^(β·x))"
    figure = Curve(functions.softplus)
    related = ("relu", "sigmoid")
    paper = "Dugas et al. 2001, Incorporating Second-Order Functional Knowledge for Better Option Pricing"
    Params = SoftplusParams

    def call(self, params: SoftplusParams, inputs: Shapes) -> Call:
        return Call("nn.Softplus", {"beta": params.beta} if params.beta != 1 else {})


class Mish(Activation):
    """Self-regularised smooth activation (Misra 2019)."""

    name = "mish"
    kept = ("input",)
    label = "Mish"
    summary = "A smooth ReLU that dips a little below zero, much like SiLU."
    aliases = ("tf.keras.activations.mish", "Mish", "activation", "激活")
    formula = "y = x · tanh(ln(1 + eˣ))"
    figure = Curve(functions.mish)
    related = ("silu", "gelu", "relu")
    paper = "Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function"
    target = "nn.Mish"


class Hardswish(Activation):
    """Piecewise swish (Howard et al. 2019)."""

    name = "hardswish"
    kept = ("input",)
    label = "Hardswish"
    summary = "SiLU made of straight pieces and a parabola: cheap on phones and small processors."
    aliases = ("HardSwish", "hard_swish", "hard_silu", "MobileNetV3", "activation", "激活", "硬切换")
    formula = "y = x · min(max(x + 3, 0), 6) / 6"
    figure = Curve(functions.hardswish)
    related = ("silu", "hardsigmoid", "relu6")
    paper = "Howard et al. 2019, Searching for MobileNetV3"
    target = "nn.Hardswish"


class Hardsigmoid(Activation):
    """Piecewise sigmoid."""

    name = "hardsigmoid"
    kept = ("input",)
    label = "Hardsigmoid"
    summary = "A sigmoid of three straight pieces: cheap gates between 0 and 1."
    aliases = ("HardSigmoid", "hard_sigmoid", "tf.keras.activations.hard_sigmoid", "activation", "激活", "硬S型函数")
    formula = "y = min(max(x + 3, 0), 6) / 6"
    figure = Curve(functions.hardsigmoid)
    related = ("sigmoid", "hardswish")
    paper = "Courbariaux et al. 2015, BinaryConnect"
    target = "nn.Hardsigmoid"
    saturates = True


class ReLU6(Activation):
    """Rectifier with a ceiling."""

    name = "relu6"
    kept = ("input",)
    label = "ReLU6"
    summary = "A ReLU that never gives more than 6, which suits arithmetic with few bits."
    aliases = ("Relu6", "tf.nn.relu6", "Clip", "MobileNet", "activation", "激活", "截断线性整流")
    formula = "y = min(max(0, x), 6)"
    figure = Curve(functions.relu6, reach=8.0)
    related = ("relu", "hardswish", "depthwise_conv2d")
    paper = "Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10"
    target = "nn.ReLU6"
    rectifies = True


class Softsign(Activation):
    """Sign with a soft step."""

    name = "softsign"
    kept = ("input",)
    label = "Softsign"
    summary = "Squeezes numbers between -1 and 1 like tanh, but more slowly."
    aliases = ("tf.nn.softsign", "SoftSign", "activation", "激活", "软符号")
    formula = "y = x / (1 + |x|)"
    figure = Curve(functions.softsign)
    related = ("tanh", "sigmoid")
    paper = "Glorot and Bengio 2010, Understanding the Difficulty of Training Deep Feedforward Neural Networks"
    target = "nn.Softsign"
    saturates = True

    def inside(self, params: Params, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return outputs["output"].elements_per_row(length)


class LogSoftmax(Softmax):
    """Logarithm of softmax."""

    name = "log_softmax"
    kept = ("output",)
    label = "Log softmax"
    summary = "The logarithm of softmax: log-probabilities, computed without rounding small ones to zero."
    aliases = ("LogSoftmax", "tf.nn.log_softmax", "log-probabilities", "activation", "激活", "对数归一化指数")
    formula = "y_k = x_k − ln Σ_j e^(x_j)"
    figure = Bars(logarithm=True)
    related = ("softmax", "sigmoid")
    paper = "Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs"
    shares_one = True

    def call(self, params: SoftmaxParams, inputs: Shapes) -> Call:
        return Call("nn.LogSoftmax", super().call(params, inputs).arguments)


class GLUParams(Params):
    """Which axis is halved."""

    axis: str = param("", label="Axis", help="The axis that is halved (channel, feature); empty: channel or the last one.", main=False)

    def halved(self, shape: Shape) -> str:
        """Returns the axis for this shape."""
        return self.axis or _channel(shape)


class GLU(Activation):
    """Gated linear unit (Dauphin et al. 2017)."""

    name = "glu"
    kept = ("input",)
    label = "GLU"
    summary = "Halves the features: the second half says how much of the first may pass."
    aliases = ("gated linear unit", "tf.nn.glu", "gate", "activation", "激活", "门控线性单元")
    formula = "[a; b] = x, y = a · σ(b)"
    figure = Gate()
    related = ("sigmoid", "multiply", "silu")
    paper = "Dauphin et al. 2017, Language Modeling with Gated Convolutional Networks"
    Params = GLUParams
    keeps_width = False

    def shape(self, params: GLUParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        axis = params.halved(shape)
        if axis not in shape.axes[1:]:
            even = [name for name in reversed(shape.axes[1:]) if shape[name].constant is not None and int(shape[name]) % 2 == 0]
            repairs = [fixes.change(context, Text("Use the {axis} axis", axis=Text(name)), axis=name) for name in even]
            raise checks.no_axis(axis, shape, context, repairs)
        size = checks.known(shape[axis], axis, context)
        if size % 2:
            raise _odd(axis, size, context)
        return {"output": shape.with_dim(axis, size // 2)}

    def call(self, params: GLUParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        return Call("nn.GLU", {"dim": shape.index(params.halved(shape))})

    def causal(self, params: GLUParams) -> bool:
        return params.axis not in SEQUENCE_AXES


def _odd(axis: str, size: int, context: Context) -> LayerProblem:
    repairs: list[Any] = []
    if axis == "channel":
        label = Text("Project to {count} channels first", count=size + 1)
        repairs.append(fixes.insert(context, "input", "conv2d", label, filters=size + 1, kernel=1))
    elif axis == "feature":
        label = Text("Project to {count} features first", count=size + 1)
        repairs.append(fixes.insert(context, "input", "linear", label, units=size + 1))
    return LayerProblem(
        "glu.odd",
        Text("{node} halves the {axis} axis, but its size {size} is odd.", node=context.name, axis=Text(axis), size=size),
        port="input",
        fixes=[*repairs, fixes.become(context, "silu", Text("Use SiLU instead"))],
    )
