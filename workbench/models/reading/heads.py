"""Attention that a class writes out by hand: features in heads, scores, weights, what was gathered; drawn once its last projection comes.

Axes by letter: n rows, t positions, k query, key or value, h heads, d features of a head, D all features.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.graph.dim import Dim
from workbench.models.reading import operations, views
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Attending, Blank, Module, Tensor
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

_LETTERS = {1: "d", 2: "hd", 3: "khd"}
_CLOSED = -1e4  # what is filled in where nothing may be looked at; its exponential is 0
_SAME = frozenset("contiguous float to cpu cuda clone type_as half detach".split())  # noqa: SIM905 (words read better)


@dataclass(eq=False)
class Heads(Attending):
    """Some features of a sequence (N, T, F), split.

    Attributes:
        start: The first of them.
        sizes: The size of every part by letter.
        order: The axes by letter.
        factor: What they are multiplied by.
    """

    start: int
    sizes: Mapping[str, int]
    order: str
    factor: float = 1.0


@dataclass(eq=False)
class Scores(Attending):
    """How well keys answer queries, (N, h, T, S).

    Attributes:
        query, key: What was compared.
        factor: What the scores are multiplied by.
        causal: Whether the later positions are closed.
        weighed: Whether they are weights by now.
        dropout: The share of weights that is dropped.
    """

    query: Heads
    key: Heads
    factor: float = 1.0
    causal: bool = False
    weighed: bool = False
    dropout: float = 0.0


@dataclass(eq=False)
class Gathered(Attending):
    """What was gathered.

    Attributes:
        scores: The weights.
        value: What they weigh.
        order: The axes by letter; `ntD` once the heads are side by side.
    """

    scores: Scores
    value: Heads
    order: str


def split(tensor: Tensor, wanted: Sequence[Any]) -> Heads | None:
    """Returns the features of a sequence in heads, as `view(n, t, heads, -1)` makes them; None where it makes something else."""
    shape = tensor.shape
    if shape is None or shape.rank != 3 or tensor.layout != ((0,), (1,), (2,)) or not 4 <= len(wanted) <= 5:
        return None
    width = shape.dims[2].constant
    parts = [size.constant if isinstance(size, Dim) else size for size in wanted[2:]]
    if width is None or not _is(wanted[0], shape.dims[0]) or not _is(wanted[1], shape.dims[1]) or not all(isinstance(part, int) for part in parts):
        return None
    known = math.prod(part for part in parts if isinstance(part, int) and part != -1)
    if parts.count(-1) > 1 or known <= 0 or width % known:
        return None
    sizes = [width // known if part == -1 else int(part or 0) for part in parts]
    if math.prod(sizes) != width or (len(sizes) == 3 and sizes[0] not in (2, 3)):
        return None
    letters = _LETTERS[len(sizes)]
    return Heads((tensor,), 0, dict(zip(letters, sizes, strict=True)), f"nt{letters}")


def _is(size: Any, dim: Dim) -> bool:
    return size == -1 or (Dim.of(size) if isinstance(size, int) else size) == dim


def parts_of(reader: Expressions, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> list[Heads] | None:
    """Returns the three or two parts that `chunk` and `split` make of a projection; None for anything else."""
    tensor, how = given[0], given[1] if len(given) > 1 else named.get("chunks", named.get("split_size_or_sections", named.get("split_size")))
    dim = named.get("dim", given[2] if len(given) > 2 else 0)
    if not isinstance(tensor, Tensor) or tensor.shape is None or tensor.shape.rank != 3 or dim not in (2, -1):
        return None
    width = tensor.shape.dims[2].constant
    if width is None or tensor.port not in operations.drawn(reader).projections or tensor.layout != ((0,), (1,), (2,)):
        return None
    each = width // how if name == "chunk" and isinstance(how, int) and how > 0 else how[0] if isinstance(how, list | tuple) and how else how
    if not isinstance(each, int) or each <= 0 or width % each or width // each != 3:
        return None
    return [Heads((tensor,), start, {"d": each}, "ntd") for start in range(0, width, each)]


def sizes_of(value: Attending) -> list[Any]:
    """Returns the sizes of what is on its way to an attention.

    Raises:
        NotDrawableError: They are not asked for here.
    """
    if isinstance(value, Scores):
        parts = _sequence(value.query), _sequence(value.key)
        return [parts[0][0], value.query.sizes.get("h", 1), parts[0][1], parts[1][1]]
    assert isinstance(value, Heads | Gathered)
    query = value if isinstance(value, Heads) else value.scores.query
    rows, steps = _sequence(query)
    found = {"n": rows, "t": steps, **query.sizes, "D": math.prod(query.sizes.values())}
    return [found[letter] for letter in value.order]


def _sequence(heads: Heads) -> tuple[Any, Any]:
    sizes = [size.constant if size.constant is not None else size for size in views.sizes(heads.tensors[0])]
    return sizes[0], sizes[1]


def attribute(value: Attending, name: str) -> Any:
    """Returns an attribute; None where a method is meant."""
    if name == "shape":
        return sizes_of(value)
    if name == "ndim":
        return len(sizes_of(value))
    return _moved(value, _swapped(value, -2, -1)) if name == "mT" else None


def method(reader: Expressions, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Returns what a function makes of it.

    Raises:
        NotDrawableError: It is no step of an attention.
    """
    value, rest = given[0], list(given[1:])
    if name in ("matmul", "bmm") and len(given) == 2:
        return joined("@", given[0], given[1])
    if name == "scaled_dot_product_attention":
        return _fused(given, named)
    if not isinstance(value, Attending):
        raise _strange(name)
    if name in _SAME:
        return value
    if name in ("size", "dim"):
        return _size(value, name, rest, named)
    if isinstance(value, Scores):
        return _scored(value, name, rest, named)
    return _formed(value, name, rest, named)


