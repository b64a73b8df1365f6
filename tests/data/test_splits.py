"""Rows are divided evenly, repeatably, and every row once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.conftest import Rule
from workbench.data.base import Field, FieldKind, Split
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.splits import divide, keys, shares, take
from workbench.errors import DataError


def dataset_of(labels: np.ndarray, splits: np.ndarray | None = None, ids: list[str] | None = None) -> MemoryDataset:
    names = tuple(str(number) for number in range(int(labels.max()) + 1))
    return MemoryDataset(
        format="test", source="test", fields=[Field("label", FieldKind.CATEGORY, categories=names)], columns={"label": labels},
        ids=ids or [f"row{number}" for number in range(len(labels))], splits=splits,
    )


@given(
    st.lists(st.integers(0, 4), min_size=4, max_size=200), st.integers(0, 40), st.integers(0, 40), st.integers(-(2**40), 2**40),
)
def test_every_row_is_in_exactly_one_split(labels: list[int], validation: int, test: int, seed: int) -> None:
    rule = Rule(validation / 100, test / 100, seed)
    divided = divide(dataset_of(np.array(labels)), rule, np.arange(len(labels)), "label")
    assert np.array_equal(np.sort(np.concatenate(list(divided.values()))), np.arange(len(labels)))
    assert len(divided[Split.TRAIN]) > 0
    assert (len(divided[Split.VALIDATION]) > 0) == (validation > 0)


def test_classes_are_divided_evenly() -> None:
    labels = np.repeat([0, 1, 2], [700, 200, 100])
    divided = divide(dataset_of(labels), Rule(0.1, 0.2), np.arange(1000), "label")
    assert np.bincount(labels[divided[Split.TEST]]).tolist() == [140, 40, 20]
    assert np.bincount(labels[divided[Split.VALIDATION]]).tolist() == [70, 20, 10]


def test_a_class_of_one_row_is_trained_on() -> None:
    labels = np.array([0] * 50 + [1] * 50 + [2])
    for seed in range(20):
        divided = divide(dataset_of(labels), Rule(0.2, 0.2, seed), np.arange(101), "label")
        assert 100 in divided[Split.TRAIN]


def test_the_seed_alone_decides() -> None:
    dataset, rows = dataset_of(np.arange(300) % 3), np.arange(300)
    first, again, other = (divide(dataset, Rule(seed=seed), rows, "label") for seed in (7, 7, 8))
    assert all(np.array_equal(first[split], again[split]) for split in Split)
    assert not np.array_equal(first[Split.TEST], other[Split.TEST])


def test_rows_keep_their_place_when_others_come_and_order_changes() -> None:
    old = [f"row{number}" for number in range(1000)]
    new = [*reversed(old), *(f"new{number}" for number in range(20))]
    parts = []
    for ids in (old, new):
        divided = divide(dataset_of(np.zeros(len(ids), int), ids=ids), Rule(), np.arange(len(ids)))
        parts.append({ids[row]: split for split, rows in divided.items() for row in rows})
    assert sum(parts[1][name] == part for name, part in parts[0].items()) >= 980


def test_given_splits_stand_and_validation_comes_out_of_training() -> None:
    given_parts = np.array(["train"] * 80 + ["test"] * 20)
    labels = np.arange(100) % 2
    divided = divide(dataset_of(labels, given_parts), Rule(0.25, 0.5), np.arange(100), "label")
    assert divided[Split.TEST].tolist() == list(range(80, 100))
    assert len(divided[Split.VALIDATION]) == 20 and divided[Split.VALIDATION].max() < 80
    free = divide(dataset_of(labels, given_parts), Rule(0.25, 0.5, use_given=False), np.arange(100), "label")
    assert len(free[Split.TEST]) == 50


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="leave nothing to train on"):
        divide(dataset_of(np.array([0, 1])), Rule(0.5, 0.5), np.arange(2))
    with pytest.raises(DataError, match="no row to train on"):
        divide(dataset_of(np.array([0, 1]), np.array(["test", "test"])), Rule(), np.arange(2))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.data())
def test_shares_add_up_and_stay_near_the_exact_quota(sizes: list[int], data: st.DataObject) -> None:
    counts = np.array(sizes)
    count = data.draw(st.integers(0, int(counts.sum())))
    quotas = shares(count, counts)
    assert quotas.sum() == count and np.all(quotas >= 0) and np.all(quotas <= counts)
    assert take(count, np.repeat(np.arange(len(sizes)), sizes), np.arange(counts.sum())).sum() == count


def test_keys_depend_on_id_and_seed_alone() -> None:
    assert keys(["a", "b"], 1).tolist() == keys(["b", "a"], 1).tolist()[::-1]
    assert keys(["a"], 1) != keys(["a"], 2)


def test_numbered_ids_behave_like_a_list() -> None:
    ids = NumberedIds(("train", 3), ("test", 2))
    assert list(ids) == ["train/00000", "train/00001", "train/00002", "test/00000", "test/00001"]
    assert ids[-1] == "test/00001" and ids[1:4] == ["train/00001", "train/00002", "test/00000"]
    with pytest.raises(IndexError):
        ids[5]
