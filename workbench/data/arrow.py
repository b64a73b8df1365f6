"""Columns of Arrow, as Parquet, Feather and saved Hugging Face datasets hold them; read through pyarrow, which is optional."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.arrow_files import BytesColumn, files_column
from workbench.data.arrow_kept import LARGE_BYTES, mapped
from workbench.data.arrow_texts import cells_of
from workbench.data.base import DataProblem, Dataset, Field, FieldKind
from workbench.data.memory import NumberedIds
from workbench.data.tables.columns import Reading, TableDataset, column_of, identifiers, series_field
from workbench.data.tables.types import ColumnType, is_named_id, is_named_label
from workbench.errors import DataError, Text

_MOST_CLASSES = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a dataset.

    Attributes:
        name: What its rows are called.
        split: The split that it is, or "".
        table: Its rows, a `pyarrow.Table`.
        path: The file, where what is seen in it may be kept for the next time.
    """

    name: str
    split: str
    table: Any
    path: Path | None = None

    def key(self) -> str:
        """Returns what tells this file, as it is now, from every other; "" where it is not known."""
        try:
            about = self.path.stat() if self.path is not None else None
        except OSError:
            return ""
        return f"{self.path}\0{about.st_size}\0{about.st_mtime_ns}" if about is not None else ""


def pyarrow(path: str) -> Any:
    """Returns the package.

    Raises:
        DataError: It is not installed.
    """
    if find_spec("pyarrow") is None:
        raise DataError(
            Text("{path} cannot be read: Parquet and Arrow need the package pyarrow.", path=path),
            Text("Install it with: pip install model-workbench[data]"),
        )
    import pyarrow

    return pyarrow


def read_table(path: Path) -> Any:
    """Returns the rows of a file; Arrow files stay on disk and are mapped into memory.

    Raises:
        DataError: It is damaged, too large, or pyarrow is missing.
    """
    arrow = pyarrow(str(path))
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            import pyarrow.parquet as parquet

            with parquet.ParquetFile(str(path), memory_map=True) as file:
                groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
                size = sum(group.total_byte_size for group in groups)
                return file.read() if size <= LARGE_BYTES else mapped(arrow, path, file)
        return _mapped(arrow, path)
    except (arrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(Text("{path} cannot be read: {reason}.", path=str(path), reason=reason.rstrip(".")), Text("Check the file.")) from error


def _mapped(arrow: Any, path: Path) -> Any:
    with path.open("rb") as file:
        begin = file.read(6)
    if begin[:4] == b"FEA1":
        import pyarrow.feather as feather

        return feather.read_table(str(path), memory_map=False)
    source = arrow.memory_map(str(path))
    opened = arrow.ipc.open_file(source) if begin == b"ARROW1" else arrow.ipc.open_stream(source)
    table = opened.read_all()
    table.validate(full=table.nbytes < 1 << 28)
    return table


def dataset_of(format: str, source: str, parts: Sequence[Part], reading: Reading, problems: Sequence[DataProblem] = ()) -> Dataset:
    """Returns the dataset that these files make up.

    Args:
        format: The name of the format.
        source: What was opened.
        parts: The files; where all name a split, that is given.
        reading: Types that were said of columns.
        problems: What was found before.

    Raises:
        DataError: The files have no common columns, or no rows.
    """
    arrow = pyarrow(source)
    try:
        table = arrow.concat_tables([part.table.replace_schema_metadata(None) for part in parts], promote_options="permissive")
    except (arrow.ArrowException, ValueError) as error:
        raise DataError(Text("The files of {path} do not have the same columns.", path=source), Text("Open one of them alone.")) from error
    if not table.num_rows:
        raise DataError(Text("{path} has no rows.", path=source), Text("Choose other data."))
    hints = _features(parts[0].table.schema)
    names = [name for name in table.column_names if not name.startswith("__")]
    every = [part.key() for part in parts]
    key = "\0\0".join(every) if all(every) else ""
    flat = [item for name in names for item in _opened(arrow, name, table.column(name))]
    labels = [name for name, _ in flat]
    ids = NumberedIds(*((part.name, part.table.num_rows) for part in parts))
    keep = np.ones(table.num_rows, bool)
    columns: dict[str, Any] = {}
    lazy: dict[str, BytesColumn] = {}
    fields: list[Field] = []
    found = list(problems)
    for name, (label, column) in zip(identifiers(labels), flat, strict=True):
        wanted = reading.types.get(label) or reading.types.get(name)
        item = _read(arrow, name, label, column, hints.get(label, {}), wanted, reading, ids, key)
        if isinstance(item[1], BytesColumn):
            lazy[name] = item[1]
            keep &= item[1].good
        else:
            columns[name] = item[1]
        fields.append(item[0])
        found += item[2]
    if not fields or not keep.any():
        raise DataError(Text("{path} holds no columns that can be used.", path=source), Text("Choose other data."))
    splits = np.repeat([part.split for part in parts], [part.table.num_rows for part in parts]) if all(part.split for part in parts) else None
    return _kept(format, source, fields, columns, lazy, np.flatnonzero(keep), ids, splits, found)


def _kept(
    format: str, source: str, fields: list[Field], columns: dict[str, Any], lazy: Mapping[str, BytesColumn], rows: np.ndarray, ids: NumberedIds,
    splits: np.ndarray | None, problems: list[DataProblem],
) -> Dataset:
    """Returns the dataset of the rows that can be read."""
    kept_ids: Sequence[str] = ids
    if len(rows) < len(ids):
        columns = {name: values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows] for name, values in columns.items()}
        kept_ids = [ids[int(row)] for row in rows]
        splits = None if splits is None else splits[rows]
        lazy = {name: column.taken(rows) for name, column in lazy.items()}
    splits = None if splits is None else splits.astype("U10")
    return TableDataset(format=format, source=source, fields=fields, columns={**columns, **lazy}, ids=kept_ids, splits=splits, problems=problems)


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """Returns what a Hugging Face dataset says of its columns, by name."""
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {str(name): feature for name, feature in found.items() if isinstance(feature, dict)} if isinstance(found, dict) else {}