def _size(value: Attending, name: str, rest: list[Any], named: Mapping[str, Any]) -> Any:
    sizes = sizes_of(value)
    at = named.get("dim", rest[0] if rest else None)
    return len(sizes) if name == "dim" else sizes if at is None else sizes[at] if isinstance(at, int) and -len(sizes) <= at < len(sizes) else None


def _strange(what: str) -> NotDrawableError:
    return NotDrawableError(Text("{what} is no step of an attention that the catalogue has.", what=what))


def _scored(value: Scores, name: str, rest: list[Any], named: Mapping[str, Any]) -> Scores:
    """Returns scores with something done to them: a mask, the softmax, dropout, a number."""
    if name in ("masked_fill", "masked_fill_") and len(rest) == 2 and isinstance(rest[0], Blank) and rest[0].masks and not value.weighed:
        closed = rest[1].constant if isinstance(rest[1], Dim) else rest[1]
        if not isinstance(closed, int | float) or closed > _CLOSED:
            raise _strange(name)
        return replace(value, causal=value.causal or rest[0].kind == "mask")
    if name == "softmax" and not value.weighed and named.get("dim", rest[0] if rest else None) in (-1, 3 if "h" in value.query.sizes else 2):
        return replace(value, weighed=True)
    if name == "dropout" and value.weighed:
        rate = named.get("p", rest[0] if rest else 0.5)
        return replace(value, dropout=float(rate) if isinstance(rate, int | float) else 0.0)
    if name in ("mul", "div") and len(rest) == 1:
        return joined("*" if name == "mul" else "/", value, rest[0])
    raise _strange(name)


def _formed(value: Attending, name: str, rest: list[Any], named: Mapping[str, Any]) -> Any:
    """Returns heads, or what was gathered, with axes moved, split or joined."""
    flat = list(rest[0]) if len(rest) == 1 and isinstance(rest[0], list | tuple) else rest
    if name in ("transpose", "swapaxes") and len(flat) == 2:
        return _moved(value, _swapped(value, *flat))
    if name == "permute":
        return _moved(value, _ordered(value, flat or list(named.get("dims", ()))))
    if isinstance(value, Heads) and name == "unbind" and value.order.startswith("k"):
        return [item(value, index) for index in range(value.sizes["k"])]
    if name in ("view", "reshape") and isinstance(value, Heads) and value.order == "ntd":
        return _in_two(value, flat)
    if isinstance(value, Gathered) and value.order == "nthd":
        wanted = name in ("view", "reshape") and len(flat) == 3
        if wanted or (name == "flatten" and (flat or [named.get("start_dim")])[0] in (2, -2)):
            return replace(value, order="ntD")
    raise _strange(name)


