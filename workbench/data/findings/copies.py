"""Rows that stand twice: equal ones, nearly equal ones, and those that stand in several splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
            self.name,
            _of(copies, Text("A row of validation or test also stands in training."),
                Text("{count} rows of validation and test also stand in training.", count=len(copies))),
            look.names(copies),
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
            self.name, _of(spare, Text("A row is a copy of an earlier row."), Text("{count} rows are copies of an earlier row.", count=len(spare))),
            look.names(spare),
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
            groups = look.kept(self.name, [field], lambda field=field: self._groups(look, field))
            equal = {row for rows in look.equal_groups for row in rows.tolist()}
            groups = [rows for rows in groups if not equal.issuperset(rows.tolist())]
            found += _near(self.name, look, groups)
        return found

    def _groups(self, look: Look, field: Field) -> list[np.ndarray]:
        parts = [(rows, thumbnails(images), thumbnails(images, _FINE)) for rows, images in look.parts(field.name)]
        if not parts:
            return []
        places = np.concatenate([rows for rows, _, _ in parts])
        coarse, fine = (np.concatenate([part[index] for part in parts]) for index in (1, 2))
        return [places[rows] for rows in near_images(coarse, fine)]


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
            found += _near(self.name, look, look.kept(self.name, [field], lambda field=field: self._groups(look, field)))
        return found

    def _groups(self, look: Look, field: Field) -> list[np.ndarray]:
        texts = [" ".join(text.casefold().split()) for text in look.values(field.name)]
        return [look.usable[rows] for rows in near_texts(texts)]


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
            f"{kind}-leak",
            _of(leaks, Text("A row of validation or test is nearly the same as a row of training."),
                Text("{count} rows of validation and test are nearly the same as a row of training.", count=len(leaks))),
            look.names(leaks), Text("The model has nearly seen their answers: the scores come out too good."), groups=_named(look, groups),
        ))
    inner = np.setdiff1d(spare, leaks)
    if len(inner):
        problems.append(DataProblem(
            kind, _of(inner, Text("A row is nearly the same as an earlier row."),
                      Text("{count} rows are nearly the same as an earlier row.", count=len(inner))),
            look.names(inner),
            Text("They add little to learn from, and split badly."), groups=_named(look, groups),
        ))
    return problems


def _of(rows: np.ndarray, one: Text, many: Text) -> Text:
    """Returns a sentence in the singular for one row."""
    return one if len(rows) == 1 else many


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
_PRIME = np.uint64(2**31 - 1)
_PART = 256
_KEPT_PIECES = 100_000
_MARKS = 512


def near_texts(texts: Sequence[str]) -> list[np.ndarray]:
    """Returns groups of texts of which nine tenths of all five-letter pieces are the same, as places in `texts`; short ones are passed over."""
    long = np.array([place for place, text in enumerate(texts) if len(text) >= _SHORTEST], dtype=np.int64)
    parent = np.arange(len(texts))
    if len(long) < 2:
        return []
    signatures, marks, sizes = _signatures([texts[int(place)] for place in long])
    pieces: dict[int, np.ndarray] = {}
    for band in range(0, _HASHES, _ROWS_IN_BAND):
        first, second = _possible(*_neighbours(signatures[:, band : band + _ROWS_IN_BAND]), marks, sizes)
        for one, other in zip(long[first].tolist(), long[second].tolist(), strict=True):
            if _root(parent, one) != _root(parent, other) and _shared(*(_pieces_of(texts, place, pieces) for place in (one, other))) >= _ALIKE:
                _join(parent, one, other)
    return _groups(parent)


def _possible(first: np.ndarray, second: np.ndarray, marks: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the pairs that may share enough: where a mark is set for one text alone, a piece of it is missing in the other."""
    apart = np.bitwise_count(marks[first] ^ marks[second]).sum(1, dtype=np.int64)
    whole = sizes[first] + sizes[second]
    enough = (whole - apart) >= _ALIKE * (whole + apart) - 1e-6
    return first[enough], second[enough]


