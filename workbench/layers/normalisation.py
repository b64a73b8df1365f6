"""Normalisation: numbers are brought to mean 0 and spread 1, then scaled and shifted by learned amounts."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.graph.shape import Shape, listed
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.standardise import Axes
from workbench.text import Text


class BatchNormParams(Params):
    """What can be set on a batch normalisation."""

    momentum: float = param(
        0.1, label="Momentum", help="How quickly the running mean and variance follow the batches.", main=False, gt=0, le=1
    )
    epsilon: float = param(
        1e-5, label="Epsilon", help="Added to the variance, so that nothing is divided by zero.", main=False, gt=0, le=1
    )


class BatchNorm(Layer):
    """What the batch normalisations share."""

    family = Family.NORMALISATION
    Params = BatchNormParams
    keeps_width = True
    bends = False
    mixes_rows = True
    usually_next = ("relu",)

    def parameters(self, params: BatchNormParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        channels = int(inputs["input"].dims[1])
        return {"weight": (channels,), "bias": (channels,)}

    def _call(self, target: str, params: BatchNormParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"num_features": int(inputs["input"].dims[1])}
        if params.epsilon != 1e-5:
            arguments["eps"] = params.epsilon
        if params.momentum != 0.1:
            arguments["momentum"] = params.momentum
        return Call(target, arguments)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images (Ioffe and Szegedy 2015)."""

    name = "batch_norm2d"
    prominence = 12
    kept = ("input",)
    label = "Batch norm"
    summary = "Standardises every channel over the batch while training, and by remembered means afterwards."
    aliases = ("BatchNormalization", "BatchNorm2d", "BN", "tf.nn.batch_normalization", "批归一化", "批标准化", "归一化")
    formula = "y = γ · (x − μ_c) / √(σ²_c + ε) + β"
    figure = Axes("batch")
    related = ("batch_norm1d", "group_norm", "layer_norm", "conv2d")
    paper = "Ioffe and Szegedy 2015, Batch Normalization"

    def shape(self, params: BatchNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        if checks.is_sequence(shape):
            raise _not_for_sequences(shape, context)
        if shape.axes == ("batch", "feature"):
            raise LayerProblem(
                "shape.needs-image",
                Text(
                    "{node} normalises images, but {source} gives a vector ({shape}).",
                    node=context.name,
                    source=checks.source_name(context, "input"),
                    shape=shape.named(),
                ),
                port="input",
                fixes=[
                    fixes.become(context, "batch_norm1d", Text("Use the batch norm for vectors")),
                    fixes.become(context, "layer_norm", Text("Use Layer norm instead")),
                ],
            )
        image = checks.image(inputs, context)
        checks.known(image["channel"], "channel", context)
        return {"output": image}

    def call(self, params: BatchNormParams, inputs: Shapes) -> Call:
        return self._call("nn.BatchNorm2d", params, inputs)


class BatchNorm1d(BatchNorm):
    """Batch normalisation of vectors."""

    name = "batch_norm1d"
    kept = ("input",)
    label = "Batch norm (vectors)"
    summary = "Standardises every feature over the batch while training, and by remembered means afterwards."
    aliases = ("BatchNormalization", "BatchNorm1d", "BN", "批归一化", "批标准化", "归一化")
    formula = "y = γ · (x − μ_f) / √(σ²_f + ε) + β"
    figure = Axes("batch", positions=1)
    related = ("batch_norm2d", "layer_norm", "linear")
    paper = "Ioffe and Szegedy 2015, Batch Normalization"

    def shape(self, params: BatchNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if shape.axes == ("batch", "feature"):
            return {"output": shape}
        if checks.is_sequence(shape):
            raise _not_for_sequences(shape, context)
        raise LayerProblem(
            "shape.needs-vector",
            Text(
                "{node} normalises vectors (batch × feature), but {source} gives {shape}.",
                node=context.name,
                source=checks.source_name(context, "input"),
                shape=shape.named(),
            ),
            port="input",
            fixes=[fixes.become(context, "batch_norm2d", Text("Use the batch norm for images"))]
            if checks.is_image(shape)
            else [],
        )

    def call(self, params: BatchNormParams, inputs: Shapes) -> Call:
        return self._call("nn.BatchNorm1d", params, inputs)


def _not_for_sequences(shape: Shape, context: Context) -> LayerProblem:
    return LayerProblem(
        "norm.sequence",
        Text("{node} cannot normalise a sequence over the batch ({shape}).", node=context.name, shape=shape.named()),
        reason=Text("Padding would enter the mean, so a row would change with the rows beside it."),
        port="input",
        fixes=[fixes.become(context, "layer_norm", Text("Use Layer norm instead"))],
    )


class LayerNormParams(Params):
    """What can be set on a layer normalisation."""

    over: Literal["features", "row"] = param(
        "features",
        label="Over",
        help="features: each position by itself; row: all numbers of a row together. Images always use the row.",
        main=False,
        choices=("features", "row"),
    )
    epsilon: float = param(
        1e-5, label="Epsilon", help="Added to the variance, so that nothing is divided by zero.", main=False, gt=0, le=1
    )


class LayerNorm(Layer):
    """Layer normalisation (Ba, Kiros and Hinton 2016)."""

    name = "layer_norm"
    prominence = 13
    kept = ("input",)
    label = "Layer norm"
    family = Family.NORMALISATION
    summary = "Standardises each row by its own mean and spread, so the batch does not matter."
    aliases = ("LayerNormalization", "LN", "层归一化", "层标准化", "归一化")
    formula = "y = γ · (x − μ) / √(σ² + ε) + β"
    figure = Axes("")
    related = ("rms_norm", "batch_norm1d", "self_attention")
    paper = "Ba et al. 2016, Layer Normalization"
    Params = LayerNormParams
    keeps_width = True
    usually_next = ("linear", "relu")
    causal_by = {"over": "features"}

    def shape(self, params: LayerNormParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        axes = _normalised(params, shape)
        if any(shape[axis].constant is None for axis in axes) or not axes:
            raise LayerProblem(
                "norm.unknown-size",
                Text(
                    "{node} cannot normalise over {axes}: the size is not the same in every row ({shape}).",
                    node=context.name,
                    axes=listed(axes) if axes else Text("batch"),
                    shape=shape.named(),
                ),
                port="input",
                fixes=[fixes.change(context, Text("Normalise over features"), over="features"), *checks.over_time(context)],
            )
        return {"output": shape}

    def call(self, params: LayerNormParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        sizes = tuple(int(shape[axis]) for axis in _normalised(params, shape))
        arguments: dict[str, Any] = {"normalized_shape": sizes[0] if len(sizes) == 1 else sizes}
        return Call("nn.LayerNorm", {**arguments, "eps": params.epsilon} if params.epsilon != 1e-5 else arguments)

    def parameters(self, params: LayerNormParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        shape = inputs["input"]
        sizes = tuple(int(shape[axis]) for axis in _normalised(params, shape))
        return {"weight": sizes, "bias": sizes}

    def causal(self, params: LayerNormParams) -> bool:
        return params.over == "features"


def _normalised(params: LayerNormParams, shape: Shape) -> tuple[str, ...]:
    return shape.axes[1:] if params.over == "row" or checks.is_image(shape) else shape.axes[1:][-1:]
