"""A folder with one small table of measurements per example, sorted into one folder per class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format
from workbench.data.decode import SUFFIXES as IMAGE_SUFFIXES
from workbench.data.folders import COLUMN_SUFFIXES, class_folders, files_below, holds
from workbench.data.memory import MemoryDataset
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables.cells import layout_of, read_cells
from workbench.data.tables.columns import series_field
from workbench.data.tables.files import looked_at
from workbench.data.tables.grouping import likely_time
from workbench.data.tables.numbers import decimal_of, to_numbers
from workbench.data.tables.types import present
from workbench.errors import DataError, Text

_SUFFIXES = (".csv", ".tsv")


class SeriesFolderParams(Params):
    """How the measurements are read."""

    every: int = param(1, label="Take every", help="Keeps one step of so many.", unit="steps", ge=1, le=1_000_000)


class SeriesFolder(Format):
    """One CSV file per series; the name of the folder is the class."""

    name = "series_folder"
    label = "Series folder"
    category = "file"
    summary = "One CSV or TSV file of measurements per example, one row per moment, in one folder per class; lengths may differ."
    aliases = ("time series", "sensor", "one csv per row", "时间序列文件夹", "传感器")
    priority = 4
    Params = SeriesFolderParams

    def recognises(self, path: Path) -> bool:
        if not path.is_dir() or not any(child.is_dir() for child in path.iterdir()):
            return False
        return holds(path, _SUFFIXES) and not holds(path, (*IMAGE_SUFFIXES, *SOUND_SUFFIXES, *COLUMN_SUFFIXES, ".txt"))

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        found = [path for path in files_below(root, _SUFFIXES) if path.parent != root] if root.is_dir() else []
        folders, splits = class_folders(root, found)
        kept = [place for place, folder in enumerate(folders) if folder]
        if len({folders[place] for place in kept}) < 2:
            raise DataError(
                Text("The series in {path} lie in no class folders.", path=source),
                Text("Put the files of each class into a folder of its own; at least two classes are needed."),
            )
        paths = [found[place] for place in kept]
        shown = [path.relative_to(root).as_posix() for path in paths]
        series, problems = looked_at(_values, paths, shown)
        widths = Counter(values.shape[1] for values in series if values is not None)
        if not widths:
            raise DataError(Text("None of the {count} files in {path} can be read as a series.", count=len(paths), path=source), problems[0].message)
        width = widths.most_common(1)[0][0]
        odd = [shown[place] for place, values in enumerate(series) if values is not None and values.shape[1] != width]
        if odd:
            problems.append(DataProblem(
                "unreadable", Text("{count} files do not have {width} numbers per row, and are left out.", count=len(odd), width=width),
                tuple(odd[:1000]),
            ))
        rows = [place for place, values in enumerate(series) if values is not None and values.shape[1] == width]
        classes = tuple(sorted({folders[kept[place]] for place in rows}))
        field, values, found_problems = series_field("series", Text("Series"), [_thinned(series[place], params.every) for place in rows])
        return MemoryDataset(
            format=self.name, source=source, fields=(field, Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes)),
            columns={"series": values, "label": np.array([classes.index(folders[kept[place]]) for place in rows], np.int64)},
            ids=[shown[place] for place in rows], splits=None if splits is None else splits[[kept[place] for place in rows]],
            problems=[*problems, *found_problems],
        )


def _thinned(values: np.ndarray | None, every: int) -> np.ndarray:
    return values[::every] if values is not None else np.zeros((0, 1), np.float32)


def _values(path: Path) -> np.ndarray:
    """Returns the measurements of one file, float32 `(T, F)`; a column called time is left out.

    Raises:
        DataError: It holds no numbers, or rows of unequal width.
    """
    table = read_cells(path, layout_of(path, delimiter="\t" if path.suffix.lower() == ".tsv" else ""))
    if table.problems:
        reason = Text("its rows are of unequal width")
        raise DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), table.problems[0].message)
    time = likely_time(table.names) if len(table.names) > 1 else ""
    columns: list[np.ndarray] = []
    for name, cells in zip(table.names, table.columns, strict=True):
        if name == time:
            continue
        sign = decimal_of(present(cells))
        if not sign:
            raise DataError(
                Text("{path} cannot be used: {reason}.", path=str(path), reason=Text("{name} holds more than numbers", name=name[:40])),
                Text("Every column must be a measurement."),
            )
        columns.append(to_numbers(cells, "." if sign == "?" else sign))
    if not columns or not table.rows:
        raise DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=Text("it holds no rows")), Text("Remove it."))
    return np.stack(columns, axis=1).astype(np.float32)

