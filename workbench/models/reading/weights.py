"""Weights of the read class move into the drawing's model by the recorded names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ProjectError
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn


_PLACE = re.compile(r"(?P<key>[^\[<]+)(?:\[(?P<first>\d+):(?P<end>\d+)\])?(?:<(?P<from>\d+):(?P<to>\d+))?")


@dataclass(frozen=True)
class Moved:
    """What moved.

    Attributes:
        moved: Keys of the model that took numbers.
        left: Keys of the file that found no place, and why.
        missing: Keys of the model that kept their own numbers.
    """

    moved: tuple[str, ...]
    left: Mapping[str, str]
    missing: tuple[str, ...]


def load_foreign(
    model: nn.Module, weights: Path | Mapping[str, Tensor], names: Mapping[str, tuple[str, ...]], zeros: Sequence[str] = ()
) -> Moved:
    """Loads weights of the read class into the model of its drawing.

    Args:
        model: The model, as `build` made it; changed in place.
        weights: A safetensors file, or a state by key.
        names: `Reading.names`.
        zeros: `Reading.zeros`.

    Raises:
        ProjectError: The file cannot be read.
    """
    import torch

    given = _opened(weights) if isinstance(weights, Path) else weights
    state = model.state_dict()
    moved: list[str] = []
    left: dict[str, str] = {}
    with torch.no_grad():
        for key, value in given.items():
            if key in names and not names[key]:
                continue
            places = [(place, *_place(place, state, value)) for place in names.get(key, ())]
            fitting = [(place, own, part) for place, own, part in places if own is not None and _fits(own, part)]
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


def _fits(own: Any, given: Any) -> bool:
    """Whether two shapes are the same but for axes of size 1."""
    return [size for size in own.shape if size != 1] == [size for size in given.shape if size != 1]


def _reason(value: Any, state: Mapping[str, Any], targets: list[str]) -> str:
    if not targets:
        return Text("nothing in the drawing has this name")
    return Text("{given} does not fit {own}", given=str(tuple(value.shape)), own=str(tuple(state[targets[0]].shape)))


def _opened(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ProjectError(
            Text("{path} cannot be read as safetensors.", path=str(path)), Text("Save the weights with safetensors.torch.save_file.")
        ) from error
