"""What is told of every field of the data: its type, who reads it, what is missing, examples. Runs aside; no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.app.language import say_own, tr
from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.tables.types import ColumnType
from workbench.project.feeding import input_fields, target_fields

if TYPE_CHECKING:
    from workbench.catalogue import Entry
    from workbench.project.project import Project

_LOOKED_AT, _EXAMPLES, _LONGEST = 2000, 4, 60
_TYPE_OF = {
    FieldKind.NUMBER: ColumnType.NUMBER, FieldKind.CATEGORY: ColumnType.CATEGORY, FieldKind.TEXT: ColumnType.TEXT,
    FieldKind.IMAGE: ColumnType.IMAGE, FieldKind.AUDIO: ColumnType.SOUND, FieldKind.SERIES: ColumnType.SERIES,
}
READ, LEARNED, BOTH, UNUSED = "read", "learned", "read and learned", "not used"


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field.

    Attributes:
        name, label: As the data calls it, and as people do.
        kind: What it holds; None for a column that became no field, such as one that names the split.
        type: What the column of a table was taken for.
        role: `read`, `learned`, `read and learned` or `not used`.
        missing: Rows without a value, or None where that is not counted.
        examples: A few different values in words.
        details: Size, number of classes, unit, range.
    """

    name: str
    label: str
    kind: FieldKind | None
    type: str
    role: str
    missing: int | None = None
    examples: tuple[str, ...] = ()
    details: str = ""


def format_of(project: Project, dataset: Dataset) -> Entry | None:
    """Returns the format or generator that a project's data is opened with."""
    from workbench.data.formats import FORMATS

    source = project.data.source
    for prefix in ("sample:", "generated:"):
        if source.startswith(prefix):
            return FORMATS.get(source.removeprefix(prefix))
    return FORMATS.get(project.data.format or dataset.format)


def types_change(project: Project, dataset: Dataset, field: Field | None = None) -> bool:
    """Whether the types of columns can be set in this format, and that of this field."""
    entry = format_of(project, dataset)
    possible = entry is not None and "types" in entry.Params.model_fields
    return possible and not (entry.name == "sound_folder" and field is not None and field.kind == FieldKind.AUDIO)


def field_facts(project: Project, dataset: Dataset) -> list[FieldFact]:
    """Returns what is told of every field, in the order of the data."""
    read, learned = input_fields(project), target_fields(project)
    found = [_fact(dataset, field, role_of(field.name, read, learned)) for field in dataset.fields]
    known = {field.name for field in dataset.fields} | {say_own(field.label) for field in dataset.fields}
    for name, wanted in dict(project.data.params.get("types", {})).items():
        if name not in known:  # a column that names the split is no field, but may become one again
            found.append(FieldFact(name, name, None, str(wanted), UNUSED))
    return found


def role_of(name: str, read: list[str], learned: list[str]) -> str:
    """Returns what the project does with a field."""
    if name in read and name in learned:
        return BOTH
    return LEARNED if name in learned else READ if name in read else UNUSED


def _fact(dataset: Dataset, field: Field, role: str) -> FieldFact:
    taken = field.type or str(_TYPE_OF.get(field.kind, field.kind))
    label = say_own(field.label) or field.name
    # A damaged file must not keep the other fields from being told of.
    try:
        missing, examples = _values(dataset, field)
    except Exception as error:
        missing, examples = None, (str(error)[:_LONGEST],)
    return FieldFact(field.name, label, field.kind, taken, role, missing, examples, _details(dataset, field))


def _values(dataset: Dataset, field: Field) -> tuple[int | None, tuple[str, ...]]:
    if field.kind == FieldKind.NUMBER:
        values = np.asarray(dataset.column(field.name))
        finite = values[np.isfinite(values)]
        shown = [number_words(field, float(value)) for value in dict.fromkeys(finite[:_LOOKED_AT].tolist())]
        return int((~np.isfinite(values)).sum()), tuple(shown[:_EXAMPLES])
    if field.kind == FieldKind.CATEGORY:
        values = np.asarray(dataset.column(field.name))
        return int((values < 0).sum()), tuple(name[:_LONGEST] for name in field.categories[:_EXAMPLES])
    if field.kind == FieldKind.TEXT:
        texts = list(dataset.column(field.name, np.arange(min(len(dataset), _LOOKED_AT))))
        empty = sum(not text.strip() for text in texts)
        shown = [text[:_LONGEST] for text in dict.fromkeys(text.strip() for text in texts) if text]
        return (empty if len(dataset) <= _LOOKED_AT else None), tuple(shown[:_EXAMPLES])
    return None, ()


def number_words(field: Field, value: float) -> str:
    """Returns a number as people read it; a date as a date."""
    if field.type == "date":
        moment = np.datetime64(0, "s") + np.timedelta64(round(value * 86400), "s")
        return str(moment.astype("datetime64[D]" if value == int(value) else "datetime64[m]")).replace("T", " ")
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _details(dataset: Dataset, field: Field) -> str:
    if field.kind == FieldKind.CATEGORY:
        return tr("{count} classes", count=f"{len(field.categories):,}")
    if field.kind == FieldKind.IMAGE:
        size = tr("sizes differ") if not field.width else f"{field.width} × {field.height}"
        return f"{size}, {tr('grey') if field.channels == 1 else tr('colour')}"
    if field.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return tr("lengths differ") if not field.length else tr("{count} steps", count=f"{field.length:,}")
    if field.kind == FieldKind.MASK:
        return tr("{count} classes", count=f"{len(field.categories):,}")
    return say_own(field.unit)


def can_be_learned(field: Field) -> bool:
    """Whether an objective of its own learns this kind of field."""
    from workbench.project.feeding import OBJECTIVE_OF, UNTELLING

    return field.kind in OBJECTIVE_OF and field.type not in UNTELLING
