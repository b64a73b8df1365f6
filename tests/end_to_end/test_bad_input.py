"""Whatever is wrong with what comes in: one sentence with a hint, nothing written; the window stays up and shows it where it happened."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel, QPushButton
from typer.testing import CliRunner

from workbench.app.window import Window
from workbench.cli import app
from workbench.graph import edit
from workbench.project.project import Project

LONGEST_SENTENCE = 600


def said(*arguments: object) -> tuple[int, Any]:
    """Runs a verb here and returns its exit status and its JSON document; no failure may be a fault of the program."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert "Traceback" not in result.stderr, result.stderr
    return result.exit_code, json.loads(result.stdout)


def refused(folder: Path, *arguments: object, says: str = "") -> None:
    """Expects one sentence with a hint, exit 1, and a folder that is as it was."""
    before = tree(folder)
    status, document = said(*arguments)
    assert status == 1, document
    if "error" in document:
        message, hint = document["error"]["message"], document["error"]["hint"]
    else:
        message = document["problems"][0]["message"]
        hint = document["problems"][0]["reason"] or document["problems"][0]["fixes"]
    assert hint and message.endswith(".") and len(message) < LONGEST_SENTENCE and "fault" not in message, message
    assert says in message
    assert tree(folder) == before


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def images(folder: Path, classes: tuple[str, ...], rows: int = 6) -> Path:
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for row in range(rows):
            pixels = np.random.default_rng([number, row]).integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{row}.png")
    return folder


def idx(folder: Path, labels: np.ndarray) -> Path:
    folder.mkdir()
    pixels = np.zeros((len(labels), 8, 8), np.uint8)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, *pixels.shape) + pixels.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + labels.astype(np.uint8).tobytes())
    return folder


def _file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _unreadable(folder: Path) -> Path:
    for name in ("cat", "dog"):
        (folder / "bad" / name).mkdir(parents=True)
        (folder / "bad" / name / "0.png").write_bytes(b"no image")
    return folder / "bad"


DATA: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "nowhere", "There is no file or folder"),
    "long path": (lambda folder: folder / ("x" * 5000), "There is no file or folder"),
    "empty folder": (_empty, "is empty"),
    "one class": (lambda folder: images(folder / "one", ("cat",)), "of one class"),
    "no image readable": (_unreadable, "None of the 2 images"),
    "label out of range": (lambda folder: idx(folder / "labels", np.array([0, 1, 2, 200])), "label 200 of row 3 is out of range"),
    "no rows": (lambda folder: idx(folder / "none", np.array([])), "holds no rows"),
    "empty table": (_file("empty.csv", b""), "has no columns"),
    "header alone": (_file("header.csv", b"text,label\n"), "has no rows"),
    "bytes": (_file("bytes.csv", bytes(range(256)) * 4), "is no text"),
    "no objects": (_file("list.jsonl", b"1\n[2]\n"), "no JSON objects"),
    "unknown": (_file("what.xyz", b"hello"), "no known data format"),
    "cut gzip": (_file("train-images-idx3-ubyte.gz", gzip.compress(bytes(4000))[:-9]), "train-images"),
}


@pytest.mark.parametrize("case", DATA)
def test_data_that_cannot_be_used(case: str, tmp_path: Path) -> None:
    make, sentence = DATA[case]
    source = make(tmp_path)
    refused(tmp_path, "new", "digits-cnn", tmp_path / "made", "--data", source, says=sentence if case != "cut gzip" else "")
    assert not (tmp_path / "made").exists()


def test_an_unreadable_image_among_good_ones_is_named_and_left_out(tmp_path: Path) -> None:
    source = images(tmp_path / "路 径 #1", ("<b>猫</b>", "\u202edog"))
    (source / "<b>猫</b>" / "cut.png").write_bytes((source / "<b>猫</b>" / "0.png").read_bytes()[:40])
    status, document = said("data", source)
    assert (status, document["rows"]) == (0, 12)
    assert any("cut.png" in problem["message"] for problem in document["problems"])
    assert said("new", "digits-cnn", tmp_path / "项目 #2", "--data", source)[0] == 0
    name = "a/b\\..\n<x>\u202e" + "n" * 5000
    status, document = said("train", tmp_path / "项目 #2", "--name", name, "--set", "train.epochs=1", "--set", "train.device=cpu")
    assert status == 0 and Path(document["run"]).parent == tmp_path / "项目 #2" / "runs"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert said("new", "digits-cnn", tmp_path / "digits")[0] == 0
    return tmp_path / "digits"


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    drawing = json.loads((folder / "model.graph.json").read_text("utf-8"))
    change(drawing)
    (folder / "model.graph.json").write_text(json.dumps(drawing), "utf-8")


def every(layer: str, **params: object) -> Callable[[dict[str, Any]], object]:
    return lambda drawing: [node["params"].update(params) for node in drawing["nodes"] if node["layer"] == layer]


DRAWINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown layer": (lambda drawing: drawing["nodes"][3].update(layer="warp_drive"), "there is no layer called warp_drive"),
    "cycle": (lambda drawing: drawing["edges"].append(["max_pool1", "output", "batch_norm1", "input"]), "go round in a circle"),
    "dangling edge": (lambda drawing: drawing["edges"].append(["ghost", "output", "conv1", "input"]), "ghost"),
    "1e9 channels": (every("conv2d", filters=10**9), "TiB"),
    "1e30 channels": (every("conv2d", filters=10**30), "too large"),
    "a fraction": (every("conv2d", filters=1.5), "filters cannot be 1.5"),
    "NaN": (every("conv2d", filters=float("nan")), "NaN"),
    "position": (lambda drawing: drawing["nodes"][0].update(position=[1e300, 0]), "position"),
    "long name": (lambda drawing: drawing["nodes"][2].update(name="a" * 10_000), "name"),
    "code as a name": (lambda drawing: drawing["nodes"][2].update(name="x;import os"), "cannot name a node"),
    "path as a group": (lambda drawing: drawing["nodes"][2].update(group="../x"), "group"),
    "same id": (lambda drawing: drawing["nodes"][2].update(id=drawing["nodes"][1]["id"]), "have the id"),
    "wrong kinds": (lambda drawing: drawing.update(nodes={"a": 1}), "nodes is no list"),
    "empty": (lambda drawing: drawing.clear(), "no drawing"),
}


@pytest.mark.parametrize("case", DRAWINGS)
def test_drawings_that_cannot_be_trained(case: str, project: Path) -> None:
    change, sentence = DRAWINGS[case]
    changed(project, change)
    refused(project, "check", project, says=sentence)
    refused(project, "train", project, says=sentence)


@pytest.mark.parametrize(
    "setting",
    ["", "train.epochs", "nope.a=1", "train.nope=1", "train.epochs=abc", "train.epochs=1.5", "train.epochs=99999999999999999999",
     "train.batch_size=0",
     "train.optimizer.learning_rate=nan", "train.optimizer=[1]", "model.conv1.nope=1", "model..x=1", "data.source=5", "data.format='nope'",
     "data.split={validation=0.9,test=0.9}", "objective.7.target='x'", "train.device='toaster'", "train.device='cuda:99'",
     "train.epochs=1\ndata.source=2", "数据.x=1"],
)
def test_settings_that_make_no_sense(setting: str, project: Path) -> None:
    refused(project, "train", project, "--set", setting)


@pytest.mark.parametrize("verb", [("check",), ("eval",), ("predict", "x.png"), ("train",)])
def test_names_that_are_too_long_for_the_file_system(verb: tuple[str, ...], tmp_path: Path) -> None:
    refused(tmp_path, verb[0], "x" * 5000, *verb[1:], says="too long")


