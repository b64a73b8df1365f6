"""Rows to train on that are later than rows to be judged by, where that makes the judgement too good."""

from __future__ import annotations

import re

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split
from workbench.data.findings.base import Finder, Look, called
from workbench.data.moments import ORDER, moments_of
from workbench.data.target import likely_target
from workbench.errors import DataError
from workbench.text import Text

_TIMES = re.compile(r"(.*_)?(date|datetime|timestamp|日期|时间戳)(_.*)?", re.IGNORECASE)
_OF_THE_SUBJECT = re.compile(r"(.*_)?(birth|born|dob|birthday|founded|built|expiry|expires|due)(_.*)?|.*(生日|出生).*", re.IGNORECASE)
"""Dates that say something about a row but not when it was taken."""
_FEWEST_ROWS, _FEWEST_TIMES = 60, 8
_DRIFT = 0.2
"""The correlation of target and time, or the share of the spread of times that classes explain as a root, from which on it counts as drift."""
_MIXED = 0.25
"""So large a share of the held-out rows must be earlier than the last training row."""
_WINDOWS = 0.5
"""So large a share of the held-out rows must overlap with training; where rows are divided by time, some at the border always do."""
_MOST_CLASSES = 1000


def time_field(dataset: Dataset) -> Field | None:
    """Returns the field that says when a row happened: the first of dates, else one that is called so; None where there is none."""
    fields = [field for field in dataset.fields if not _OF_THE_SUBJECT.fullmatch(field.name) and not _OF_THE_SUBJECT.fullmatch(called(field))]
    dates = [field for field in fields if field.type == "date"]
    named = [field for field in fields if field.kind in (FieldKind.NUMBER, FieldKind.TEXT) and _TIMES.fullmatch(field.name)]
    return next(iter((*dates, *named)), None)


class SharedTimes(Finder):
    """Rows divided at random although the answer changes with time."""

    name = "time-leak"
    label = "Later rows in training"
    summary = "Rows divided at random although what is to be told drifts with time."
    aliases = ("temporal leakage", "time series split", "look-ahead", "concept drift", "时间泄漏", "漂移")
    needs_splits = True

    def find(self, look: Look) -> list[DataProblem]:
        time, target = time_field(look.dataset), likely_target(look.dataset)
        if time is None or target is None or time.name == target.name or len(look.usable) < _FEWEST_ROWS:
            return []
        try:
            moments = moments_of(look.dataset, time.name, look.usable)
        except DataError:
            return []
        known = np.isfinite(moments)
        rows = _earlier(look, moments, known)
        if not len(rows) or len(np.unique(moments[known])) < _FEWEST_TIMES or not _drifts(look, target, moments, known):
            return []
        return [DataProblem(
            self.name,
            Text("{field} changes with {time}, but rows of validation and test lie between rows to train on.",
                 field=called(target), time=called(time)),
            look.names(rows),
            Text("The model is told what came later; on new data, which comes later still, it will do worse than its scores say."),
            field=time.name,
        )]


