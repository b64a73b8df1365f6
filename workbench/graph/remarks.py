"""Frames and notes: what a person writes around and beside the layers. They are kept in `graph.extra["remarks"]` and mean nothing to the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from workbench.graph.graph import Graph, frozen
from workbench.graph.names import new_id

COLOURS = ("grey", "blue", "green", "amber", "red", "violet")
KINDS = ("frame", "note")
SMALLEST_PX = 48.0
_LIMIT_PX = 1e7
_LONGEST_TEXT = 4000
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Remark:
    """A frame behind the cards, or a note beside them.

    Attributes:
        id: Stable, never shown.
        kind: `frame` or `note`.
        text: The title of a frame, or what a note says.
        colour: One of `COLOURS`.
        box: Left, top, width and height, in pixels at 100 %.
    """

    id: str
    kind: str
    text: str = ""
    colour: str = "grey"
    box: Box = (0.0, 0.0, 240.0, 120.0)


def remarks_of(graph: Graph) -> tuple[Remark, ...]:
    """Returns the frames and notes of a drawing; rows that cannot be read are left out."""
    rows = graph.extra.get("remarks")
    found = (_read(row) for row in rows) if isinstance(rows, (list, tuple)) else ()
    return tuple(remark for remark in found if remark is not None)


def _read(row: Any) -> Remark | None:
    if not isinstance(row, Mapping) or row.get("kind") not in KINDS or not isinstance(row.get("id"), str):
        return None
    box: Any = row.get("box")
    numbers = isinstance(box, (list, tuple)) and len(box) == 4 and all(type(part) in (int, float) for part in box)
    if not numbers or max(abs(part) for part in box) > _LIMIT_PX or not isinstance(row.get("text", ""), str):
        return None
    colour = row.get("colour") if row.get("colour") in COLOURS else COLOURS[0]
    left, top, width, height = (float(part) for part in box)
    return Remark(row["id"], row["kind"], row.get("text", "")[:_LONGEST_TEXT], str(colour), (left, top, width, height))


def _with(graph: Graph, remarks: Iterable[Remark]) -> Graph:
    rows = [{**asdict(remark), "box": list(remark.box)} for remark in remarks]
    extra = {key: value for key, value in graph.extra.items() if key != "remarks"} | ({"remarks": frozen(rows)} if rows else {})
    return graph if extra == dict(graph.extra) else replace(graph, extra=MappingProxyType(extra))


def add_remark(graph: Graph, kind: str, box: Box, text: str = "", colour: str = "", *, id: str = "") -> tuple[Graph, str]:
    """Adds a frame or a note; returns the drawing and its id."""
    remark = Remark(id or new_id(), kind, text, colour or ("amber" if kind == "note" else "blue"), box)
    return _with(graph, (*remarks_of(graph), remark)), remark.id


def change_remark(graph: Graph, id: str, **changes: Any) -> Graph:
    """Changes text, colour or box of one."""
    return _with(graph, (replace(remark, **changes) if remark.id == id else remark for remark in remarks_of(graph)))


def remove_remark(graph: Graph, id: str) -> Graph:
    """Removes one."""
    return _with(graph, (remark for remark in remarks_of(graph) if remark.id != id))


def framed(graph: Graph, remark: Remark) -> list[str]:
    """Returns the nodes whose centre stands in a frame."""
    left, top, width, height = remark.box
    return [
        node.id for node in graph
        if remark.kind == "frame" and left <= node.position[0] <= left + width and top <= node.position[1] <= top + height
    ]