def test_folders_that_cannot_be_written(project: Path) -> None:
    for arguments in (("new", "digits-cnn", "/proc/x"), ("code", project, "-o", "/proc/nope/model.py"), ("code", project, "-o", project)):
        refused(project, *arguments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one finished run and its bundle."""
    folder = tmp_path_factory.mktemp("kept")
    assert said("new", "digits-cnn", folder / "digits")[0] == 0
    status, document = said("train", folder / "digits", "--set", "train.epochs=1", "--set", "train.threads=1", "--set", "train.device=cpu")
    assert status == 0
    os.rename(document["run"], folder / "digits" / "runs" / "run")
    assert said("export", folder / "digits" / "runs" / "run", "-o", folder / "bundle")[0] == 0
    return folder


@pytest.fixture
def trained(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "copy"))


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:middle] if how == "cut" else content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1:])


@pytest.mark.parametrize("how", ["missing", "cut", "flipped"])
def test_a_damaged_run_is_refused_or_read_as_far_as_it_is_whole(how: str, trained: Path) -> None:
    run = trained / "digits" / "runs" / "run"
    whole = said("eval", run)[1]["metrics"]
    for name in ("metrics.bin", "events.jsonl", "environment.json", "process.json", "checkpoints/last/model.safetensors"):
        damage(run / name, how)
        assert said("eval", run)[1]["metrics"] == whole, name
        assert said("runs", trained / "digits")[0] == 0, name
    for kind in ("best", "best.previous", "last.previous"):
        if (run / "checkpoints" / kind).exists():
            damage(run / "checkpoints" / kind / "model.safetensors", how)
    refused(trained, "eval", run, says="No checkpoint of the run")
    damage(run / "model.graph.json", "missing")
    refused(trained, "eval", run, says="has lost its drawing")


@pytest.mark.parametrize("how", ["missing", "cut", "flipped"])
def test_a_damaged_bundle_is_refused(how: str, trained: Path) -> None:
    picture = trained / "x.png"
    Image.new("L", (8, 8)).save(picture)
    assert said("predict", trained / "bundle", picture)[0] == 0
    damage(trained / "bundle" / "model.onnx", how)
    refused(trained, "predict", trained / "bundle", picture)


def test_rows_that_cannot_be_predicted(trained: Path) -> None:
    (trained / "empty.png").write_bytes(b"")
    (trained / "list.jsonl").write_text("1\n")
    (trained / "nothing").mkdir()
    for value in ("missing.png", trained / "empty.png", trained / "nothing", trained / "list.jsonl", "\0"):
        refused(trained, "predict", trained / "bundle", value)
    refused(trained, "predict", trained / "bundle", trained / "empty.png", "--provider", "nope", says="no provider")


def notices(window: Window) -> list[str]:
    return [row.message for row in window.notices.rows()]


def test_a_layer_that_is_not_known_is_a_placeholder_that_survives_saving(window: Window, project: Path, qtbot: Any) -> None:
    odd = {"layer": "warp_drive", "params": {"speed": [1, {"light": 2}]}}
    changed(project, lambda drawing: drawing["nodes"][2].update(odd))
    window.files.open_path(project)
    qtbot.waitUntil(lambda: window.session.dataset is not None, timeout=20_000)
    assert window.current_page == "build"
    assert any("warp_drive" in problem.message for problem in window.session.problems)
    window.running.train()
    assert not window.session.trainer.running and "warp_drive" in notices(window)[0]
    assert not (project / "runs").exists()
    window.session.edit("note", replace(window.session.project, notes="kept"))
    window.session.save()
    nodes = json.loads((project / "model.graph.json").read_text("utf-8"))["nodes"]
    assert [{key: node[key] for key in odd} for node in nodes if node["layer"] == "warp_drive"] == [odd]


@pytest.mark.parametrize("case", ["dangling edge", "NaN", "position", "wrong kinds"])
def test_the_open_project_stays_where_another_cannot_be_read(case: str, window: Window, project: Path) -> None:
    window.files.open_path(project)
    opened = window.session.project
    bad = Path(shutil.copytree(project, project.parent / "bad"))
    change, sentence = DRAWINGS[case]
    changed(bad, change)
    before = tree(bad)
    window.files.open_path(bad)
    assert window.session.project is opened and window.session.folder == project
    assert sentence in notices(window)[0]
    assert tree(bad) == before


def test_data_that_is_gone_is_said_on_its_page_and_starts_no_run(window: Window, project: Path, qtbot: Any) -> None:
    window.files.open_path(project)
    choice = replace(window.session.project.data, source="/nowhere/<b>x</b>")
    window.session.edit("data", replace(window.session.project, data=choice))
    qtbot.waitUntil(lambda: window.session.dataset_error is not None, timeout=20_000)
    window.running.train()
    assert window.current_page == "data" and "/nowhere/<b>x</b>" in notices(window)[0]
    assert not (project / "runs").exists() and not window.session.trainer.running


def test_a_name_is_shown_as_it_is_written(window: Window) -> None:
    window.session.new(Project(name="<b>bold</b>"))
    shown = [label for label in window.top.findChildren(QLabel) if label.text() == "<b>bold</b>"]
    assert shown and all(label.textFormat().name == "PlainText" for label in shown)


def with_two_linears(project: Project) -> Project:
    last = next(node for node in project.graph if node.layer == "linear")
    return replace(project, graph=edit.insert_before(project.graph, last.id, "input", "linear", {"units": 16})[0])


def with_rate(rate: float) -> Callable[[Project], Project]:
    return lambda project: replace(project, recipe=replace(project.recipe, optimizer=project.recipe.optimizer.with_params(learning_rate=rate)))


@dataclass(frozen=True)
class Fault:
    """What is broken, which rule must see it, and the button that mends it."""

    breaks: Callable[[Project], Project]
    rule: str
    button: str


FAULTS = {
    "nan": Fault(with_rate(1e9), "nan", "Usual learning rate"),
    "stuck": Fault(with_rate(1e-7), "stuck-at-chance", "Usual learning rate"),
    "dead": Fault(with_rate(0.5), "dead-units", "Usual learning rate"),
    "no activation": Fault(with_two_linears, "no-activation", "Insert a ReLU"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_remedy_of_a_finding_is_a_button_that_mends_it(case: str, window: Window, project: Path, qtbot: Any) -> None:
    fault, session = FAULTS[case], window.session
    window.files.open_path(project)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=20_000)
    session.edit("break", fault.breaks(replace(session.project, recipe=replace(session.project.recipe, epochs=3, threads=1))))
    train(window, qtbot)
    found = next(finding for finding in session.trainer.findings if finding.rule == fault.rule)
    assert found.evidence and found.reason
    buttons = window.findChildren(QPushButton)
    next(item for item in buttons if item.objectName().startswith("train.findings") and item.text() == fault.button).click()
    train(window, qtbot)
    assert fault.rule not in [finding.rule for finding in session.trainer.findings]
    assert session.trainer.finished is not None and session.trainer.finished.metrics["accuracy/test"] > 0.9


def train(window: Window, qtbot: Any) -> None:
    window.running.train()
    qtbot.waitUntil(lambda: not window.session.trainer.running, timeout=60_000)
