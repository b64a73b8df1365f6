"""Rows of one source on both sides of a split: the same patient, speaker or scene in training and in validation or test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import basename, splitext

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind, Split
from workbench.data.findings.base import Finder, Look, called
from workbench.data.groups import FOLDER, PREFIX, folder_of, names_of, prefix_of
from workbench.data.target import likely_target
from workbench.text import Text

_SOURCES = re.compile(
    r"(.*_)?(patient|subject|person|participant|speaker|singer|signer|writer|author|actor|customer|client|user|animal|donor|volunteer|household|"
    r"family|scene|session|recording|video|clip|slide|visit|interview|conversation|dialogue|document|article|case)(_?(id|no|nr|num|number|name|code|key))?"
    r"|.*(患者|病人|病例|受试者|参与者|说话人|用户|客户|会话|场景|视频|录音).*",
    re.IGNORECASE,
)
_VALUES = re.compile(
    r"(p|s|sub|subj|subject|pat|patient|spk|speaker|user|person|scene|session|vid|video|rec|case)[-_ ]?\d{1,8}"
    r"|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}",
    re.IGNORECASE,
)
_FEWEST, _FEWEST_UNNAMED = 5, 8
"""So many different sources there must be; more where only the values look like names of sources, not the column."""
_ROWS_EACH = 2
_FILES = 0.8
_SAMPLE = 500


class SharedSources(Finder):
    """The same source on both sides of a split."""

    name = "group-leak"
    label = "Sources on both sides"
    summary = "Rows of validation or test that come from the same patient, speaker or scene as rows of training."
    aliases = ("group leakage", "subject leakage", "GroupKFold", "patient split", "speaker", "分组泄漏", "患者")
    needs_splits = True

    def find(self, look: Look) -> list[DataProblem]:
        if not {*look.splits} - {Split.TRAIN} or len(look.usable) < _ROWS_EACH * _FEWEST:
            return []
        candidates = (*_columns(look), *_paths(look))
        return next(([problem] for name, label, groups in candidates if (problem := self._of(look, name, label, groups)) is not None), [])

    def _of(self, look: Look, name: str, label: str, groups: Sequence[str]) -> DataProblem | None:
        rows = _shared(look, groups)
        if not len(rows):
            return None
        if name == PREFIX:
            message = Text("The names of {count} files of validation and test begin like those of files to train on.", count=len(rows))
        elif name == FOLDER:
            message = Text("{count} rows of validation and test lie in a folder with rows to train on.", count=len(rows))
        else:
            message = Text("{count} rows of validation and test have the same {field} as rows to train on.", count=len(rows), field=label)
        reason = Text(
            "Rows of one source (a person, a device, a place) are alike: a model can know the source again, and the scores come out too good.",
        )
        return DataProblem(self.name, message, look.names(rows), reason, field=name)


def _columns(look: Look) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Returns the columns that seem to say where a row comes from: name, label, and the source of every usable row."""
    target = likely_target(look.dataset)
    for field in look.fields(FieldKind.CATEGORY, FieldKind.TEXT, FieldKind.NUMBER):
        if (target is not None and field.name == target.name) or field.type in ("date", "constant", "boolean", "id"):
            continue
        named = bool(_SOURCES.fullmatch(field.name) or _SOURCES.fullmatch(called(field).strip().replace(" ", "_")))
        if not named and not _look_like_sources(look, field):
            continue
        groups = names_of(look.dataset, field.name, look.usable)
        if _plausible(groups, _FEWEST if named else _FEWEST_UNNAMED):
            yield field.name, called(field), groups


def _look_like_sources(look: Look, field: Field) -> bool:
    """Whether the values of a column, whatever it is called, look like names of sources: P001, spk12, a UUID."""
    if field.kind == FieldKind.CATEGORY:
        different = set(field.categories)
    elif field.kind == FieldKind.TEXT:
        different = {*names_of(look.dataset, field.name, look.usable[:_SAMPLE])} - {""}
    else:
        return False
    return bool(different) and all(_VALUES.fullmatch(value) for value in different)


def _paths(look: Look) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Returns the sources that the paths of files seem to name, unless these are the classes."""
    taken, ids = {field.name for field in look.dataset.fields}, look.dataset.ids()
    few = [ids[int(row)] for row in look.usable[np.unique(np.linspace(0, len(look.usable) - 1, _SAMPLE).astype(np.int64))]]
    if sum(map(_is_file, few)) < _FILES * len(few):
        return
    for name, told in ((PREFIX, _prefix), (FOLDER, _folder)):
        if name in taken or sum(bool(told(row)) for row in few) < _FILES * len(few):
            continue
        groups = [told(ids[row]) for row in look.usable.tolist()]
        if _plausible(groups, _FEWEST) and not _are_classes(look, groups):
            yield name, "", groups


def _prefix(row: str) -> str:
    """Returns what a file name begins with, where that holds a number; words alone say little about where a file comes from."""
    prefix = prefix_of(row)
    return prefix if any(letter.isdigit() for letter in prefix) else ""


def _folder(row: str) -> str:
    """Returns the folder of a row, where it is called like a source."""
    folder = folder_of(row)
    last = basename(folder).replace("-", "_").replace(" ", "_")
    return folder if _VALUES.fullmatch(last) or _SOURCES.fullmatch(re.sub(r"_?\d+$", "", last)) else ""


def _is_file(row: str) -> bool:
    ending = splitext(basename(row))[1]
    return 2 <= len(ending) <= 6 and not ending[1:].isdigit()


def _plausible(groups: Sequence[str], fewest: int) -> bool:
    """Whether there are several sources, and most rows are not alone."""
    _, counts = np.unique([group for group in groups if group], return_counts=True)
    return len(counts) >= fewest and int(counts[counts >= _ROWS_EACH].sum()) * 2 >= len(groups)


def _are_classes(look: Look, groups: Sequence[str]) -> bool:
    """Whether the groups are the classes of a category field by another name: there are no more of them, and each holds one class."""
    numbers = np.unique(list(groups), return_inverse=True)[1]
    for field in look.fields(FieldKind.CATEGORY):
        classes = np.asarray(look.values(field.name))
        if numbers.max(initial=0) < len(field.categories) and len(np.unique(numbers * (len(field.categories) + 1) + classes)) == numbers.max() + 1:
            return True
    return False


def _shared(look: Look, groups: Sequence[str]) -> np.ndarray:
    """Returns the rows of validation and test whose group also has rows in training, sorted."""
    names, numbers = np.unique(list(groups), return_inverse=True)
    splits = look.split_of[look.usable]
    training = np.zeros(len(names), dtype=bool)
    training[numbers[splits == str(Split.TRAIN)]] = True
    training[names == ""] = False
    return look.usable[training[numbers] & (splits != "") & (splits != str(Split.TRAIN))]


__all__ = ["SharedSources"]
