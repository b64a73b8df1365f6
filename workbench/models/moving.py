"""Weights move between drawings: by the id of the node, then by name, where layer and shape agree. Nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ProjectError
from workbench.graph.graph import Graph
from workbench.graph.repeat import repetitions
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

ENDINGS = (".safetensors", ".npz")
_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
_ONE = "from safetensors.torch import save_file"
_TWO = 'save_file({{k: v.clone() for k, v in torch.load("{}", weights_only=True).items()}}, "{}.safetensors")'
_NODES = "workbench.nodes"
_NONE: Mapping[str, tuple[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Moved:
    """What moved.

    Attributes:
        moved: Keys of the model that took numbers.
        left: Keys that found no place, and why.
        missing: Keys of the model that kept their own numbers.
    """

    moved: tuple[str, ...]
    left: Mapping[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Weights:
    """Numbers by state key.

    Attributes:
        values: The tensors.
        nodes: Id and layer of the node by its path, where they are known.
    """

    values: Mapping[str, Tensor]
    nodes: Mapping[str, tuple[str, str]] = field(default_factory=lambda: _NONE)


def nodes_of(graph: Graph) -> dict[str, tuple[str, str]]:
    """Returns id and layer of every node by its path, in every repetition of its group."""
    return {path: (identity, node.layer) for identity, path, node in repetitions(graph)}


def opened(path: Path) -> Weights:
    """Reads a file of weights: safetensors or npz.

    Raises:
        ProjectError: It cannot be read, or it is a pickle, which may run anything when it is opened.
    """
    if path.suffix.lower() in _PICKLED:
        raise ProjectError(
            Text("{path} is a pickle and is not opened: reading one can run any code.", path=str(path)),
            Text("Save it once as safetensors, where it comes from: {lines}", lines=f"{_ONE}; {_TWO.format(path.name, path.stem)}"),
        )
    try:
        return _numpy(path) if path.suffix.lower() == ".npz" else _safetensors(path)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> ProjectError:
    return ProjectError(
        Text("{path} cannot be read as weights.", path=str(path)), Text("Give a file that safetensors.torch.save_file or numpy.savez wrote.")
    )


def _numpy(path: Path) -> Weights:
    import zipfile

    import numpy as np
    import torch

    try:
        with np.load(path, allow_pickle=False) as archive:
            return Weights({name: torch.from_numpy(np.array(archive[name])) for name in archive.files})
    except (TypeError, zipfile.BadZipFile) as error:
        raise _unreadable(path) from error


def _safetensors(path: Path) -> Weights:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            noted = (file.metadata() or {}).get(_NODES, "{}")
            return Weights({name: file.get_tensor(name) for name in file.keys()}, _noted(noted))  # noqa: SIM118 (this is no dict)
    except SafetensorError as error:
        raise _unreadable(path) from error


def _noted(text: str) -> dict[str, tuple[str, str]]:
    found = json.loads(text)
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(key): (str(pair[0]), str(pair[1])) for key, pair in pairs if isinstance(pair, list) and len(pair) == 2}


def saved(values: Mapping[str, Tensor], graph: Graph) -> bytes:
    """Returns the weights of a drawing's model as safetensors that knows the ids of its nodes."""
    from safetensors.torch import save

    values = {name: value.detach().cpu().contiguous().clone() for name, value in values.items()}
    return save(values, {_NODES: json.dumps({path: list(pair) for path, pair in nodes_of(graph).items()}, sort_keys=True)})


def move(model: nn.Module, graph: Graph, weights: Weights) -> Moved:
    """Copies into a model what fits: by node id, then by name, where layer and shape agree.

    Args:
        model: The model of the drawing, as `build` made it; changed in place.
        graph: Its drawing.
        weights: What is given.
    """
    import torch

    state = model.state_dict()
    own = nodes_of(graph)
    places = {identity: path for path, identity in weights.nodes.items()}
    moved: list[str] = []
    used: set[str] = set()
    reasons: dict[str, str] = {}
    with torch.no_grad():
        for key, value in state.items():
            for source in _sources(key, own, places, weights):
                if alike(value, weights.values[source]):
                    value.copy_(weights.values[source].reshape(value.shape))
                    moved.append(key)
                    used.add(source)
                    break
                reasons[source] = Text("{given} does not fit {own}", given=str(tuple(weights.values[source].shape)), own=str(tuple(value.shape)))
    nothing = Text("nothing in the drawing has this name")
    left = {name: reasons.get(name, nothing) for name in weights.values if name not in used}
    return Moved(tuple(moved), left, tuple(name for name in state if name not in set(moved)))


def alike(own: Tensor, given: Tensor) -> bool:
    """Whether two shapes are the same but for axes of size 1."""
    return [size for size in own.shape if size != 1] == [size for size in given.shape if size != 1]


def _sources(key: str, own: Mapping[str, tuple[str, str]], places: Mapping[tuple[str, str], str], weights: Weights) -> list[str]:
    """Returns the keys that a key may be filled from, the best first."""
    path = key
    while path and path not in own:
        path = path.rpartition(".")[0]
    found: list[str] = []
    if path and own[path] in places:
        found.append(places[own[path]] + key[len(path) :])
    same = path not in weights.nodes or not path or weights.nodes[path][1] == own[path][1]
    found += [key] if same else []
    return [name for name in dict.fromkeys(found) if name in weights.values]


def told(moved: Moved, source: str, most: int = 6) -> tuple[Text, Text]:
    """Returns what moved as one sentence, and what did not as another."""
    every = len(moved.moved) + len(moved.missing)
    message = Text("{count} of {all} weights come from {source}.", count=len(moved.moved), all=every, source=source)
    stayed = [*moved.missing[:most], *(["..."] if len(moved.missing) > most else [])]
    unused = [*(f"{key} ({why})" for key, why in list(moved.left.items())[:most]), *(["..."] if len(moved.left) > most else [])]
    if stayed and unused:
        return message, Text("New: {new}. Not used: {left}.", new=", ".join(stayed), left=", ".join(unused))
    if stayed:
        return message, Text("New: {new}.", new=", ".join(stayed))
    return message, Text("Not used: {left}.", left=", ".join(unused)) if unused else Text("Nothing is left over.")


def as_document(moved: Moved, source: str) -> dict[str, Any]:
    """Returns what moved as JSON values."""
    return {"from": source, "moved": len(moved.moved), "new": list(moved.missing), "not_used": dict(moved.left)}
