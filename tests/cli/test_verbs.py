"""Every verb in a process of its own: keys, exit status, and nothing else on stdout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import ROOT, Command, Trained
from workbench.data.open import open_dataset
from workbench.project.runs import RunFolder


def test_templates(command: Command) -> None:
    document = command("templates", "--json").document
    assert {"digits-cnn", "reviews-lstm", "reviews-transformer"} <= {item["name"] for item in document}
    assert all(item["name"] and item["task"] for item in document)
    assert "digits-cnn" in command("templates").out


@pytest.mark.parametrize("kind", ["layers", "formats", "generators", "samples", "objectives", "optimizers", "schedules", "methods", "starters"])
def test_catalogue(command: Command, kind: str) -> None:
    document = command("catalogue", kind, "--json").document
    assert document
    for entry in document:
        assert entry["name"] and entry["help"]
        assert {"name", "category", "params", "help"} <= entry.keys()
        for param in entry["params"]:
            assert param["name"] and param["help"], entry["name"]


def test_one_catalogue_entry(command: Command) -> None:
    document = command("catalogue", "layers", "conv2d", "--json").document
    filters = next(param for param in document["params"] if param["name"] == "filters")
    assert (filters["default"], filters["minimum"], filters["unit"]) == (32, 1, "channels")
    assert [port["name"] for port in document["inputs"]] == ["input"]
    assert "filters" in command("catalogue", "layers", "conv2d").out


def test_new(command: Command, tmp_path: Path) -> None:
    document = command("new", "digits-cnn", "here", "--json").document
    assert document == {"project": str(tmp_path / "here"), "template": "digits-cnn", "data": "sample:digits"}
    assert sorted(os.listdir(tmp_path / "here")) == ["model.graph.json", "workbench.toml"]


def test_new_adapts_to_data(command: Command, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for index in range(10):
            pixels = np.random.default_rng(index).integers(0, 255, (12, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{index}.png")
    document = command("new", "digits-cnn", "here", "--data", "pets", "--json").document
    assert document["data"] == str(tmp_path / "pets")
    nodes = {node["name"]: node for node in command("check", "here", "--json").document["nodes"]}
    assert nodes["image"]["outputs"][0]["dims"] == ["N", 3, 12, 16]
    assert nodes["digit"]["outputs"][0]["dims"] == ["N", 2]


def test_check(command: Command, trained: Trained) -> None:
    document = command("check", trained.project, "--json").document
    assert document["ok"] is True
    assert document["problems"] == []
    assert document["parameters"] == sum(node["parameters"] for node in document["nodes"]) == 21_482
    assert document["macs"] > 0
    assert document["nodes"][0] == {
        "name": "image", "layer": "image_input", "parameters": 0,
        "outputs": [{"axes": ["batch", "channel", "height", "width"], "dims": ["N", 1, 8, 8], "dtype": "float32"}],
    }


def test_check_says_what_is_wrong_and_still_prints_everything(command: Command, trained: Trained) -> None:
    said = command("check", trained.project, "--set", "model.linear1.units=7", "--json")
    assert said.status == 1
    assert said.document["ok"] is False
    problem = said.document["problems"][0]
    assert problem["node"] == "digit"
    assert problem["message"] and problem["fixes"][0]["label"]
    assert len(said.document["nodes"]) == 13


def test_code(command: Command, trained: Trained, tmp_path: Path) -> None:
    document = command("code", trained.project, "-o", "made/model.py", "--json").document
    assert document == {"path": str(tmp_path / "made" / "model.py"), "class": "Network"}
    names: dict[str, object] = {}
    exec(compile((tmp_path / "made" / "model.py").read_text(), "model.py", "exec"), names)
    assert "Network" in names


def test_the_table_of_layers(command: Command, trained: Trained, tmp_path: Path) -> None:
    document = command("code", trained.project, "--table", "md", "-o", "layers.md", "--json").document
    assert document == {"path": str(tmp_path / "layers.md"), "table": "md"}
    assert (tmp_path / "layers.md").read_text().startswith("| Layer | Kind |")
    assert "latex" in command("code", trained.project, "--table", "html", "--json").document["error"]["hint"]


def test_data(command: Command, trained: Trained) -> None:
    for source in ("sample:digits", trained.project):
        document = command("data", source, "--json").document
        assert document["rows"] == 1797
        assert document["format"] == "digits"
        assert [(field["name"], field["kind"]) for field in document["fields"]] == [("image", "image"), ("label", "category")]
        assert sum(document["splits"].values()) == 1797
        assert document["splits"].keys() == {"train", "validation", "test"}
        assert isinstance(document["problems"], list)


def test_data_of_a_generator_with_parameters(command: Command) -> None:
    document = command("data", "generated:reviews", "--set", "rows=200", "--set", "language=zh", "--json").document
    assert document["rows"] == 200


def test_train(trained: Trained) -> None:
    document = trained.train
    assert document["state"] == "finished"
    assert (document["epoch"], document["step"]) == (3, 120)
    assert {"loss/train", "loss/val", "accuracy/val", "accuracy/test"} <= document["metrics"].keys()
    assert document["metrics"]["accuracy/test"] > 0.8
    assert document["seconds"] > 0
    assert Path(document["run"]).parent == trained.project / "runs"


def test_eval(command: Command, trained: Trained) -> None:
    document = command("eval", trained.run, "--json").document
    assert document["split"] == "test"
    assert document["metrics"]["accuracy/test"] == pytest.approx(trained.train["metrics"]["accuracy/test"], abs=0.05)
    counts = np.array(document["confusion"]["counts"])
    assert counts.sum() == document["rows"] == 270
    assert np.trace(counts) / counts.sum() == pytest.approx(document["metrics"]["accuracy/test"])
    losses = [row["loss"] for row in document["worst"]]
    assert losses == sorted(losses, reverse=True)
    assert command("eval", trained.project, "--split", "val", "--json").document["split"] == "validation"


@pytest.mark.parametrize("method", ["saliency", "feature_maps", "integrated_gradients"])
def test_explain(command: Command, trained: Trained, tmp_path: Path, method: str) -> None:
    document = command("explain", trained.run, "--method", method, "--row", "3", "-o", "why.png", "--json").document
    assert {"method", "target", "residual", "faithfulness", "passes", "seconds", "picture"} <= document.keys()
    assert document["method"] == method
    assert document["picture"] == str(tmp_path / "why.png")
    with Image.open(document["picture"]) as picture:
        assert picture.size[0] > 32
    assert document["passes"] >= 1


def test_export(trained: Trained) -> None:
    document = trained.export
    assert document["bundle"] == str(trained.bundle)
    assert Path(document["model"]).is_file()
    verification = document["verification"]
    assert verification["passed"] is True
    assert verification["max_abs_difference"] <= 1e-5 * max(1, verification["largest_output"])
    assert verification["cases"]


def test_predict_says_the_same_from_bundle_and_run(command: Command, trained: Trained, tmp_path: Path) -> None:
    dataset = open_dataset("sample:digits")
    images, labels = dataset.column("image"), dataset.column("label")
    (tmp_path / "drawn").mkdir()
    for index in range(6):
        Image.fromarray(images[index, :, :, 0]).save(tmp_path / "drawn" / f"{index}.png")
    bundle = command("predict", trained.bundle, "drawn", "--json").document
    run = command("predict", trained.run, "drawn", "--json").document
    assert (bundle["provider"], run["provider"]) == ("cpu", "torch")
    assert len(bundle["predictions"]) == len(run["predictions"]) == 6
    for one, other in zip(bundle["predictions"], run["predictions"], strict=True):
        assert one["input"] == other["input"]
        assert Path(one["input"]).is_absolute()
        assert one["label"] == other["label"]
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)
    right = [item["label"] == str(labels[index]) for index, item in enumerate(bundle["predictions"])]
    assert sum(right) >= 5


def test_runs(command: Command, trained: Trained) -> None:
    document = command("runs", trained.project, "--json").document
    assert [item["run"] for item in document] == [str(trained.run)]
    assert document[0].keys() == {"run", "name", "state", "epoch", "metrics", "parent", "study"}
    assert document[0]["state"] == "finished"
    assert trained.run.name in command("runs", trained.project).out


def test_doctor(command: Command) -> None:
    document = command("doctor", "--json").document
    assert document["ok"] is True
    names = {check["name"] for check in document["checks"]}
    assert {"python", "torch", "compute", "onnxruntime providers", "display", "settings"} <= names
    for check in document["checks"]:
        assert {"name", "ok", "message", "command"} <= check.keys()


def test_an_interrupted_run_exits_130_and_can_go_on(command: Command, tmp_path: Path) -> None:
    assert command("new", "digits-cnn", "digits").status == 0
    arguments = [sys.executable, "-m", "workbench", "train", "digits", "--set", "train.epochs=3000", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        assert any(line.startswith("epoch   2") for line in iter(child.stderr.readline, ""))
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert '"state": "interrupted"' in out
    listed = command("runs", "digits", "--json").document
    assert listed[0]["state"] == "interrupted"
    run = RunFolder(listed[0]["run"])
    checkpoint = run.last()
    assert checkpoint is not None and checkpoint.step > 0
