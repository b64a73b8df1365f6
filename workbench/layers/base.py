"""The contract of a layer: ports, parameters, a shape rule, a cost and one `Call` that builder and source printer both read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Union

from workbench.catalogue import Entry, Params
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.ports import Context, LayerProblem, Port, Shapes
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import Shape

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Family(StrEnum):
    """The colour groups of layers, the same everywhere; also the categories of the palette."""

    INPUT_OUTPUT = "input/output"
    CONVOLUTION = "convolution"
    POOLING = "pooling"
    NORMALISATION = "normalisation"
    ACTIVATION = "activation"
    DENSE = "dense"
    RECURRENT = "recurrent"
    ATTENTION = "attention"
    SHAPE = "shape"
    REGULARISING = "regularising"


@dataclass(frozen=True, slots=True)
class FromPort:
    """A forward argument that takes the tensor of an input port (a list of tensors where the port is variadic)."""

    port: str


@dataclass(frozen=True, slots=True)
class FromLengths:
    """A forward argument that takes the valid row lengths of an input port, `(N,)` int64; left out where rows do not differ."""

    port: str


Argument = Union[FromPort, FromLengths]


@dataclass(frozen=True, slots=True)
class Call:
    """How a layer becomes code. `models/build.py` makes a module of it, `models/source.py` prints it; nothing else is needed.

    Attributes:
        target: `nn.NAME` for an allowed class of torch.nn, or `MODULE.CLASS` for a class of `workbench/layers/modules/MODULE.py`.
        arguments: Keyword arguments of the constructor; JSON values and tuples of them.
        inputs: Forward parameter -> where its value comes from, in the order of the signature.
        outputs: The output ports, in the order in which forward returns them.
        expression: For operators: what the source prints instead of a module, with the forward parameters in braces
            (`{a} + {b}`; a variadic parameter prints as `[x, y]`). The target must then be without parameters and state.
    """

    target: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    inputs: Mapping[str, Argument] = field(default_factory=lambda: MappingProxyType({"input": FromPort("input")}))
    outputs: tuple[str, ...] = ("output",)
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one row costs.

    Attributes:
        parameters: Trainable numbers.
        macs: Multiply-accumulates of one row's forward pass.
        activations: Elements that one row's forward pass keeps for the backward pass.
    """

    parameters: int = 0
    macs: int = 0
    activations: int = 0


class Layer(Entry, ABC):
    """One kind of layer. A layer is one subclass in one module of `workbench/layers/`, found by listing.

    Attributes:
        family: Its colour group; `category` is derived from it.
        inputs: The input ports.
        outputs: The output ports.
        formula: What it computes, in plain text with Unicode mathematics.
    """

    family: ClassVar[Family]
    inputs: ClassVar[tuple[Port, ...]] = (Port("input"),)
    outputs: ClassVar[tuple[Port, ...]] = (Port("output"),)
    formula: ClassVar[str] = ""
    differentiable: ClassVar[bool] = True

    def input_ports(self, params: Any) -> tuple[Port, ...]:
        """Returns the input ports for these parameters."""
        return self.inputs

    def output_ports(self, params: Any) -> tuple[Port, ...]:
        """Returns the output ports for these parameters."""
        return self.outputs

    @abstractmethod
    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        """Returns the shape of every output port. Pure, without torch.

        Args:
            params: Parsed parameters.
            inputs: The shape of every connected input; all that are not optional are there.
            context: Names for messages.

        Raises:
            LayerProblem: The inputs do not fit.
        """

    @abstractmethod
    def call(self, params: Any, inputs: Shapes) -> Call:
        """Returns how this layer becomes code, for inputs that passed `shape`."""

    def cost(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        """Returns what one row costs; `length` stands for sizes that are not known yet. Default: one kept element per output element."""
        return Cost(activations=sum(shape.elements_per_row(length) for shape in outputs.values()))

    def summary_line(self, params: Any) -> str:
        """Returns the small second line of the card, without the kind (`32 filters, 3×3`)."""
        return ""

    def causal(self, params: Any) -> bool:
        """Whether position t of every output depends on positions up to t of the inputs only."""
        return True

    def warnings(self, params: Any, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        """Returns what runs but is hardly meant (dropout of 0, kernel of 1 with dilation)."""
        return []


__all__ = [
    "Argument", "Call", "Context", "Cost", "Dim", "Family", "Fix", "FromLengths", "FromPort", "Layer", "LayerProblem", "Params", "Port",
    "Shapes",
]
