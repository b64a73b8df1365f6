"""Aligning, distributing, frames and notes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.graph import edit
from workbench.graph.arrange import SIDES, align, distribute
from workbench.graph.file import dumps, loads
from workbench.graph.graph import Graph
from workbench.graph.remarks import Remark, add_remark, change_remark, framed, remarks_of, remove_remark

PLACES = {"a": (0.0, 10.0), "b": (50.0, 0.0), "c": (200.0, 90.0)}


@pytest.mark.parametrize(("side", "goal"), [("left", 0), ("centre", 100), ("right", 200), ("top", 0), ("middle", 45), ("bottom", 90)])
def test_align(side: str, goal: float) -> None:
    axis = SIDES.index(side) // 3
    found = align(PLACES, side)
    assert {place[axis] for place in found.values()} == {goal}
    assert all(found[key][1 - axis] == PLACES[key][1 - axis] for key in PLACES)


def test_distribute_keeps_the_ends_and_the_order() -> None:
    assert distribute(PLACES, down=False) == {"a": (0, 10), "b": (100, 0), "c": (200, 90)}
    assert [distribute(PLACES, down=True)[key][1] for key in "bac"] == [0, 45, 90]
    assert distribute({"a": (1, 2), "b": (3, 4)}, down=True) == {"a": (1, 2), "b": (3, 4)}


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=3), st.booleans())
def test_gaps_are_equal(places: dict[str, tuple[float, float]], down: bool) -> None:
    values = sorted(place[1 if down else 0] for place in distribute(places, down).values())
    gaps = [after - before for before, after in pairwise(values)]
    assert max(gaps) - min(gaps) < 1e-6


def test_frames_and_notes_are_kept_and_changed() -> None:
    graph, node = edit.add_node(Graph(), "relu", position=(50, 50))
    graph, frame = add_remark(graph, "frame", (0, 0, 100, 100), "Stem")
    graph, note = add_remark(graph, "note", (300, 0, 200, 80), "Why?\nBecause.")
    assert loads(dumps(graph)) == graph
    assert framed(graph, remarks_of(graph)[0]) == [node]
    assert framed(graph, remarks_of(graph)[1]) == []
    changed = change_remark(graph, note, colour="red")
    assert remarks_of(changed)[1] == Remark(note, "note", "Why?\nBecause.", "red", (300, 0, 200, 80))
    assert [remark.id for remark in remarks_of(remove_remark(graph, frame))] == [note]
    assert not remove_remark(remove_remark(graph, frame), note).extra


@pytest.mark.parametrize("rows", [
    3, "no", [4], [{"id": 1}], [{"id": "a", "kind": "frame", "box": [1]}], [{"id": "a", "kind": "x", "box": [0, 0, 1, 1]}],
    [{"id": "a", "kind": "note", "box": [0, 0, 1e300, 1]}], [{"id": "a", "kind": "note", "box": [0, 0, 1, 1], "text": 3}],
])
def test_rows_that_cannot_be_read_are_left_out(rows: object) -> None:
    assert remarks_of(Graph(extra={"remarks": rows})) == ()
