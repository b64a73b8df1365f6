"""The first file of a layer of one's own, and the test beside it, written for a kind of layer: both are a start to change."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import CatalogueError
from workbench.text import Text


class OwnKind(StrEnum):
    """What a new layer begins as."""

    KEEP = "keep"
    FEATURES = "features"
    MERGE = "merge"
    SEQUENCE = "sequence"


KIND_LABELS = {
    OwnKind.KEEP: Text("Keeps the shape"),
    OwnKind.FEATURES: Text("Changes the features"),
    OwnKind.MERGE: Text("Merges two"),
    OwnKind.SEQUENCE: Text("Works over a sequence"),
}
KIND_HELP = {
    OwnKind.KEEP: Text("Takes anything and gives the same shape: begins as a learned factor per channel."),
    OwnKind.FEATURES: Text("Takes vectors or sequences and gives other features: begins as a dense layer with a bend."),
    OwnKind.MERGE: Text("Takes two of one shape and gives one: begins as a learned mixture."),
    OwnKind.SEQUENCE: Text("Takes a sequence and lets its places see each other: begins as a learned mean of all places."),
}
PARAM_TYPES = ("int", "float", "bool")
_RANGES = {"int": (1, 1024), "float": (0.0, 1.0), "bool": (0, 0)}


@dataclass(frozen=True, slots=True)
class OwnParam:
    """A parameter that the new layer shall have.

    Attributes:
        name: A Python name.
        type: `int`, `float` or `bool`.
        default: Its default.
        low, high: Its limits; for `bool` they mean nothing.
    """

    name: str
    type: str = "float"
    default: float = 0.5
    low: float = 0.0
    high: float = 1.0


def parsed_param(text: str) -> OwnParam:
    """Reads `NAME:TYPE=DEFAULT:LOW:HIGH`, where everything behind the name may be left out: `rate`, `rate:float=0.1`, `steps:int=2:1:9`.

    Raises:
        CatalogueError: It cannot be read.
    """
    found = re.fullmatch(r"(\w+)(?::(int|float|bool))?(?:=([^:]+))?(?::([^:]+):([^:]+))?", text.strip())
    if found is None:
        hint = Text("Write NAME:TYPE=DEFAULT:LOW:HIGH, as in rate:float=0.1:0:1.")
        raise CatalogueError(Text("The parameter {text} cannot be read.", text=repr(text)), hint)
    name, kind, default, low, high = found.groups()
    kind = kind or "float"
    try:
        least, most = (float(low), float(high)) if low is not None else _RANGES[kind]
        given = float({"true": "1", "false": "0"}.get(default.lower(), default)) if default is not None else float(least)
    except ValueError as error:
        raise CatalogueError(Text("The parameter {text} cannot be read.", text=repr(text)), Text("Default and limits are numbers.")) from error
    return OwnParam(name, kind, given, float(least), float(most))


def layer_file(name: str, label: str, kind: OwnKind, params: Sequence[OwnParam] = ()) -> str:
    """Returns the text of the file.

    Args:
        name: The name of the layer and of its file (`pulse`).
        label: What people call it; "" makes one of the name.
        kind: What it begins as.
        params: Parameters beside those of the kind.

    Raises:
        CatalogueError: A name or a range cannot be.
    """
    check_name(name)
    _check_params(kind, params)
    start = _STARTS[kind]
    made = "".join(part.capitalize() for part in name.split("_"))
    fields = "\n".join([*start.fields, *map(_field, params)])
    values = {
        "LABEL": label.strip() or name.replace("_", " ").capitalize(), "NAME": name, "CLASS": made,
        "FIELDS": f"class {made}Params(Params):\n    \"\"\"What a person may set.\"\"\"\n\n{fields}\n\n\n" if fields else "",
        "PARAMS": f"    Params = {made}Params\n" if fields else "",
        "PARAM_IMPORT": "Params, param" if fields else "",
        "ARGUMENTS": "".join(f', "{param.name}": params.{param.name}' for param in params),
        "SIGNATURE": "".join(f", {param.name}: {param.type}" for param in params),
        "KEPT": "".join(f"        self.{param.name} = {param.name}\n" for param in params),
    }
    text = start.text
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    return text.replace("from workbench.catalogue import \n", "")


def first_test(name: str) -> str:
    """Returns the text of the test beside the file; pytest runs it."""
    made = "".join(part.capitalize() for part in name.split("_"))
    return _TEST.replace("<NAME>", name).replace("<CLASS>", made)


def check_name(name: str) -> None:
    """Says whether a layer and its file may be called so.

    Raises:
        CatalogueError: It is no name, or the program has a layer of that name.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or name.startswith("test_"):
        raise CatalogueError(
            Text("{name} cannot be the name of a layer.", name=repr(name)),
            Text("Use small letters, digits and underscores, a letter first; words of Python are taken."),
        )
    from workbench.layers import LAYERS

    if name in LAYERS:
        raise CatalogueError(Text("There is a layer called {name} already.", name=name), Text("Choose another name."))


