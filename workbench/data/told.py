"""What a source was recognised as, in one sentence, and its first rows in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind, Split
from workbench.data.formats import FORMATS
from workbench.data.splits import SplitRule
from workbench.errors import Text

_SAMPLED = 200
_CUT = 48


def recognised(dataset: Dataset, rule: SplitRule, target: str = "") -> Text:
    """Returns what was recognised: `Image folder: 2 classes, 240 images (64 to 480 px); no splits: 15 % are set aside to validate, ...`.

    Args:
        dataset: The opened data.
        rule: How it is going to be divided.
        target: The field that is learned; its classes are counted.
    """
    entry = FORMATS.get(dataset.format)
    name = Text(entry.label) if entry is not None else Text("Data")
    learned = next((field for field in dataset.fields if field.name == target), None)
    what = _content(dataset)
    if learned is not None and learned.kind in (FieldKind.CATEGORY, FieldKind.MASK) and learned.categories:
        what = Text("{count} classes, {what}", count=len(learned.categories), what=what)
    splits = divided(dataset, rule)
    return Text("{format}: {what}; {splits}.", format=name, what=what, splits=splits) if splits else Text("{format}: {what}.", format=name, what=what)


def divided(dataset: Dataset, rule: SplitRule) -> Text | None:
    """Returns how the rows are divided; None where somebody asked for folds, groups or times, which are said elsewhere."""
    given = dataset.given_splits() if rule.use_given else None
    if given is None:
        if rule.folds or rule.group or rule.time:
            return None
        return Text("no splits: {validation} % are set aside to validate, {test} % to test", validation=_percent(rule.validation),
                    test=_percent(rule.test))
    counts = Counter(given.tolist())
    train, validation, test = (counts.get(str(split), 0) for split in Split)
    if not validation:
        return Text("its own splits: {train} to train, of which {validation} % to validate, {test} to test", train=f"{train:,}",
                    validation=_percent(rule.validation), test=f"{test:,}")
    return Text("its own splits: {train} to train, {validation} to validate, {test} to test", train=f"{train:,}", validation=f"{validation:,}",
                test=f"{test:,}")


def _percent(share: float) -> str:
    return f"{share * 100:.3g}"


def _content(dataset: Dataset) -> Text:
    """Returns what the rows are, said by the richest kind of field."""
    rows, by_kind = f"{len(dataset):,}", {}
    for field in dataset.fields:
        by_kind.setdefault(field.kind, field)
    texts = [field for field in dataset.fields if field.kind == FieldKind.TEXT]
    for kind, say in ((FieldKind.IMAGE, _images), (FieldKind.AUDIO, _sounds), (FieldKind.SERIES, _series)):
        if kind in by_kind:
            return say(dataset, by_kind[kind], rows)
    if len(texts) == len(dataset.fields) == 2:
        return Text("{rows} pairs of texts", rows=rows)
    if texts and len(dataset.fields) <= 2:
        return Text("{rows} texts", rows=rows)
    return Text("{rows} rows of {columns} columns", rows=rows, columns=len(dataset.fields))


def _images(dataset: Dataset, field: Field, rows: str) -> Text:
    if field.height:
        return Text("{rows} images of {width} × {height} px", rows=rows, width=field.width, height=field.height)
    sizes = dataset.image_sizes(field.name)
    if sizes is None:
        sizes = np.array([image.shape[:2] for image in dataset.column(field.name)])
    return Text("{rows} images ({smallest} to {largest} px)", rows=rows, smallest=int(sizes.min()), largest=int(sizes.max()))


def _sounds(dataset: Dataset, field: Field, rows: str) -> Text:
    if not field.length or not field.rate:
        return Text("{rows} sounds of different length", rows=rows)
    return Text("{rows} sounds of {seconds} s", rows=rows, seconds=f"{field.length / field.rate:.3g}")


def _series(dataset: Dataset, field: Field, rows: str) -> Text:
    if not field.length:
        return Text("{rows} series of different length", rows=rows)
    return Text("{rows} series of {steps} steps", rows=rows, steps=field.length)


def first_rows(dataset: Dataset, count: int = 6) -> tuple[list[str], list[list[str]]]:
    """Returns the names of the columns and the first rows in words, for a preview."""
    rows = np.arange(min(count, len(dataset)))
    columns = [[_in_words(field, value) for value in dataset.column(field.name, rows)] for field in dataset.fields]
    return [field.label or field.name for field in dataset.fields], [list(row) for row in zip(*columns, strict=True)]


def _number(field: Field, value: float) -> str:
    if field.type == "date":
        return str(np.datetime64(int(value), "D"))
    return f"{value:.0f}" if value.is_integer() else f"{value:.5g}"


def _in_words(field: Field, value: Any) -> str:
    if field.kind == FieldKind.TEXT:
        return value if len(value) <= _CUT else f"{value[:_CUT]}…"
    if field.kind == FieldKind.CATEGORY:
        return str(field.categories[int(value)]) if 0 <= int(value) < len(field.categories) else "–"
    if field.kind == FieldKind.NUMBER:
        return "–" if not np.isfinite(value) else _number(field, float(value))
    if field.kind == FieldKind.AUDIO and field.rate:
        return f"{len(value) / field.rate:.3g} s"
    shape = np.shape(value)
    return " × ".join(map(str, shape[1::-1] if field.kind in (FieldKind.IMAGE, FieldKind.MASK) else shape))
