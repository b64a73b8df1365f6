"""Generated inputs for every layer, real tensors for shapes, and drawings that feed a layer."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import torch
from torch import Tensor, nn

from tests.layers.cases_formulas import formulas
from tests.layers.cases_images import CASES as IMAGES
from tests.layers.cases_sequences import SEQUENCES
from workbench.graph import edit
from workbench.graph.dim import Symbol
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.shape import SEQUENCE_AXES, Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, FromInput, FromLengths, FromPort, Layer, LayerProblem
from workbench.models.build import make

ROWS, LONGEST = 3, 9
Case = tuple[dict[str, Any], dict[str, Shape]]
HERE = Context("id", "node")


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


def sizes(shape: Shape, rows: int = ROWS, length: int = LONGEST - 2) -> list[int]:
    """Returns the sizes of a real tensor of this shape."""
    values = {symbol.name: length for dim in shape.dims for symbol in dim.symbols()}
    return [int(dim.evaluate({**values, "N": rows})) for dim in shape.dims]


def tensor(shape: Shape, rows: int = ROWS, length: int = LONGEST - 2) -> Tensor:
    """Returns random data of this shape."""
    wanted = sizes(shape, rows, length)
    return torch.randint(0, shape.vocabulary or 2, wanted) if shape.dtype == "int64" else torch.randn(wanted)


def run(
    layer: Layer, params: Any, inputs: dict[str, Shape], values: dict[str, Tensor], lengths: Tensor | None = None
) -> tuple[nn.Module, Any]:
    """Returns the module of a layer in eval mode and what it gives for these values."""
    call = layer.call(params, inputs)
    module = make(call).eval()
    return module, apply(module, layer, params, inputs, values, lengths)


def apply(
    module: nn.Module,
    layer: Layer,
    params: Any,
    inputs: dict[str, Shape],
    values: dict[str, Tensor],
    lengths: Tensor | None = None,
) -> Any:
    """Returns the output ports' tensors by name."""
    call = layer.call(params, inputs)
    arguments: list[Any] = []
    for origin in call.inputs.values():
        if isinstance(origin, FromInput):
            arguments.append(values["given"])
        elif isinstance(origin, FromLengths):
            arguments.append(lengths if inputs[origin.port].ragged else None)
        elif isinstance(origin, FromPort) and origin.port in values:
            arguments.append(values[origin.port])
        elif isinstance(origin, FromPort) and any(port.name == origin.port and port.optional for port in layer.input_ports(params)):
            arguments.append(None)
        else:
            arguments += [values[f"{origin.port}.{index}"] for index in range(len(values))]
    result = module(*arguments)
    return dict(zip(call.outputs, result if len(call.outputs) > 1 else [result], strict=True))


def inputs_of(
    layer: Layer, params: Any, inputs: dict[str, Shape], rows: int = ROWS, length: int = LONGEST - 2
) -> dict[str, Tensor]:
    """Returns random data for all inputs of a layer."""
    given = layer.input_shape(params)
    return (
        {"given": tensor(given, rows, length)}
        if given is not None
        else {port: tensor(shape, rows, length) for port, shape in inputs.items()}
    )


def drawing(name: str, params: dict[str, Any], inputs: dict[str, Shape]) -> Graph:
    """Draws a layer between inputs of these shapes and an output for each of its output ports."""
    graph = Graph()
    sources: list[tuple[str, str]] = []
    for index, (port, shape) in enumerate(inputs.items()):
        graph, source = feed(graph, shape, index)
        sources.append((port.partition(".")[0], source))
    graph, node = edit.add_node(graph, name, params=params, name="subject")
    for port, source in sources:
        graph = edit.connect(graph, Edge(PortRef(source, "output"), PortRef(node, port)))
    for port in LAYERS[name].output_ports(LAYERS[name].parse(params)):
        graph, end = edit.add_node(graph, "output", name=f"result_{port.name}")
        graph = edit.connect(graph, Edge(PortRef(node, port.name), PortRef(end, "input")))
    return graph


def feed(graph: Graph, shape: Shape, index: int = 0) -> tuple[Graph, str]:
    """Draws an input, with the layers it takes to give this shape, and returns the id of the last of them."""
    chain: list[tuple[str, dict[str, Any]]]
    if shape.dtype == "int64":
        chain = [_ids(shape)]
    elif shape.axes == ("batch", "channel", "height", "width"):
        chain = [("image_input", {key + "s" * (key == "channel"): int(shape[key]) for key in ("channel", "height", "width")})]
    elif shape.axes[1] in SEQUENCE_AXES and shape.ragged:
        chain = [("text_input", {"vocabulary": 17, "maximum_length": LONGEST}), ("embedding", {"width": int(shape["feature"])})]
    elif shape.axes == ("batch", "time", "feature"):
        chain = [
            ("image_input", {"channels": 1, "height": int(shape["time"]), "width": int(shape["feature"])}),
            ("image_to_sequence", {"steps": "rows"}),
        ]
    elif shape.axes == ("batch", "feature"):
        chain = [("image_input", {"channels": 1, "height": 1, "width": int(shape["feature"])}), ("flatten", {})]
    else:
        form = ", ".join(f"{axis} {shape[axis]}" for axis in shape.axes[1:])
        chain = [("image_input", {"channels": 1, "height": 1, "width": shape.elements_per_row()}), ("reshape", {"form": form})]
    node = ""
    for layer, params in chain:
        graph, new = edit.add_node(graph, layer, params=params, name=f"given{index}" if not node else None)
        graph = edit.connect(graph, Edge.between(node, new)) if node else graph
        node = new
    return graph, node


def _ids(shape: Shape) -> tuple[str, dict[str, Any]]:
    if "token" in shape.axes:
        return "text_input", {"vocabulary": shape.vocabulary, "maximum_length": LONGEST}
    return "category_input", {"categories": shape.vocabulary}