def _check_params(kind: OwnKind, params: Sequence[OwnParam]) -> None:
    taken = {"self", "channels", "axis", "features", "input", "lengths", "weight", "units" if kind is OwnKind.FEATURES else "self",
             "forward", "train", "training", "parameters", "linear", "score"}
    for param in params:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", param.name) or keyword.iskeyword(param.name) or param.name in taken:
            raise CatalogueError(Text("{name} cannot be the name of a parameter.", name=repr(param.name)), Text("It is taken, or no Python name."))
        if param.type not in PARAM_TYPES:
            raise CatalogueError(Text("There is no kind of parameter called {type}.", type=param.type), Text("There are int, float and bool."))
        if param.type != "bool" and not param.low <= param.default <= param.high:
            hint = Text("Lowest, default and highest must be in order.")
            raise CatalogueError(Text("The default of {name} lies outside its limits.", name=param.name), hint)
        taken.add(param.name)


def _field(param: OwnParam) -> str:
    words = param.name.replace("_", " ").capitalize()
    if param.type == "bool":
        return f'    {param.name}: bool = param({bool(param.default)}, label="{words}", help="What {param.name} does.")'
    kind = int if param.type == "int" else float
    default, low, high = kind(param.default), kind(param.low), kind(param.high)
    return f'    {param.name}: {param.type} = param({default}, label="{words}", help="What {param.name} does.", ge={low}, le={high})'


@dataclass(frozen=True, slots=True)
class _Start:
    text: str
    fields: tuple[str, ...] = ()


_HEAD = '''"""<LABEL>: a layer of my own. `workbench check-layer <NAME>.py` says whether it keeps its promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.catalogue import <PARAM_IMPORT>
from workbench.graph.shape import Shape
from workbench.layers.base import <FROM_BASE>


<FIELDS>class <CLASS>Layer(Layer):
    """How the program sees the layer: it draws, checks and prints with this, and needs no torch for it."""

    name = "<NAME>"
    label = "<LABEL>"
    family = Family.<FAMILY>
    summary = "<SUMMARY>"
    formula = "<FORMULA>"
    aliases = ()
<PORTS><PARAMS>
'''
_KEEP = _HEAD.replace("<FROM_BASE>", "Call, Context, Family, Layer, LayerProblem, Shapes").replace("<FAMILY>", "ACTIVATION").replace(
    "<SUMMARY>", "Multiplies every channel by a factor of its own that is learned.").replace("<FORMULA>", "y = w ⊙ x").replace("<PORTS>", "") + '''\
    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        """Says what shape the output has, or raises LayerProblem where the input does not fit."""
        given = inputs["input"]
        if given.dtype != "float32" or given[_axis(given)].constant is None:
            raise LayerProblem("own.input", f"{context.name} needs numbers with a known count of channels.", port="input")
        return {"output": given}

    def call(self, params: Any, inputs: Shapes) -> Call:
        """Says which class computes it, and with which arguments."""
        axis = _axis(inputs["input"])
        return Call("own.<NAME>.<CLASS>", {"channels": int(inputs["input"][axis]), "axis": inputs["input"].index(axis)<ARGUMENTS>})

    def parameters(self, params: Any, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        """Says the shape of every learned parameter by its name in the class, in its order."""
        return {"weight": (int(inputs["input"][_axis(inputs["input"])]),)}


def _axis(shape: Shape) -> str:
    """Returns the axis of the channels, or the last one where there are none."""
    return "channel" if "channel" in shape.axes else shape.axes[-1]


class <CLASS>(nn.Module):
    """Multiplies along one axis by learned factors; this class is printed into exported source as it stands here."""

    def __init__(self, channels: int, axis: int<SIGNATURE>) -> None:
        super().__init__()
        self.axis = axis
<KEPT>        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, input: Tensor) -> Tensor:
        """Takes and gives (N, ..., C, ...)."""
        sizes = [1] * input.dim()
        sizes[self.axis] = -1
        return input * self.weight.view(sizes)
'''

