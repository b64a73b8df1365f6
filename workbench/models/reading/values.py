"""What an expression of the read source can stand for, beside plain Python constants and sizes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape

Layout = tuple[tuple[int, ...], ...]
"""How a view shows a tensor: for each axis of the view the axes of the tensor that it runs over, in order; () for a size of 1."""


@dataclass(eq=False)
class Tensor:
    """What travels along a wire, seen through a view.

    Attributes:
        port: Where it comes from.
        shape: The shape at the port, or None where it is not known.
        layout: The view; None where the shape is not known.
    """

    port: PortRef
    shape: Shape | None = None
    layout: Layout | None = None

    @classmethod
    def plain(cls, port: PortRef, shape: Shape | None) -> Tensor:
        """Returns a tensor as it is."""
        return cls(port, shape, None if shape is None else tuple((index,) for index in range(shape.rank)))

    def seen(self, layout: Layout) -> Tensor:
        """Returns another view of it."""
        return Tensor(self.port, self.shape, layout)

    def become(self, other: Tensor) -> None:
        """Changes in place, for functions that overwrite what they are given."""
        self.port, self.shape, self.layout = other.port, other.shape, other.layout


@dataclass(eq=False)
class Module:
    """One module of torch, or of ours.

    Attributes:
        target: `nn.NAME`, or `MODULE.CLASS` for ours.
        arguments: What the constructor was given, by name.
        line: Where.
        paths: Its places in the read class, first one first.
        ties: Own parameter -> the module and the parameter that takes its place.
        nodes: The nodes that it became, in order.
    """

    target: str
    arguments: Mapping[str, Any]
    line: int
    paths: list[str] = field(default_factory=list)
    ties: dict[str, tuple[Module, str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Instance:
    """An object of a class that the file defines, or a bare `nn.Module()` (a group).

    Attributes:
        definition: The class; None for a group.
        attributes: What was assigned to it.
        line: Where it was made.
        paths: Its places in the read class.
        calls: How often its forward was read.
        formula: The module that it is where its class is a formula.
    """

    definition: Definition | None
    attributes: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    paths: list[str] = field(default_factory=list)
    calls: int = 0
    formula: Module | None = None


@dataclass(eq=False)
class Container:
    """`nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""

    kind: str
    items: dict[str, Any]
    paths: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Definition:
    """A class of the file.

    Attributes:
        name: Its name.
        node: Its syntax.
        methods: Its functions by name, those of parent classes of the same file included.
        constants: What is assigned in its body.
        target: `MODULE.CLASS` where it is one of our own modules, word for word; else "".
        is_module: Whether it comes from `nn.Module`.
        own: Its own functions.
        line: The class itself and its parents in the file, nearest first.
        container: `Sequential`, `ModuleList` or `ModuleDict` where it comes from one of these.
    """

    name: str
    node: ast.ClassDef
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    target: str = ""
    is_module: bool = False
    own: frozenset[ast.FunctionDef] = frozenset()
    line: tuple[Definition, ...] = ()
    container: str = ""


@dataclass(eq=False)
class Function:
    """A function or lambda of the file, with the variables around it."""

    node: ast.FunctionDef | ast.Lambda
    scope: dict[str, Any]
    owner: Any = None


@dataclass(frozen=True)
class Named:
    """Something from outside the file, by its full dotted name (`torch.nn.functional.relu`)."""

    name: str


@dataclass(frozen=True, eq=False)
class Bound:
    """A method of a value."""

    owner: Any
    name: str


@dataclass(eq=False)
class Weight:
    """A bare `nn.Parameter` or a buffer, as a view may show it.

    Attributes:
        sizes: Its sizes, or None.
        line: Where it was made.
        paths: Its places in the read class.
        trained: Whether it is a parameter.
        waves: Whether it holds the sines and cosines of positions.
        seen: Whether it is looked at through a view, so that its axes are not those it was made with.
        start: How its numbers begin, as `Blank.kind` says.
        nodes: The formulas that it is a parameter of, with its name there, first one first.
        text: What was made of it, with `{weight}` for itself.
    """

    sizes: tuple[Any, ...] | None
    line: int
    paths: list[str] = field(default_factory=list)
    trained: bool = True
    waves: bool = False
    seen: bool = False
    start: str = ""
    nodes: list[tuple[str, str]] = field(default_factory=list)
    text: str = "{weight}"

    def viewed(self) -> Weight:
        """Returns it as a view shows it."""
        return replace(self, seen=True)

    def through(self, function: str) -> Weight:
        """Returns what a function of torch makes of each of its numbers."""
        return replace(self, text=f"torch.{function}({self.text})")


@dataclass(eq=False)
class Blank:
    """A tensor that the source makes itself.

    Attributes:
        kind: `zeros`, `ones`, `randn`, `arange`, `mask` (a causal one), `padding` (what of each row is valid), `lengths`, ...
        sizes: Its sizes, or None.
        limit: For `randint`, the first number that it never gives.
        paths: Its places in the read class, where it is kept as a buffer.
    """

    kind: str
    sizes: tuple[Any, ...] | None = None
    limit: int | None = None
    paths: list[str] = field(default_factory=list)

    @property
    def masks(self) -> bool:
        """Whether it says what may be looked at."""
        return self.kind in ("mask", "padding", "lengths")


@dataclass(eq=False)
class Attending:
    """A step on the way to an attention that the source writes out; drawn when it is whole (`heads`).

    Attributes:
        tensors: What went into it.
    """

    tensors: tuple[Tensor, ...]


@dataclass(eq=False)
class Condition:
    """A comparison of tensors.

    Attributes:
        text: As torch writes it, with `_0`, `_1` for the tensors.
        tensors: These.
    """

    text: str
    tensors: tuple[Tensor, ...]


@dataclass(eq=False)
class States:
    """What a recurrent layer of torch returns for its last step: (layers x directions, N, units).

    Attributes:
        tensor: Our port: the states of the last layer, directions side by side (N, directions x units).
        layers: How many layers.
        directions: 1 or 2.
    """

    tensor: Tensor
    layers: int
    directions: int


@dataclass(eq=False)
class Side:
    """One direction of the last layer's states, which is all of them where there is one direction."""

    states: States
    index: int


@dataclass(eq=False)
class Unknown:
    """A value that the reader does not know.

    Attributes:
        text: The expression it stands for.
        line: Where.
        tensors: The tensors that went into it.
    """

    text: str
    line: int = 0
    tensors: tuple[Tensor, ...] = ()


def tensors_in(value: Any) -> list[Tensor]:
    """Returns the tensors in a value, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, States):
        return [value.tensor]
    if isinstance(value, Side):
        return [value.states.tensor]
    if isinstance(value, Unknown | Attending | Condition):
        return list(value.tensors)
    if isinstance(value, Mapping):
        value = list(value.values())
    return [tensor for item in value for tensor in tensors_in(item)] if isinstance(value, list | tuple) else []


def as_container(value: Any) -> Any:
    """Returns an object of a class that comes from nn.Sequential and the like as such; any other value as it is."""
    kind = value.definition.container if isinstance(value, Instance) and value.definition is not None else ""
    return Container(kind, children(value), list(value.paths)) if kind else value


def children(owner: Instance) -> dict[str, Any]:
    """Returns the modules of an object by name, in order."""
    return {name: part for name, part in owner.attributes.items() if isinstance(part, Module | Instance | Container)}


def place(value: Any, path: str) -> None:
    """Writes down where every module of an object stands; the name of the object itself is `path`."""
    if isinstance(value, Module | Weight | Blank):
        value.paths.append(path)
        return
    parts = value.attributes if isinstance(value, Instance) else value.items if isinstance(value, Container) else None
    if parts is None or path in value.paths or len(value.paths) > 8:
        return
    value.paths.append(path)
    for name, part in parts.items():
        place(part, f"{path}.{name}" if path else str(name))