def _in_two(value: Heads, wanted: list[Any]) -> Heads:
    sizes = sizes_of(value)
    parts = [size.constant if isinstance(size, Dim) else size for size in wanted[2:]]
    if len(parts) != 2 or not all(isinstance(part, int) for part in parts):
        raise _strange("view")
    known = math.prod(part for part in parts if isinstance(part, int) and part != -1)
    first, second = (sizes[2] // max(known, 1) if part == -1 else int(part or 0) for part in parts)
    if first * second != sizes[2]:
        raise _strange("view")
    return replace(value, sizes={"h": first, "d": second}, order="nthd")


def _swapped(value: Attending, one: Any, other: Any) -> str:
    order = list(_order(value))
    if not all(isinstance(place, int) and -len(order) <= place < len(order) for place in (one, other)):
        raise _strange("transpose")
    order[one], order[other] = order[other], order[one]
    return "".join(order)


def _ordered(value: Attending, places: Sequence[Any]) -> str:
    order = _order(value)
    if sorted(place % len(order) if isinstance(place, int) else -1 for place in places) != list(range(len(order))):
        raise _strange("permute")
    return "".join(order[place] for place in places)


def _order(value: Attending) -> str:
    if not isinstance(value, Heads | Gathered):
        raise _strange("permute")
    return value.order


def _moved(value: Attending, order: str) -> Attending:
    assert isinstance(value, Heads | Gathered)
    return replace(value, order=order)


def item(value: Attending, index: Any) -> Heads:
    """Returns the query, the key or the value of a projection that holds all three.

    Raises:
        NotDrawableError: Something else is picked.
    """
    count = value.sizes["k"] if isinstance(value, Heads) and value.order.startswith("k") else 0
    if not isinstance(value, Heads) or not isinstance(index, int) or not -count <= index < count:
        raise _strange("[]")
    rest = {letter: size for letter, size in value.sizes.items() if letter != "k"}
    start = value.start + index % count * math.prod(rest.values())
    return replace(value, start=start, sizes=rest, order=value.order[1:])


def joined(sign: str, left: Any, right: Any) -> Any:
    """Returns two values joined by a sign, one of them on its way to an attention.

    Raises:
        NotDrawableError: It is no step of one.
    """
    if sign == "@" and isinstance(left, Heads) and isinstance(right, Heads) and _answers(left.order, right.order):
        return Scores((*left.tensors, *right.tensors), left, right, left.factor * right.factor)
    if sign == "@" and isinstance(left, Scores) and isinstance(right, Heads) and left.weighed and right.order == left.query.order:
        return gathered(left, right)
    value, other = (left, right) if isinstance(left, Attending) else (right, left)
    other = other.constant if isinstance(other, Dim) else other
    number = float(other) if isinstance(other, int | float) else 0.0
    scales = number and (sign == "*" or (sign == "/" and value is left))
    if scales and isinstance(value, Heads | Scores) and not (isinstance(value, Scores) and value.weighed):
        return replace(value, factor=value.factor * number if sign == "*" else value.factor / number)
    if isinstance(value, Scores) and not value.weighed and sign == "+" and isinstance(other, Blank) and other.masks:
        return replace(value, causal=value.causal or other.kind == "mask")
    raise _strange(sign)


def _answers(query: str, key: str) -> bool:
    return (query, key) in (("nhtd", "nhdt"), ("ntd", "ndt"))


def gathered(scores: Scores, value: Heads) -> Gathered:
    """Returns what weights gather, where they are the weights of our attention: the scores divided by the root of their width.

    Raises:
        NotDrawableError: They are divided by something else.
    """
    if not math.isclose(scores.factor, scores.query.sizes["d"] ** -0.5, rel_tol=1e-3):
        raise NotDrawableError(Text("Its scores are not divided by the root of the width of a head."))
    return Gathered((*scores.tensors, *value.tensors), scores, value, scores.query.order)


def _fused(given: Sequence[Any], named: Mapping[str, Any]) -> Gathered:
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale")
    told = {**dict(zip(names, given, strict=False)), **named}
    query, key, value, mask = told.get("query"), told.get("key"), told.get("value"), told.get("attn_mask")
    if not isinstance(query, Heads) or not isinstance(key, Heads) or not isinstance(value, Heads):
        raise _strange("scaled_dot_product_attention")
    if not query.order == key.order == value.order == "nhtd":
        raise _strange("scaled_dot_product_attention")
    if mask is not None and not (isinstance(mask, Blank) and mask.masks):
        raise NotDrawableError(Text("An attention mask of one's own has no layer; only a causal one and one of the padding have."))
    causal = told.get("is_causal") is True or (mask is not None and mask.kind == "mask")
    rate, scale = told.get("dropout_p", 0.0), told.get("scale")
    factor = query.factor * key.factor * (scale if isinstance(scale, int | float) else query.sizes["d"] ** -0.5)
    weights = Scores((), query, key, factor, causal, True, float(rate) if isinstance(rate, int | float) else 0.0)
    return gathered(replace(weights, tensors=(*query.tensors, *key.tensors)), value)


def through(reader: Expressions, module: Module, value: Attending) -> Any:
    """Returns what a module makes of it; the last projection draws the attention.

    Raises:
        NotDrawableError: It is no step of an attention.
    """
    if isinstance(value, Scores) and module.target == "nn.Dropout":
        return _scored(value, "dropout", [module.arguments.get("p", 0.5)], {})
    if isinstance(value, Scores) and module.target == "nn.Softmax":
        return _scored(value, "softmax", [module.arguments.get("dim")], {})
    if isinstance(value, Gathered) and value.order == "ntD" and module.target == "nn.Linear":
        from workbench.models.reading.attending import draw

        return draw(reader, module, value)
    if module.target == "nn.Identity":
        return value
    raise _strange(module.target)