_FEATURES = _HEAD.replace("<FROM_BASE>", "Call, Context, Family, Layer, LayerProblem, Shapes").replace("<FAMILY>", "DENSE").replace(
    "<SUMMARY>", "Mixes the features of every place and bends the result.").replace("<FORMULA>", "y = tanh(W x + b)").replace("<PORTS>", "") + '''\
    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        """Says what shape the output has, or raises LayerProblem where the input does not fit."""
        given = inputs["input"]
        if given.dtype != "float32" or given.axes[-1] != "feature" or given["feature"].constant is None:
            raise LayerProblem("own.input", f"{context.name} needs vectors, or sequences of vectors.", port="input")
        return {"output": given.with_dim("feature", params.units)}

    def call(self, params: Any, inputs: Shapes) -> Call:
        """Says which class computes it, and with which arguments."""
        return Call("own.<NAME>.<CLASS>", {"features": int(inputs["input"]["feature"]), "units": params.units<ARGUMENTS>})

    def parameters(self, params: Any, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        """Says the shape of every learned parameter by its name in the class, in its order."""
        return {"linear.weight": (params.units, int(inputs["input"]["feature"])), "linear.bias": (params.units,)}

    def macs(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        """Counts the multiply-accumulates of one row: matrix products and convolutions alone."""
        return inputs["input"].elements_per_row(length) * params.units


class <CLASS>(nn.Module):
    """A dense layer with a bend; this class is printed into exported source as it stands here."""

    def __init__(self, features: int, units: int<SIGNATURE>) -> None:
        super().__init__()
<KEPT>        self.linear = nn.Linear(features, units)

    def forward(self, input: Tensor) -> Tensor:
        """Takes (N, ..., D), gives (N, ..., units)."""
        return torch.tanh(self.linear(input))
'''

_MERGE = _HEAD.replace("<FROM_BASE>", "Call, Context, Family, FromPort, Layer, LayerProblem, Port, Shapes").replace("<FAMILY>", "SHAPE").replace(
    "<SUMMARY>", "Mixes two inputs of one shape; for every channel it is learned how much of each.").replace(
    "<FORMULA>", "y = σ(w) ⊙ a + (1 − σ(w)) ⊙ b").replace("<PORTS>", '    inputs = (Port("first"), Port("second"))\n') + '''\
    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        """Says what shape the output has, or raises LayerProblem where the inputs do not fit."""
        first, second = inputs["first"], inputs["second"]
        if first != second or first.dtype != "float32" or first[_axis(first)].constant is None:
            raise LayerProblem("own.input", f"{context.name} needs two inputs of one shape.", port="second")
        return {"output": first}

    def call(self, params: Any, inputs: Shapes) -> Call:
        """Says which class computes it, and with which arguments."""
        given = inputs["first"]
        arguments = {"channels": int(given[_axis(given)]), "axis": given.index(_axis(given))<ARGUMENTS>}
        return Call("own.<NAME>.<CLASS>", arguments, {"first": FromPort("first"), "second": FromPort("second")})

    def parameters(self, params: Any, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        """Says the shape of every learned parameter by its name in the class, in its order."""
        return {"weight": (int(inputs["first"][_axis(inputs["first"])]),)}


def _axis(shape: Shape) -> str:
    """Returns the axis of the channels, or the last one where there are none."""
    return "channel" if "channel" in shape.axes else shape.axes[-1]


class <CLASS>(nn.Module):
    """A learned mixture of two; this class is printed into exported source as it stands here."""

    def __init__(self, channels: int, axis: int<SIGNATURE>) -> None:
        super().__init__()
        self.axis = axis
<KEPT>        self.weight = nn.Parameter(torch.zeros(channels))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Takes two and gives one, all (N, ..., C, ...)."""
        sizes = [1] * first.dim()
        sizes[self.axis] = -1
        share = torch.sigmoid(self.weight).view(sizes)
        return share * first + (1 - share) * second
'''

