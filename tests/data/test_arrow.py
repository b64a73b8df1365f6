"""Parquet, Feather, Arrow and saved datasets as pyarrow writes them, and the Hub through a server of our own."""

from __future__ import annotations

import datetime
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workbench.data.base import FieldKind, Split
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError

needs_pyarrow = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow (the extra data) is not installed")
ROWS = 30


def png(value: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full((8, 6, 3), value, np.uint8)).save(data, "PNG")
    return data.getvalue()


def table(rows: int = ROWS, **more: Any) -> Any:
    import pyarrow as pa

    numbers = range(rows)
    return pa.table({
        "id": list(numbers), "size": [number / 4 for number in numbers], "note": [f"note {number}, <b>" for number in numbers],
        "flag": [number % 2 == 0 for number in numbers], "when": [datetime.date(2024, 1, 1) + datetime.timedelta(number) for number in numbers],
        "walk": [[float(step) for step in range(number % 5 + 2)] for number in numbers],
        "city": pa.array(["a", "b"] * (rows // 2)).dictionary_encode(),
        "place": [{"lon": float(number), "lat": 1.0 * number} for number in numbers], "label": [number % 3 for number in numbers], **more,
    })


def write_ipc(path: Path, rows: Any, stream: bool = False) -> Path:
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(str(path), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=7)
    return path


def written(folder: Path, ending: str) -> Path:
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    path = folder / f"t.{ending}"
    if ending == "parquet":
        parquet.write_table(table(), path, row_group_size=7)
    elif ending == "feather":
        feather.write_feather(table(), str(path))
    else:
        write_ipc(path, table(), stream=ending == "arrow")
    return path


@needs_pyarrow
@pytest.mark.parametrize("ending", ["parquet", "feather", "ipc", "arrow"])
def test_files_of_pyarrow_round_trip(tmp_path: Path, ending: str, choice) -> None:
    dataset = open_dataset(str(written(tmp_path, ending)))
    assert [(field.name, str(field.kind), field.type) for field in dataset.fields] == [
        ("id", "number", "id"), ("size", "number", ""), ("note", "text", ""), ("flag", "category", "boolean"), ("when", "number", "date"),
        ("walk", "series", ""), ("city", "category", ""), ("place_lon", "number", ""), ("place_lat", "number", ""), ("label", "category", ""),
    ]
    assert dataset.column("size").tolist() == [number / 4 for number in range(ROWS)] and dataset.column("note")[3] == "note 3, <b>"
    assert dataset.column("when")[1] - dataset.column("when")[0] == 1 and [len(row) for row in dataset.column("walk")[:6]] == [2, 3, 4, 5, 6, 2]
    assert dataset.field("label").categories == ("0", "1", "2") and dataset.column("label").tolist() == [number % 3 for number in range(ROWS)]
    assert len(set(dataset.ids())) == ROWS == len(dataset)
    prepared = prepare(dataset, choice(), ["walk", "size"], ["label"])
    assert prepared.batch([0, 4]).lengths["walk"].tolist() == [2, 6]
    assert open_dataset(dataset.source, params={"types": {"size": "category"}}).field("size").kind == FieldKind.CATEGORY


@needs_pyarrow
@pytest.mark.parametrize("ending", ["parquet", "feather", "ipc", "arrow"])
def test_damaged_files_are_refused(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    good = path.read_bytes()
    for damaged in (b"", good[:20], good[: len(good) // 2], b"\0" * 500, good[:4] + b"\xff" * (len(good) - 8) + good[-4:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            open_dataset(str(path))
        assert caught.value.hint


@needs_pyarrow
def test_a_folder_of_splits_with_a_damaged_file(tmp_path: Path, choice) -> None:
    import pyarrow.parquet as parquet

    for name in ("train-00000-of-00002", "train-00001-of-00002", "validation", "test-00000-of-00001"):
        parquet.write_table(table(), tmp_path / f"{name}.parquet")
    (tmp_path / "train-9.parquet").write_bytes(b"PAR1")
    dataset = open_dataset(str(tmp_path))
    assert [prepare(dataset, choice(), ["size"], ["label"]).count(split) for split in Split] == [2 * ROWS, ROWS, ROWS]
    assert dataset.problems[0].rows == ("train-9.parquet",)


@needs_pyarrow
def test_images_inside_are_decoded_when_asked_for(tmp_path: Path, choice) -> None:
    import pyarrow.parquet as parquet

    pictures = [{"bytes": png(number) if number != 4 else b"bad", "path": None} for number in range(ROWS)]
    parquet.write_table(table(image=pictures), tmp_path / "t.parquet")
    dataset = open_dataset(str(tmp_path / "t.parquet"))
    image = dataset.field("image")
    assert (image.kind, image.height, image.width, image.channels, len(dataset)) == (FieldKind.IMAGE, 8, 6, 3, ROWS - 1)
    assert dataset.column("image", np.array([3, 4]))[:, 0, 0, 0].tolist() == [3, 5] and dataset.problems[0].rows == ("row 4",)
    assert prepare(dataset, choice(), ["image"], ["label"]).batch([0]).values["image"].shape == (1, 3, 8, 6)


def save_to_disk(folder: Path, rows: Any, parts: int = 2) -> None:
    """Writes what the Hugging Face library writes: streams of Arrow, a state, and class names in the schema."""
    features = {"label": {"names": ["no", "yes", "maybe"], "_type": "ClassLabel"}}
    rows = rows.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    names = [f"data-{part:05}-of-{parts:05}.arrow" for part in range(parts)]
    for part, name in enumerate(names):
        write_ipc(folder / name, rows.slice(part * ROWS // parts, ROWS // parts), stream=True)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names], "_split": None}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))


@needs_pyarrow
def test_saved_datasets_keep_their_classes_and_splits(tmp_path: Path, choice) -> None:
    save_to_disk(tmp_path / "one", table())
    for split in ("train", "test"):
        save_to_disk(tmp_path / "many" / split, table())
    (tmp_path / "many" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    one, many = open_dataset(str(tmp_path / "one")), open_dataset(str(tmp_path / "many"))
    assert one.format == many.format == "saved_dataset" and one.field("label").categories == ("no", "yes", "maybe")
    assert (len(one), len(many)) == (ROWS, 2 * ROWS) and one.column("label").tolist() == [number % 3 for number in range(ROWS)]
    assert prepare(many, choice(), ["size"], ["label"]).count(Split.TEST) == ROWS
    (tmp_path / "one" / "state.json").write_text('{"_data_files": [{"filename": "../many/train/data-00000-of-00002.arrow"}]}')
    with pytest.raises(DataError, match="outside"):
        open_dataset(str(tmp_path / "one"))
    (tmp_path / "one" / "state.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        open_dataset(str(tmp_path / "one"))


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.arrow.find_spec", lambda name: None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    for source in (str(tmp_path / "t.parquet"), "hf:somebody/something"):
        with pytest.raises(DataError, match="pyarrow") as caught:
            open_dataset(source)
        assert "pip install" in caught.value.hint


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server that keeps two splits of one dataset; gives what was asked of it."""
    import pyarrow.parquet as parquet

    data = io.BytesIO()
    parquet.write_table(table(), data)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            here = f"http://127.0.0.1:{server.server_port}"
            answers = {
                "/api/datasets/some/numbers/parquet":
                    json.dumps({"default": {"train": [f"{here}/0.parquet", f"{here}/1.parquet"], "test": [f"{here}/2.parquet"]}}).encode(),
                "/api/datasets/some/nonsense/parquet": b"<html>",
                "/api/datasets/some/stolen/parquet": json.dumps({"default": {"train": ["file:///etc/passwd"]}}).encode(),
                **{f"/{number}.parquet": data.getvalue() for number in range(3)},
            }
            body = answers.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr("workbench.data.formats.hub._folder", lambda: tmp_path / "cache")
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


@needs_pyarrow
def test_the_hub_by_name_is_fetched_once(hub: list[str], choice, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset("hf:some/numbers")
    assert [prepare(dataset, choice(), ["size"], ["label"]).count(split) for split in (Split.TRAIN, Split.TEST)] == [51, ROWS]
    assert len(open_dataset("hf:some/numbers", params={"split": "test"})) == ROWS
    assert [path for path in hub if path.endswith("0.parquet")] == ["/0.parquet"]
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert list(open_dataset("hf:some/numbers").ids()) == list(dataset.ids())


@needs_pyarrow
@pytest.mark.parametrize(("name", "params", "sentence"), [
    ("some/nothing", {}, "no public dataset"), ("some/nonsense", {}, "does not answer"), ("some/stolen", {}, "not reachable"),
    ("some/numbers", {"config": "en"}, "no configuration"), ("some/numbers", {"split": "dev"}, "no split"), ("../etc", {}, "no name"),
    ("a/b/c", {}, "no name"), ("", {}, "no name"),
])
def test_what_the_hub_does_not_have_is_one_sentence(hub: list[str], name: str, params: dict[str, str], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        open_dataset(f"hf:{name}", params=params)
    assert caught.value.hint


@needs_pyarrow
def test_without_a_network_the_hub_is_not_reachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("workbench.data.formats.hub._folder", lambda: tmp_path)
    with pytest.raises(DataError, match="not reachable") as caught:
        open_dataset("hf:some/numbers")
    assert "HF_ENDPOINT" in caught.value.hint


@needs_pyarrow
@pytest.mark.parametrize("missing", [False, True], ids=["whole", "gaps"])
def test_class_numbers_are_read_alike_with_and_without_the_short_way(tmp_path: Path, missing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from workbench.data import arrow as reading

    values = [None if missing and number % 7 == 0 else (number * 5) % 12 - 3 for number in range(60)]
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"label": pa.array(values, pa.int32()), "x": [float(number) for number in range(60)]}), path)
    short = open_dataset(str(path))
    monkeypatch.setattr(reading, "_classes", lambda *_: None)
    long = open_dataset(str(path))
    assert short.fields == long.fields and len(short.field("label").categories) == 12
    np.testing.assert_array_equal(short.column("label"), long.column("label"))
