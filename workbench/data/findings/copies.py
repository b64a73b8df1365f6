"""Rows that stand twice: equal ones, nearly equal ones, and those that stand in several splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind, Split
from workbench.data.findings.base import MOST_ROWS, Finder, Look
from workbench.text import Text

_HELD_OUT = (str(Split.VALIDATION), str(Split.TEST))


def across(look: Look, groups: Iterable[np.ndarray]) -> np.ndarray:
    """Returns the rows of validation and test that have a twin in training, sorted."""
    found: list[int] = []
    for rows in groups:
        splits = look.split_of[rows]
        if str(Split.TRAIN) in splits:
            found += rows[np.isin(splits, _HELD_OUT)].tolist()
    return np.array(sorted(found), dtype=np.int64)


class Leaks(Finder):
    """Equal rows on both sides of a split."""

    name = "duplicate"
    label = "Rows in two splits"
    summary = "Rows of validation or test that also stand in training."
    aliases = ("leak", "leakage", "contamination", "泄漏", "重复")
    needs_splits = True
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        groups = look.equal_groups
        copies = across(look, groups)
        if not len(copies):
            return []
        return [DataProblem(
            self.name, Text("{count} rows of validation and test also stand in training.", count=len(copies)), look.names(copies),
            Text("The model has seen their answers: the scores come out too good."), groups=_named(look, groups),
        )]


class Copies(Finder):
    """Equal rows within training."""

    name = "copies"
    label = "Equal rows"
    summary = "Rows that stand more than once in the same split."
    aliases = ("exact duplicates", "duplicates", "重复行")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        groups = [rows for rows in look.equal_groups if not look.splits or len({*look.split_of[rows]}) == 1]
        spare = np.array(sorted(row for rows in groups for row in rows[1:].tolist()), dtype=np.int64)
        if not len(spare):
            return []
        return [DataProblem(
            self.name, Text("{count} rows are copies of an earlier row.", count=len(spare)), look.names(spare),
            Text("What stands twice counts twice in training, and in the scores."), groups=_named(look, groups),
        )]


class NearImages(Finder):
    """Images that look the same: scaled, brightened or stored again (difference hashes, Krawetz 2013)."""

    name = "near-duplicates"
    label = "Nearly equal images"
    summary = "Images that look the same but are stored otherwise."
    aliases = ("perceptual hash", "dHash", "pHash", "近似重复")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        found: list[DataProblem] = []
        for field in _alone(look, FieldKind.IMAGE):
            if 0 < min(field.height, field.width) < _SMALLEST:
                continue
            parts = [(rows, thumbnails(images), thumbnails(images, _FINE)) for rows, images in look.parts(field.name)]
            if not parts:
                continue
            places = np.concatenate([rows for rows, _, _ in parts])
            coarse, fine = (np.concatenate([part[index] for part in parts]) for index in (1, 2))
            groups = [places[rows] for rows in near_images(coarse, fine)]
            equal = {row for rows in look.equal_groups for row in rows.tolist()}
            groups = [rows for rows in groups if not equal.issuperset(rows.tolist())]
            found += _near(self.name, look, groups)
        return found


class NearTexts(Finder):
    """Texts that differ in a few letters (min-hashes of five-letter shingles, Broder 1997)."""

    name = "near-texts"
    label = "Nearly equal texts"
    summary = "Texts that differ in a few letters only."
    aliases = ("MinHash", "shingles", "近似重复")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        found: list[DataProblem] = []
        for field in _alone(look, FieldKind.TEXT):
            texts = [" ".join(text.casefold().split()) for text in look.values(field.name)]
            groups = [look.usable[rows] for rows in near_texts(texts)]
            found += _near(self.name, look, groups)
        return found


def _alone(look: Look, kind: FieldKind) -> list[Field]:
    """Returns the field of this kind where rows have no other input to read: one picture may be asked about twice."""
    read = look.fields(FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO)
    return read if len(read) == 1 and read[0].kind == kind else []


def _near(kind: str, look: Look, groups: list[np.ndarray]) -> list[DataProblem]:
    if not groups:
        return []
    leaks, spare = across(look, groups), np.array(sorted(row for rows in groups for row in rows[1:].tolist()), dtype=np.int64)
    problems = []
    if len(leaks):
        problems.append(DataProblem(
            f"{kind}-leak", Text("{count} rows of validation and test are nearly the same as a row of training.", count=len(leaks)),
            look.names(leaks), Text("The model has nearly seen their answers: the scores come out too good."), groups=_named(look, groups),
        ))
    inner = np.setdiff1d(spare, leaks)
    if len(inner):
        problems.append(DataProblem(
            kind, Text("{count} rows are nearly the same as an earlier row.", count=len(inner)), look.names(inner),
            Text("They add little to learn from, and split badly."), groups=_named(look, groups),
        ))
    return problems


def _named(look: Look, groups: Sequence[np.ndarray]) -> tuple[tuple[str, ...], ...]:
    return tuple(look.names(rows) for rows in groups[:MOST_ROWS])


_SIDE = 8
_SMALLEST = 12
"""Images with fewer pixels a side have too little in them to tell a copy from a likeness."""
_BANDS = 6
_FURTHEST = 5
_FINE = 16
_PIXELS = 0.03
"""The most by which finer thumbnails of full range differ, root mean square."""
_BUCKET = 3000


def near_images(small: np.ndarray, fine: np.ndarray) -> list[np.ndarray]:
    """Returns groups of images that look the same, as places among their thumbnails.

    Two difference hashes of 64 bits each, across and along. Images whose hashes differ in at most five bits agree in at least one of
    six bands, so only those within a band are compared; then their finer thumbnails must agree.

    Args:
        small: Thumbnails of 9 points a side, `(n, 9, 9)`.
        fine: Finer ones of the same images, `(n, side, side)`.
    """
    bits = np.concatenate([small[:, :-1, 1:] > small[:, :-1, :-1], small[:, 1:, :-1] > small[:, :-1, :-1]], axis=1).reshape(len(small), -1)
    flat = fine.reshape(len(fine), -1)
    rough = small.reshape(len(small), -1).std(1) > 0.02  # an even surface has no picture to compare
    parent = np.arange(len(small))
    width = -(-bits.shape[1] // _BANDS)
    for band in range(_BANDS):
        part = np.packbits(bits[:, band * width : (band + 1) * width], axis=1)
        _, number = np.unique(part, axis=0, return_inverse=True)
        number = number.reshape(-1)
        order = np.argsort(number, kind="stable")
        order = order[rough[order]]
        for bucket in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
            if 1 < len(bucket) <= _BUCKET:
                _join_alike(bucket, bits, flat, parent)
    return _groups(parent)


def _join_alike(bucket: np.ndarray, bits: np.ndarray, flat: np.ndarray, parent: np.ndarray) -> None:
    """Joins all pairs of a bucket that are near enough."""
    ones = bits[bucket].astype(np.float32)
    for start in range(0, len(bucket), 512):
        part = ones[start : start + 512]
        apart = part.sum(1)[:, None] + ones.sum(1)[None] - 2 * part @ ones.T
        left, right = np.nonzero(apart <= _FURTHEST)
        left += start
        pairs = left < right
        left, right = bucket[left[pairs]], bucket[right[pairs]]
        same = np.sqrt(((flat[left] - flat[right]) ** 2).mean(1)) <= _PIXELS
        for one, other in zip(left[same].tolist(), right[same].tolist(), strict=True):
            _join(parent, one, other)


def thumbnails(images: Any, side: int = _SIDE + 1) -> np.ndarray:
    """Returns grey thumbnails of full range, between 0 and 1, float32 `(n, side, side)`: each point the mean of its part of the image."""
    if not isinstance(images, np.ndarray):
        whole = np.concatenate([_shrunk(image[None], side) for image in images]) if len(images) else np.zeros((0, side, side), np.float32)
    else:
        whole = _shrunk(images, side)
    low, high = whole.min((1, 2), keepdims=True), whole.max((1, 2), keepdims=True)
    return (whole - low) / np.maximum(high - low, 0.1)


def _shrunk(images: np.ndarray, side: int) -> np.ndarray:
    grey = images.mean(3, dtype=np.float32) / 255
    return _areas(grey.shape[1], side) @ grey @ _areas(grey.shape[2], side).T


def _areas(size: int, side: int) -> np.ndarray:
    """Returns how much each pixel of a side counts in each point of the thumbnail, `(side, size)`."""
    edges = np.linspace(0, size, side + 1)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.clip(overlap, 0, None) / np.diff(edges)[:, None]).astype(np.float32)


_HASHES = 64
_ROWS_IN_BAND = 4
_ALIKE = 0.9
_SHORTEST = 20


def near_texts(texts: Sequence[str]) -> list[np.ndarray]:
    """Returns groups of texts of which nine tenths of all five-letter pieces are the same, as places in `texts`; short ones are passed over."""
    generator = np.random.default_rng(12)
    factors, offsets = (generator.integers(1, 2**31 - 1, _HASHES, dtype=np.uint64) for _ in range(2))
    long = [place for place, text in enumerate(texts) if len(text) >= _SHORTEST]
    signatures = np.empty((len(long), _HASHES), dtype=np.uint64)
    pieces: list[np.ndarray] = []
    for index, place in enumerate(long):
        own = _shingles(texts[place])
        pieces.append(own)
        signatures[index] = ((own[:, None] * factors + offsets) % np.uint64(2**31 - 1)).min(0)
    parent = np.arange(len(texts))
    for band in range(0, _HASHES, _ROWS_IN_BAND):
        buckets: defaultdict[bytes, list[int]] = defaultdict(list)
        for index in range(len(long)):
            buckets[signatures[index, band : band + _ROWS_IN_BAND].tobytes()].append(index)
        for bucket in buckets.values():
            for one, other in pairwise(bucket):
                if _root(parent, long[one]) != _root(parent, long[other]) and _shared(pieces[one], pieces[other]) >= _ALIKE:
                    _join(parent, long[one], long[other])
    return _groups(parent)


def _shingles(text: str) -> np.ndarray:
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(letters, 5)
    powers = np.array([1, 1_000_003, 998_244_353, 1_000_000_007, 16_777_619], dtype=np.uint64)
    return np.unique((windows * powers).sum(1) % np.uint64(2**31 - 1))


def _shared(one: np.ndarray, other: np.ndarray) -> float:
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)


def _root(parent: np.ndarray, place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = int(parent[place])
    return place


def _join(parent: np.ndarray, one: int, other: int) -> None:
    first, second = _root(parent, one), _root(parent, other)
    parent[max(first, second)] = min(first, second)


def _groups(parent: np.ndarray) -> list[np.ndarray]:
    roots = np.array([_root(parent, int(place)) for place in np.flatnonzero(parent != np.arange(len(parent)))], dtype=np.int64)
    every: defaultdict[int, list[int]] = defaultdict(list)
    for place, root in zip(np.flatnonzero(parent != np.arange(len(parent))).tolist(), roots.tolist(), strict=True):
        every[root].append(place)
    return [np.array([root, *places]) for root, places in sorted(every.items())]


__all__ = ["Copies", "Leaks", "NearImages", "NearTexts", "across", "near_images", "near_texts", "thumbnails"]
