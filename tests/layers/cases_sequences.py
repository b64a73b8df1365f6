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


SEQUENCES: dict[str, Callable[[Random], Case]] = {
    "rnn": _recurrent("hidden", activation=["tanh", "relu"]),
    "gru": _recurrent("hidden"),
    "lstm": _recurrent("hidden", "cell"),
}
