"""Generated inputs for every layer, real tensors for shapes, and drawings that feed a layer."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.layers.cases_formulas import formulas
from tests.layers.cases_images import CASES as IMAGES
from tests.layers.cases_sequences import SEQUENCES
from workbench.export.checking.trials import HERE, LONGEST, ROWS, apply, drawing, feed, inputs_of, run, sizes, tensor
from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Layer, LayerProblem

__all__ = [
    "CASES", "HERE", "LONGEST", "ROWS", "Case", "apply", "drawing", "feed", "generated", "inputs_of", "run", "sizes", "tensor",
]
Case = tuple[dict[str, Any], dict[str, Shape]]


def image(rng: Random, channels: int = 0) -> Shape:
    """A small image."""
    return Shape.of(channel=channels or rng.choice([1, 2, 3, 4, 6]), height=rng.randint(4, 11), width=rng.randint(4, 11))


def ragged(rng: Random, width: int = 0) -> Shape:
    """A sequence of vectors whose rows differ in length."""
    return Shape.of(token=Symbol("T", maximum=LONGEST, ragged=True), feature=width or rng.choice([4, 8, 12]))


def steady(rng: Random, width: int = 0) -> Shape:
    """A sequence of vectors whose rows have one length."""
    return Shape.of(time=rng.randint(2, 6), feature=width or rng.choice([4, 8, 12]))


def sequence(rng: Random) -> Shape:
    """A sequence of vectors."""
    return ragged(rng) if rng.random() < 0.6 else steady(rng)


def vector(rng: Random) -> Shape:
    """A vector."""
    return Shape.of(feature=rng.choice([4, 6, 8]))


def tokens(rng: Random) -> Shape:
    """Token ids."""
    return Shape.of("int64", 17, token=Symbol("T", maximum=LONGEST, ragged=True))


def anything(rng: Random) -> Shape:
    """An image, a sequence or a vector."""
    return rng.choice([image, sequence, vector])(rng)


def _conv(rng: Random) -> Case:
    shape = image(rng)
    groups = rng.choice([1, 1, int(shape["channel"])])
    params = {
        "filters": groups * rng.randint(1, 3),
        "kernel": rng.randint(1, 4),
        "kernel_width": rng.choice([0, 0, 1, 3]),
        "stride": rng.randint(1, 3),
        "padding": rng.choice(["same", "valid", 0, 1, 2]),
        "dilation": rng.randint(1, 2),
        "groups": groups,
        "bias": rng.random() < 0.7,
    }
    return params, {"input": shape}


def _pool(rng: Random) -> Case:
    kernel = rng.randint(1, 4)
    return {"kernel": kernel, "stride": rng.randint(0, 3), "padding": rng.randint(0, kernel // 2)}, {"input": image(rng)}


def _one(make_shape: Callable[[Random], Shape], **choices: list[Any]) -> Callable[[Random], Case]:
    return lambda rng: ({key: rng.choice(values) for key, values in choices.items()}, {"input": make_shape(rng)})


def _several(rng: Random) -> Case:
    shape = anything(rng)
    return {}, {f"inputs.{index}": shape for index in range(rng.randint(2, 4))}


def _joined(rng: Random) -> Case:
    shape = anything(rng)
    axis = "channel" if "channel" in shape.axes else "feature"
    others = [shape.with_dim(axis, rng.randint(1, 5)) for _ in range(rng.randint(1, 3))]
    return {"axis": rng.choice(["", axis])}, {f"inputs.{index}": each for index, each in enumerate([shape, *others])}


def _joined_in_height(rng: Random) -> Case:
    shape = image(rng)
    return {"axis": "height"}, {"inputs.0": shape, "inputs.1": shape.with_dim("height", 2)}


def _permuted(rng: Random) -> Case:
    shape = rng.choice([image, sequence])(rng)
    axes = list(shape.axes[1:])
    rng.shuffle(axes)
    return {"order": rng.choice(["", ", ".join(axes)])}, {"input": shape}


def _normalised(rng: Random) -> Case:
    shape = anything(rng)
    return {"over": "features" if shape.ragged else rng.choice(["features", "row"]), "epsilon": rng.choice([1e-5, 1e-3])}, {
        "input": shape
    }


def _nothing(**choices: list[Any]) -> Callable[[Random], Case]:
    return lambda rng: ({key: rng.choice(values) for key, values in choices.items()}, {})


_activation = _one(anything)
_flat = _one(lambda rng: rng.choice([image, steady, vector])(rng))

CASES: dict[str, Callable[[Random], Case]] = {
    "image_input": _nothing(channels=[1, 3], height=[4, 9], width=[4, 7]),
    "text_input": _nothing(vocabulary=[5, 17], maximum_length=[LONGEST], decoder=[False, True]),
    "series_input": _nothing(features=[1, 3], length=[LONGEST], symbol=["", "T"]),
    "audio_input": _nothing(samples=[5, 40], rate=[8, 20]),
    "number_input": _nothing(),
    "category_input": _nothing(categories=[2, 9]),
    "output": _one(anything),
    "conv2d": _conv,
    "max_pool2d": _pool,
    "average_pool2d": _pool,
    "min_pool2d": _pool,
    "global_average_pool": _one(image),
    "global_max_pool": _one(image),
    "global_min_pool": _one(image),
    "batch_norm2d": _one(image, epsilon=[1e-5, 1e-3], momentum=[0.1, 0.3]),
    "batch_norm1d": _one(vector),
    "layer_norm": _normalised,
    "relu": _activation,
    "gelu": _activation,
    "silu": _activation,
    "tanh": _activation,
    "sigmoid": _activation,
    "softmax": _activation,
    "dropout": _one(anything, rate=[0.0, 0.5]),
    "flatten": _flat,
    "linear": _one(lambda rng: rng.choice([sequence, vector])(rng), units=[1, 5], bias=[True, False]),
    "add": _several,
    "concatenate": lambda rng: rng.choice([_joined, _joined, _joined_in_height])(rng),
    "permute": _permuted,
    "image_to_sequence": _one(image, steps=["positions", "rows", "columns"]),
    "embedding": _one(lambda rng: rng.choice([tokens(rng), Shape.of("int64", 6)]), width=[3, 8]),
    "positional_encoding": _one(sequence, kind=["sinusoidal", "learned"], maximum_length=[0, 20]),
    "mean_over_time": _one(sequence),
    "max_over_time": _one(sequence),
    "last_over_time": _one(sequence),
    "expression": formulas,
    **SEQUENCES,
    **IMAGES,
}


def generated(name: str, count: int) -> list[tuple[Layer, Any, dict[str, Shape]]]:
    """Returns `count` seeded cases of a layer that its shape rule accepts: layer, parsed parameters, input shapes."""
    layer, found, attempt = LAYERS[name], [], 0
    while len(found) < count:
        assert attempt < 20 * count, f"{name} refuses nearly all generated inputs"
        raw, inputs = CASES[name](Random(f"{name} {attempt}"))
        attempt += 1
        params = layer.parse(raw)
        try:
            layer.shape(params, inputs, HERE)
        except LayerProblem:
            continue
        found.append((layer, params, inputs))
    return found
