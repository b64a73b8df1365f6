"""Opening by name and by path, and every catalogue entry's contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.data.base import FieldKind
from workbench.data.formats import FORMATS
from workbench.data.open import open_dataset
from workbench.errors import CatalogueError, DataError

READY = ["sample:digits", "generated:reviews", "generated:shapes"]


@pytest.mark.parametrize("entry", list(FORMATS), ids=lambda entry: entry.name)
def test_every_entry_describes_itself(entry) -> None:
    assert entry.label and entry.category in {"file", "sample", "generator"} and entry.summary.endswith(".") and entry.aliases
    schema = entry.Params.model_json_schema()
    for name, facts in schema.get("properties", {}).items():
        assert facts["title"] and facts["description"].endswith("."), name
    assert not entry.recognises(Path("/nowhere/at/all"))


@pytest.mark.parametrize("source", READY)
def test_columns_keep_the_contract(source: str) -> None:
    dataset = open_dataset(source)
    rows = np.array([3, 0, 5])
    assert len(set(dataset.ids())) == len(dataset) > 5
    for field in dataset.fields:
        assert field.name.isascii() and field.name.isidentifier()
        whole, some = dataset.column(field.name), dataset.column(field.name, rows)
        assert len(whole) == len(dataset) and len(some) == 3
        for place, row in enumerate(rows):
            assert np.array_equal(np.asarray(some[place]), np.asarray(whole[row]))
        if field.kind == FieldKind.IMAGE:
            assert whole.dtype == np.uint8 and whole.shape[1:] == (field.height, field.width, field.channels)
        if field.kind == FieldKind.CATEGORY:
            assert whole.dtype == np.int64 and whole.min() >= 0 and whole.max() < len(field.categories)


def test_digits_are_the_uci_digits() -> None:
    from sklearn.datasets import load_digits

    ours, theirs = open_dataset("sample:digits"), load_digits()
    assert np.array_equal(ours.column("label"), theirs.target)
    assert np.array_equal(ours.column("image")[..., 0], np.floor(theirs.images * 255 / 16 + 0.5))
    assert "CC BY 4.0" in ours.licence and "Alpaydin" in ours.licence


def test_a_drawing_becomes_counts_as_the_digits_were_made() -> None:
    from workbench.data.formats.digits import counts_of_drawing, grey_of_counts

    drawing = np.zeros((32, 32), dtype=np.uint8)
    drawing[4:8, 8:12] = 255
    drawing[8, 8] = 255
    counts = counts_of_drawing(drawing)
    assert counts[1, 2] == 16 and counts[2, 2] == 1 and counts.sum() == 17
    assert grey_of_counts(counts).max() == 255


def test_opening_and_describing_load_no_torch() -> None:
    code = (
        "import sys\nfrom workbench.data.open import open_dataset\nfrom workbench.data.summary import describe\n"
        "import workbench.data.preprocessing.params, workbench.data.splits\n"
        "describe(open_dataset('sample:digits'))\nsys.exit('torch' in sys.modules or 'tokenizers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60, cwd=Path(__file__).parents[2]).returncode == 0


def test_relative_paths_start_at_the_base(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    assert len(open_dataset("t.csv", base=tmp_path)) == 2


@pytest.mark.parametrize("source", ["", "nowhere/at/all", "file://", "file:///nowhere/at%20all", "a\0b", "~nobody-here/x", "x" * 5000])
def test_nothing_there_is_one_sentence(source: str) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(source)
    assert caught.value.message.endswith(".") and caught.value.hint and len(str(caught.value)) < 600


def test_addresses_of_files_open_and_those_of_the_network_say_why_not(tmp_path: Path) -> None:
    table = tmp_path / "my 数据 #1?.csv"
    table.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    for address in (table.as_uri(), f"file://{table}", table.as_uri().replace("file://", "file://localhost")):
        assert len(open_dataset(address)) == 2
    for address in ("https://example.org/a.zip", "s3://bucket/a.csv"):
        with pytest.raises(DataError, match="not fetched"):
            open_dataset(address)


def test_unknown_names_list_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="digits") as caught:
        open_dataset("sample:digit")
    assert caught.value.message == "There is no sample called 'digit'." and "shapes" not in caught.value.hint
    with pytest.raises(CatalogueError, match="no generator called 'nope'") as caught:
        open_dataset("generated:nope")
    assert "shapes" in caught.value.hint and "image_folder" not in caught.value.hint
    with pytest.raises(CatalogueError):
        open_dataset("generated:reviews", params={"rows": -4})
    with pytest.raises(CatalogueError):
        open_dataset(str(tmp_path), "no-such-format")


def test_an_empty_folder_and_a_strange_file_say_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="is empty"):
        open_dataset(str(tmp_path / "empty"))
    (tmp_path / "x.weights").write_bytes(b"\x80\x04\x95")
    with pytest.raises(DataError, match="no known data format"):
        open_dataset(str(tmp_path / "x.weights"))
