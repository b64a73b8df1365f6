"""Checks of projects whose groups are repeated: the seam between repetitions, memory of all of them, saving and opening."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.repeat import Repeat, repeat_of, set_repeat
from workbench.project import check_learning
from workbench.project.check import check
from workbench.project.file import load, save
from workbench.project.project import DataChoice, ObjectiveChoice, Project
from workbench.project.sketch import Sketch


def drawing(*inside: str, times: int = 3) -> Graph:
    sketch = Sketch()
    sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
    sketch.chain("flatten", ("linear", {"units": 16}), "relu")
    block = [sketch.add(layer, **({"units": 16} if layer == "linear" else {})).node for layer in inside]
    sketch.chain("gelu", ("linear", {"units": 10}))
    sketch.add("output", "digit")
    graph, path = edit.group(sketch.graph, block, "blocks")
    return set_repeat(graph, path, times)


def project(graph: Graph) -> Project:
    return Project("repeated", graph, DataChoice("sample:digits"), (ObjectiveChoice("classification", "digit", "label"),))


def kinds(graph: Graph) -> list[str]:
    return [problem.kind for problem in check(project(graph)).problems]


def test_two_linear_layers_meet_at_the_seam_only_where_it_is_repeated() -> None:
    assert "activation.missing" not in kinds(drawing("linear", times=1))
    again = drawing("linear")
    (one,) = [problem for problem in check(project(again)).problems if problem.kind == "activation.missing"]
    repaired = one.fixes[0].apply(project(again))
    assert "activation.missing" not in kinds(repaired.graph)
    assert repeat_of(repaired.graph, "blocks") == Repeat(3)
    assert "activation.missing" not in kinds(drawing("linear", "relu"))


def test_a_project_keeps_its_repetitions(tmp_path: Path) -> None:
    graph = set_repeat(drawing("linear", "relu"), "blocks", shared=True)
    save(project(graph), tmp_path / "here")
    assert load(tmp_path / "here").project.graph == graph


def test_the_memory_of_all_repetitions_is_refused_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_learning, "available_bytes", lambda: 64 * 2**20)
    wide = drawing("linear", "relu", times=1)
    for node in [node.id for node in wide if node.layer == "linear"][:2]:
        wide = edit.set_params(wide, node, units=512)
    assert "memory.too-much" not in kinds(wide)
    assert "memory.too-much" in kinds(set_repeat(wide, "blocks", 200))
