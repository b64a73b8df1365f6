"""Data that does not fit into memory: the same batches bit by bit, never read whole, damaged rows skipped and counted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from workbench.data.base import Dataset, Field, FieldKind, Split, UnreadableRowsError
from workbench.data.loader import Loader
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.open import open_dataset
from workbench.data.order import order
from workbench.data.prepare import prepare
from workbench.data.streaming import fitting_sample, readable_column, readable_values, sample_rows, weight

SOURCES = [
    ("sample:digits", {}, "image", {}), ("sample:digits", {}, "image", {"height": 5, "width": 11, "channels": 3}),
    ("generated:reviews", {"rows": 400}, "text", {}), ("generated:tones", {"rows": 60}, "", {}), ("generated:waves", {"rows": 200}, "", {}),
]


@pytest.mark.parametrize(("source", "params", "name", "settings"), SOURCES, ids=["image", "resized", "text", "sound", "series"])
def test_streamed_batches_equal_resident_ones_bit_by_bit(source: str, params: dict, name: str, settings: dict, choice: Any) -> None:
    dataset = open_dataset(source, params=params)
    name = name or next(field.name for field in dataset.fields if field.kind in (FieldKind.AUDIO, FieldKind.SERIES))
    target = next(field.name for field in dataset.fields if field.kind in (FieldKind.CATEGORY, FieldKind.NUMBER, FieldKind.TEXT)
                  and field.name != name)
    wanted = choice(limit=300, **{name: settings})
    resident = prepare(dataset, wanted, [name], [target], budget=1 << 40)
    streamed = prepare(dataset, wanted, [name], [target], fitted=resident.fitted, budget=0)
    assert resident.streams is None and name not in streamed.stored and streamed.streams is not None
    assert streamed.bytes < resident.bytes and streamed.fitted == resident.fitted
    parts = order(3, 1, resident.rows(Split.TRAIN)).split(17)
    loader = Loader(streamed, workers=3)
    for part, batch in zip(parts, loader.every(parts), strict=True):
        expected = resident.batch(part)
        assert torch.equal(batch.rows, part) and batch.values.keys() == expected.values.keys()
        assert all(torch.equal(batch.values[key], expected.values[key]) for key in expected.values)
        assert all(torch.equal(batch.lengths[key], expected.lengths[key]) for key in expected.lengths)


class Million(Dataset):
    """A million rows that exist only when asked for."""

    format, source = "fake", "fake"
    fields = (
        Field("image", FieldKind.IMAGE, channels=1, height=64, width=64), Field("label", FieldKind.CATEGORY, categories=("a", "b")),
    )

    def __init__(self, rows: int = 1_000_000, damaged: Sequence[int] = ()) -> None:
        self._ids, self._damaged, self.asked = NumberedIds(("row", rows)), frozenset(damaged), []

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> Sequence[str]:
        return self._ids

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name == "label":
            return (np.arange(len(self)) if rows is None else rows) % 2
        assert rows is not None or len(self) < 1000, "the whole column was asked for"
        rows = np.arange(len(self)) if rows is None else rows
        self.asked.append(len(rows))
        bad = {int(row): f"Row {row} is damaged." for row in rows if int(row) in self._damaged}
        if bad:
            raise UnreadableRowsError(bad)
        return np.broadcast_to((rows % 251).astype(np.uint8)[:, None, None, None], (len(rows), 64, 64, 1)).copy()


def test_a_million_rows_are_never_read_whole(choice: Any) -> None:
    dataset = Million()
    prepared = prepare(dataset, choice(), ["image"], ["label"], budget=64 << 20)
    assert sum(dataset.asked) < 10_000 and max(dataset.asked) <= 4096 and prepared.bytes < 32 << 20
    dataset.asked.clear()
    parts = order(1, 0, prepared.rows(Split.TRAIN)).split(64)
    loader = Loader(prepared, ahead=4)
    loader.follow(parts)
    for index in range(3):
        assert torch.equal(loader.take(index).rows, parts[index])
    loader.close()
    assert set(dataset.asked) == {64} and len(dataset.asked) <= 3 + 4


def test_a_loader_jumps_and_says_how_long_it_waited(choice: Any) -> None:
    prepared = prepare(Million(2000), choice(), ["image"], ["label"], budget=0)
    parts = prepared.rows(Split.TRAIN).split(32)
    loader = Loader(prepared)
    loader.follow(parts)
    assert [int(loader.take(index).rows[0]) for index in (0, 1, 7, 8, 2)] == [int(parts[index][0]) for index in (0, 1, 7, 8, 2)]
    assert loader.taken == 5 and loader.waited > 0
    loader.close()


def test_damaged_rows_are_skipped_and_counted_once(choice: Any) -> None:
    dataset = Million(2000, damaged=range(100, 140))
    prepared = prepare(dataset, choice(rule={"validation": 0.0, "test": 0.0}), ["image"], ["label"], budget=0)
    parts = prepared.rows(Split.TRAIN).split(20)
    rows = torch.cat([batch.rows for batch in Loader(prepared).every(parts)])
    assert sorted(rows.tolist()) == [row for row in prepared.rows(Split.TRAIN).tolist() if not 100 <= row < 140]
    assert prepared.streams is not None and set(prepared.streams.unreadable) == set(range(100, 140)) & set(prepared.rows(Split.TRAIN).tolist())
    with pytest.raises(UnreadableRowsError) as caught:
        prepared.batch([99, 100, 101])
    assert set(caught.value.rows) == {100, 101} and "damaged" in caught.value.message


def test_damaged_rows_of_resident_data_are_left_out_and_listed(choice: Any) -> None:
    prepared = prepare(Million(300, damaged=[4, 5]), choice(), ["image"], ["label"], budget=1 << 40)
    rows = np.concatenate(list(prepared.splits.values()))
    assert prepared.streams is None and len(rows) == 298 and not {4, 5} & set(rows.tolist())
    assert [problem.rows for problem in prepared.problems if problem.kind == "unreadable"] == [("row/00004",), ("row/00005",)]


def test_a_fitting_sample_is_seeded_and_sorted() -> None:
    rows = np.arange(5, 100_000)
    first, again, other = fitting_sample(rows, 1), fitting_sample(rows, 1), fitting_sample(rows, 2)
    assert np.array_equal(first, again) and not np.array_equal(first, other) and np.all(np.diff(first) > 0) and len(first) == 4096
    assert np.array_equal(fitting_sample(rows[:10], 1), rows[:10])


def test_what_columns_weigh() -> None:
    from workbench.data.preprocessing.params import ImageParams, TextParams

    images = Million(1000)
    assert weight(images, images.fields[0], ImageParams(), np.arange(1000)) == 2 * 64 * 64 * 1000
    assert weight(images, images.fields[0], ImageParams(height=32), np.arange(1000)) == (64 * 64 + 4 * 32 * 64) * 1000
    field = Field("text", FieldKind.TEXT)
    texts = MemoryDataset(format="", source="", fields=[field], columns={"text": ["abcd"] * 10}, ids=[str(row) for row in range(10)])
    assert weight(texts, field, TextParams(maximum_length=3), np.arange(10)) == 10 * (4 + 4 * 3)


def test_what_can_be_read_comes_with_the_reasons_for_the_rest() -> None:
    images, unreadable = readable_column(Million(100, damaged=[7]), "image", np.arange(5, 10))
    assert images[:, 0, 0, 0].tolist() == [5, 6, 8, 9] and unreadable == {7: "Row 7 is damaged."}


def test_what_is_fitted_on_stays_small_however_large_the_rows_are() -> None:
    image, sound = Field("image", FieldKind.IMAGE), Field("sound", FieldKind.AUDIO)
    assert sample_rows(image, 100 * 20_000, 20_000) == 4096 and sample_rows(image, (1 << 20) * 20_000, 20_000) == 256
    assert sample_rows(image, (1 << 30) * 20_000, 20_000) == 32 and sample_rows(image, 0, 10) == 4096
    assert sample_rows(sound, (1 << 30) * 20_000, 20_000) == 4096


def test_rows_that_can_be_read_come_a_few_at_a_time() -> None:
    dataset = Million(1000, damaged=[70, 71])
    values = readable_values(dataset, "image", np.arange(60, 260))
    assert next(values)[0, 0, 0] == 60 and max(dataset.asked) <= 64 and sum(dataset.asked) <= 192
    assert [int(value[0, 0, 0]) for value in values] == [row % 251 for row in range(61, 260) if row not in (70, 71)]


class Crowded(Million):
    """Counts how many threads ask for a batch at the same time; after the first, each waits for a second one where that is wanted."""

    def __init__(self, together: bool) -> None:
        super().__init__(3000)
        self._busy, self._lock, self.most, self._seen, self._met, self._together = 0, threading.Lock(), 0, 0, threading.Event(), together

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name == "label" or rows is None or len(rows) != 64:
            return super().column(name, rows)
        with self._lock:
            self._busy, self._seen = self._busy + 1, self._seen + 1
            self.most, first = max(self.most, self._busy), self._seen == 1
            if self._busy > 1:
                self._met.set()
        if self._together and not first:
            self._met.wait(5)
        with self._lock:
            self._busy -= 1
        return super().column(name, rows)


def test_rows_that_take_little_are_fetched_by_one_thread_and_others_by_several(choice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = {}
    for light in (True, False):
        monkeypatch.setattr("workbench.data.streaming.LIGHT_SECONDS", 1e9 if light else 0.0)
        dataset = Crowded(together=not light)
        prepared = prepare(dataset, choice(rule={"validation": 0.0, "test": 0.0}), ["image"], ["label"], budget=0)
        parts = prepared.rows(Split.TRAIN)[:1920].split(64)
        for part, batch in zip(parts, Loader(prepared, workers=3).every(parts), strict=True):
            assert torch.equal(batch.rows, part)
        assert prepared.streams is not None and prepared.streams.light == light and len(prepared.streams.seconds) == 4
        most[light] = dataset.most
    assert most[True] == 1 and most[False] > 1