def _signatures(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns what is compared of texts of five letters or more.

    Returns:
        Min-hashes, uint32 `(n, hashes)`: for every hash the least over all pieces of a text; marks, uint64 `(n, 8)`: a bit for every piece,
        which others may share; how many pieces each has, equal ones counted again.
    """
    generator = np.random.default_rng(12)
    factors, offsets = (generator.integers(1, 2**31 - 1, _HASHES, dtype=np.uint64) for _ in range(2))
    found, marks = np.empty((len(texts), _HASHES), dtype=np.uint32), np.empty((len(texts), _MARKS // 64), dtype=np.uint64)
    sizes = np.fromiter((len(text) - 4 for text in texts), np.int64, len(texts))
    for start in range(0, len(texts), _PART):
        part = texts[start : start + _PART]
        ends = np.cumsum([len(text) for text in part])
        windows = _window_hashes("".join(part))
        begins = np.concatenate(([0], ends[:-1]))
        held = np.zeros(len(windows) + 1, dtype=np.int32)  # which windows lie within one text
        held[begins] += 1
        held[ends[:-1] - 4] -= 1
        inside = windows[np.cumsum(held[:-1]) > 0]
        own = sizes[start : start + len(part)]
        first = np.cumsum(own) - own
        bits = np.zeros((len(part), _MARKS), dtype=bool)
        bits[np.repeat(np.arange(len(part)), own), (inside & np.uint64(_MARKS - 1)).astype(np.int64)] = True
        marks[start : start + len(part)] = np.packbits(bits, axis=1).view(np.uint64)
        for number in range(_HASHES):
            # A product of two numbers below the prime 2**31 - 1, and one more, is folded once and then too large by the prime at most.
            wide = inside * factors[number] + offsets[number]
            folded = ((wide & _PRIME) + (wide >> np.uint64(31))).astype(np.uint32)
            found[start : start + len(part), number] = np.minimum.reduceat(np.minimum(folded, folded - np.uint32(_PRIME)), first)
    return found, marks, sizes


def _neighbours(band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the pairs of rows of four numbers that are equal and follow one another among equal ones."""
    wide = band.astype(np.uint64)
    first, second = (wide[:, 0] << np.uint64(32)) | wide[:, 1], (wide[:, 2] << np.uint64(32)) | wide[:, 3]
    key = first * np.uint64(0x9E3779B97F4A7C15) ^ second
    order = np.argsort(key, kind="stable")
    near = key[order[1:]] == key[order[:-1]]
    same = near & (first[order[1:]] == first[order[:-1]]) & (second[order[1:]] == second[order[:-1]])
    if not np.array_equal(same, near):  # different numbers with the same key may lie between equal ones
        order = np.lexsort((second, first))
        same = (first[order[1:]] == first[order[:-1]]) & (second[order[1:]] == second[order[:-1]])
    return order[:-1][same], order[1:][same]


def _pieces_of(texts: Sequence[str], place: int, known: dict[int, np.ndarray]) -> np.ndarray:
    """Returns the different pieces of a text, sorted; those of the last few are kept."""
    if place not in known:
        if len(known) >= _KEPT_PIECES:
            known.clear()
        known[place] = _shingles(texts[place])
    return known[place]


def _shingles(text: str) -> np.ndarray:
    pieces = _window_hashes(text).astype(np.uint32)
    pieces.sort()
    return pieces[np.concatenate(([True], pieces[1:] != pieces[:-1]))]


def _window_hashes(text: str) -> np.ndarray:
    """Returns a number below 2**31 - 1 for every five letters that follow one another, uint64."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    powers = np.array([1, 1_000_003, 998_244_353, 1_000_000_007, 16_777_619], dtype=np.uint64)
    count = max(len(letters) - 4, 0)
    return sum((letters[at : at + count] * power for at, power in enumerate(powers)), np.zeros(count, np.uint64)) % _PRIME


def _shared(one: np.ndarray, other: np.ndarray) -> float:
    small, large = sorted((len(one), len(other)))
    if small < _ALIKE * large:
        return 0.0
    merged = np.concatenate((one, other))
    merged.sort()
    both = int(np.count_nonzero(merged[1:] == merged[:-1]))
    return both / (small + large - both)


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
