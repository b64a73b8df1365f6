"""Values in trouble: missing, constant, far outside, classes that are rare or alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.findings.base import Finder, Look, called
from workbench.text import Text

IMBALANCE = 10
"""The largest class has this many times the rows of the smallest."""
_FAR = 12.0
_MANY = 50


class Missing(Finder):
    """Categories and numbers that are not there."""

    name = "missing"
    label = "Missing values"
    summary = "Rows without a value in a category or a number."
    aliases = ("NaN", "null", "NA", "缺失值")

    def find(self, look: Look) -> list[DataProblem]:
        found = []
        for field in look.fields(FieldKind.CATEGORY, FieldKind.NUMBER):
            values = look.values(field.name)
            rows = look.usable[values < 0 if field.kind == FieldKind.CATEGORY else ~np.isfinite(values)]
            if len(rows):
                found.append(DataProblem(
                    self.name, Text("{count} rows have no value in {field}.", count=len(rows), field=called(field)), look.names(rows),
                    Text("Rows without a target are left out; a missing number takes the mean."), field=field.name,
                ))
        return found


class Balance(Finder):
    """One class, or classes of very unlike size."""

    name = "imbalance"
    label = "Class balance"
    summary = "Classes with many times the rows of another."
    aliases = ("class imbalance", "skew", "类别不平衡")

    def find(self, look: Look) -> list[DataProblem]:
        return [problem for field in look.fields(FieldKind.CATEGORY) for problem in self._of(look, field)]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        values = look.values(field.name)
        counts = np.bincount(values[values >= 0], minlength=len(field.categories))
        if np.count_nonzero(counts) < 2:
            return [DataProblem(
                "one-class", Text("All rows are of one class of {field}.", field=called(field)), reason=Text("There is nothing to tell apart."),
            )]
        large, small = int(counts.argmax()), int(np.where(counts > 0, counts, np.iinfo(np.int64).max).argmin())
        if counts[large] < IMBALANCE * counts[small]:
            return []
        rare = look.usable[values == small]
        return [DataProblem(
            self.name,
            Text("{large} has {times} times as many rows as {small}.",
                 large=field.categories[large], small=field.categories[small], times=int(counts[large] // counts[small])),
            look.names(rare), Text("A model can score well by never choosing the rare class; look at the confusion matrix too."),
        )]


class Constant(Finder):
    """Fields that say the same in every row."""

    name = "constant"
    label = "Constant fields"
    summary = "Numbers and texts that are the same in every row."
    aliases = ("zero variance", "constant column", "常量列")

    def find(self, look: Look) -> list[DataProblem]:
        found = []
        for field in look.fields(FieldKind.NUMBER, FieldKind.TEXT):
            values = look.values(field.name)
            if field.kind == FieldKind.NUMBER:
                values = values[np.isfinite(values)]
            if len(values) > 1 and _all_equal(values):
                found.append(DataProblem(
                    self.name, Text("{field} is the same in every row.", field=called(field)),
                    reason=Text("There is nothing in it to learn from."), field=field.name,
                ))
        return found


def _all_equal(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return bool(values.min() == values.max())
    first = values[0]
    return all(value == first for value in values)


class Outliers(Finder):
    """Numbers, brightness of images and loudness of sounds far outside the rest (median and median deviation)."""

    name = "outliers"
    label = "Outliers"
    summary = "Values very far from all others."
    aliases = ("robust z", "MAD", "anomaly", "离群值")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        found = []
        for field in look.fields(FieldKind.NUMBER, FieldKind.IMAGE):
            rows = look.kept(self.name, [field], lambda field=field: self._rows(look, field))
            if len(rows):
                what = Text("{count} rows lie far outside of all others in {field}.", count=len(rows), field=called(field))
                dark = Text("{count} images in {field} are far darker or brighter than all others.", count=len(rows), field=called(field))
                found.append(DataProblem(
                    self.name, dark if field.kind == FieldKind.IMAGE else what, look.names(rows),
                    Text("Such rows are often mistakes of measuring or reading; a few of them can pull a model far off."),
                ))
        return found

    def _rows(self, look: Look, field: Field) -> np.ndarray:
        places, values = (look.usable, look.values(field.name)) if field.kind == FieldKind.NUMBER else _brightness(look, field.name)
        return places[far_out(np.asarray(values, dtype=np.float64))]


def _brightness(look: Look, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows and the mean brightness of their images."""
    parts = [(rows, np.array([float(image.mean()) for image in images])) for rows, images in look.parts(name)]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([values for _, values in parts])


def far_out(values: np.ndarray) -> np.ndarray:
    """Returns which values lie more than twelve robust deviations from the median; of few values none."""
    known = values[np.isfinite(values)]
    if len(known) < _MANY:
        return np.zeros(len(values), dtype=bool)
    middle = np.median(known)
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), float(np.subtract(*np.percentile(known, [90, 10]))) / 2.563)
    if spread <= 0:
        return np.zeros(len(values), dtype=bool)
    return np.isfinite(values) & (np.abs(values - middle) > _FAR * spread)


__all__ = ["IMBALANCE", "Balance", "Constant", "Missing", "Outliers", "far_out"]
