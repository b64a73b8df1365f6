"""One layer with parameters and input shapes, and real tensors to run it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.shape import SEQUENCE_AXES, Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, FromInput, FromLengths, Layer
from workbench.models.build import make
from workbench.text import Text

ROWS, LONGEST = 3, 9
"""Rows of a batch, and the length of the longest row there may be."""
VOCABULARY = 17
HERE = Context("id", "node")


@dataclass(frozen=True, slots=True)
class Trial:
    """A layer as it may stand in a drawing.

    Attributes:
        layer: The entry.
        params: Its parsed parameters.
        inputs: The shape of every connected input; its shape rule accepts them.
    """

    layer: Layer
    params: Any
    inputs: dict[str, Shape]

    def described(self) -> Text:
        """Returns inputs and parameters in a few words."""
        shapes = ", ".join(f"{port} ({shape})" for port, shape in self.inputs.items())
        values = self.params.model_dump()
        changed = ", ".join(f"{key}={value!r}" for key, value in values.items())
        return Text("{shapes} and {params}", shapes=shapes, params=changed) if changed else Text("{shapes}", shapes=shapes)


def sizes(shape: Shape, rows: int = ROWS, length: int = LONGEST - 2) -> list[int]:
    """Returns the sizes of a real tensor of this shape."""
    values = {symbol.name: length for dim in shape.dims for symbol in dim.symbols()}
    return [int(dim.evaluate({**values, "N": rows})) for dim in shape.dims]


def tensor(shape: Shape, rows: int = ROWS, length: int = LONGEST - 2) -> Tensor:
    """Returns random data of this shape."""
    wanted = sizes(shape, rows, length)
    return torch.randint(0, shape.vocabulary or 2, wanted) if shape.dtype == "int64" else torch.randn(wanted)


def inputs_of(layer: Layer, params: Any, inputs: dict[str, Shape], rows: int = ROWS, length: int = LONGEST - 2) -> dict[str, Tensor]:
    """Returns random data for all inputs of a layer."""
    given = layer.input_shape(params)
    if given is not None:
        return {"given": tensor(given, rows, length)}
    return {port: tensor(shape, rows, length) for port, shape in inputs.items()}


def run(
    layer: Layer, params: Any, inputs: dict[str, Shape], values: dict[str, Tensor], lengths: Tensor | None = None
) -> tuple[nn.Module, Any]:
    """Returns the module of a layer in eval mode and what it gives for these values."""
    module = make(layer.call(params, inputs)).eval()
    return module, apply(module, layer, params, inputs, values, lengths)


def apply(
    module: nn.Module, layer: Layer, params: Any, inputs: dict[str, Shape], values: Mapping[str, Tensor], lengths: Tensor | None = None,
) -> Any:
    """Returns the output ports' tensors by name."""
    call = layer.call(params, inputs)
    arguments: list[Any] = []
    for origin in call.inputs.values():
        if isinstance(origin, FromInput):
            arguments.append(values["given"])
        elif isinstance(origin, FromLengths):
            arguments.append(lengths if origin.port in inputs and inputs[origin.port].ragged else None)
        elif origin.port in values:
            arguments.append(values[origin.port])
        elif any(port.name == origin.port and port.optional for port in layer.input_ports(params)):
            arguments.append(None)
        else:
            arguments += [value for port, value in values.items() if port.partition(".")[0] == origin.port]
    result = module(*arguments)
    return dict(zip(call.outputs, result if len(call.outputs) > 1 else [result], strict=True))


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
    node = ""
    for layer, params in _chain(shape):
        graph, new = edit.add_node(graph, layer, params=params, name=f"given{index}" if not node else None)
        graph = edit.connect(graph, Edge.between(node, new)) if node else graph
        node = new
    return graph, node


def _chain(shape: Shape) -> list[tuple[str, dict[str, Any]]]:
    if shape.dtype == "int64":
        return [_ids(shape)]
    if shape.axes == ("batch", "channel", "height", "width"):
        return [("image_input", {key + "s" * (key == "channel"): int(shape[key]) for key in ("channel", "height", "width")})]
    if shape.axes[1] in SEQUENCE_AXES and shape.ragged:
        return [("text_input", {"vocabulary": VOCABULARY, "maximum_length": LONGEST}), ("embedding", {"width": int(shape["feature"])})]
    if shape.axes == ("batch", "time", "feature"):
        image = {"channels": 1, "height": int(shape["time"]), "width": int(shape["feature"])}
        return [("image_input", image), ("image_to_sequence", {"steps": "rows"})]
    if shape.axes == ("batch", "feature"):
        return [("image_input", {"channels": 1, "height": 1, "width": int(shape["feature"])}), ("flatten", {})]
    form = ", ".join(f"{axis} {shape[axis]}" for axis in shape.axes[1:])
    return [("image_input", {"channels": 1, "height": 1, "width": shape.elements_per_row()}), ("reshape", {"form": form})]


def _ids(shape: Shape) -> tuple[str, dict[str, Any]]:
    if "token" in shape.axes:
        return "text_input", {"vocabulary": shape.vocabulary, "maximum_length": LONGEST}
    return "category_input", {"categories": shape.vocabulary}
