"""Every rule: a project that breaks it, the kind it must be told as, and a fix that mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np
import pytest

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.open import open_dataset
from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.dim import Symbol
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.problem import Severity
from workbench.graph.shape import Shape
from workbench.graph.silence import silence
from workbench.models.build import build
from workbench.project import check_learning
from workbench.project.check import check
from workbench.project.project import Choice, DataChoice, Project
from workbench.project.starters import STARTERS

SHAPES = {"text": Shape.of("int64", 109, token=Symbol("T", maximum=48, ragged=True))}


@cache
def digits() -> Project:
    return STARTERS["digits-cnn"].make()


@cache
def reviews() -> Project:
    return STARTERS["reviews-lstm"].make()


@cache
def data(source: str) -> Dataset:
    return open_dataset(source)


def drawn(project: Project, change: Callable[[Graph], Graph]) -> Project:
    return replace(project, graph=change(project.graph))


def tuned(project: Project, **changes: object) -> Project:
    return replace(project, recipe=replace(project.recipe, **changes))


def learned(project: Project, **changes: object) -> Project:
    return replace(project, objectives=(replace(project.objectives[0], **changes),))


def without_activation(graph: Graph) -> Graph:
    graph, first = edit.insert_before(graph, "linear1", "input", "linear", {"units": 32})
    return edit.insert_after(graph, first, "dropout")[0]


def second_output(graph: Graph) -> Graph:
    graph, added = edit.add_node(graph, "output", name="extra", id="extra")
    return edit.connect(graph, Edge(PortRef("linear1", "output"), PortRef(added, "input")))


BROKEN: dict[str, Callable[[], Project]] = {
    "data.missing": lambda: replace(digits(), data=DataChoice()),
    "input.field-missing": lambda: drawn(digits(), lambda graph: edit.set_params(graph, "image", field="photo")),
    "input.field-kind": lambda: drawn(digits(), lambda graph: edit.set_params(graph, "image", field="label")),
    "input.size-differs": lambda: drawn(digits(), lambda graph: edit.set_params(graph, "image", height=28, width=28)),
    "input.vocabulary-small": lambda: drawn(reviews(), lambda graph: edit.set_params(graph, "text", vocabulary=50)),
    "input.length-short": lambda: drawn(reviews(), lambda graph: edit.set_params(graph, "text", maximum_length=20)),
    "objective.missing": lambda: replace(digits(), objectives=()),
    "objective.unknown": lambda: learned(digits(), name="divination"),
    "objective.output-missing": lambda: learned(digits(), output="nowhere"),
    "objective.output-unlearned": lambda: drawn(digits(), second_output),
    "objective.target-missing": lambda: learned(digits(), target="mood"),
    "objective.target-kind": lambda: learned(digits(), name="regression"),
    "output.width": lambda: drawn(digits(), lambda graph: edit.set_params(graph, "linear1", units=7)),
    "output.not-a-vector": lambda: drawn(digits(), lambda graph: edit.remove_nodes(graph, ["flatten1", "linear1"], reconnect=True)),
    "output.squashed": lambda: drawn(digits(), lambda graph: edit.insert_after(graph, "linear1", "softmax")[0]),
    "activation.missing": lambda: drawn(digits(), without_activation),
    "memory.too-much": lambda: drawn(digits(), lambda graph: edit.set_params(graph, "conv1", filters=10**9)),
    "recipe.rate-too-high": lambda: tuned(digits(), optimizer=Choice("adamw", MappingProxyType({"learning_rate": 5.0}))),
    "recipe.watch-unknown": lambda: tuned(digits(), watch="luck/val"),
    "recipe.no-epochs": lambda: tuned(digits(), epochs=0),
    "recipe.batch-small": lambda: tuned(digits(), batch_size=1),
    "recipe.batch-too-large": lambda: tuned(digits(), batch_size=5000),
    "layer.unknown": lambda: drawn(digits(), lambda graph: edit.replace_layer(graph, "relu1", "hologram")),
    "graph.cycle": lambda: drawn(digits(), lambda graph: edit.connect(graph, Edge.between("relu2", "conv1"), replacing=True)),
}


def checked(project: Project) -> list[tuple[str, Severity, tuple]]:
    source = project.data.source or "sample:digits"
    result = check(project, data(source) if project.data.source else None, shapes=SHAPES if "reviews" in source else None, rows=1258)
    return [(problem.kind, problem.severity, problem.fixes) for problem in result.problems]


@pytest.mark.parametrize("kind", BROKEN)
def test_each_mistake_is_told_with_a_fix_that_mends_it(kind: str) -> None:
    project = BROKEN[kind]()
    found = {name: fixes for name, _, fixes in checked(project)}
    assert kind in found
    assert found[kind], "there is no fix"
    for fix in found[kind]:
        before = project
        mended = fix.apply(project)
        assert project == before and mended != project
        assert fix.label
    best = found[kind][0].apply(project)
    assert kind not in {name for name, _, _ in checked(best)}


@pytest.mark.parametrize("kind", BROKEN)
def test_each_fix_belongs_to_a_plain_sentence(kind: str) -> None:
    project = BROKEN[kind]()
    source = project.data.source
    for problem in check(project, data(source) if source else None, shapes=SHAPES, rows=1258).problems:
        assert problem.message.endswith(".")
        assert "{" not in problem.message + problem.reason
        assert hasattr(problem.message, "template")


@pytest.mark.parametrize("name", STARTERS.names())
def test_the_starters_are_without_any_problem(name: str) -> None:
    project = STARTERS[name].make()
    shapes = SHAPES if "reviews" in name else None
    result = check(project, data(project.data.source) if project.data.source else None, shapes=shapes, rows=1258)
    wanted = set() if project.data.source else {"data.missing", "objective.missing"}
    assert {problem.kind for problem in result.problems} == wanted and result.ok, result.problems


def test_a_warning_does_not_stop_training() -> None:
    project = BROKEN["output.squashed"]()
    assert check(project, data("sample:digits")).ok


def test_a_billion_channels_are_refused_without_torch_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_learning, "available_bytes", lambda: 8 * 2**30)
    result = check(BROKEN["memory.too-much"](), data("sample:digits"))
    assert not result.ok
    problem = next(problem for problem in result.problems if problem.kind == "memory.too-much")
    assert problem.node == "conv1"
    assert "8.0 GiB" in problem.message


def test_a_large_batch_that_does_not_fit_can_be_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_learning, "available_bytes", lambda: 50 * 2**20)
    project = tuned(digits(), batch_size=4096)
    problem = next(problem for problem in check(project, data("sample:digits")).problems if problem.kind == "memory.too-much")
    fix = next(fix for fix in problem.fixes if "batches" in fix.label)
    assert 1 <= fix.apply(project).recipe.batch_size < 4096
    assert not [kind for kind, _, _ in checked(fix.apply(project)) if kind == "memory.too-much"]


def test_one_class_is_refused() -> None:
    fields = (Field("image", FieldKind.IMAGE, channels=1, height=8, width=8), Field("label", FieldKind.CATEGORY, categories=("only",)))
    columns = {"image": np.zeros((5, 8, 8, 1), np.uint8), "label": np.zeros(5, np.int64)}
    dataset = MemoryDataset(format="test", source="test", fields=fields, columns=columns, ids=NumberedIds(("test", 5)))
    assert "data.one-class" in {problem.kind for problem in check(digits(), dataset).problems}


def test_without_data_only_the_drawing_and_the_recipe_are_checked() -> None:
    assert check(digits()).ok
    assert not check(Project()).ok


def test_graph_fixes_keep_everything_else_of_the_project() -> None:
    project = replace(BROKEN["layer.unknown"](), notes="mine")
    for problem in check(project).problems:
        for fix in problem.fixes:
            assert replace(fix.apply(project), graph=project.graph) == project


def test_a_silenced_warning_is_set_apart() -> None:
    project = BROKEN["activation.missing"]()
    told = next(problem for problem in check(project, data("sample:digits")).problems if problem.kind == "activation.missing")
    quiet = check(drawn(project, lambda graph: silence(graph, told.node, told.kind)), data("sample:digits"))
    assert told.kind not in {problem.kind for problem in quiet.problems}
    assert [(problem.kind, problem.node) for problem in quiet.silenced] == [(told.kind, told.node)]


def test_bypassed_layers_are_not_there_for_any_rule() -> None:
    extra = drawn(digits(), lambda graph: edit.insert_after(graph, "linear1", "softmax")[0])
    softmax = next(node.id for node in extra.graph if node.layer == "softmax")
    assert "output.squashed" in {problem.kind for problem in check(extra, data("sample:digits")).problems}
    assert check(drawn(extra, lambda graph: bypass(graph, (softmax,))), data("sample:digits")).problems == ()
    bare = check(drawn(digits(), lambda graph: bypass(graph, ("relu1", "max_pool1", "batch_norm1"))), data("sample:digits"))
    assert ("activation.missing", "conv2") in {(problem.kind, problem.node) for problem in bare.problems}


def test_the_width_is_set_where_it_is_built_not_where_it_is_bypassed() -> None:
    wide = drawn(digits(), lambda graph: edit.insert_after(edit.set_params(graph, "linear1", units=7), "linear1", "linear", {"units": 9})[0])
    extra = next(node.id for node in wide.graph if node.layer == "linear" and node.id != "linear1")
    skipped = drawn(wide, lambda graph: bypass(graph, (extra,)))
    problem = next(problem for problem in check(skipped, data("sample:digits")).problems if problem.kind == "output.width")
    assert problem.fixes[0].apply(skipped).graph["linear1"].params["units"] == 10


@pytest.mark.parametrize("gone", ["conv1", "conv2"])
def test_ties_stand_or_are_told_where_a_layer_is_bypassed(gone: str) -> None:
    params = {"filters": 32, "bias": False}
    project = drawn(digits(), lambda graph: edit.insert_after(edit.set_params(graph, "conv2", filters=32), "relu2", "conv2d", params)[0])
    copy = next(node.id for node in project.graph if node.layer == "conv2d" and node.id not in ("conv1", "conv2"))
    tied = drawn(project, lambda graph: bypass(edit.tie(graph, copy, "weight", "conv2"), (gone,)))
    found = {problem.kind: problem for problem in check(tied, data("sample:digits")).problems if problem.kind.startswith(("tie", "layer"))}
    mended = found["tie.sizes-differ"].fixes[0].apply(tied) if gone == "conv1" else tied
    assert set(found) == ({"tie.sizes-differ"} if gone == "conv1" else set())
    assert build(mended.graph).plan.steps
