"""What explanation methods return: few kinds, numpy only, one renderer each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands beside every picture.

    Attributes:
        method: The catalogue name.
        target: What was explained (`class 3`, a class name, a value).
        baseline: What it was compared with (`black image`, `PAD`), or "".
        residual: |sum of attributions - (F(x) - F(baseline))| / |F(x) - F(baseline)|, or None where the method promises none.
        faithfulness: Between 0 and 1: the share of random orderings that this one beats when the inputs it ranks highest are
            removed first, or None.
        passes: Samples sent through forward (backward counted with its forward).
        seconds: Wall time.
        model_hash, input_hash: Short hashes of weights and input.
        seed: The seed of stochastic methods.
    """

    method: str
    target: str = ""
    baseline: str = ""
    residual: float | None = None
    faithfulness: float | None = None
    passes: int = 0
    seconds: float = 0.0
    model_hash: str = ""
    input_hash: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Signed attribution of an image: `values` float32 `(H, W)`, `image` uint8 `(H, W, C)`."""

    values: np.ndarray
    image: np.ndarray
    facts: Facts


@dataclass(frozen=True, slots=True)
class FeatureMaps:
    """Channels of one node for one row: `maps` float32 `(C, H, W)`; `dead` marks channels that are 0 over the probe rows."""

    node: str
    maps: np.ndarray
    dead: np.ndarray
    facts: Facts


@dataclass(frozen=True, slots=True)
class AttentionMaps:
    """Attention weights by layer: `layers` module paths, `maps` a list of float32 `(heads, queries, keys)`.

    Attributes:
        queries, keys: What the positions of the first layer are called.
        names: The same of every layer; () where all layers have those of the first.
    """

    layers: tuple[str, ...]
    maps: tuple[np.ndarray, ...]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    facts: Facts
    names: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    def names_of(self, layer: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Returns what looks and what is looked at in a layer, by its place in `layers`."""
        return self.names[layer] if self.names else (self.queries, self.keys)


@dataclass(frozen=True, slots=True)
class StateTrace:
    """Recurrent states over time, by name (`hidden`, `cell`, `input gate`, ...): float32 `(time, units)` each, aligned with `tokens`."""

    node: str
    traces: dict[str, np.ndarray]
    tokens: tuple[str, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Signed attribution per token: `values` float32 `(T,)`."""

    tokens: tuple[str, ...]
    values: np.ndarray
    facts: Facts


@dataclass(frozen=True, slots=True)
class Curve:
    """Named series over one axis: `x` `(n,)`, `series` by name `(n,)`."""

    x: np.ndarray
    series: dict[str, np.ndarray]
    x_label: str
    y_label: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns of equal length."""

    columns: dict[str, list[Any]]
    facts: Facts = field(default_factory=lambda: Facts("table"))


Result = Union[HeatMap, FeatureMaps, AttentionMaps, StateTrace, TokenScores, Curve, Table]
