"""Headings that are no identifiers: a table that is predicted from is read by the same names as the table that was learned from."""

from __future__ import annotations

from pathlib import Path

from workbench.cli.torch_predict import rows_of
from workbench.data.base import FieldKind
from workbench.data.open import open_dataset
from workbench.data.tables.columns import by_identifier

TABLE = "Sepal Length (cm),Petal-Width,class,class\n1.5,2,a,x\n2.5,3,b,y\n"


def test_a_run_reads_the_table_it_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "flowers.csv"
    path.write_text(TABLE, encoding="utf-8")
    names = [field.name for field in open_dataset(str(path)).fields if field.kind == FieldKind.NUMBER]
    assert names == ["sepal_length_cm", "petal_width"]
    read = [row for _, row in rows_of(str(path), dict.fromkeys(names, FieldKind.NUMBER))]
    assert read == [{"sepal_length_cm": 1.5, "petal_width": 2.0}, {"sepal_length_cm": 2.5, "petal_width": 3.0}]


def test_what_is_there_stays_as_it_is() -> None:
    row = {"a": "1", "B c": "2", None: ["too many"]}
    assert by_identifier(row, ["a"]) is row
    assert by_identifier(row, ["a", "b_c"]) == {"a": "1", "b_c": "2", "B c": "2", None: ["too many"]}
    assert "d" not in by_identifier(row, ["d"])
