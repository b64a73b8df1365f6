"""Predictions from the bundle alone: without torch, from paths, arrays, texts and tables; damaged bundles and missing providers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.export.conftest import Made
from workbench.errors import ExportError
from workbench.export.given import image_array
from workbench.export.predict import Bundle
from workbench.export.session import available_providers, open_session

WITHOUT_TORCH = """
import json, sys
from workbench.export.predict import Bundle
for folder, value in json.loads(sys.argv[1]):
    bundle = Bundle(folder)
    answer = bundle.predict(value)
    assert bundle.provider == "cpu"
    assert set(answer[0]) == {"input", "label", "scores"}, answer
loaded = [name for name in ("torch", "onnx", "onnxscript", "captum", "PySide6", "pandas") if name in sys.modules]
assert not loaded, loaded
"""


def test_a_bundle_needs_no_torch(made: dict[str, Made], tmp_path: Path) -> None:
    picture = tmp_path / "digit.png"
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(picture)
    cases = [(str(made["digits"].folder), [str(picture)]), (str(made["lstm"].folder), ["the food was good"])]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, json.dumps(cases)], capture_output=True, text=True, timeout=120, check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr


def test_predictions_equal_torch(made: dict[str, Made]) -> None:
    digits = made["digits"]
    rows = digits.prepared.splits["test"][:9]
    answers = digits.bundle.predict(digits.prepared.dataset.column("image", rows))
    with torch.no_grad():
        scores = digits.model(digits.prepared.batch(rows).values["image"]).softmax(1).numpy()
    assert [item["label"] for item in answers] == [str(index) for index in scores.argmax(1)]
    np.testing.assert_allclose([list(item["scores"].values()) for item in answers], scores, atol=1e-5)


def test_numbers_come_back_in_their_unit(made: dict[str, Made], tmp_path: Path) -> None:
    numbers = made["numbers"]
    table = tmp_path / "rows.csv"
    table.write_text("age,height,extra\n50,60,x\n40,70,y\n", "utf-8")
    answers = numbers.bundle.predict(str(table))
    values, price = [], numbers.prepared.preprocessors["price"]
    for age, height in ((50, 60), (40, 70)):
        batch = numbers.prepared.encode({"age": age, "height": height})
        with torch.no_grad():
            output = next(iter(numbers.model.call(batch.values, {}).values()))
        values.append(float(price.decode(output)))
    np.testing.assert_allclose([item["value"] for item in answers], values, rtol=1e-5)
    table.write_text("Age,Height,extra\n50,60,x\n40,70,y\n", "utf-8")
    assert [item["value"] for item in numbers.bundle.predict(str(table))] == [item["value"] for item in answers]
    assert {item["unit"] for item in answers} == {"EUR"} and answers[0]["input"].endswith("rows.csv:1")
    with pytest.raises(ExportError, match="no column height"):
        numbers.bundle.predict({"age": 3})
    with pytest.raises(ExportError, match="is no number"):
        numbers.bundle.predict({"age": 3, "height": "tall"})
    with pytest.raises(ExportError, match="needs age, height"):
        numbers.bundle.predict(3)


def test_images_of_many_sizes_colours_and_forms(made: dict[str, Made], tmp_path: Path) -> None:
    bundle = made["digits"].bundle
    random = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, size in enumerate(((8, 8), (30, 20, 3), (8, 8), (5, 40, 3))):
        Image.fromarray(random.integers(0, 255, size, np.uint8)).save(folder / f"{index}.png")
    (folder / "notes.txt").write_text("no picture")
    answers = bundle.predict([str(folder)])
    assert [Path(item["input"]).name for item in answers] == ["0.png", "1.png", "2.png", "3.png"]
    singly = [bundle.predict(str(folder / f"{index}.png"))[0] for index in range(4)]
    assert [item["label"] for item in singly] == [item["label"] for item in answers]
    flat = random.integers(0, 255, (8, 8), np.uint8)
    assert bundle.predict([flat])[0]["scores"] == bundle.predict([flat[..., None]])[0]["scores"]


def test_texts_are_texts_and_tables_are_tables(made: dict[str, Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = made["lstm"].bundle
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good").mkdir()
    answers = bundle.predict(["good", "", "很好", "." * 5000])
    assert [item["input"] for item in answers][:3] == ["good", "", "很好"] and len(answers) == 4
    (tmp_path / "rows.jsonl").write_text('{"text": "good"}\n\n{"text": ""}\n', "utf-8")
    (tmp_path / "rows.tsv").write_text('text\tlabel\n"good"\tx\n', "utf-8")
    from_file = bundle.predict([str(tmp_path / "rows.jsonl"), str(tmp_path / "rows.tsv")])
    for first, second in zip(from_file, (answers[0], answers[1], answers[0]), strict=True):
        np.testing.assert_allclose(list(first["scores"].values()), list(second["scores"].values()), atol=1e-6)
    with pytest.raises(ExportError, match="no column text"):
        (tmp_path / "other.csv").write_text("review\ngood\n", "utf-8")
        bundle.predict(str(tmp_path / "other.csv"))
    with pytest.raises(ExportError, match="must be a text"):
        bundle.predict([3])


def test_what_is_no_image_is_refused(made: dict[str, Made], tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    for value in (str(tmp_path / "broken.png"), str(tmp_path / "absent.png"), np.zeros((8, 8)), np.zeros((0, 8), np.uint8)):
        with pytest.raises(ExportError):
            made["digits"].bundle.predict([value])
    assert image_array(np.zeros((4, 5), np.uint8), 3).shape == (4, 5, 3)


@pytest.mark.parametrize("damage", ["no folder", "no model", "cut", "noise", "foreign", "no tokenizer", "bad tokenizer"])
def test_damaged_bundles_are_refused(damage: str, made: dict[str, Made], tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    if damage != "no folder":
        shutil.copytree(made["lstm"].folder, folder)
    model = folder / "model.onnx"
    if damage == "no model":
        model.unlink()
    elif damage == "cut":
        model.write_bytes(model.read_bytes()[:-1000])
    elif damage == "noise":
        model.write_bytes(bytes(range(256)) * 20)
    elif damage == "foreign":
        import onnx

        loaded = onnx.load(str(model))
        del loaded.metadata_props[:]
        onnx.save(loaded, str(model))
    elif damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif damage == "bad tokenizer":
        (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ExportError) as caught:
        Bundle(folder).predict(["good"])
    assert caught.value.hint


def test_missing_providers_are_refused_unless_allowed(made: dict[str, Made]) -> None:
    assert "cpu" in available_providers()
    missing = next(name for name in ("tensorrt", "rocm", "coreml") if name not in available_providers())
    bundle = made["digits"].bundle
    image = np.zeros((8, 8), np.uint8)
    with pytest.raises(ExportError, match=missing):
        bundle.predict([image], provider=missing)
    assert bundle.predict([image], provider=missing, allow_fallback=True)
    assert bundle.provider == "cpu"
    with pytest.raises(ExportError, match="no provider called abacus"):
        open_session(bundle.model_path, "abacus", allow_fallback=True)


def test_wrong_inputs_become_export_errors(made: dict[str, Made]) -> None:
    from workbench.export.session import run_session

    with pytest.raises(ExportError, match="cannot run the model"):
        run_session(made["digits"].bundle.session(), ["logits"], {"image": np.zeros((2, 3), np.float32)})
