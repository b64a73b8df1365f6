"""The contract of a layer: ports, parameters, a shape rule, a cost and one `Call` that builder and source printer both read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from types import MappingProxyType
from typing import Any, ClassVar, Union

from workbench.catalogue import Entry, Params
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.ports import Context, LayerProblem, Port, Shapes
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import Shape
from workbench.layers.figures.picture import Figure

_EMPTY: Mapping[str, Any] = MappingProxyType({})


UNRANKED = 1000


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
    """A forward argument that takes the tensor of an input port; a variadic port gives its tensors one after the other (`*inputs`)."""

    port: str


@dataclass(frozen=True, slots=True)
class FromInput:
    """A forward argument that takes what the model is given under the name of this input node."""


@dataclass(frozen=True, slots=True)
class FromLengths:
    """A forward argument that takes the valid row lengths of an input port, `(N,)` int64; left out where rows do not differ."""

    port: str


Argument = Union[FromPort, FromInput, FromLengths]


@dataclass(frozen=True, slots=True)
class Call:
    """How a layer becomes code. `models/build.py` makes a module of it, `models/source.py` prints it; nothing else is needed.

    Attributes:
        target: `nn.NAME` for an allowed class of torch.nn, or `MODULE.CLASS` for a class of `workbench/layers/modules/MODULE.py`;
            `own.FILE.CLASS` for one of the user's own file FILE.py.
        arguments: Keyword arguments of the constructor; JSON values and tuples of them.
        inputs: Forward parameter -> where its value comes from, in the order of the signature.
        outputs: The output ports, in the order in which forward returns them.
        expression: For operators: what the source prints instead of a module, with the forward parameters in braces
            (`{a} * {b}`; a variadic `{inputs}` prints as `[x, y]`, `{inputs:+}` as `x + y`). The target must then be without
            parameters and state.
        definition: For a layer whose class is its own: the source of that class, with `{name}` for its name, printed instead of the
            target; made without arguments, it has the state keys and the forward of the target.
        needs: What the definition calls of `workbench/layers/modules`, as `MODULE.NAME`.
    """

    target: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    inputs: Mapping[str, Argument] = field(default_factory=lambda: MappingProxyType({"input": FromPort("input")}))
    outputs: tuple[str, ...] = ("output",)
    expression: str = ""
    definition: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one row costs.

    Attributes:
        parameters: Trainable numbers.
        macs: Multiply-accumulates of one row's forward pass.
        inside: Numbers of four bytes that one row's forward pass keeps inside the layer for the backward pass, beside the tensors at
            its ports (`keeps` names those).
    """

    parameters: int = 0
    macs: int = 0
    inside: int = 0


