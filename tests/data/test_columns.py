"""What columns of tables are taken for, how that is changed, and what is asked where it is open."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from workbench.data.base import FieldKind, Split, UnreadableRowsError
from workbench.data.decode import decode
from workbench.data.open import open_dataset, questions
from workbench.data.prepare import prepare
from workbench.data.tables.numbers import day_first_of, days, decimal_of
from workbench.data.tables.types import ColumnType, guess
from workbench.errors import DataError


def write(path: Path, header: list[str], *columns: list[object], delimiter: str = ",") -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([*([header] if header else []), *zip(*columns, strict=True)])
    return str(path)


@pytest.mark.parametrize(("name", "cells", "type", "kind"), [
    ("when", ["2024-01-31", "2024-02-01T10:30:00Z", ""], "date", "number"), ("when", ["31.1.2024", "1.2.2024"], "date", "number"),
    ("when", ["2024年1月5日", "2024年2月5日"], "date", "number"), ("open", ["True", "False", ""], "boolean", "category"),
    ("open", ["是", "否"], "boolean", "category"), ("id", ["7", "9", "3"], "id", "number"), ("id", ["7", "7", "3"], "number", "number"),
    ("x", ["5", "5", "5"], "constant", "number"), ("x", ["1.234,5", "7"], "number", "number"), ("x", ["1,234.5", "7"], "number", "number"),
    ("x", ["12 %", "5%"], "number", "number"), ("x", ["[1, 2]", "[3]"], "series", "series"), ("x", ["a.png", "b.jpg"], "image", "image"),
    ("x", ["a.wav", "b/c.flac"], "sound", "audio"), ("x", ["1_000", "2"], "text", "text"), ("x", ["1e400", "2"], "text", "text"),
    ("x", [*map(str, range(40)), "unknown"], "number", "number"), ("x", [*map(str, range(9)), "unknown"], "text", "text"),
    ("x", ["-", "3", "4"], "number", "number"), ("split", ["train", "dev", "Test"], "split", "category"),
    ("x", [f"00000000-0000-0000-0000-{number:012}" for number in range(9)], "id", "text"),
])
def test_types_are_told_from_cells(name: str, cells: list[str], type: str, kind: str) -> None:
    found = guess(name, cells)
    assert (str(found.type), str(found.kind)) == (type, kind)


@pytest.mark.parametrize(("cell", "value"), [
    ("1970-01-02", 1.0), ("1970-1-2", 1.0), ("1970-01-01 12:00", 0.5), ("1970-01-01T12:00:00+12:00", 0.0), ("02/01/1970", 1.0), ("3.1.1970", 2.0),
    ("1970年1月3日", 2.0), ("1969-12-31", -1.0), ("2024-13-01", None), ("99/99/1970", None), ("1970/1/2 06:00", 1.25),
])
def test_dates_are_days(cell: str, value: float | None) -> None:
    found = days(cell, day_first=True)
    assert np.isnan(found) if value is None else found == pytest.approx(value)


def test_signs_and_orders_that_cannot_be_told() -> None:
    assert [decimal_of(cells) for cells in (["1,5"], ["1,234"], ["1,234.5"], ["1.234,56"], ["x"], ["1 234"])] == [",", "?", ".", ",", "", "."]
    assert [day_first_of([cell]) for cell in ("13/2/2024", "2/13/2024", "2/3/2024", "2024-01-01")] == ["yes", "no", "?", ""]
    assert days("2/3/2024", True) - days("2/3/2024", False) == pytest.approx(days("2024-03-02", True) - days("2024-02-03", True))


def test_decimal_commas_follow_the_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ["a", "b", "label"], ["1,5", "2,25"], ["1,234", "5,678"], ["x", "y"], delimiter=";")
    dataset = open_dataset(path)
    assert dataset.column("a").tolist() == [1.5, 2.25] and dataset.column("b").tolist() == pytest.approx([1.234, 5.678])
    assert questions(path) == ()


def test_one_question_where_the_comma_may_be_either(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ["a", "label"], ["1,234", "5,678"], ["x", "y"])
    (asked,) = questions(path)
    assert asked.param == "decimal" and asked.default == "." and "1,234" in asked.text
    assert open_dataset(path).column("a").tolist() == [1234, 5678]
    assert open_dataset(path, params={"decimal": ","}).column("a").tolist() == pytest.approx([1.234, 5.678])
    assert questions(path, params={"decimal": ","}) == ()


def test_one_question_about_days_and_months(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ["when", "label"], ["1/2/2024", "3/2/2024"], ["x", "y"])
    (asked,) = questions(path)
    first, second = (open_dataset(path, params={"day_first": answer}).column("when") for answer in ("yes", "no"))
    assert asked.param == "day_first" and first[1] - first[0] == 2 and second[1] - second[0] == 60
    assert questions(write(tmp_path / "u.csv", ["when", "label"], ["1/2/2024", "13/2/2024"], ["x", "y"])) == ()


@pytest.mark.parametrize(("rows", "named", "asked"), [
    ("size,label\n1,a\n2,b\n", True, False), ("1.5,a\n2.5,b\n3.5,a\n", False, False), ("x,good\ny,bad\nz,good\nw,bad\nv,good\n", False, False),
    ("text,label\nx,a\ny,b\n", True, False), ("1990,1991,1992\n3,4,5\n6,7,8\n", True, True),
])
def test_a_first_row_of_data_is_told_from_one_of_names(tmp_path: Path, rows: str, named: bool, asked: bool) -> None:
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    path = str(tmp_path / "t.csv")
    lines = rows.count("\n")
    assert len(open_dataset(path)) == lines - named and bool(questions(path)) == asked
    assert len(open_dataset(path, params={"header": "no"})) == lines and len(open_dataset(path, params={"header": "yes"})) == lines - 1


def test_types_are_shown_and_can_be_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ["id", "year", "same", "label"], [4, 5, 6, 7], [1999, 2000, 2000, 2001], ["x"] * 4, ["a", "b", "a", "b"])
    dataset = open_dataset(path)
    assert [(field.name, field.kind, field.type) for field in dataset.fields] == [
        ("id", FieldKind.NUMBER, "id"), ("year", FieldKind.NUMBER, ""), ("same", FieldKind.CATEGORY, "constant"), ("label", FieldKind.CATEGORY, ""),
    ]
    changed = open_dataset(path, params={"types": {"year": "category", "id": "number", "label": "text"}})
    assert changed.field("year").categories == ("1999", "2000", "2001") and changed.field("id").type == "" and changed.field("label").kind == "text"
    with pytest.raises(DataError, match="no column called"):
        open_dataset(path, params={"types": {"yaer": "category"}})


def test_every_type_can_be_asked_of_every_column(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ["a", "b"], ["1", "x", "2024-01-01", "[1,2]", ""], [1, 2, 3, 4, 5])
    for wanted in ColumnType:
        try:
            dataset = open_dataset(path, params={"types": {"a": str(wanted)}})
        except DataError:
            assert wanted in (ColumnType.IMAGE, ColumnType.SOUND)
            continue
        assert all(len(dataset.column(field.name)) == 5 for field in dataset.fields)


def test_mixed_cells_are_listed(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "t.csv", ["a", "label"], [*range(30), "about 5", -999], ["x", "y"] * 16), params={"missing": ["-999"]})
    assert np.isnan(dataset.column("a")[30:]).all() and dataset.problems[0].rows == (dataset.ids()[30],) and "about 5" in dataset.problems[0].message


def test_json_of_three_forms_says_the_same(tmp_path: Path) -> None:
    rows = [{"size": number, "place": {"city": "ab"[number % 2], "zip": str(number)}, "walk": [0.5] * (number + 2), "label": "xy"[number % 2]}
            for number in range(10)]
    forms = {"list": rows, "wrapped": {"data": rows}, "lists": {key: [row[key] for row in rows] for key in rows[0]}}
    opened = []
    for name, form in forms.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(form), encoding="utf-8")
        opened.append(open_dataset(str(tmp_path / f"{name}.json")))
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for dataset in (*opened, open_dataset(str(tmp_path / "lines.jsonl"))):
        assert dataset.fields == opened[0].fields and list(dataset.ids()) == list(opened[0].ids())
    assert [field.name for field in opened[0].fields] == ["size", "place_city", "place_zip", "walk", "label"]
    assert opened[0].field("walk").kind == FieldKind.SERIES and [len(row) for row in opened[0].column("walk")] == list(range(2, 12))


@pytest.mark.parametrize("text", ["", "{", "3", "[]", "[1, 2]", '{"a": 1}', '{"a": [1], "b": [1, 2]}', "[" * 100_000, '"x"'])
def test_json_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_dataset(str(tmp_path / "t.json"))
    assert caught.value.hint


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gb18030", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    text = "一个句子，很长的句子" if encoding == "gb18030" else "été à l'hôtel, déjà vu, garçon"
    (tmp_path / "t.csv").write_text("text,label\n" + "".join(f'"{text} {number}",a\n"{text}",b\n' for number in range(9)), encoding=encoding)
    assert open_dataset(str(tmp_path / "t.csv"), params={"types": {"text": "text"}}).column("text")[1] == text


HOSTILE = ["<b>x</b><script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202eevil\u202c", "a" * 10_000, "../../etc/passwd", "x\r\ny", "%s{0}{name}"]


def test_hostile_cells_stay_plain_text(tmp_path: Path, choice) -> None:
    path = write(tmp_path / "t.csv", ["=1+1", "<i>label</i>"], HOSTILE * 4, (["\u202ea", "b" * 10_000] * 14))
    dataset = open_dataset(path, params={"types": {"c1_1": "text", "i_label_i": "category"}})
    assert dataset.column("c1_1") == HOSTILE * 4 and [field.label for field in dataset.fields] == ["=1+1", "<i>label</i>"]
    assert dataset.fields[1].categories == ("b" * 10_000, "\u202ea")
    assert prepare(dataset, choice(), ["c1_1"], ["i_label_i"]).count(Split.TRAIN) > 10


def test_a_name_of_ten_thousand_letters(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "t.csv", ["n" * 10_000, "n" * 9_999 + "m", "label"], [1, 2], [3, 4], ["a", "b"]))
    assert [len(field.name) for field in dataset.fields] == [60, 62, 5]


def test_a_column_of_images(tmp_path: Path, choice) -> None:
    (tmp_path / "pictures").mkdir()
    names = [f"pictures/{number}.png" for number in range(12)]
    for number, name in enumerate(names[:-1]):
        Image.fromarray(np.full((6, 5, 3), number, np.uint8)).save(tmp_path / name)
    (tmp_path / names[2]).write_bytes((tmp_path / names[2]).read_bytes()[:40])
    dataset = open_dataset(write(tmp_path / "t.csv", ["file", "label"], names, ["a", "b"] * 6))
    assert dataset.field("file").kind == FieldKind.IMAGE and dataset.column("file").shape == (10, 6, 5, 3) and len(dataset) == 10
    assert {row for problem in dataset.problems for row in problem.rows} == {names[2], names[-1]}
    assert prepare(dataset, choice(), ["file"], ["label"]).batch([0, 1]).values["file"].shape == (2, 3, 6, 5)


def long_form(path: Path) -> str:
    """Writes eight series of 3 to 10 moments, mixed up; the class and the owner do not change within a series."""
    rows = [(f"s{series}", moment, series + moment / 10, series * moment, "ab"[series % 2]) for series in range(8) for moment in range(3 + series)]
    order = np.random.default_rng(0).permutation(len(rows))
    return write(path, ["series_id", "time", "speed", "turn", "label"], *zip(*(rows[place] for place in order), strict=True))


def test_long_form_is_one_question_away(tmp_path: Path, choice) -> None:
    path = long_form(tmp_path / "t.csv")
    (asked,) = questions(path)
    assert asked.param == "group" and [value for value, _ in asked.choices] == ["", "series_id"]
    dataset = open_dataset(path, params={"group": "series_id"})
    series, label = dataset.fields
    assert (len(dataset), series.kind, series.features, series.length, label.name) == (8, FieldKind.SERIES, 2, 0, "label")
    rows = dict(zip(sorted(len(row) for row in dataset.column("series")), sorted(dataset.column("series"), key=len), strict=True))
    assert rows[5][:, 0].tolist() == pytest.approx([2.0, 2.1, 2.2, 2.3, 2.4]) and rows[5][:, 1].tolist() == [0, 2, 4, 6, 8]
    prepared = prepare(dataset, choice(), ["series"], ["label"])
    batch = prepared.batch(np.argsort([len(row) for row in dataset.column("series")])[:2])
    assert batch.values["series"].shape == (2, 4, 2) and batch.lengths["series"].tolist() == [3, 4] and not batch.values["series"][0, 3].any()


def test_a_group_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = long_form(tmp_path / "t.csv")
    for params, sentence in (({"group": "nobody"}, "no column called"), ({"group": "series_id", "time": "nothing"}, "no column called")):
        with pytest.raises(DataError, match=sentence):
            open_dataset(path, params=params)
    with pytest.raises(DataError, match="No number changes"):
        open_dataset(write(tmp_path / "u.csv", ["id", "label"], [1, 1, 2, 2], ["a", "a", "b", "b"]), params={"group": "id"})


def test_many_images_of_a_column_are_decoded_when_asked_for(tmp_path: Path, choice, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.png" for number in range(12)]
    for number, name in enumerate(names):
        Image.fromarray(np.full((6, 5, 3), number, np.uint8)).save(tmp_path / name)
    source = write(tmp_path / "t.csv", ["file", "label"], names, ["a", "b"] * 6)
    plain = open_dataset(source)
    decoded: list[Path] = []
    monkeypatch.setattr("workbench.data.tables.files.EAGER_FILES", 5)
    monkeypatch.setattr("workbench.data.tables.files.decode", lambda path: (decoded.append(path), decode(path))[1])
    dataset = open_dataset(source)
    assert not decoded and dataset.fields == plain.fields and plain.image_sizes("file") is None
    assert dataset.image_sizes("file").tolist() == [[6, 5]] * 12
    assert np.array_equal(dataset.column("file", np.array([3, 1])), plain.column("file", np.array([3, 1]))) and len(decoded) == 2
    batch = prepare(dataset, choice(), ["file"], ["label"], budget=0).batch([4, 2])
    assert torch.equal(batch.values["file"], prepare(plain, choice(), ["file"], ["label"]).batch([4, 2]).values["file"])
    Image.fromarray(np.zeros((9, 5, 3), np.uint8)).save(tmp_path / "7.png")
    with pytest.raises(UnreadableRowsError, match="has changed"):
        dataset.column("file", np.array([6, 7]))


def test_an_id_with_a_chinese_name_is_an_id(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", ["编号", "年龄", "类别"], [1000 + row for row in range(40)], [20 + row % 17 for row in range(40)],
                   ["是" if row % 3 else "否" for row in range(40)])
    assert [field.type for field in open_dataset(source).fields] == ["id", "", "boolean"]
