"""Every kind of table, series and sound goes the whole way: recognised, proposed, trained, and where it is new to bundles, exported."""

from __future__ import annotations

import csv
import io
import json
import wave
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.export.bundle import export_run
from workbench.export.predict import Bundle
from workbench.project.new import new_project
from workbench.project.overrides import with_settings
from workbench.training.launch import start

ROWS = 60


def columns() -> dict[str, list[object]]:
    random = np.random.default_rng(3)
    sizes = random.normal(10, 3, ROWS)
    return {
        "id": list(range(ROWS)), "size": [round(float(size), 3) for size in sizes], "when": [f"2024-01-{row % 28 + 1:02}" for row in range(ROWS)],
        "open": [row % 2 == 0 for row in range(ROWS)], "label": ["big" if size > 10 else "small" for size in sizes],
    }


def table(folder: Path, ending: str) -> Path:
    path, found = folder / f"t.{ending}", columns()
    rows = [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
    if ending == "json":
        path.write_text(json.dumps(rows))
    elif ending == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(found), delimiter="\t" if ending == "tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


def parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet

    def png(row: int) -> bytes:
        data = io.BytesIO()
        Image.fromarray(np.full((8, 8), 255 * (row % 2), np.uint8)).save(data, "PNG")
        return data.getvalue()

    pictures = [{"bytes": png(row), "path": None} for row in range(ROWS)]
    pa.parquet.write_table(pa.table({"image": pictures, "label": ["dark", "light"] * (ROWS // 2)}), folder / "t.parquet")
    return folder / "t.parquet"


def walk(row: int) -> np.ndarray:
    """Returns a rising or a falling series of 4 to 13 moments."""
    steps = np.linspace(0, 1, 4 + row % 10)
    return np.stack([steps if row % 2 else -steps, np.random.default_rng(row).normal(0, 0.1, len(steps))], axis=1)


def series(folder: Path) -> Path:
    for row in range(ROWS):
        place = folder / "walks" / ("down", "up")[row % 2]
        place.mkdir(parents=True, exist_ok=True)
        np.savetxt(place / f"{row:02}.csv", walk(row), delimiter=",", header="level,noise", comments="", fmt="%.5f")
    return folder / "walks"


def sounds(folder: Path) -> Path:
    for row in range(ROWS // 2):
        path = folder / "sounds" / ("low", "high")[row % 2] / f"{row:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = 0.5 * np.sin(2 * np.pi * (200, 1200)[row % 2] * np.arange(1600 + 20 * row) / 4000)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 4000, 0, "NONE", ""))
            file.writeframes((samples * 32767).astype("<i2").tobytes())
    return folder / "sounds"


SOURCES: dict[str, Callable[[Path], Path]] = {
    **{ending: (lambda folder, ending=ending: table(folder, ending)) for ending in ("csv", "tsv", "json", "jsonl")},
    "parquet": parquet, "series": series, "sounds": sounds,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_proposed_project_trains_on_it(tmp_path: Path, kind: str) -> None:
    if kind == "parquet" and find_spec("pyarrow") is None:
        pytest.skip("pyarrow (the extra data) is not installed")
    project = new_project("auto", tmp_path / "project", str(SOURCES[kind](tmp_path)))
    assert project.objectives[0].target == "label"
    read = {str(node.params.get("field")) for node in project.graph if node.layer.endswith("_input")}
    assert "id" not in read and read
    run, _ = start(tmp_path / "project", with_settings(project, ["train.epochs=2", "train.threads=1"]))
    assert run.info().state == "finished" and any(tag.startswith("accuracy") for tag in run.info().metrics)


def test_transcripts_are_learned_letter_by_letter(tmp_path: Path) -> None:
    folder = sounds(tmp_path)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "sentence"), *((name, "aba" if name.startswith("low") else "ba") for name in files)])
    project = new_project("tones-crnn", tmp_path / "project", str(folder))
    assert [(item.name, item.target) for item in project.objectives] == [("ctc", "sentence")]
    assert project.data.preprocessing["sentence"]["tokenizer"] == "character"
    run, _ = start(tmp_path / "project", with_settings(project, ["train.epochs=1", "train.threads=1"]))
    assert run.info().state == "finished" and "error_rate/val" in run.info().metrics


def test_types_are_settings_of_the_project(tmp_path: Path) -> None:
    project = new_project("auto", tmp_path / "project", str(table(tmp_path, "csv")))
    changed = with_settings(project, ["data.params.types.size=category", "data.params.decimal='.'"])
    assert changed.data.params["types"] == {"size": "category"}


def test_series_of_unequal_length_are_exported_and_predicted(tmp_path: Path) -> None:
    project = new_project("auto", tmp_path / "project", str(series(tmp_path)))
    node = next(node for node in project.graph if node.layer == "series_input")
    assert node.params["symbol"] and node.params["length"] == 13
    run, _ = start(tmp_path / "project", with_settings(project, ["train.epochs=25", "train.threads=1"]))
    report = export_run(run, tmp_path / "bundle")
    assert report.verification.passed
    bundle = Bundle(report.bundle)
    assert bundle.spec.inputs[0].ragged and len(bundle.spec.inputs[0].tensors) == 2
    together = bundle.predict([{"series": walk(row).tolist()} for row in (0, 1, 9, 8)])
    assert [answer["label"] for answer in together] == ["down", "up", "up", "down"]
    alone = [bundle.predict([{"series": walk(row)}])[0]["scores"] for row in (0, 1, 9, 8)]
    for first, second in zip(together, alone, strict=True):
        assert list(first["scores"].values()) == pytest.approx(list(second.values()), abs=1e-5)
