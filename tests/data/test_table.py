"""Tables as other programs write them: kinds inferred, encodings found, ragged rows listed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.base import FieldKind, Split
from workbench.data.formats.table import infer_kind
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError

ROWS = [
    {"text": f"A line, with \"quotes\" {number}\nand 换行", "price": f"{number * 1.5}", "label": ("good", "bad")[number % 2]}
    for number in range(20)
]


PRINTING = st.characters(codec="utf-8", exclude_categories=["Z", "C"])


def write_csv(path: Path, rows=ROWS, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_delimiters_and_encodings_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    dataset = open_dataset(str(write_csv(tmp_path / "t.csv", delimiter=delimiter, encoding=encoding)))
    assert [(field.name, field.kind) for field in dataset.fields] == [
        ("text", FieldKind.TEXT), ("price", FieldKind.NUMBER), ("label", FieldKind.CATEGORY),
    ]
    assert dataset.column("text") == [row["text"] for row in ROWS]
    assert dataset.column("price").tolist() == [float(row["price"]) for row in ROWS]
    assert [dataset.field("label").categories[number] for number in dataset.column("label")] == [row["label"] for row in ROWS]


def test_tsv_and_json_lines_say_the_same(tmp_path: Path, choice) -> None:
    tsv = open_dataset(str(write_csv(tmp_path / "t.tsv", delimiter="\t")))
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    lines = open_dataset(str(tmp_path / "t.jsonl"))
    assert lines.fields == tsv.fields and lines.column("text") == tsv.column("text") and list(lines.ids()) == list(tsv.ids())
    assert prepare(lines, choice(), ["text", "price"], ["label"]).count(Split.TRAIN) == 14


def test_json_values_of_every_type(tmp_path: Path) -> None:
    records = [{"a": 1, "b": True, "c": None, "d": [1, 2]}, {"a": 2.5, "b": False, "e": "x"}]
    (tmp_path / "t.jsonl").write_text("\n".join([*map(json.dumps, records), "[1]", "{broken", "[" * 100_000]), encoding="utf-8")
    dataset = open_dataset(str(tmp_path / "t.jsonl"))
    assert dataset.column("a").tolist() == [1, 2.5] and dataset.field("b").categories == ("false", "true")
    assert dataset.problems[0].rows == ("line 3", "line 4", "line 5")


def test_ragged_rows_are_filled_up_or_left_out_and_listed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,label\n1,2,x\n3\n\n4,5,y,extra\n6,7,y,,\n8,9,x\n", encoding="utf-8")
    dataset = open_dataset(str(tmp_path / "t.csv"))
    assert dataset.column("a").tolist() == [1, 3, 6, 8] and np.isnan(dataset.column("b")[1]) and dataset.column("label")[1] == -1
    assert [(problem.kind, problem.rows) for problem in dataset.problems] == [("ragged", ("line 3",)), ("ragged", ("line 5",))]


def test_a_split_column_is_kept(tmp_path: Path, choice) -> None:
    rows = [{**row, "split": ("train", "train", "dev", "test")[number % 4]} for number, row in enumerate(ROWS)]
    dataset = open_dataset(str(write_csv(tmp_path / "t.csv", rows)))
    assert [field.name for field in dataset.fields] == ["text", "price", "label"]
    assert [prepare(dataset, choice(), ["price"], ["label"]).count(split) for split in Split] == [10, 5, 5]


def test_names_become_identifiers_and_stay_as_labels(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("评论,class,Price (€),Price (€),,1st\na,b,1,2,3,4\nc,d,5,6,7,8\n", encoding="utf-8")
    dataset = open_dataset(str(tmp_path / "t.csv"))
    assert [field.name for field in dataset.fields] == ["column1", "class_", "price", "price_2", "column5", "c1st"]
    assert [field.label for field in dataset.fields][:3] == ["评论", "class", "Price (€)"]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("x", ["1", "2.5", "", "-3e4"], FieldKind.NUMBER), ("label", ["0", "1", "0"], FieldKind.CATEGORY),
        ("label", ["0.5", "1.5", "2"], FieldKind.NUMBER), ("x", ["a", "b"] * 10, FieldKind.CATEGORY),
        ("x", [f"t{number}" for number in range(10)], FieldKind.TEXT), ("label", ["a", "b", "c"], FieldKind.CATEGORY),
        ("x", ["", "NA"], FieldKind.TEXT), ("x", ["long " * 20, "text " * 20] * 9, FieldKind.TEXT), ("x", ["1_000"], FieldKind.TEXT),
        ("x", ["=1+1", "=cmd|' /C calc'!A0", "x"], FieldKind.TEXT),
    ],
)
def test_kinds_are_inferred(name: str, cells: list[str], kind: FieldKind) -> None:
    assert infer_kind(name, cells) == kind


def test_a_kind_can_be_chosen(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv")
    chosen = open_dataset(str(tmp_path / "t.csv"), params={"types": {"price": "category", "label": "text"}})
    assert [field.kind for field in chosen.fields] == [FieldKind.TEXT, FieldKind.CATEGORY, FieldKind.TEXT]
    assert chosen.field("price").categories[:3] == ("0.0", "1.5", "3.0")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no columns"), (b"\n\n", "no columns"), (b"a,b\n", "no rows"), (b"a,b\n1,\0\n", "zero bytes"), (b"\xff\xfe\x00", "encoding"),
        (b"PK\x03\x04\x00\x00", "zero bytes"), (b'a,b\n1,"' + b"x" * 10_000_001, "cannot be read"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(DataError, match=sentence) as caught:
        open_dataset(str(tmp_path / "t.csv"))
    assert caught.value.hint


def test_json_lines_without_objects(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("1\n2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no JSON objects"):
        open_dataset(str(tmp_path / "t.jsonl"))


def test_ids_follow_the_content_of_a_row(tmp_path: Path) -> None:
    first = open_dataset(str(write_csv(tmp_path / "a.csv")))
    second = open_dataset(str(write_csv(tmp_path / "b.csv", ROWS[::-1])))
    assert list(first.ids()) == list(second.ids())[::-1]
    doubled = open_dataset(str(write_csv(tmp_path / "c.csv", [ROWS[0], ROWS[0], ROWS[1]])))
    assert len(set(doubled.ids())) == 3


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_open_or_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        dataset = open_dataset(str(path))
    except DataError:
        return
    assert all(len(dataset.column(field.name)) == len(dataset) > 0 for field in dataset.fields)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(PRINTING, min_size=1), min_size=2, max_size=20))
def test_texts_round_trip_through_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = write_csv(tmp_path_factory.getbasetemp() / "round.csv", [{"text": text, "n": "1"} for text in texts])
    assert open_dataset(str(path), params={"types": {"text": "text"}, "delimiter": ","}).column("text") == texts
