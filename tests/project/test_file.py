from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import GraphError, ProjectError, WorkbenchError
from workbench.project import file
from workbench.project.file import GRAPH_FILE, SETTINGS_FILE, load, project_folder, save
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe, SplitChoice


def test_a_project_comes_back_as_it_was_saved(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path / "digits")
    loaded = load(tmp_path / "digits")
    assert loaded.project == project
    assert loaded.folder == tmp_path / "digits"
    assert not loaded.read_only and not loaded.warnings


def test_saving_again_changes_no_byte(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    first = [(tmp_path / name).read_bytes() for name in (SETTINGS_FILE, GRAPH_FILE)]
    save(load(tmp_path).project, tmp_path)
    assert [(tmp_path / name).read_bytes() for name in (SETTINGS_FILE, GRAPH_FILE)] == first


_JSON = st.recursive(
    st.booleans() | st.integers(-2**53, 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdefgh_é数", min_size=1, max_size=5), inner, max_size=3),
    max_leaves=6,
)
_PARAMS = st.dictionaries(st.text("abcdefgh_", min_size=2, max_size=6), _JSON, max_size=3).map(lambda value: file_frozen(value))


def file_frozen(value: Any) -> Any:
    from workbench.project.fields import frozen

    return frozen(value, "test")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_project_survives_the_file(tmp_path: Path, data: st.DataObject) -> None:
    draw = data.draw
    project = Project(
        name=draw(st.text(max_size=12)),
        data=DataChoice(
            draw(st.text(max_size=8)), params=draw(_PARAMS), split=draw(st.builds(
                SplitChoice, validation=st.floats(0, 0.5), folds=st.integers(0, 9), share=st.floats(0.01, 1), group=st.text(max_size=4),
            )),
            made=tuple(draw(st.lists(st.text(max_size=5), max_size=3))),
            preprocessing=file_frozen(draw(st.dictionaries(st.sampled_from(["image", "text"]), _PARAMS, max_size=2))),
        ),
        objectives=tuple(
            ObjectiveChoice("classification", draw(st.text(max_size=4)), "label", params=draw(_PARAMS)) for _ in range(draw(st.integers(0, 2)))
        ),
        recipe=Recipe(Choice("sgd", draw(_PARAMS)), clip_norm=draw(st.floats(0, 10))),
        notes=draw(st.text(max_size=30)),
    )
    save(project, tmp_path)
    assert load(tmp_path).project == project


def test_comments_and_order_survive(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    text = path.read_text().replace("epochs = 3", "epochs = 3  # enough for a look").replace("[train]", "# how to train\n[train]")
    path.write_text(text)
    save(replace(project, recipe=replace(project.recipe, epochs=9, seed=11)), tmp_path)
    written = path.read_text()
    assert "epochs = 9  # enough for a look" in written or "# enough for a look" in written
    assert "# how to train\n[train]" in written
    assert load(tmp_path).project.recipe.seed == 11


def test_unknown_sections_and_fields_survive(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    text = path.read_text().replace("[train]\n", "[train]\nwarm_restarts = 3\n") + "\n[telescope]\nlens = 'wide'\ndate = 2026-01-02\n"
    path.write_text(text)
    loaded = load(tmp_path)
    assert loaded.project.extra["train"]["warm_restarts"] == 3
    save(replace(loaded.project, name="Other"), tmp_path / "copy")
    again = load(tmp_path / "copy").project
    assert again.extra["telescope" if "telescope" in again.extra else ""]
    assert again == replace(loaded.project, name="Other")
    assert "lens" in (tmp_path / "copy" / SETTINGS_FILE).read_text()


def test_a_newer_version_opens_read_only_and_is_not_saved_over(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    path.write_text(path.read_text().replace("schema_version = 1", "schema_version = 99"))
    loaded = load(tmp_path)
    assert loaded.read_only
    assert loaded.warnings
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="newer version"):
        save(loaded.project, tmp_path)
    assert path.read_bytes() == before
    save(loaded.project, tmp_path / "elsewhere")
    assert not load(tmp_path / "elsewhere").read_only


def test_an_older_version_is_migrated(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    path.write_text(path.read_text().replace("epochs = 3", "rounds = 3"))

    def renamed(tables: dict[str, Any]) -> dict[str, Any]:
        tables["train"]["epochs"] = tables["train"].pop("rounds")
        return tables

    monkeypatch.setattr(file, "SCHEMA_VERSION", 2)
    monkeypatch.setitem(file.MIGRATIONS, 1, renamed)
    loaded = load(tmp_path)
    assert loaded.project.recipe.epochs == 3
    assert "older version" in loaded.warnings[0]
    save(loaded.project, tmp_path)
    assert "rounds" not in path.read_text()
    assert "schema_version = 2" in path.read_text()


BAD_SETTINGS = {
    "epochs = 3": ["epochs = -1", "epochs = 'three'", "epochs = true", "epochs = ", "epochs = 2.5"],
    "clip_norm = 0.0": ["clip_norm = nan", "clip_norm = inf", "clip_norm = -1"],
    "learning_rate = 0.004": ["learning_rate = nan", "learning_rate = 1979-05-27"],
    "validation = 0.15": ["validation = 2.0"],
    "schema_version = 1": ["schema_version = 'one'", "schema_version = 0", "]["],
    'name = "classification"': ["", "name = 3"],
    "[export]": ["[[export]]"],
}


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, news in BAD_SETTINGS.items() for new in news])
def test_a_bad_value_is_named_with_a_hint(tmp_path: Path, project: Project, old: str, new: str) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    before = path.read_bytes()
    with pytest.raises(ProjectError) as caught:
        load(tmp_path)
    assert caught.value.message and caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b'{"nodes": NaN}', b"null", b'{"schema_version": "x"}'])
def test_a_drawing_that_is_none_is_refused(tmp_path: Path, project: Project, content: bytes) -> None:
    save(project, tmp_path)
    (tmp_path / GRAPH_FILE).write_bytes(content)
    with pytest.raises(WorkbenchError) as caught:
        load(tmp_path)
    assert isinstance(caught.value, (GraphError, ProjectError))
    assert GRAPH_FILE in caught.value.message
    assert caught.value.hint


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ProjectError, match=str(path)) as caught:
            load(path)
        assert "workbench new" in caught.value.hint


