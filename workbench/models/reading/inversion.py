"""From a constructor call back to a layer: parameters are searched for which the layer says the same call.

What a layer says is its own `call`, so every layer can be read back, and what is found is right by construction.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from workbench.errors import CatalogueError
from workbench.graph.ports import Context, LayerProblem
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Call, Layer, Shapes
from workbench.layers.expressions.value import ExpressionError

UNHEEDED = frozenset({"inplace", "device", "dtype"})
SIZES = frozenset(
    {
        "in_channels",
        "in_features",
        "num_features",
        "input_size",
        "width",
        "normalized_shape",
        "num_embeddings",
        "num_channels",
        "in1_features",
        "in2_features",
        "embed_dim",
        "maximum_length",
    }
)
"""Arguments that say what arrives, and not what is done with it."""

REFUSED = (LayerProblem, CatalogueError, KeyError, ValueError, IndexError, TypeError, AssertionError, AttributeError, StopIteration, ExpressionError)
_ROUNDS = 4
_MOST_STARTS = 40
_REMEMBERED = 4096


@dataclass(frozen=True)
class Match:
    """A layer that says nearly or exactly the wanted call.

    Attributes:
        layer: Its name in the catalogue.
        params: Raw parameters, only those that are not the default.
        call: What it says with them.
        differing: The arguments in which it differs.
    """

    layer: str
    params: Mapping[str, Any]
    call: Call
    differing: tuple[str, ...]


_FOUND: dict[tuple[str, str, tuple[Shape, ...]], Match | None] = {}

_KNOWN: dict[tuple[str, ...], Match] = {}


def candidates(target: str, wanted: Mapping[str, Any], shapes: Iterable[Shape]) -> list[tuple[Layer, Shapes]]:
    """Returns the layers that may say this target for these inputs, with the inputs by port."""
    given = tuple(shapes)
    numbers = tuple(dict.fromkeys(part for value in wanted.values() for part in _spread(value, 1) if type(part) is int))
    found: list[tuple[Layer, Shapes]] = []
    for layer in LAYERS:
        inputs = by_port(layer, given)
        if inputs is not None and target in targets_of(layer, inputs, numbers):
            found.append((layer, inputs))
    return found


def by_port(layer: Layer, shapes: tuple[Shape, ...]) -> Shapes | None:
    """Returns the shapes by port, in the order of the ports; None where the layer does not take so many."""
    ports = layer.inputs
    if len(ports) == 1 and ports[0].variadic:
        return {f"{ports[0].name}.{index}": shape for index, shape in enumerate(shapes)} if shapes else None
    needed = sum(not port.optional for port in ports)
    if not needed <= len(shapes) <= len(ports):
        return None
    return {port.name: shape for port, shape in zip(ports, shapes, strict=False)}


def targets_of(layer: Layer, inputs: Shapes, numbers: tuple[int, ...] = ()) -> set[str]:
    """Returns the targets that a layer says with one parameter changed at most."""
    found: set[str] = set()
    trials: list[dict[str, Any]] = [{}]
    trials += [{name: value} for name in type(layer).Params.model_fields for value in choices_of(layer, name)]
    trials += [{name: value} for name in type(layer).Params.model_fields for value in numbers if not choices_of(layer, name)]
    for raw in trials:
        call = said(layer, raw, inputs)
        if call is not None:
            found.add(call.target)
    return found


def said(layer: Layer, raw: Mapping[str, Any], inputs: Shapes) -> Call | None:
    """Returns what a layer says, or None where it refuses."""
    try:
        return layer.call(layer.parse(dict(raw)), inputs)
    except REFUSED:
        return None


@lru_cache(maxsize=1024)
def _choices(layer: str, field: str) -> tuple[Any, ...]:
    info = type(LAYERS[layer]).Params.model_fields[field]
    found = [value for part in _parts(info.annotation) if get_origin(part) is Literal for value in get_args(part)]
    if info.annotation is bool:
        found += [True, False]
    extra = info.json_schema_extra
    listed = extra.get("choices") if isinstance(extra, dict) else None
    return tuple(dict.fromkeys([*found, *(listed if isinstance(listed, list) else [])]))


def choices_of(layer: Layer, field: str) -> tuple[Any, ...]:
    """Returns the values that the type of a parameter lists."""
    return _choices(layer.name, field)


def _parts(annotation: Any) -> list[Any]:
    inner = get_args(annotation)
    return [annotation] if get_origin(annotation) is Literal or not inner else [part for one in inner for part in [one, *_parts(one)]]


def invert(target: str, arguments: Mapping[str, Any], shapes: Iterable[Shape]) -> Match | None:
    """Returns the layer that says a call, the nearest one where none says it exactly; None where no layer knows the target.

    Args:
        target: `nn.NAME` or `MODULE.CLASS`.
        arguments: The constructor's arguments by name.
        shapes: What arrives, in the order of forward.
    """
    wanted = normal(target, arguments)
    given = tuple(shapes)
    key = (target, repr(sorted(wanted.items(), key=lambda item: item[0])), given)
    if key not in _FOUND:
        if len(_FOUND) > _REMEMBERED:
            _FOUND.clear()
            _KNOWN.clear()
        _FOUND[key] = _again(target, wanted, given, _KNOWN.get(key[:2])) or _best(target, wanted, given)
    found = _FOUND[key]
    if found is not None and not found.differing:
        _KNOWN[key[:2]] = found
    return found


def _again(target: str, wanted: Mapping[str, Any], shapes: tuple[Shape, ...], before: Match | None) -> Match | None:
    """Returns the layer that said the same call for inputs of another size, where it says it for these too."""
    layer = LAYERS[before.layer] if before is not None else None
    inputs = by_port(layer, shapes) if layer is not None else None
    if before is None or layer is None or inputs is None:
        return None
    found = _matched(layer, before.params, inputs, target, wanted)
    return found if found is not None and not found.differing else None


def _best(target: str, wanted: Mapping[str, Any], shapes: tuple[Shape, ...]) -> Match | None:
    """Returns the nearest of all layers; of several that say it exactly, the one with the fewest parameters to set."""
    plain = target.rpartition(".")[2].lower()
    found: list[tuple[tuple[int, bool, int, bool], Match]] = []
    for layer, inputs in candidates(target, wanted, shapes):
        match = _nearest(layer, inputs, target, wanted)
        if match is not None:
            rank = len(match.differing), not accepts(layer, match.params, inputs), len(match.params), layer.name.replace("_", "") != plain
            found.append((rank, match))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def accepts(layer: Layer, raw: Mapping[str, Any], inputs: Shapes) -> bool:
    """Whether the shape rule of a layer takes these inputs."""
    try:
        layer.shape(layer.parse(dict(raw)), inputs, Context("", layer.name))
    except REFUSED:
        return False
    return True


def _nearest(layer: Layer, inputs: Shapes, target: str, wanted: Mapping[str, Any]) -> Match | None:
    best: Match | None = None
    for start in starts(layer, wanted)[:_MOST_STARTS]:
        found = _searched(layer, inputs, target, wanted, start)
        if found is not None and (best is None or len(found.differing) < len(best.differing)):
            best = found
        if best is not None and SIZES.issuperset(best.differing):
            break
    return best


def starts(layer: Layer, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns where a search begins: the defaults, then each value that a type lists, then each number that is wanted."""
    names = list(type(layer).Params.model_fields)
    numbers = dict.fromkeys(part for key, value in wanted.items() if key not in SIZES for part in _spread(value, 1) if type(part) is int)
    listed = [{name: value} for name in names for value in choices_of(layer, name)]
    return [{}, *listed, *({name: value} for name in names if not choices_of(layer, name) for value in numbers)]


