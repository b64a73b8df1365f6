"""A small catalogue of layers for tests of the drawing alone: real rules, no torch, no dependence on the real catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.catalogue import Entry, Params, param
from workbench.graph.dim import Dim, Symbol, counter_example
from workbench.graph.ports import Context, LayerProblem, Port, Shapes
from workbench.graph.problem import Problem
from workbench.graph.shape import Shape


class StandIn(Entry):
    """What inference asks of a layer."""

    family = "shape"
    inputs: tuple[Port, ...] = (Port("input"),)
    outputs: tuple[Port, ...] = (Port("output"),)
    asked = 0

    def input_ports(self, params: Any) -> tuple[Port, ...]:
        return self.inputs

    def output_ports(self, params: Any) -> tuple[Port, ...]:
        return self.outputs

    def shape(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        StandIn.asked += 1
        return self.rule(params, inputs, context)

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        return {"output": inputs["input"]}

    def warnings(self, params: Any, inputs: Shapes, context: Context) -> list[Problem[Any]]:
        return []


class ImageInput(StandIn):
    name, label, family = "image_input", "Image", "input/output"
    inputs = ()

    class Params(Params):
        channels: int = param(1, label="Channels", help="Colours.", ge=1)
        height: int = param(8, label="Height", help="Rows.", ge=1)

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        return {"output": Shape.of(channel=params.channels, height=params.height)}


class TextInput(StandIn):
    name, label, family = "text_input", "Text", "input/output"
    inputs = ()

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        return {"output": Shape.of("int64", 100, token=Symbol("T", maximum=64, ragged=True))}


class Output(StandIn):
    name, label, family = "output", "Output", "input/output"


class Relu(StandIn):
    name, label = "relu", "ReLU"


class Conv(StandIn):
    name, label = "conv1d", "Conv1d"

    class Params(Params):
        filters: int = param(4, label="Filters", help="Channels out.", ge=1)
        kernel: int = param(3, label="Kernel", help="Taps.", ge=1, le=9)
        stride: int = param(1, label="Stride", help="Step.", ge=1)

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        shape = inputs["input"]
        if shape.get("channel") is None:
            raise LayerProblem("conv.no-channel", f"{context.name}: {context.sources['input']} gives no channel axis.", port="input")
        size = (shape["height"] - params.kernel) // params.stride + 1
        return {"output": shape.with_dim("channel", params.filters).with_dim("height", size)}


class Add(StandIn):
    name, label = "add", "Add"
    inputs = (Port("inputs", variadic=True),)

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        first = inputs["inputs.0"]
        for port, shape in inputs.items():
            for axis, mine, other in zip(first.axes, first.dims, shape.dims, strict=False):
                if shape.axes != first.axes or (example := counter_example(mine, other)) is not None:
                    why = example.sentence if shape.axes == first.axes else "axes differ"
                    raise LayerProblem("merge.differ", f"{context.name}: {axis} of {context.sources[port]} differs: {why}.", port=port)
        return {"output": first}


class Split(StandIn):
    name, label = "split", "Split"
    outputs = (Port("output"), Port("rest"))

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        half = inputs["input"].dims[1] // 2
        shape = inputs["input"]
        axis = shape.axes[1]
        return {"output": shape.with_dim(axis, half), "rest": shape.with_dim(axis, shape.dims[1] - half)}


class Gate(StandIn):
    name, label = "gate", "Gate"
    inputs = (Port("input"), Port("by", optional=True))


class Broken(StandIn):
    name, label = "broken", "Broken"

    def rule(self, params: Any, inputs: Shapes, context: Context) -> Mapping[str, Shape]:
        raise ZeroDivisionError("by design")


LAYERS: dict[str, StandIn] = {
    kind.name: kind() for kind in (ImageInput, TextInput, Output, Relu, Conv, Add, Split, Gate, Broken)
}


def length() -> Dim:
    """Returns a ragged length."""
    return Dim.of(Symbol("T", maximum=64, ragged=True))