def _earlier(look: Look, moments: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns the held-out rows that are earlier than the last training row; none where they are few."""
    splits = look.split_of[look.usable]
    training, held_out = known & (splits == str(Split.TRAIN)), known & (splits != "") & (splits != str(Split.TRAIN))
    if not training.any() or not held_out.any():
        return look.usable[:0]
    earlier = held_out & (moments < moments[training].max())
    return look.usable[earlier] if earlier.sum() >= _MIXED * held_out.sum() else look.usable[:0]


def _drifts(look: Look, target: Field, moments: np.ndarray, known: np.ndarray) -> bool:
    """Whether the target changes with time, far beyond chance."""
    values = np.asarray(look.values(target.name))
    known = known & (values >= 0 if target.kind == FieldKind.CATEGORY else np.isfinite(values))
    count = int(known.sum())
    if count < _FEWEST_ROWS:
        return False
    ranks = _ranks(moments[known])
    if target.kind != FieldKind.CATEGORY:
        return abs(_correlation(ranks, _ranks(values[known]))) > max(_DRIFT, 6 / np.sqrt(count))
    classes, number, sizes = np.unique(values[known], return_inverse=True, return_counts=True)
    if not 1 < len(classes) <= min(_MOST_CLASSES, count // 5):
        return False
    means = np.bincount(number, weights=ranks) / sizes
    explained = float((sizes * (means - ranks.mean()) ** 2).sum() / max(((ranks - ranks.mean()) ** 2).sum(), 1e-12))
    by_chance = (len(classes) - 1) / count
    return explained > max(_DRIFT**2, by_chance + 6 * np.sqrt(2 * max(len(classes) - 1, 1)) / count) and np.sqrt(explained) > _DRIFT


def _ranks(values: np.ndarray) -> np.ndarray:
    """Returns the mean rank of every value, equal values the same."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(((one - one.mean()) * (other - other.mean())).mean() / (one.std() * other.std()))


class SharedWindows(Finder):
    """Windows cut from one long series that overlap across a split."""

    name = "window-leak"
    label = "Overlapping windows"
    summary = "Windows of one long series of which parts stand in training and the same parts in validation or test."
    aliases = ("sliding window", "overlap", "series leakage", "滑动窗口", "重叠")
    needs_splits = True
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        return next(([problem] for field in look.fields(FieldKind.SERIES) if (problem := self._of(look, field)) is not None), [])

    def _of(self, look: Look, field: Field) -> DataProblem | None:
        values = look.column(field.name) if field.length else None
        if not isinstance(values, np.ndarray) or values.ndim != 3 or len(values) < _FEWEST_ROWS or values.shape[1] < 2:
            return None
        stride = stride_of(values)
        if not stride:
            return None
        joined = _overlap(values, stride)
        rows = _near_training(look, np.concatenate([[0], np.cumsum(~joined)]), (values.shape[1] - 1) // stride)
        held_out = sum(len(part) for split, part in look.splits.items() if split != Split.TRAIN)
        if len(rows) <= _WINDOWS * held_out:
            return None
        time = time_field(look.dataset)
        return DataProblem(
            self.name,
            Text("{count} rows of validation and test overlap with rows to train on: {field} holds windows that begin {stride} steps apart.",
                 count=len(rows), field=called(field), stride=stride),
            look.names(rows), Text("The model has seen parts of them: the scores come out too good."), field=time.name if time else ORDER,
        )


def stride_of(series: np.ndarray) -> int:
    """Returns how many steps after each other rows begin where each repeats the end of the one before; 0 where they do not.

    Args:
        series: All rows, `(n, T, F)`.
    """
    steps = series.shape[1]
    places = np.unique(np.linspace(0, len(series) - 2, 64).astype(np.int64))
    before, after = series[places], series[places + 1]
    moving = (before != before[:, :1]).any((1, 2)) & (after != after[:, :1]).any((1, 2))
    before, after = before[moving], after[moving]
    if len(before) < len(places) // 2:
        return 0
    for stride in range(1, steps - 1):
        likely = (before[:, stride] == after[:, 0]).all(1)
        if likely.mean() >= 0.5 and (before[likely, stride:] == after[likely, :-stride]).all((1, 2)).sum() * 2 >= len(before):
            return stride
    return 0


def _overlap(series: np.ndarray, stride: int) -> np.ndarray:
    """Returns of every row but the last whether the next one goes on where it is, bool `(n - 1,)`."""
    found = np.empty(len(series) - 1, dtype=bool)
    for start in range(0, len(found), 4096):
        part = slice(start, min(start + 4096, len(found)))
        found[part] = (series[part.start : part.stop, stride:] == series[part.start + 1 : part.stop + 1, :-stride]).all((1, 2))
    return found


def _near_training(look: Look, run: np.ndarray, reach: int) -> np.ndarray:
    """Returns the held-out rows with a training row of the same run at most `reach` rows away."""
    split, place = look.split_of, np.arange(len(run))
    training = split == str(Split.TRAIN)
    before = np.maximum.accumulate(np.where(training, place, -1))
    after = np.minimum.accumulate(np.where(training, place, len(run))[::-1])[::-1]
    near = np.zeros(len(run), dtype=bool)
    for found, there in ((before, before >= 0), (after, after < len(run))):
        other = np.clip(found, 0, len(run) - 1)
        near |= there & (np.abs(place - other) <= reach) & (run[other] == run)
    usable = np.zeros(len(run), dtype=bool)
    usable[look.usable] = True
    return np.flatnonzero(near & usable & (split != "") & ~training)


__all__ = ["SharedTimes", "SharedWindows", "stride_of", "time_field"]