def _searched(layer: Layer, inputs: Shapes, target: str, wanted: Mapping[str, Any], start: Mapping[str, Any]) -> Match | None:
    """Changes one parameter at a time as long as more arguments become equal."""
    raw = dict(start)
    score = _score(layer, raw, inputs, target, wanted)
    if score < 0:
        return None
    values = _values(wanted, inputs)
    for _ in range(_ROUNDS):
        before = score
        for name in type(layer).Params.model_fields:
            for value in [*choices_of(layer, name), *values]:
                trial = {**raw, name: value}
                reached = _score(layer, trial, inputs, target, wanted)
                if reached > score:
                    raw, score = trial, reached
        if score == before or score >= 1000.0 + len(wanted):
            break
    return _matched(layer, raw, inputs, target, wanted)


def _matched(layer: Layer, raw: Mapping[str, Any], inputs: Shapes, target: str, wanted: Mapping[str, Any]) -> Match | None:
    call = said(layer, raw, inputs)
    if call is None or call.target != target:
        return None
    reached = normal(target, call.arguments)
    differing = tuple(key for key in wanted if key not in reached or reached[key] != wanted[key])
    return Match(layer.name, without_defaults(layer, raw), call, differing)


def _values(wanted: Mapping[str, Any], inputs: Shapes) -> list[Any]:
    """Returns what a parameter may be: each number in the arguments, each axis of the inputs."""
    found: list[Any] = []
    for value in wanted.values():
        found += [value, *value] if isinstance(value, tuple) else [value]
    found += [axis for shape in inputs.values() for axis in shape.axes[1:]]
    found += _orders(wanted, inputs)
    numbers = [value for value in found if type(value) is int and 1 < value < 1_000_000]
    found += sorted({one // other for one in numbers for other in numbers if one % other == 0} - set(numbers))[:12]
    found += _parts_of_sides(wanted.get("kernel_size"), inputs)
    return [value for value, _ in dict.fromkeys((value, type(value)) for value in found) if value is not None]


def _parts_of_sides(kernel: Any, inputs: Shapes) -> list[int]:
    """Returns how often windows with sides of their own fit side by side, where a layer is told that instead."""
    if not isinstance(kernel, tuple):
        return []
    sides = [size.constant for shape in inputs.values() for size in shape.dims[2:]]
    return [side // one for side, one in zip(sides, kernel, strict=False) if side is not None and type(one) is int and one > 0]


def _orders(wanted: Mapping[str, Any], inputs: Shapes) -> list[str]:
    """Returns an order of axes by name, where an argument is one by number."""
    order = wanted.get("order")
    axes: tuple[str, ...] = next(iter(inputs.values())).axes if inputs else ()
    if not isinstance(order, tuple) or len(order) != len(axes):
        return []
    return [", ".join([axes[index] for index in order[1:] if isinstance(index, int)])]


def _score(layer: Layer, raw: Mapping[str, Any], inputs: Shapes, target: str, wanted: Mapping[str, Any]) -> float:
    call = said(layer, raw, inputs)
    if call is None:
        return -1.0
    reached = normal(call.target, call.arguments)
    same = sum(_likeness(reached.get(key), value) for key, value in wanted.items())
    return same + (1000.0 if call.target == target else 0.0)


def _likeness(left: Any, right: Any) -> float:
    if left == right and type(left) is type(right):
        return 1.0
    if left == right:
        return 0.99
    if not isinstance(left, tuple) and not isinstance(right, tuple):
        return 0.0
    size = len(right) if isinstance(right, tuple) else len(left)
    pairs = list(zip(_spread(left, size), _spread(right, size), strict=False))
    return 0.9 * sum(one == other for one, other in pairs) / max(len(pairs), 1)


def _spread(value: Any, size: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * size


def without_defaults(layer: Layer, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters that are not the default."""
    fields = type(layer).Params.model_fields
    return {key: value for key, value in raw.items() if fields[key].default != value or type(fields[key].default) is not type(value)}


def normal(target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all arguments of a constructor, defaults included, in one form: sizes that are equal on all axes as one number."""
    full = {**defaults(target), **arguments}
    found = {key: _normal_value(value) for key, value in full.items() if key not in UNHEEDED}
    if "stride" in found and found["stride"] is None:
        found["stride"] = found.get("kernel_size")
    if "align_corners" in found and found["align_corners"] is None:
        found["align_corners"] = False
    if found.get("padding") == "valid":
        found["padding"] = 0
    return found


def _normal_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        items = tuple(_normal_value(item) for item in value)
        return items[0] if items and all(item == items[0] for item in items) and not isinstance(items[0], tuple) else items
    return value


@lru_cache(maxsize=512)
def signature(target: str) -> inspect.Signature | None:
    """Returns the signature of a constructor without `self`, or None where there is no such class."""
    made = class_of(target)
    if made is None:
        return None
    for parent in made.__mro__:
        if "__init__" in vars(parent):
            found = inspect.signature(vars(parent)["__init__"])
            kinds = {item.kind for item in found.parameters.values()}
            if inspect.Parameter.VAR_POSITIONAL not in kinds or (parent is made and target in ("nn.Identity",)):
                return found.replace(parameters=list(found.parameters.values())[1:])
    return None


@lru_cache(maxsize=512)
def class_of(target: str) -> type | None:
    """Returns the class of `nn.NAME` or of one of our modules, or None."""
    where, _, name = target.partition(".")
    if where == "nn":
        from torch import nn

        found = getattr(nn, name, None)
    else:
        found = getattr(importlib.import_module(f"workbench.layers.modules.{where}"), name, None)
    return found if isinstance(found, type) else None


@lru_cache(maxsize=512)
def defaults(target: str) -> Mapping[str, Any]:
    """Returns the default of every argument of a constructor that has one."""
    found = signature(target)
    if found is None:
        return {}
    return {name: item.default for name, item in found.parameters.items() if item.default is not inspect.Parameter.empty}
