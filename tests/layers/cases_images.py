"""Generated inputs for the layers of images, volumes, windows over sequences, shapes and sounds."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape

LONGEST = 9
Case = tuple[dict[str, Any], dict[str, Shape]]


def image(rng: Random, channels: int = 0, least: int = 4) -> Shape:
    """A small image."""
    return Shape.of(channel=channels or rng.choice([1, 2, 3, 4, 6]), height=rng.randint(least, 11), width=rng.randint(least, 11))


def volume(rng: Random) -> Shape:
    """A small volume."""
    return Shape.of(channel=rng.choice([1, 2, 4]), depth=rng.randint(2, 5), height=rng.randint(3, 6), width=rng.randint(3, 6))


def sequence(rng: Random, width: int = 0) -> Shape:
    """A sequence of vectors, ragged or not."""
    width = width or rng.choice([4, 8])
    if rng.random() < 0.6:
        return Shape.of(token=Symbol("T", maximum=LONGEST, ragged=True), feature=width)
    return Shape.of(time=rng.randint(2, 6), feature=width)


def vector(rng: Random) -> Shape:
    """A vector."""
    return Shape.of(feature=rng.choice([4, 6, 8]))


def steady(rng: Random) -> Shape:
    """A sequence whose rows have one length."""
    return Shape.of(time=rng.randint(2, 6), feature=rng.choice([4, 8]))


def anything(rng: Random) -> Shape:
    """An image, a volume, a sequence or a vector."""
    return rng.choice([image, volume, sequence, sequence, vector])(rng)


def one(make_shape: Callable[[Random], Shape], **choices: list[Any]) -> Callable[[Random], Case]:
    """Returns a maker of cases with one input and parameters drawn from choices."""
    return lambda rng: ({key: rng.choice(values) for key, values in choices.items()}, {"input": make_shape(rng)})


def _conv1d(rng: Random) -> Case:
    shape = sequence(rng)
    groups = rng.choice([1, 1, 4])
    return {
        "filters": groups * rng.randint(1, 3), "kernel": rng.randint(1, 4), "stride": rng.choice([1, 1, 2, 3]),
        "padding": rng.choice(["same", "same", "causal", "causal", "valid", 0, 1]), "dilation": rng.randint(1, 2), "groups": groups,
        "bias": rng.random() < 0.7,
    }, {"input": shape}


def _conv3d(rng: Random) -> Case:
    shape = volume(rng)
    groups = rng.choice([1, 1, int(shape["channel"])])
    return {
        "filters": groups * rng.randint(1, 3), "kernel": rng.randint(1, 3), "kernel_depth": rng.choice([0, 0, 1, 2]),
        "stride": rng.randint(1, 2), "stride_depth": rng.choice([0, 1]), "padding": rng.choice(["same", "same", "valid", 0, 1]),
        "dilation": rng.choice([1, 1, 2]), "groups": groups, "bias": rng.random() < 0.7,
    }, {"input": shape}


def _transposed(make_shape: Callable[[Random], Shape]) -> Callable[[Random], Case]:
    def made(rng: Random) -> Case:
        shape, stride = make_shape(rng), rng.randint(1, 3)
        channels = int(shape["channel"] if "channel" in shape.axes else shape["feature"])
        groups = rng.choice([1, 1, channels])
        return {
            "filters": groups * rng.randint(1, 2), "kernel": rng.randint(1, 4), "stride": stride,
            "padding": rng.choice(["same", "same", "valid", 0, 1]), "dilation": rng.choice([1, 2]) if stride == 1 else 1,
            "groups": groups, "bias": rng.random() < 0.7,
        }, {"input": shape}

    return made


def _depthwise(rng: Random) -> Case:
    return {
        "kernel": rng.randint(1, 4), "stride": rng.randint(1, 2), "padding": rng.choice(["same", "valid", 0, 1]),
        "multiplier": rng.randint(1, 2), "dilation": rng.choice([1, 1, 2]), "bias": rng.random() < 0.7,
    }, {"input": image(rng)}


def _separable(rng: Random) -> Case:
    params, inputs = _depthwise(rng)
    return {**params, "filters": rng.randint(1, 5)}, inputs


def _pool3d(rng: Random) -> Case:
    kernel = rng.randint(1, 3)
    return {"kernel": kernel, "stride": rng.randint(0, 2), "padding": rng.randint(0, kernel // 2)}, {"input": volume(rng)}


def _grouped(rng: Random) -> Case:
    shape = rng.choice([image, volume, vector])(rng)
    channels = int(shape.dims[1])
    return {"groups": rng.choice([value for value in (1, 2, 3) if channels % value == 0]), "epsilon": rng.choice([1e-5, 1e-3])}, {
        "input": shape
    }


def dict_of(shape: Shape, *ports: str) -> Case:
    """Returns a case with the same shape at several ports."""
    return {}, dict.fromkeys(ports, shape)


def _several(rng: Random) -> Case:
    shape = rng.choice([image, sequence, vector])(rng)
    return {}, {f"inputs.{index}": shape for index in range(rng.randint(2, 4))}


def _matrices(rng: Random) -> Case:
    if rng.random() < 0.5:
        left, right = steady(rng), Shape.of(feature=4, time=3)
        return {}, {"left": left.with_dim("feature", 4), "right": right}
    left = image(rng)
    return {}, {"left": left, "right": left.with_dim("height", left["width"]).with_dim("width", rng.randint(1, 4))}


def _two_vectors(rng: Random) -> Case:
    shape = rng.choice([sequence, vector])(rng)
    params = {"units": rng.randint(1, 5), "bias": rng.random() < 0.7}
    return params, {"left": shape, "right": shape.with_dim("feature", rng.choice([3, 4]))}


def _reshaped(rng: Random) -> Case:
    shape = Shape.of(channel=2, height=rng.choice([2, 4]), width=6)
    form = rng.choice(["channel 1, depth 2, height ?, width 6", "time 3, feature ?", "feature ?", "width 4, height ?", "time ?, feature 2"])
    return {"form": form}, {"input": shape}


def _selected(rng: Random) -> Case:
    shape = rng.choice([image, volume, sequence, sequence])(rng)
    found = shape.axes[1] if rng.random() < 0.5 else shape.axes[-1]
    return {"axis": rng.choice(["", found]), "index": rng.choice([0, 0, -1, 1])}, {"input": shape}


def _split(rng: Random) -> Case:
    shape = rng.choice([image, sequence, vector])(rng)
    return {"parts": rng.choice([2, 3, 4]), "axis": rng.choice(["", "", shape.axes[-1]])}, {"input": shape}


def _reduced(rng: Random) -> Case:
    shape = rng.choice([image, volume, sequence, sequence])(rng)
    return {"axis": rng.choice(["", "", *shape.axes[1:]]), "how": rng.choice(["mean", "max", "min", "sum"])}, {"input": shape}


def _even_image(rng: Random) -> Shape:
    return Shape.of(channel=rng.choice([1, 3]), height=rng.choice([4, 6]), width=rng.choice([4, 8]))


def _sound(rng: Random) -> Shape:
    return sequence(rng, width=1)


_pool1d = one(sequence, kernel=[1, 2, 3], stride=[0, 1, 2], partial=[True, True, False])
_activation = one(anything)

CASES: dict[str, Callable[[Random], Case]] = {
    "conv1d": _conv1d,
    "conv3d": _conv3d,
    "conv_transpose1d": _transposed(sequence),
    "conv_transpose2d": _transposed(image),
    "conv_transpose3d": _transposed(volume),
    "depthwise_conv2d": _depthwise,
    "separable_conv2d": _separable,
    "max_pool1d": _pool1d,
    "average_pool1d": _pool1d,
    "adaptive_average_pool1d": one(sequence, steps=[1, 3, 5]),
    "adaptive_max_pool1d": one(sequence, steps=[1, 3, 5]),
    "max_pool3d": _pool3d,
    "average_pool3d": _pool3d,
    "global_average_pool3d": one(volume),
    "global_max_pool3d": one(volume),
    "adaptive_average_pool2d": one(image, size=[1, 2, 3, 5], width=[0, 4]),
    "adaptive_max_pool2d": one(image, size=[1, 2, 3, 5], width=[0, 4]),
    "adaptive_average_pool3d": one(volume, size=[1, 2, 3]),
    "adaptive_max_pool3d": one(volume, size=[1, 2, 3]),
    "upsample": lambda rng: rng.choice(
        [one(image, factor=[1, 2, 3], mode=["nearest", "bilinear"], corners=[False, True]), one(sequence, factor=[1, 2, 3])]
    )(rng),
    "pixel_shuffle": lambda rng: ({"factor": 2}, {"input": image(rng, channels=rng.choice([4, 8]))}),
    "pixel_unshuffle": one(image, factor=[1, 2, 3]),
    "group_norm": _grouped,
    "instance_norm": one(lambda rng: rng.choice([image, volume])(rng), learned=[True, False], epsilon=[1e-5, 1e-3]),
    "rms_norm": one(anything, epsilon=[1e-6, 1e-3]),
    "leaky_relu": one(anything, slope=[0.01, 0.2]),
    "prelu": one(anything, slopes=["one", "channel"]),
    "elu": one(anything, alpha=[1.0, 0.5]),
    "selu": _activation,
    "softplus": one(anything, beta=[1.0, 2.0]),
    "mish": _activation,
    "hardswish": _activation,
    "hardsigmoid": _activation,
    "relu6": _activation,
    "softsign": _activation,
    "log_softmax": _activation,
    "glu": _activation,
    "spatial_dropout": one(lambda rng: rng.choice([image, volume, sequence])(rng), rate=[0.0, 0.5]),
    "stochastic_depth": one(anything, rate=[0.0, 0.5]),
    "multiply": _several,
    "subtract": lambda rng: dict_of(anything(rng), "left", "right"),
    "stack": _several,
    "matmul": _matrices,
    "bilinear": _two_vectors,
    "reshape": _reshaped,
    "slice": lambda rng: ({"axis": "", "start": rng.choice([0, 1, -2]), "stop": rng.choice([0, 2, -1]), "step": rng.choice([1, 2])}, {
        "input": anything(rng)
    }),
    "select": _selected,
    "split": _split,
    "reduce": _reduced,
    "patch_embedding": one(_even_image, patch=[1, 2], width=[3, 8], bias=[True, False]),
    "class_token": one(sequence),
    "squeeze_excitation": one(image, reduction=[1, 2, 8]),
    "cbam": one(image, reduction=[1, 2], kernel=[3, 7]),
    "residual_block": one(image, filters=[2, 4], kernel=[1, 3, 4], stride=[1, 2, 3]),
    "dense_block": one(image, layers=[1, 2, 3], growth=[1, 3], kernel=[1, 3]),
    "spectrogram": one(_sound, window=[4, 5, 8], hop=[1, 2, 3], scale=["log", "magnitude", "power"]),
    "mel_spectrogram": one(_sound, window=[8, 12], hop=[1, 2, 3], scale=["log", "magnitude", "power"], bands=[2, 3], rate=[8000]),
}