def test_a_project_is_found_by_its_files(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    assert project_folder(tmp_path / SETTINGS_FILE) == project_folder(tmp_path / GRAPH_FILE) == tmp_path


def test_an_unknown_layer_is_kept(tmp_path: Path, project: Project) -> None:
    graph = project.graph
    node = replace(graph["n3"], layer="hologram", params=MappingProxyType({"beams": 7}))
    odd = replace(project, graph=graph.with_nodes({**graph.nodes, "n3": node}))
    save(odd, tmp_path)
    assert load(tmp_path).project == odd


_SAVER = """
import sys
from dataclasses import replace
from workbench.project.file import load, save
folder = sys.argv[1]
project, count = load(folder).project, 0
while True:
    count += 1
    node = replace(project.graph["n3"], label=f"{count:06d}")
    graph = project.graph.with_nodes({**project.graph.nodes, "n3": node})
    save(replace(project, notes=f"{count:06d}" * 2000, graph=graph), folder)
    if count == 1:
        print("ready", flush=True)
"""


def test_a_kill_while_saving_leaves_a_project_that_opens(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    for delay in range(4):
        child = subprocess.Popen([sys.executable, "-c", _SAVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.031 * (delay + 1))
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        loaded = load(tmp_path).project
        assert loaded.notes == loaded.notes[:6] * 2000
        assert 0 <= int(loaded.graph["n3"].label) - int(loaded.notes[:6]) <= 1
    assert {name for name in os.listdir(tmp_path) if not name.endswith(".part")} == {SETTINGS_FILE, GRAPH_FILE}


def test_a_file_laid_out_by_hand_can_be_saved_over(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    path = tmp_path / SETTINGS_FILE
    path.write_text('train.epochs = 4 # dotted\ndata = { source = "sample:digits", limit = 10 }\n[train.optimizer] # theirs\nname = "sgd"\n')
    loaded = load(tmp_path).project
    assert (loaded.recipe.epochs, loaded.data.limit, loaded.recipe.optimizer.name) == (4, 10, "sgd")
    changed = replace(loaded, recipe=replace(loaded.recipe, epochs=5, optimizer=Choice("adamw", MappingProxyType({"a": [{"b": 1}]}))))
    save(changed, tmp_path)
    assert load(tmp_path).project == changed
