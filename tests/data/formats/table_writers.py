"""Tables as csv, json and pyarrow write them, and what `datasets` saved (kept in `../written`)."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.data.formats.registry import HERE, Damaged, Writer, Written

ROWS = 24
COLUMNS: Mapping[str, Sequence[Any]] = {
    "key": [f"row {row}" for row in range(ROWS)],
    "city": [("Ulm", "Köln", "北京")[row % 3] for row in range(ROWS)],
    "price": [row * 1.25 for row in range(ROWS)],
    "note": [f'said "hi {row}", left' if row % 2 else f"two\nlines {row}" for row in range(ROWS)],
    "label": [("no", "yes")[row % 2] for row in range(ROWS)],
}


def cells() -> list[tuple[Any, ...]]:
    return list(zip(*COLUMNS.values(), strict=True))


def by_csv(ending: str, **dialect: Any) -> Callable[[Path], Written]:
    """Returns a writer of one dialect of CSV."""

    def write(folder: Path) -> Written:
        path = folder / f"table.{ending}"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, **dialect).writerows([tuple(COLUMNS), *cells()])
        return Written(path, COLUMNS)

    return write


def by_json(lines: bool) -> Callable[[Path], Written]:
    """Returns a writer of records, all in one list or one a line."""

    def write(folder: Path) -> Written:
        path = folder / ("table.jsonl" if lines else "table.json")
        records = [dict(zip(COLUMNS, row, strict=True)) for row in cells()]
        text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records) if lines else json.dumps(records)
        path.write_text(text, "utf-8")
        return Written(path, COLUMNS)

    return write


def by_pyarrow(ending: str) -> Callable[[Path], Written]:
    """Returns a writer of one of pyarrow's files."""

    def write(folder: Path) -> Written:
        import pyarrow as arrow
        import pyarrow.feather as feather
        import pyarrow.parquet as parquet

        path, table = folder / f"table.{ending}", arrow.table(dict(COLUMNS))
        if ending == "parquet":
            parquet.write_table(table, path, row_group_size=7)
        elif ending == "feather":
            feather.write_feather(table, str(path))
        else:
            with arrow.OSFile(str(path), "wb") as sink, arrow.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        return Written(path, COLUMNS, [f"table.{ending}/{row:05}" for row in range(ROWS)])

    return write


def saved(folder: Path) -> Written:
    """Brings what `DatasetDict.save_to_disk` wrote."""
    shutil.copytree(HERE.parent / "written" / "saved_pictures", folder, dirs_exist_ok=True)
    numbers = [*range(9), *range(3)]
    images = [np.full((4, 6, 3), (number * 20, 255 - number * 20, 7), np.uint8) for number in numbers]
    labels = [("cat", "dog", "猫")[number % 3] for number in numbers]
    ids = [f"{split}/data-00000-of-00001.arrow/{number:05}" for split, count in (("train", 9), ("test", 3)) for number in range(count)]
    return Written(folder, {"image": images, "label": labels}, ids, ["train"] * 9 + ["test"] * 3)


def short_line(sample: Written) -> Damaged:
    """Takes the last cell of the fifth row away."""
    path = sample.source
    path.write_text(path.read_text("utf-8").replace("row 4,Köln", "row 4,Köln,oops,oops,oops,oops", 1), "utf-8")
    return Damaged(lost=(4,), told="cells")


def no_number(sample: Written) -> Damaged:
    """Writes a word where a number should be."""
    path = sample.source
    path.write_text(path.read_text("utf-8").replace("6.25", "many", 1), "utf-8")
    return Damaged(blank={"price": (5,)}, told="no numbers")


def broken_line(sample: Written) -> Damaged:
    """Cuts one record in half."""
    lines = sample.source.read_text("utf-8").splitlines()
    lines[3] = lines[3][: len(lines[3]) // 2]
    sample.source.write_text("\n".join(lines), "utf-8")
    return Damaged(lost=(3,), told="line|record")


def cut_json(sample: Written) -> Damaged:
    """Cuts the list of records in half."""
    text = sample.source.read_text("utf-8")
    sample.source.write_text(text[: len(text) // 2], "utf-8")
    return Damaged(refused="JSON|cannot be read")


def cut(sample: Written) -> Damaged:
    """Cuts the file in half."""
    sample.source.write_bytes(sample.source.read_bytes()[: sample.source.stat().st_size // 2])
    return Damaged(refused="cannot be read")


def cut_saved(sample: Written) -> Damaged:
    """Cuts the training part in half."""
    path = sample.source / "train" / "data-00000-of-00001.arrow"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return Damaged(refused="cannot be read")


WRITERS = [
    Writer("table", "excel", "csv", by_csv("csv"), {"short": short_line, "word": no_number}, trains=True),
    Writer("table", "semicolon", "csv", by_csv("csv", delimiter=";"), {"word": no_number}),
    Writer("table", "tab-quoted", "csv", by_csv("tsv", delimiter="\t", quoting=csv.QUOTE_ALL), {"word": no_number}),
    Writer("table", "json", "json", by_json(lines=False), {"cut": cut_json}),
    Writer("table", "jsonl", "json", by_json(lines=True), {"broken": broken_line}),
    Writer("arrow", "parquet", "pyarrow", by_pyarrow("parquet"), {"cut": cut}, trains=True),
    Writer("arrow", "feather", "pyarrow", by_pyarrow("feather"), {"cut": cut}),
    Writer("arrow", "ipc", "pyarrow", by_pyarrow("arrow"), {"cut": cut}),
    Writer("saved_dataset", "datasets", "pyarrow", saved, {"cut": cut_saved}, trains=True),
]
