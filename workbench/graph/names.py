"""Ids and names: new ones, free ones, and what is wrong with one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

from workbench.graph.graph import Graph, Node, is_name

_TRAILING_NUMBER = re.compile(r"\d+\Z")
_DIMENSIONS = re.compile(r"(?<=[a-z_])[123]d\Z")
_SINGULAR = frozenset({"image", "text", "number", "output"})


def new_id() -> str:
    """Returns an id that no node ever had: weights are found again by it, so it is never reused."""
    return "n" + uuid.uuid4().hex[:12]


def stem(layer: str) -> str:
    """Returns what nodes of a layer are called, without the number: `conv2d` gives `conv`, `image_input` gives `image`."""
    name = _DIMENSIONS.sub("", layer).removesuffix("_input").strip("_")
    name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return name if re.match(r"[A-Za-z]", name, re.ASCII) else f"layer_{name}".rstrip("_")


def taken_names(graph: Graph, group: str, without: Iterable[str] = ()) -> set[str]:
    """Returns the names used directly in a group, by nodes and by groups; some nodes may be left out of account."""
    left_out = set(without)
    prefix = f"{group}." if group else ""
    used: set[str] = set()
    for node in graph:
        if node.id in left_out:
            continue
        if node.group == group:
            used.add(node.name)
        elif node.group.startswith(prefix):
            used.add(node.group[len(prefix):].split(".", 1)[0])
    return used


def free_name(wanted: str, taken: Iterable[str], numbered: bool = False) -> str:
    """Returns `wanted`, or where that is taken or impossible the same with the next free number.

    Args:
        wanted: A name, or the start of one.
        taken: Names that are in use.
        numbered: Whether the first one also carries a number (`conv1`).
    """
    used = set(taken)
    if not numbered and wanted not in used and is_name(wanted):
        return wanted
    base = _TRAILING_NUMBER.sub("", wanted)
    base = re.sub(r"\W+", "_", base, flags=re.ASCII).strip("_")
    base = base if re.match(r"[A-Za-z]", base, re.ASCII) else f"layer_{base}".rstrip("_")
    number = 1
    while (name := f"{base}{number}") in used or not is_name(name):
        number += 1
    return name


def node_name(graph: Graph, layer: str, group: str = "", without: Iterable[str] = ()) -> str:
    """Returns a free name for a new node of a layer: `conv1`, `conv2`, `image`, `output`."""
    base = stem(layer)
    return free_name(base, taken_names(graph, group, without), numbered=base not in _SINGULAR)


def named_after_layer(node: Node) -> bool:
    """Whether the name is one that `node_name` gave, and not a person's own."""
    return _TRAILING_NUMBER.sub("", node.name) == stem(node.layer)


def is_group_path(path: str) -> bool:
    """Whether every part of a dotted group path may name a submodule; the empty path is the top."""
    return not path or all(is_name(step) for step in path.split("."))