_SEQUENCE = _HEAD.replace("<FROM_BASE>", "Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes").replace(
    "<FAMILY>", "ATTENTION").replace("<SUMMARY>", "Adds to every place a mean of all places, weighted by a score that is learned.").replace(
    "<FORMULA>", "yₜ = xₜ + Σₛ softmaxₛ(w · xₛ) xₛ").replace("<PORTS>", "") + '''\
    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        """Says what shape the output has, or raises LayerProblem where the input does not fit."""
        given = inputs["input"]
        if given.rank != 3 or given.sequence_axis != 1 or given.dtype != "float32" or given.dims[2].constant is None:
            raise LayerProblem("own.input", f"{context.name} needs a sequence of vectors.", port="input")
        return {"output": given}

    def call(self, params: Any, inputs: Shapes) -> Call:
        """Says which class computes it; it takes the valid lengths, so that padded places count for nothing."""
        arguments = {"features": int(inputs["input"].dims[2])<ARGUMENTS>}
        return Call("own.<NAME>.<CLASS>", arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def parameters(self, params: Any, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        """Says the shape of every learned parameter by its name in the class, in its order."""
        return {"score.weight": (1, int(inputs["input"].dims[2]))}

    def macs(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        """Counts the multiply-accumulates of one row: matrix products and convolutions alone."""
        return inputs["input"].elements_per_row(length)

    def causal(self, params: Any) -> bool:
        """Says whether a place depends on earlier places alone; here it sees all of them."""
        return False


class <CLASS>(nn.Module):
    """A learned mean of all places, added to each; this class is printed into exported source as it stands here."""

    def __init__(self, features: int<SIGNATURE>) -> None:
        super().__init__()
<KEPT>        self.score = nn.Linear(features, 1, bias=False)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Takes and gives (N, T, D); the lengths (N,) say how many places of a row are valid."""
        scores = self.score(input)
        if lengths is not None:
            places = torch.arange(input.shape[1], device=input.device)
            valid = places < lengths.to(input.device)[:, None]
            scores = scores.masked_fill(~valid[:, :, None], float("-inf"))
        return input + (torch.softmax(scores, dim=1) * input).sum(dim=1, keepdim=True)
'''

_UNITS = '    units: int = param(16, label="Units", help="How many features come out.", unit="features", ge=1, le=65536)'
_STARTS = {
    OwnKind.KEEP: _Start(_KEEP), OwnKind.FEATURES: _Start(_FEATURES, (_UNITS,)), OwnKind.MERGE: _Start(_MERGE),
    OwnKind.SEQUENCE: _Start(_SEQUENCE),
}
_TEST = '''"""What <NAME>.py promises: run it with pytest. `workbench check-layer <NAME>.py` runs the same checks."""

from __future__ import annotations

import runpy
from pathlib import Path

from workbench.export.checking.file import TITLES, check_file

FILE = Path(__file__).with_name("<NAME>.py")


def test_every_promise_is_kept() -> None:
    checked = check_file(FILE)
    assert checked.ok, "\\n".join(f"{TITLES[one.check]}: {one.message} {one.hint}" for one in checked.outcomes if not one.ok)


def test_the_class_is_there() -> None:
    """The place for examples worked out by hand: `Module` is an ordinary class of torch."""
    Module = runpy.run_path(str(FILE))["<CLASS>"]
    assert Module.__doc__
'''