def _opened(arrow: Any, name: str, column: Any) -> Iterator[tuple[str, Any]]:
    """Yields a column, or of a structure that is no file its members."""
    kind = column.type
    members = [kind.field(place).name for place in range(kind.num_fields)] if arrow.types.is_struct(kind) else []
    if not members or "bytes" in members:
        yield name, column
        return
    for member in members:
        yield f"{name}.{member}", _member(column, member)


def _member(column: Any, name: str) -> Any:
    """Returns one member of a column of structures."""
    import pyarrow.compute

    compute: Any = pyarrow.compute
    return compute.struct_field(column, name)


def _read(
    arrow: Any, name: str, label: str, column: Any, hint: Mapping[str, Any], wanted: ColumnType | None, reading: Reading, ids: Sequence[str],
    key: str,
) -> tuple[Field, Any, list[DataProblem]]:
    """Returns the field, the values and the problems of one column."""
    types, kind = arrow.types, column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
        wanted = wanted or _categories(types, column)
    if types.is_struct(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        return _files(name, label, column, hint, key)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        rows = _series(types, column)
        if rows is not None:
            return series_field(name, label, rows)
    names = hint.get("names")
    if wanted is None and isinstance(names, list) and types.is_integer(kind):
        return Field(name, FieldKind.CATEGORY, label, categories=tuple(map(str, names))), _whole(column, len(names)), []
    if wanted is None and types.is_integer(kind) and _few_labels(types, name, column):
        found = _classes(name, label, column)
        if found is not None:
            return found
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if numeric and wanted in (None, ColumnType.NUMBER, ColumnType.ID, ColumnType.CONSTANT) and not _few_labels(types, name, column):
        return _numbers(arrow, name, label, column, wanted)
    if wanted in (None, ColumnType.DATE) and (types.is_timestamp(kind) or types.is_date(kind)):
        moments = column.cast(arrow.timestamp("us")).cast(arrow.int64()).to_numpy(zero_copy_only=False)
        return Field(name, FieldKind.NUMBER, label, unit=Text("days since 1970"), type="date"), (moments / 86_400e6).astype(np.float32), []
    if _of_words(types, kind):
        wanted = wanted or ColumnType.TEXT
    words = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    cells = cells_of(arrow, column) if words else _cells(types, column)
    return column_of(name, label, cells, wanted, reading, ids)


def _categories(types: Any, column: Any) -> ColumnType | None:
    """Returns that a column is one of categories where its writer said so (a Categorical of pandas), and few of them repeat."""
    words = types.is_string(column.type) or types.is_large_string(column.type)
    return ColumnType.CATEGORY if words and 1 < len(column.unique()) <= min(_MOST_CLASSES, len(column) - 1) else None


def _few_labels(types: Any, name: str, column: Any) -> bool:
    return types.is_integer(column.type) and is_named_label(name) and len(column.unique()) <= _MOST_CLASSES


def _classes(name: str, label: str, column: Any) -> tuple[Field, Any, list[DataProblem]] | None:
    """Returns a column of class numbers as a category; None where they may be yes and no, or are all one, which other rules tell apart."""
    found = sorted(value for value in column.unique().to_pylist() if value is not None)
    if len(found) < 3:
        return None
    numbers = column.to_numpy()
    missing = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(len(numbers), bool)
    places = np.searchsorted(np.array(found), np.where(missing, found[0], numbers)).astype(np.int64)
    return Field(name, FieldKind.CATEGORY, label, categories=tuple(map(str, found))), np.where(missing, -1, places), []


def _numbers(arrow: Any, name: str, label: str, column: Any, wanted: ColumnType | None) -> tuple[Field, Any, list[DataProblem]]:
    values = column.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    shown = str(wanted) if wanted in (ColumnType.ID, ColumnType.CONSTANT) else ""
    if wanted is None and len(values) > 1:
        if bool(np.all(values == values[0])):
            shown = "constant"
        elif is_named_id(name) and arrow.types.is_integer(column.type) and len(np.unique(values)) == len(values):
            shown = "id"
    with np.errstate(over="ignore"):
        return Field(name, FieldKind.NUMBER, label, type=shown), values.astype(np.float32), []


def _whole(column: Any, classes: int) -> np.ndarray:
    """Returns class numbers, -1 for what is missing or out of range."""
    numbers = column.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where((numbers >= 0) & (numbers < classes), numbers, -1)


def _cells(types: Any, column: Any) -> list[str]:
    """Returns a column as people would write it in a table."""
    values = column.to_pylist()
    if types.is_boolean(column.type):
        return ["" if value is None else "true" if value else "false" for value in values]
    if _of_words(types, column.type):
        return ["" if value is None else " ".join(word or "" for word in value) for value in values]
    if types.is_nested(column.type):
        return ["" if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
    return ["" if value is None else str(value) for value in values]


def _of_words(types: Any, kind: Any) -> bool:
    """Whether each row is a list of words, as texts that were cut into tokens are kept."""
    listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return listed and (types.is_string(kind.value_type) or types.is_large_string(kind.value_type))


def _series(types: Any, column: Any) -> list[np.ndarray] | None:
    """Returns lists of numbers as series `(T, 1)`, lists of equally long lists as `(T, F)`; None for other lists."""
    inner = column.type.value_type
    deep = types.is_list(inner) or types.is_large_list(inner) or types.is_fixed_size_list(inner)
    number = inner.value_type if deep else inner
    if not (types.is_integer(number) or types.is_floating(number)):
        return None
    rows: list[np.ndarray] = []
    for value in column:
        try:
            array = np.asarray(value.as_py() if value.is_valid else [], dtype=np.float32)
            rows.append(array[:, None] if array.ndim == 1 else array)
        except (ValueError, TypeError):
            rows.append(np.zeros((0, 1), np.float32))
    return rows


def _files(name: str, label: str, column: Any, hint: Mapping[str, Any], key: str) -> tuple[Field, BytesColumn, list[DataProblem]]:
    """Returns a column of images or sounds."""
    return files_column(name, label, column if "bytes" not in _members(column) else _member(column, "bytes"), hint, key)


def _members(column: Any) -> list[str]:
    kind = column.type
    return [kind.field(place).name for place in range(kind.num_fields)]
