"""Undo, redo, merging, forgetting, and what a step weighs."""

from __future__ import annotations

import sys

from tests.graph.test_infer import chain
from workbench.graph import edit
from workbench.graph.graph import Graph, Node, frozen
from workbench.graph.history import History, bytes_beyond


def test_there_and_back():
    history = History("a")
    assert history.apply("to b", "b") and history.apply("to c", "c")
    assert (history.undo_label, history.redo_label) == ("to c", "")
    assert history.undo() and history.value == "b"
    assert (history.undo_label, history.redo_label) == ("to b", "to c")
    assert history.redo() and history.value == "c"
    assert not history.redo() and not history.can_redo
    while history.can_undo:
        history.undo()
    assert history.value == "a" and not history.undo()
    assert history.bytes_held > 0


def test_a_new_step_forgets_the_ones_forward():
    history = History(1)
    history.apply("two", 2)
    history.undo()
    history.apply("three", 3)
    assert not history.can_redo
    assert history.labels == ["three"]


def test_nothing_is_no_step():
    history = History((1, 2))
    assert not history.apply("same", (1, 2))
    assert not history.can_undo and not history.modified


def test_typing_in_one_field_is_one_step():
    history = History("")
    for text in ("c", "co", "con"):
        history.apply("name", text, merge_key="name")
    history.apply("other", "conv", merge_key="label")
    assert history.labels == ["name", "other"]
    history.undo()
    assert history.value == "con"
    history.apply("name", "conx", merge_key="name")
    assert history.labels == ["name", "name"]
    history.undo()
    history.undo()
    assert history.value == ""


def test_typing_back_takes_the_step_away():
    history = History("a")
    history.apply("first", "b")
    history.apply("type", "bc", merge_key="k")
    history.apply("type", "b", merge_key="k")
    assert history.labels == ["first"]
    history.apply("type", "bd", merge_key="k")
    assert history.labels == ["first", "type"]


def test_saving_ends_a_merge_and_undo_to_it_is_unmodified():
    history = History("a")
    history.apply("type", "b", merge_key="k")
    history.mark_saved()
    assert not history.modified
    history.apply("type", "c", merge_key="k")
    assert history.modified and history.labels == ["type", "type"]
    history.undo()
    assert not history.modified and history.saved == "b"


def test_listeners_hear_old_and_new():
    heard = []
    history = History(1)
    history.listeners.append(lambda old, new: heard.append((old, new)))
    history.apply("two", 2)
    history.apply("none", 2)
    history.undo()
    history.redo()
    history.reset(9)
    assert heard == [(1, 2), (2, 1), (1, 2), (2, 9)]
    assert not history.modified and not history.can_undo


def test_old_steps_are_forgotten_beyond_the_limit():
    history = History(b"", limit_bytes=10_000)
    for index in range(40):
        history.apply(str(index), bytes([index]) * 1000)
    assert history.bytes_held <= 10_000
    assert 5 < len(history.labels) < 10
    assert history.labels[-1] == "39"
    assert history.undo() and history.value == bytes([38]) * 1000


def test_one_step_stays_however_large():
    history = History(b"a" * 5000, limit_bytes=10)
    history.apply("big", b"b" * 5000)
    assert history.can_undo


def test_shared_parts_weigh_nothing():
    graph = chain()
    assert bytes_beyond(graph, graph) == 0
    heavy = edit.set_params(graph, "conv", note="x" * 100_000)
    moved = edit.move(heavy, {"relu": (1, 1)})
    assert bytes_beyond(moved, heavy) < 4000
    assert bytes_beyond(heavy, graph) > 100_000
    assert bytes_beyond(edit.connect(graph, graph.edges[0]), graph) == 0


def test_weights_count_up_and_down_evenly():
    history = History(chain())
    for index in range(5):
        history.apply("type", edit.set_params(history.value, "conv", filters=index + 2))
    held = history.bytes_held
    for _ in range(3):
        history.undo()
    history.redo()
    assert abs(history.bytes_held - held) < held / 2
    assert sys.getsizeof(history.value) < held


def test_a_step_in_a_large_drawing_weighs_its_table_alone():
    nodes = {str(index): Node(str(index), "relu", f"relu{index}", frozen({"a": index})) for index in range(1000)}
    graph = Graph().with_nodes(nodes)
    assert bytes_beyond(edit.move(graph, {"7": (1, 1)}), graph) < 120_000 < bytes_beyond(graph, None)


def test_past_tells_every_step_with_the_values_on_both_sides() -> None:
    history = History(1)
    for label, value in (("two", 2), ("three", 3), ("four", 4)):
        history.apply(label, value)
    history.undo()
    assert history.past() == [("two", 1, 2), ("three", 2, 3)]
    assert History("alone").past() == []
