"""Parameters and input shapes for any layer, drawn from its ports and the ranges of its parameters: the same ones every time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Literal, get_args, get_origin

from workbench.catalogue import Params
from workbench.errors import CatalogueError
from workbench.export.checking.trials import HERE, LONGEST, VOCABULARY, Trial
from workbench.graph.dim import Symbol
from workbench.graph.ports import Port
from workbench.graph.shape import Shape
from workbench.layers.base import Layer, LayerProblem

_ATTEMPTS, _KEPT, _STEPS = 720, 0.4, 6
_CHANNELS, _WIDTHS = (1, 2, 3, 4, 6, 8), (4, 8, 12, 1, 5)


def _image(rng: Random) -> Shape:
    return Shape.of(channel=rng.choice(_CHANNELS), height=rng.randint(4, 11), width=rng.randint(4, 11))


def _ragged(rng: Random) -> Shape:
    return Shape.of(token=Symbol("T", maximum=LONGEST, ragged=True), feature=rng.choice(_WIDTHS))


def _steady(rng: Random) -> Shape:
    return Shape.of(time=rng.randint(2, 6), feature=rng.choice(_WIDTHS))


def _vector(rng: Random) -> Shape:
    return Shape.of(feature=rng.choice(_WIDTHS))


def _tokens(_rng: Random) -> Shape:
    return Shape.of("int64", VOCABULARY, token=Symbol("T", maximum=LONGEST, ragged=True))


def _category(_rng: Random) -> Shape:
    return Shape.of("int64", 6)


def _volume(rng: Random) -> Shape:
    return Shape.of(channel=rng.choice((1, 2, 4)), depth=rng.randint(2, 4), height=rng.randint(3, 6), width=rng.randint(3, 6))


KINDS: tuple[Callable[[Random], Shape], ...] = (_image, _ragged, _steady, _vector, _tokens, _category, _volume)
"""What travels along wires: an image, rows of unequal and of equal length, a vector, tokens, a category, a volume."""


def trials_of(layer: Layer, count: int = 24) -> list[Trial]:
    """Returns up to `count` trials that the shape rule of a layer accepts; none where it refuses everything.

    Raises:
        Exception: Whatever the rule raises that is no `LayerProblem`.
    """
    found: list[Trial] = []
    for attempt in range(_ATTEMPTS):
        rng = Random(f"{layer.name} {attempt}")
        trial = _tried(layer, rng, KINDS[attempt % len(KINDS)])
        if trial is not None:
            found.append(trial)
        if len(found) == count:
            break
    return found


def _tried(layer: Layer, rng: Random, kind: Callable[[Random], Shape]) -> Trial | None:
    try:
        params = layer.parse(sampled_params(type(layer).Params, rng))
    except CatalogueError:
        return None
    inputs = _inputs(layer.input_ports(params), rng, kind)
    try:
        layer.shape(params, inputs, HERE)
    except LayerProblem:
        return None
    return Trial(layer, params, inputs)


def sampled_params(model: type[Params], rng: Random) -> dict[str, Any]:
    """Returns values for some of the parameters, within their ranges and near the lower end; the others keep their default."""
    raw: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        choices = _choices(info)
        if choices and rng.random() > _KEPT:
            raw[name] = rng.choice(choices)
    return raw


def _choices(info: Any) -> list[Any]:
    if get_origin(info.annotation) is Literal:
        return list(get_args(info.annotation))
    if info.annotation is bool:
        return [True, False]
    extra = info.json_schema_extra
    if isinstance(extra, dict) and extra.get("choices"):
        return list(extra["choices"])
    if info.annotation not in (int, float):
        return []
    low, high = _limit(info, ("ge", "gt")), _limit(info, ("le", "lt"))
    if low is None or high is None:
        return []
    if info.annotation is int:
        return list(range(int(low) + _strict(info, "gt"), int(min(high - _strict(info, "lt"), low + _STEPS)) + 1))
    inner = [low + (high - low) * share for share in (0.1, 0.37, 0.8)]
    return inner + [value for value, open_ in ((low, _strict(info, "gt")), (high, _strict(info, "lt"))) if not open_]


def _limit(info: Any, names: tuple[str, str]) -> float | None:
    return next((getattr(item, name) for item in info.metadata for name in names if hasattr(item, name)), None)


def _strict(info: Any, name: str) -> int:
    return int(any(hasattr(item, name) for item in info.metadata))


def _inputs(ports: tuple[Port, ...], rng: Random, kind: Callable[[Random], Shape]) -> dict[str, Shape]:
    """Returns a shape for every wire: mostly the same for all, at times of one kind, at times whatever comes."""
    first, alike = kind(rng), rng.random()
    shapes: dict[str, Shape] = {}
    for port in ports:
        if port.optional and rng.random() < _KEPT:
            continue
        names = [f"{port.name}.{index}" for index in range(rng.randint(2, 4))] if port.variadic else [port.name]
        for name in names:
            other = first if alike < 0.6 else kind(rng) if alike < 0.85 else rng.choice(KINDS)(rng)
            shapes[name] = other if shapes else first
    return shapes
