"""Weights of the read class move into the drawing's model by the recorded names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.models.moving import Moved, alike, opened
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn


_PLACE = re.compile(r"(?P<key>[^\[<]+)(?:\[(?P<first>\d+):(?P<end>\d+)\])?(?:<(?P<from>\d+):(?P<to>\d+))?")


def load_foreign(
    model: nn.Module, weights: Path | Mapping[str, Tensor], names: Mapping[str, tuple[str, ...]], zeros: Sequence[str] = ()
) -> Moved:
    """Loads weights of the read class into the model of its drawing.

    Args:
        model: The model, as `build` made it; changed in place.
        weights: A safetensors or npz file, or a state by key.
        names: `Reading.names`.
        zeros: `Reading.zeros`.

    Raises:
        ProjectError: The file cannot be read.
    """
    import torch

    given = opened(weights).values if isinstance(weights, Path) else weights
    state = model.state_dict()
    moved: list[str] = []
    left: dict[str, str] = {}
    with torch.no_grad():
        for key, value in given.items():
            if key in names and not names[key]:
                continue
            places = [(place, *_place(place, state, value)) for place in names.get(key, ())]
            fitting = [(place, own, part) for place, own, part in places if own is not None and alike(own, part)]
            for _, own, part in fitting:
                own.copy_(part.reshape(own.shape))
            moved += [_key(place) for place, _, _ in fitting]
            if not fitting:
                left[key] = _reason(value, state, [_key(place) for place, own, _ in places if own is not None])
        for place in zeros:
            own, _ = _place(place, state, None)
            if own is not None:
                own.zero_()
                moved.append(_key(place))
    return Moved(tuple(dict.fromkeys(moved)), left, tuple(name for name in state if name not in set(moved)))


def _key(place: str) -> str:
    found = _PLACE.fullmatch(place)
    return found["key"] if found else place


def _place(place: str, state: Mapping[str, Any], value: Any) -> tuple[Any, Any]:
    """Returns what a place names of our state, or None, and the part of the given tensor that goes there."""
    found = _PLACE.fullmatch(place)
    if found is None or found["key"] not in state:
        return None, value
    own = state[found["key"]]
    own = own[int(found["first"]) : int(found["end"])] if found["first"] else own
    return own, value[int(found["from"]) : int(found["to"])] if found["from"] and value.ndim else value


def _reason(value: Any, state: Mapping[str, Any], targets: list[str]) -> str:
    if not targets:
        return Text("nothing in the drawing has this name")
    return Text("{given} does not fit {own}", given=str(tuple(value.shape)), own=str(tuple(state[targets[0]].shape)))


def in_our_names(given: Mapping[str, Tensor], names: Mapping[str, tuple[str, ...]], zeros: Sequence[str] = ()) -> dict[str, Tensor]:
    """Returns weights of the read class under the keys of the drawing's model, whether that can be built yet or not.

    Args:
        given: A state by key.
        names: `Reading.names`.
        zeros: `Reading.zeros`.
    """
    import torch

    parts: dict[str, dict[int, Tensor]] = {}
    for key, value in given.items():
        for place in names.get(key, ()):
            found = _PLACE.fullmatch(place)
            if found is not None:
                taken = value[int(found["from"]) : int(found["to"])] if found["from"] else value
                parts.setdefault(found["key"], {})[int(found["first"] or 0)] = taken
    for place in zeros:
        found = _PLACE.fullmatch(place)
        if found is not None and found["key"] in parts and found["first"]:
            parts[found["key"]][int(found["first"])] = torch.zeros(int(found["end"]) - int(found["first"]))
    return {key: rows[0] if len(rows) == 1 else torch.cat([rows[first] for first in sorted(rows)]) for key, rows in parts.items()}
