"""Generated inputs for recurrent and attention layers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape

LONGEST = 9
Case = tuple[dict[str, Any], dict[str, Shape]]


def _sequence(rng: Random, width: int = 0) -> Shape:
    """A sequence of vectors, most with rows that differ in length."""
    feature = width or rng.choice([4, 8, 12])
    if rng.random() < 0.6:
        return Shape.of(token=Symbol("T", maximum=LONGEST, ragged=True), feature=feature)
    return Shape.of(time=rng.randint(2, 6), feature=feature)


def _recurrent(*states: str, **choices: list[Any]) -> Callable[[Random], Case]:
    def case(rng: Random) -> Case:
        params = {key: rng.choice(values) for key, values in choices.items()}
        params |= {"units": rng.choice([3, 5]), "layers": rng.choice([1, 2]), "bidirectional": rng.random() < 0.5}
        params["dropout"] = rng.choice([0.0, 0.3])
        begun = [state for state in states if rng.random() < 0.3]
        width = params["units"] * (2 if params["bidirectional"] else 1)
        return params, {"input": _sequence(rng), **{state: Shape.of(feature=width) for state in begun}}

    return case


def _image(rng: Random, channels: int = 0) -> Shape:
    return Shape.of(channel=channels or rng.choice([4, 8]), height=rng.randint(2, 5), width=rng.randint(2, 4))


def _vector(rng: Random, width: int = 0) -> Shape:
    return Shape.of(feature=width or rng.choice([4, 8]))


def _looking(rng: Random, width: int = 0) -> Shape:
    """A sequence, an image or a vector."""
    return rng.choice([_sequence, _sequence, _sequence, _image, _vector])(rng, width)


def _chosen(rng: Random, **choices: list[Any]) -> dict[str, Any]:
    return {key: rng.choice(values) for key, values in choices.items()}


_HEADS: dict[str, list[Any]] = {"heads": [2, 4], "key_heads": [0, 0, 1, 2], "dropout": [0.0, 0.2]}


def _self_attention(rng: Random) -> Case:
    params = _chosen(rng, **_HEADS, causal=[True, False], bias=[True, False], positions=["none", "rotary", "alibi"])
    if rng.random() < 0.2:
        params |= {"heads": 1, "key_heads": 0}
    return params, {"input": _sequence(rng)}


def _cross_attention(rng: Random) -> Case:
    return _chosen(rng, **_HEADS, bias=[True, False]), {"input": _looking(rng), "memory": _looking(rng)}


def _image_attention(rng: Random) -> Case:
    params = _chosen(rng, **_HEADS, positions=["none", "sinusoidal", "learned"], residual=[True, False])
    return params, {"input": _image(rng)}


def _blocks(rng: Random, **more: list[Any]) -> Case:
    params = _chosen(
        rng, heads=[2, 4], key_heads=[0, 0, 2], layers=[1, 3], feed_forward=[0, 6], dropout=[0.0, 0.1], norm=["pre", "post"],
        activation=["gelu", "relu", "swiglu"], positions=["none", "rotary", "alibi"], **more,
    )
    return params, {"input": _sequence(rng)}


def _decoder(rng: Random) -> Case:
    params, inputs = _blocks(rng)
    return params, inputs | ({"memory": _looking(rng)} if rng.random() < 0.6 else {})


def _dot_product(rng: Random) -> Case:
    params = _chosen(rng, scaled=[True, False], causal=[True, False, False], dropout=[0.0, 0.2])
    keys = _looking(rng)
    width = int(keys["channel" if "channel" in keys.axes else "feature"])
    query = keys if params["causal"] else _looking(rng, width)
    return params, {"query": query, "keys": keys, **_some_values(rng, keys)}


def _additive(rng: Random) -> Case:
    keys = _image(rng) if rng.random() < 0.3 else _sequence(rng)
    query = {"query": _looking(rng)} if rng.random() < 0.7 else {}
    return _chosen(rng, units=[3, 6], dropout=[0.0, 0.2]), {"keys": keys, **query, **_some_values(rng, keys)}


def _some_values(rng: Random, keys: Shape) -> dict[str, Shape]:
    axis = "channel" if "channel" in keys.axes else "feature"
    return {"values": keys.with_dim(axis, rng.choice([3, 5]))} if rng.random() < 0.4 else {}


def _cross_modal(rng: Random) -> Case:
    return _chosen(rng, heads=[1, 2, 4], dropout=[0.0, 0.2]), {"first": _looking(rng), "second": _looking(rng)}


SEQUENCES: dict[str, Callable[[Random], Case]] = {
    "rnn": _recurrent("hidden", activation=["tanh", "relu"]),
    "gru": _recurrent("hidden"),
    "lstm": _recurrent("hidden", "cell"),
    "self_attention": _self_attention,
    "cross_attention": _cross_attention,
    "image_attention": _image_attention,
    "transformer_encoder": lambda rng: _blocks(rng, causal=[True, False]),
    "transformer_decoder": _decoder,
    "dot_product_attention": _dot_product,
    "additive_attention": _additive,
    "cross_modal_attention": _cross_modal,
    "rotary_positions": lambda rng: ({}, {"input": _sequence(rng)}),
    "image_positions": lambda rng: (_chosen(rng, kind=["sinusoidal", "learned"]), {"input": _image(rng)}),
}
