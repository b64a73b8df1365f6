"""Repeated groups in the drawing: kept everywhere, refused where they make no sense, and repaired where shapes do not come back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graph.stand_ins import LAYERS
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.block import block_of, insert_block, read_block
from workbench.graph.diff import diff
from workbench.graph.file import dumps, loads
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.grouping import group, members_of, rename_group, set_group, ungroup
from workbench.graph.history import History
from workbench.graph.infer import infer
from workbench.graph.problem import Problem
from workbench.graph.repeat import (
    MAX_TIMES,
    Repeat,
    arranged,
    counts,
    entries,
    loops,
    repeat_of,
    repeated_paths,
    repetition_id,
    repetition_path,
    set_repeat,
    steps_of,
)
from workbench.graph.repetitions import written_out


def drawn(*rows: tuple[str, str, tuple[str, ...]], **params: dict[str, Any]) -> Graph:
    """Draws rows of (path, layer, sources); ids are the names."""
    graph = Graph()
    for place, (path, layer, sources) in enumerate(rows):
        above, _, name = path.rpartition(".")
        graph, _ = edit.add_node(graph, layer, params=params.get(name), name=name, id=name, group=above, position=(0.0, 72.0 * place))
        port = next(iter(LAYERS[layer].inputs)).name if LAYERS[layer].inputs else ""
        for source in sources:
            graph = edit.connect(graph, Edge(PortRef(source, "output"), PortRef(name, port)))
    return graph


def chain(times: int = 3) -> Graph:
    graph = drawn(
        ("image", "image_input", ()), ("blocks.one", "relu", ("image",)), ("blocks.two", "relu", ("one",)), ("output", "output", ("two",)),
    )
    return set_repeat(graph, "blocks", times)


def problem(graph: Graph) -> Problem[Graph]:
    (found,) = (each for each in infer(graph, LAYERS).problems if each.kind.startswith("repeat"))
    return found


def kinds(graph: Graph) -> list[str]:
    return [each.kind for each in infer(graph, LAYERS).problems]


def test_it_is_kept_in_the_file_and_undone() -> None:
    history = History(chain(1))
    history.apply("repeat", set_repeat(history.value, "blocks", 6, True, "one.input"))
    text = dumps(history.value)
    assert json.loads(text)["groups"] == {"blocks": {"passed": "one.input", "repeat": 6, "shared": True}}
    assert repeat_of(loads(text), "blocks") == Repeat(6, True, "one.input")
    history.undo()
    assert history.value.extra == {}
    assert set_repeat(set_repeat(history.value, "blocks", 6, True, "x"), "blocks", 1, False, "") == history.value


def test_unknown_fields_of_a_group_survive() -> None:
    graph = set_repeat(set_group(chain(1), "blocks", tint="red"), "blocks", 2)
    assert loads(dumps(graph)).extra["groups"]["blocks"] == {"tint": "red", "repeat": 2}


def test_it_goes_with_copies_blocks_and_renamed_groups() -> None:
    graph = set_repeat(chain(6), "blocks", shared=True)
    pasted, ids = edit.paste_fragment(graph, edit.copy_fragment(graph, ["one", "two"]))
    assert repeat_of(pasted, pasted[ids[0]].group) == Repeat(6, True)
    doubled, ids = edit.duplicate(graph, ["one", "two"])
    assert repeat_of(doubled, doubled[ids[0]].group) == Repeat(6, True)
    again = read_block(block_of(graph, "blocks").dumps())
    assert again.repeat == Repeat(6, True)
    merged, _, path = insert_block(Graph(), again)
    assert repeat_of(merged, path) == Repeat(6, True)
    assert repeat_of(rename_group(graph, "blocks", "layers"), "layers") == Repeat(6, True)
    wrapped, path = group(graph, ["one", "two"], "net")
    assert path
    assert any(repeat_of(wrapped, each).times == 6 for each in repeated_paths(wrapped))
    assert not repeated_paths(ungroup(graph, "blocks"))


def test_a_difference_names_it() -> None:
    found = diff(chain(3), set_repeat(chain(6), "blocks", shared=True))
    assert found.groups == {"blocks": (("repeat", 3, 6), ("same weights", False, True))}
    assert not found.empty
    assert diff(chain(3), rename_group(chain(3), "blocks", "layers")).groups == {}
    assert diff(chain(3), chain(3)).empty


@pytest.mark.parametrize(
    "record",
    [{"repeat": 0}, {"repeat": -1}, {"repeat": 10**9}, {"repeat": "x"}, {"repeat": 2.0}, {"repeat": True}, {"repeat": None}, {"repeat": [3]},
     {"repeat": 2, "shared": "yes"}, {"repeat": 2, "shared": 1}, {"repeat": 2, "passed": 7}],
)
def test_a_hostile_file_is_refused_with_a_sentence(record: dict[str, Any]) -> None:
    document = {**json.loads(dumps(chain(1))), "groups": {"blocks": record}}
    with pytest.raises(GraphError) as caught:
        loads(json.dumps(document))
    assert "blocks" in str(caught.value.message)
    assert caught.value.hint
    said = {"times" if key == "repeat" else key: value for key, value in record.items()}
    block = {**json.loads(block_of(chain(1), "blocks").dumps()), "repeat": said}
    with pytest.raises(GraphError):
        read_block(json.dumps(block))


def test_not_a_number_is_refused() -> None:
    text = dumps(chain(3)).replace('"repeat": 3', '"repeat": NaN')
    with pytest.raises(GraphError, match="NaN"):
        loads(text)


@pytest.mark.parametrize("times", [0, -1, MAX_TIMES + 1, True, 2.5, "x"])
def test_no_edit_repeats_so_often(times: Any) -> None:
    with pytest.raises(GraphError, match="cannot be repeated"):
        set_repeat(chain(1), "blocks", times)


def test_too_many_steps_are_named_before_anything_is_built() -> None:
    graph = chain(1000)
    graph, inner = group(graph, ["one", "two"], "inner")
    graph = set_repeat(graph, inner, 1000)
    found = problem(graph)
    assert found.kind == "repeat.too-many"
    assert steps_of(graph) > 1_000_000
    assert not infer(found.fixes[0].apply(graph), LAYERS).problems


def test_ids_and_paths_of_repetitions() -> None:
    graph = chain()
    assert repetition_id(graph, "one", (0, 0)) == "one"
    assert repetition_id(graph, "one", (2,)) == "one@2"
    assert repetition_id(graph, "one", (0, 3)) == "one@0.3"
    assert repetition_path("net.blocks.cells.conv1", {"net.blocks": 2, "net.blocks.cells": 0}) == "net.blocks.2.cells.0.conv1"
    taken, _ = edit.add_node(graph, "relu", id="one@2")
    assert repetition_id(taken, "one", (2,)) == "one@2@"


def test_counts_and_crossing_wires() -> None:
    graph = set_repeat(chain(), "blocks", shared=True)
    assert counts(graph, "blocks") == (3, 1)
    assert counts(graph, "") == (1, 1)
    (loop,) = loops(graph)
    assert (loop.source, loop.results) == (PortRef("image", "output"), (PortRef("two", "output"),))
    assert arranged(graph, (loop,)) is not None
    assert entries(graph, "blocks") == [("one.input", PortRef("image", "output"))]
    assert not infer(graph, LAYERS).problems


def test_an_end_inside_is_taken_out() -> None:
    graph = drawn(("image", "image_input", ()), ("blocks.one", "relu", ("image",)), ("blocks.output", "output", ("one",)))
    graph = set_repeat(graph, "blocks", 2)
    found = problem(graph)
    assert found.kind == "repeat.end-inside"
    assert not infer(found.fixes[0].apply(graph), LAYERS).problems


def test_what_comes_back_into_the_group_is_cut() -> None:
    graph = drawn(
        ("image", "image_input", ()), ("blocks.one", "relu", ("image",)), ("outside", "relu", ("one",)),
        ("blocks.sum", "add", ("outside",)), ("output", "output", ("sum",)),
    )
    assert problem(set_repeat(graph, "blocks", 2)).kind in ("repeat.around", "repeat.results")
    for fix in problem(set_repeat(graph, "blocks", 2)).fixes[:1]:
        assert not [each for each in infer(fix.apply(set_repeat(graph, "blocks", 2)), LAYERS).problems if each.kind.startswith("repeat")]


def test_several_results_are_named() -> None:
    graph = drawn(
        ("image", "image_input", ()), ("blocks.one", "relu", ("image",)), ("blocks.two", "relu", ("one",)), ("sum", "add", ("one", "two")),
        ("output", "output", ("sum",)),
    )
    graph = set_repeat(graph, "blocks", 2)
    found = problem(graph)
    assert "blocks.one, blocks.two" in str(found.message)
    assert [kinds(fix.apply(graph)) for fix in found.fixes] == [[], []]


def test_shapes_that_do_not_come_back_are_repaired_inside_or_before() -> None:
    graph = drawn(
        ("image", "image_input", ()), ("blocks.conv", "conv1d", ("image",)), ("output", "output", ("conv",)),
        image={"channels": 4, "height": 8}, conv={"filters": 6, "kernel": 1},
    )
    graph = set_repeat(graph, "blocks", 4)
    found = problem(graph)
    assert found.message == "blocks cannot be repeated: image gives it channel 4, but blocks.conv hands on 6."
    assert [str(fix.label) for fix in found.fixes] == ["Set filters of blocks.conv to 4", "Let blocks stand once"]
    assert [kinds(fix.apply(graph)) for fix in found.fixes] == [[], []]


def test_another_input_of_the_right_shape_may_take_the_result() -> None:
    graph = drawn(
        ("small", "image_input", ()), ("image", "image_input", ()), ("blocks.first", "relu", ("small",)), ("blocks.gate", "gate", ("image",)),
        ("output", "output", ("gate",)), small={"channels": 2, "height": 8}, image={"channels": 4, "height": 8},
    )
    graph = set_repeat(edit.connect(graph, Edge.between("first", "gate", target_port="by")), "blocks", 3)
    found = problem(graph)
    assert found.message == "blocks cannot be repeated: small gives it channel 2, but blocks.gate hands on 4."
    assert str(found.fixes[0].label) == "Hand the result on to blocks.gate.input"
    repaired = found.fixes[0].apply(graph)
    assert repeat_of(repaired, "blocks").passed == "gate.input"
    assert kinds(repaired) == []
    assert loops(repaired)[0].source == PortRef("image", "output")
    renamed = edit.rename(repaired, "gate", "door")
    assert loops(renamed)[0].source == PortRef("image", "output")


def test_inference_after_repeating_is_that_from_scratch() -> None:
    graph = drawn(
        ("image", "image_input", ()), ("blocks.conv", "conv1d", ("image",)), ("output", "output", ("conv",)), conv={"filters": 6, "kernel": 1},
    )
    before = infer(graph, LAYERS)
    repeated = set_repeat(graph, "blocks", 2)
    after = infer(repeated, LAYERS, previous=before)
    assert [each.message for each in after.problems] == [each.message for each in infer(repeated, LAYERS).problems] != []
    assert after.changed_since(before) is None
    assert not infer(set_repeat(repeated, "blocks", 1), LAYERS, previous=after).problems


def test_written_out_each_repetition_is_a_group() -> None:
    graph = chain(3)
    whole = written_out(graph, parameters={"one": ("weight",)})
    assert sorted({node.group for node in whole if node.group}) == ["blocks.block0", "blocks.block1", "blocks.block2"]
    assert not repeated_paths(whole)
    assert not infer(whole, LAYERS).problems
    assert {"one", "two"} <= set(whole.nodes)
    order = infer(whole, LAYERS).order
    assert order == ["image", "one", "two", "one@1", "two@1", "one@2", "two@2", "output"]
    shared = written_out(set_repeat(graph, "blocks", shared=True), parameters={"one": ("weight",)})
    assert [tie.node for node in shared for tie in node.ties] == ["one", "one"]
    assert len(members_of(shared, "blocks")) == 6
