"""Normalisation that does not look at the rest of the batch: by groups of channels, by channel, by root mean square."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.standardise import Axes
from workbench.text import Text

_EPSILON_HELP = "Added to the variance, so that nothing is divided by zero."


def _needs_channels(shape: Shape, context: Context) -> LayerProblem:
    return LayerProblem(
        "norm.needs-channels",
        Text(
            "{node} normalises channels of images, but {source} gives {shape}.",
            node=context.name, source=checks.source_name(context, "input"), shape=shape.named(),
        ),
        reason=Text("Along a sequence, padding would enter the mean."),
        port="input",
        fixes=[
            fixes.become(context, "layer_norm", Text("Use Layer norm instead")),
            fixes.become(context, "rms_norm", Text("Use RMS norm instead")),
        ],
    )


def _one_number(context: Context, repairs: list[Fix[Graph]]) -> LayerProblem:
    return LayerProblem(
        "norm.one-place",
        Text(
            "{node} would standardise single numbers of {source}, so nothing is left of them.",
            node=context.name, source=checks.source_name(context, "input"),
        ),
        reason=Text("A single number minus its own mean is always zero."),
        port="input",
        fixes=[*repairs, fixes.remove(context)],
    )


class GroupNormParams(Params):
    """What can be set on a group normalisation."""

    groups: int = param(
        8, label="Groups", help="Into how many groups the channels are split; each has its own mean and spread.", ge=1, le=1_000_000
    )
    epsilon: float = param(1e-5, label="Epsilon", help=_EPSILON_HELP, main=False, gt=0, le=1)


class GroupNorm(Layer):
    """Group normalisation (Wu and He 2018)."""

    name = "group_norm"
    kept = ("input",)
    label = "Group norm"
    family = Family.NORMALISATION
    summary = "Standardises groups of channels of each image by themselves; works with small batches too."
    aliases = ("GroupNormalization", "GroupNorm", "GN", "tfa.layers.GroupNormalization", "组归一化", "归一化")
    formula = "y = γ_c · (x − μ_g) / √(σ²_g + ε) + β_c, g the group of channel c in the same row"
    figure = Axes("group")
    related = ("instance_norm", "layer_norm", "batch_norm2d")
    paper = "Wu and He 2018, Group Normalization"
    Params = GroupNormParams
    keeps_width = True
    usually_next = ("relu",)

    def shape(self, params: GroupNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if not (checks.is_image(shape) or windows.is_volume(shape) or shape.axes == (Axis.BATCH, Axis.FEATURE)):
            raise _needs_channels(shape, context)
        channels = checks.known(shape.dims[1], shape.axes[1], context)
        if channels % params.groups:
            fitting = windows.divisors(channels, params.groups)[0]
            label = Text("Use {groups} groups", groups=fitting) if fitting > 1 else Text("Use 1 group")
            raise LayerProblem(
                "norm.groups",
                Text("{node}: {groups} groups do not divide {channels} channels.", node=context.name, groups=params.groups, channels=channels),
                reason=Text("Every group takes the same number of channels."),
                port="input",
                fixes=[fixes.change(context, label, groups=fitting), fixes.become(context, "layer_norm", Text("Use Layer norm instead"))],
            )
        if channels == params.groups and all(size == 1 for size in shape.dims[2:]):
            fewer = (windows.divisors(channels, channels - 1) or [1])[0]
            label = Text("Use {groups} groups", groups=fewer) if fewer > 1 else Text("Use 1 group")
            raise _one_number(context, [fixes.change(context, label, groups=fewer)] if channels > 1 else [])
        return {"output": shape}

    def call(self, params: GroupNormParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"num_groups": params.groups, "num_channels": int(inputs["input"].dims[1])}
        return Call("nn.GroupNorm", {**arguments, "eps": params.epsilon} if params.epsilon != 1e-5 else arguments)

    def parameters(self, params: GroupNormParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        channels = int(inputs["input"].dims[1])
        return {"weight": (channels,), "bias": (channels,)}

    def summary_line(self, params: GroupNormParams) -> str:
        return Text("{groups} groups", groups=params.groups) if params.groups > 1 else Text("1 group")


class InstanceNormParams(Params):
    """What can be set on an instance normalisation."""

    learned: bool = param(True, label="Scale and shift", help="Learn a factor and an offset for every channel.", main=False)
    epsilon: float = param(1e-5, label="Epsilon", help=_EPSILON_HELP, main=False, gt=0, le=1)


class InstanceNorm(Layer):
    """Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016)."""

    name = "instance_norm"
    kept = ("input",)
    label = "Instance norm"
    family = Family.NORMALISATION
    summary = "Standardises every channel of each image by itself, which takes out brightness and contrast."
    aliases = ("InstanceNormalization", "InstanceNorm2d", "InstanceNorm3d", "IN", "style transfer", "实例归一化", "归一化")
    formula = "y = γ_c · (x − μ_nc) / √(σ²_nc + ε) + β_c"
    figure = Axes("instance")
    related = ("group_norm", "batch_norm2d")
    paper = "Ulyanov et al. 2016, Instance Normalization: The Missing Ingredient for Fast Stylization"
    Params = InstanceNormParams
    keeps_width = True
    usually_next = ("relu",)

    def shape(self, params: InstanceNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if not (checks.is_image(shape) or windows.is_volume(shape)):
            raise _needs_channels(shape, context)
        checks.known(shape["channel"], "channel", context)
        if all(size == 1 for size in shape.dims[2:]):
            raise _one_number(context, [fixes.become(context, "layer_norm", Text("Use Layer norm instead"))])
        return {"output": shape}

    def call(self, params: InstanceNormParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        arguments: dict[str, Any] = {"num_features": int(shape["channel"])}
        if params.epsilon != 1e-5:
            arguments["eps"] = params.epsilon
        if params.learned:
            arguments["affine"] = True
        return Call("nn.InstanceNorm2d" if checks.is_image(shape) else "nn.InstanceNorm3d", arguments)

    def parameters(self, params: InstanceNormParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        channels = int(inputs["input"]["channel"])
        return {"weight": (channels,), "bias": (channels,)} if params.learned else {}


class RmsNormParams(Params):
    """What can be set on a root-mean-square normalisation."""

    epsilon: float = param(
        1e-6, label="Epsilon", help="Added to the mean square, so that nothing is divided by zero.", main=False, gt=0, le=1
    )


class RmsNorm(Layer):
    """Root-mean-square normalisation (Zhang and Sennrich 2019)."""

    name = "rms_norm"
    kept = ("input",)
    label = "RMS norm"
    family = Family.NORMALISATION
    summary = "Scales the features of each position to a root mean square of 1; cheaper than layer norm, used in large models."
    aliases = ("RMSNormalization", "RMSNorm", "SimplifiedLayerNormalization", "LLaMA", "均方根归一化", "归一化")
    formula = "y = γ · x / √(mean(x²) + ε)"
    figure = Axes("features", centred=False)
    related = ("layer_norm", "self_attention")
    paper = "Zhang and Sennrich 2019, Root Mean Square Layer Normalization"
    Params = RmsNormParams
    keeps_width = True
    usually_next = ("linear", "relu")

    def shape(self, params: RmsNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        axis = _scaled(shape)
        if axis == Axis.BATCH:
            raise LayerProblem(
                "norm.unknown-size",
                Text(
                    "{node} cannot normalise over {axes}: the size is not the same in every row ({shape}).",
                    node=context.name, axes=axis, shape=shape.named(),
                ),
                port="input",
                fixes=[fixes.remove(context)],
            )
        checks.known(shape[axis], axis, context)
        return {"output": shape}

    def call(self, params: RmsNormParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        arguments: dict[str, Any] = {"features": int(shape[_scaled(shape)])}
        if params.epsilon != 1e-6:
            arguments["epsilon"] = params.epsilon
        behind = shape.rank - 1 - shape.index(_scaled(shape))
        return Call("normalisation.RootMeanSquareNorm", {**arguments, "behind": behind} if behind else arguments)

    def parameters(self, params: RmsNormParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        return {"weight": (int(inputs["input"][_scaled(inputs["input"])]),)}

    def inside(self, params: RmsNormParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        made = outputs["output"].elements_per_row(length)
        kept = made + made // int(inputs["input"][_scaled(inputs["input"])])
        return kept


def _scaled(shape: Shape) -> str:
    """Returns the axis whose numbers are scaled together: the channels of an image, else the last."""
    return Axis.CHANNEL if Axis.CHANNEL in shape.axes else shape.axes[-1]