class Layer(Entry, ABC):
    """One kind of layer. A layer is one subclass in one module of `workbench/layers/`, found by listing.

    Attributes:
        family: Its colour group; `category` is derived from it.
        inputs: The input ports.
        outputs: The output ports.
        formula: What it computes, in plain text with Unicode mathematics.
        figure: The picture of what it does, drawn from its parameters.
        example: Telling parameters for its help page, where the defaults show little.
        related: Names of layers that its help page points to.
        paper: Where it comes from.
        role: `input` where a dataset field enters the model, `output` where a result leaves it, else "".
        differentiable: Whether gradients pass from its outputs to its inputs.
        kept: The ports whose tensors the backward pass reads again, whatever the parameters.
        view: Whether its outputs are the memory of its first input, looked at in another way.
        prominence: Its place among the layers that are used most, 1 the first; `UNRANKED` for all others.
        reads: For an input: the kind of dataset field that feeds it, as `FieldKind` names it.
        width_param: The parameter that sets how many features or channels come out; "" where none does.
        inner_widths: Further parameters that make it wider inside, as the network in a Transformer block.
        keeps_width: Whether as many features or channels come out of the first output as went into the first input.
        weighs: Whether it is a learned weighted sum over features or channels: two of them with nothing bent between do no more than one.
        bends: Whether a trained one computes anything but sums and shifts of its input, so that layers around it do not collapse.
        rectifies: Whether everything below 0 becomes 0 and passes no gradient, so that units can die.
        saturates: Whether it levels off to both sides, so that a deep stack of it lets gradients fade.
        takes_last: Whether it keeps the last place of a sequence and nothing else.
        shares_one: Whether its results along an axis are shares of 1, or their logarithms.
        mixes_rows: Whether a row's result while training depends on the other rows of the batch.
        marks_positions: Whether it tells the places of a sequence or an image apart, for attention that is blind to order.
        causal_by: The parameters that make it causal; none where nothing does, or where it always is.
        usual_norm: The layer that usually normalises what it gives; "" where none does.
        usually_next: The layers that people add after it, the usual one first; the first that fits is taken.
    """

    family: ClassVar[Family]
    role: ClassVar[str] = ""
    inputs: ClassVar[tuple[Port, ...]] = (Port("input"),)
    outputs: ClassVar[tuple[Port, ...]] = (Port("output"),)
    formula: ClassVar[str] = ""
    figure: ClassVar[Figure | None] = None
    example: ClassVar[Mapping[str, Any]] = _EMPTY
    related: ClassVar[tuple[str, ...]] = ()
    paper: ClassVar[str] = ""
    differentiable: ClassVar[bool] = True
    kept: ClassVar[tuple[str, ...]] = ()
    view: ClassVar[bool] = False
    prominence: ClassVar[int] = UNRANKED
    reads: ClassVar[str] = ""
    width_param: ClassVar[str] = ""
    inner_widths: ClassVar[tuple[str, ...]] = ()
    keeps_width: ClassVar[bool] = False
    weighs: ClassVar[bool] = False
    bends: ClassVar[bool] = True
    rectifies: ClassVar[bool] = False
    saturates: ClassVar[bool] = False
    takes_last: ClassVar[bool] = False
    shares_one: ClassVar[bool] = False
    mixes_rows: ClassVar[bool] = False
    marks_positions: ClassVar[bool] = False
    causal_by: ClassVar[Mapping[str, Any]] = _EMPTY
    usual_norm: ClassVar[str] = ""
    usually_next: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "family" in vars(cls):
            cls.category = cls.family.value

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

    def input_shape(self, params: Any) -> Shape | None:
        """Returns what the model must be given for an input node; None for every other layer."""
        return None

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        """Returns the parameters with which an input takes what the data gives; none for a size that is not known."""
        return {}

    def parameters(self, params: Any, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        """Returns the shape of every trainable parameter by its name within the module, in the order of the module."""
        return {}

    def parameter_count(self, params: Any, inputs: Shapes) -> int:
        """Returns how many numbers this layer trains."""
        return sum(prod(shape) for shape in self.parameters(params, inputs).values())

    def cost(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        """Returns what one row costs; `length` stands for sizes that are not known yet.

        Only matrix products and convolutions count as multiply-accumulates, as in torch's own counter.
        """
        inside = self.inside(params, inputs, outputs, length)
        return Cost(self.parameter_count(params, inputs), self.macs(params, inputs, outputs, length), inside)

    def inside(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        """Returns the numbers of four bytes that one row keeps inside the layer for the backward pass, as torch does on a CPU."""
        return 0

    def scratch(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        """Returns the numbers of four bytes that one row holds inside the layer for a moment only.

        Args:
            params: Parsed parameters.
            inputs: The shapes of the inputs.
            outputs: The shapes of the outputs.
            length: Stands for sizes that are not known yet.
            training: Whether in the backward pass, beside what `inside` counts, rather than in a forward pass alone.
        """
        return 0

    def keeps(self, params: Any, inputs: Shapes) -> tuple[str, ...]:
        """Returns the ports whose tensors the backward pass reads again; a variadic port stands for all of its tensors."""
        return self.kept

    def is_view(self, params: Any, inputs: Shapes) -> bool:
        """Whether the outputs are the memory of the first input, looked at in another way."""
        return self.view

    def macs(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        """Returns the multiply-accumulates of one row's forward pass."""
        return 0

    def summary_line(self, params: Any) -> str:
        """Returns the small second line of the card, without the kind (`32 filters, 3×3`)."""
        return ""

    def vocabulary(self) -> list[tuple[str, str]]:
        """Returns what may be written in its parameters, for its help page: how it is written and what it does."""
        return []

    def causal(self, params: Any) -> bool:
        """Whether position t of every output depends on positions up to t of the required inputs only."""
        return True

    def causal_from(self, params: Any, port: str) -> bool:
        """Whether position t of every output depends on positions up to t of this input, whatever it sees of the others.

        A cross-attention sees all of its memory, yet the sequence that is written may pass through it.
        """
        return self.causal(params)

    def order_blind(self, params: Any) -> bool:
        """Whether it mixes places without telling them apart: other places, the same result."""
        return False

    def warnings(self, params: Any, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        """Returns what runs but is hardly meant (dropout of 0, kernel of 1 with dilation)."""
        return []


__all__ = [
    "Argument",
    "Call",
    "Context",
    "Cost",
    "Dim",
    "Family",
    "Fix",
    "FromInput",
    "FromLengths",
    "FromPort",
    "Layer",
    "LayerProblem",
    "Params",
    "Port",
    "Shapes",
]
