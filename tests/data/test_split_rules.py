"""Folds, shares, groups and time: nothing parted that belongs together, nothing trained on that comes later."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.conftest import Rule
from workbench.data import edits
from workbench.data.base import Dataset, Field, FieldKind, Split
from workbench.data.edited import with_edits
from workbench.data.groups import folder_of, names_of, prefix_of
from workbench.data.memory import MemoryDataset
from workbench.data.splits import divide, nested
from workbench.errors import DataError

LABELS = st.lists(st.integers(0, 3), min_size=12, max_size=120)
SEEDS = st.integers(0, 2**32)


def dataset_of(labels: Any, ids: list[str] | None = None, splits: np.ndarray | None = None, **more: Any) -> Dataset:
    """Rows with a class, and further fields by their type: lists are texts, whole numbers classes, others numbers."""
    labels = np.asarray(labels, dtype=np.int64)
    fields = [Field("label", FieldKind.CATEGORY, categories=tuple(str(number) for number in range(labels.max() + 1)))]
    for name, column in more.items():
        if isinstance(column, list):
            fields.append(Field(name, FieldKind.TEXT))
        elif column.dtype == np.int64:
            fields.append(Field(name, FieldKind.CATEGORY, categories=tuple(f"g{number}" for number in range(column.max() + 1))))
        elif column.ndim > 1:
            fields.append(Field(name, FieldKind.IMAGE, channels=1, height=2, width=2))
        else:
            fields.append(Field(name, FieldKind.NUMBER))
    return MemoryDataset(
        format="test", source="test", fields=fields, columns={"label": labels, **more}, splits=splits,
        ids=ids or [f"row{number}" for number in range(len(labels))],
    )


def parts(dataset: Dataset, rule: Rule) -> dict[Split, np.ndarray]:
    return divide(dataset, rule, np.arange(len(dataset)), "label")


def sides(dataset: Dataset, rule: Rule) -> dict[str, str]:
    ids = dataset.ids()
    return {ids[row]: str(split) for split, rows in parts(dataset, rule).items() for row in rows}


@given(LABELS, st.integers(2, 6), SEEDS)
def test_every_row_outside_of_the_test_split_validates_in_one_fold(labels: list[int], folds: int, seed: int) -> None:
    dataset = dataset_of(labels)
    plain = parts(dataset, Rule(seed=seed))
    whole = [parts(dataset, Rule(seed=seed, folds=folds, fold=fold)) for fold in range(folds)]
    assert all(np.array_equal(part[Split.TEST], plain[Split.TEST]) for part in whole)
    validated = np.concatenate([part[Split.VALIDATION] for part in whole])
    assert np.array_equal(np.sort(validated), np.setdiff1d(np.arange(len(labels)), plain[Split.TEST]))
    assert all(len(part[Split.TRAIN]) + len(part[Split.VALIDATION]) == len(validated) for part in whole)
    sizes = [len(part[Split.VALIDATION]) for part in whole]
    counts = np.array([np.bincount(np.array(labels)[part[Split.VALIDATION]], minlength=4) for part in whole])
    assert max(sizes) - min(sizes) <= 1 and np.ptp(counts, axis=0).max() <= 1


@given(LABELS, st.floats(0.02, 1), st.floats(0.02, 1), SEEDS)
def test_a_smaller_share_holds_rows_of_the_larger_one_alone(labels: list[int], one: float, other: float, seed: int) -> None:
    dataset, (small, large) = dataset_of(labels), sorted((one, other))
    few, more, every = (parts(dataset, Rule(seed=seed, share=share)) for share in (small, large, 1.0))
    assert set(few[Split.TRAIN]) <= set(more[Split.TRAIN]) <= set(every[Split.TRAIN])
    assert len(few[Split.TRAIN]) == max(round(small * len(every[Split.TRAIN])), 1)
    for split in (Split.VALIDATION, Split.TEST):
        assert np.array_equal(few[split], every[split])


def test_a_share_has_its_share_of_every_class_and_one_row_of_the_rarest() -> None:
    labels = np.repeat([0, 1, 2], [700, 200, 4])
    chosen = nested(90, labels, np.random.default_rng(0).permutation(len(labels)))
    counts = np.bincount(labels[chosen])
    assert abs(counts[0] - 70) <= 1 and abs(counts[1] - 20) <= 1 and counts[2] >= 1


def groups_of(data: st.DataObject, count: int) -> np.ndarray:
    return np.array(data.draw(st.lists(st.integers(0, 9), min_size=count, max_size=count)), dtype=np.int64)


@given(st.data(), LABELS, SEEDS)
def test_groups_are_never_parted(data: st.DataObject, labels: list[int], seed: int) -> None:
    groups = groups_of(data, len(labels))
    dataset = dataset_of(labels, patient=groups)
    folds = data.draw(st.integers(0, 3).filter(lambda count: count != 1))
    rule = Rule(0.2, 0.2, seed, folds=folds, share=data.draw(st.sampled_from([0.5, 1.0])), group="patient")
    apart = len({*zip(labels, groups.tolist(), strict=True)}) == len(set(labels)) > 1
    if len(np.unique(groups)) < max(folds + 1, 3) or apart:
        with pytest.raises(DataError, match=r"parting it|cannot be divided|All rows of a class"):
            parts(dataset, rule)
        return
    divided = parts(dataset, rule)
    owners = [set(groups[rows].tolist()) for rows in divided.values()]
    assert all(owners), owners
    assert sum(map(len, owners)) == len(set.union(*owners))
    if folds:
        tested = [part[Split.VALIDATION] for part in (parts(dataset, replace(rule, fold=fold)) for fold in range(folds))]
        assert len(np.unique(np.concatenate(tested))) == sum(map(len, tested)) == len(labels) - len(divided[Split.TEST])


@pytest.mark.parametrize(("seed", "count"), [(3, 80), (4, 12), (5, 25), (6, 150)])
def test_groups_are_divided_as_evenly_as_by_another_library(seed: int, count: int) -> None:
    from sklearn.model_selection import StratifiedGroupKFold

    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(count), generator.integers(1, 60, count))
    lean = generator.dirichlet((0.5, 0.5, 0.5), count)
    labels = np.array([generator.choice(3, p=lean[group]) for group in groups])
    dataset = dataset_of(labels, patient=groups.astype(np.int64))
    ours = [parts(dataset, Rule(0, 0, folds=5, fold=fold, group="patient"))[Split.VALIDATION] for fold in range(5)]
    theirs = [test for _, test in StratifiedGroupKFold(5).split(labels, labels, groups)]

    def uneven(folds: list[np.ndarray]) -> float:
        shares = np.array([np.bincount(labels[rows], minlength=3) / np.bincount(labels) for rows in folds])
        return float(np.abs(shares - 0.2).max())

    assert uneven(ours) <= uneven(theirs) + 0.03


def test_groups_keep_their_side_when_others_come() -> None:
    def rows(names: list[str]) -> dict[str, str]:
        owners = [name for name in names for _ in range(1 + sum(map(ord, name)) % 5)]
        ids = [f"{name}/{place}" for place, name in enumerate(owners)]
        return {row.partition("/")[0]: side for row, side in sides(dataset_of(np.zeros(len(ids)), ids), Rule(group="folder")).items()}

    old = [f"speaker{number}" for number in range(300)]
    before, after = rows(old), rows([*reversed(old), *(f"new{number}" for number in range(10))])
    assert sum(after[name] == side for name, side in before.items()) >= 285


def test_rows_without_a_group_are_on_their_own() -> None:
    dataset = dataset_of(np.zeros(200), patient=["", " "] * 95 + ["anna"] * 10)
    found = sides(dataset, Rule(0.2, 0.2, group="patient"))
    assert len({found[f"row{number}"] for number in range(190, 200)}) == 1
    assert sorted(set(found.values())) == ["test", "train", "validation"]


@pytest.mark.parametrize(
    ("row", "folder", "prefix"),
    [
        ("cat/patient12_03.png", "cat", "patient12"), ("patient_12_03.png", "", "patient_12"), ("a/b/84-121123-0001.flac", "a/b", "84"),
        ("yes/0a7c2a8d_nohash_0.wav", "yes", "0a7c2a8d"), ("alice happy.wav", "", "alice"), ("one.png", "", ""), ("a\\b_1.png", "a", "b"),
        ("_x", "", ""),
    ],
)
def test_what_ids_say_about_groups(row: str, folder: str, prefix: str) -> None:
    assert (folder_of(row), prefix_of(row)) == (folder, prefix)


def test_numbers_texts_and_names_of_rows_group() -> None:
    dataset = dataset_of([0, 1, 0], ["a/x_1", "a/x_2", "b/y_1"], unit=np.array([1.0, np.nan, 1.0], np.float32), folder=["q", "", "r"])
    every = np.arange(3)
    assert names_of(dataset, "unit", every) == ["1.0", "", "1.0"]
    assert names_of(dataset, "label", every) == ["0", "1", "0"]
    assert names_of(dataset, "folder", every) == ["q", "", "r"], "a field of that name comes first"
    assert names_of(dataset, "prefix", every) == ["x", "x", "y"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Rule(group="nobody"), "cannot be kept together by nobody"), (Rule(group="image"), "cannot be kept together by image"),
        (Rule(group="label"), "All rows of a class belong to the same label"),
        (Rule(group="one"), "belong to the same one"), (Rule(group="two"), "2 different two cannot be divided into 3"),
        (Rule(time="nothing"), "put in order of time by nothing"), (Rule(time="one"), "put in order of time by one"),
        (Rule(time="when", group="two"), "at once"), (Rule(time="still"), "1 different times, and 3"), (Rule(folds=1), "no fold 0 of 1"),
        (Rule(folds=3, fold=3), "no fold 3 of 3"), (Rule(share=0.0), "share of 0.0"), (Rule(folds=90), "35 rows cannot be divided into 90"),
    ],
)
def test_what_cannot_be_divided_says_why(rule: Rule, message: str) -> None:
    count = 41
    dataset = dataset_of(
        np.arange(count) % 2, one=["same"] * count, two=["a", "a", "b"] * 13 + ["a", "b"], when=np.arange(count, dtype=np.float32),
        still=np.ones(count, np.float32), image=np.zeros((count, 2, 2, 1), np.uint8),
    )
    with pytest.raises(DataError, match=message) as caught:
        parts(dataset, rule)
    assert caught.value.hint


@given(st.lists(st.integers(0, 30), min_size=20, max_size=100).filter(lambda days: len(set(days)) > 5), st.floats(0, 0.4), st.floats(0, 0.4))
def test_earlier_rows_train_later_ones_are_held_out(days: list[int], validation: float, test: float) -> None:
    moments = np.array(days, dtype=np.float32)
    divided = parts(dataset_of(np.arange(len(days)) % 2, when=moments), Rule(validation, test, time="when"))
    assert sum(map(len, divided.values())) == len(days)
    kept = [moments[divided[split]] for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)]
    assert (len(kept[1]) > 0, len(kept[2]) > 0) == (validation > 0, test > 0)
    present = [part for part in kept if len(part)]
    assert all(one.max() < other.min() for one, other in pairwise(present)), "equal times stay together"


def test_rows_with_times_of_their_own_are_divided_to_the_row() -> None:
    when = np.random.default_rng(0).permutation(200).astype(np.float32)
    divided = parts(dataset_of(np.arange(200) % 2, when=when), Rule(0.1, 0.2, time="when"))
    assert [len(divided[split]) for split in Split] == [140, 20, 40]


def test_folds_of_time_never_train_on_what_comes_later() -> None:
    when = np.random.default_rng(1).integers(0, 40, 300).astype(np.float32)
    dataset, validated = dataset_of(np.arange(300) % 2, when=when), []
    for fold in range(4):
        divided = parts(dataset, Rule(test=0.1, folds=4, fold=fold, time="when"))
        assert when[divided[Split.TRAIN]].max() < when[divided[Split.VALIDATION]].min()
        assert when[divided[Split.VALIDATION]].max() < when[divided[Split.TEST]].min()
        validated.append(divided[Split.VALIDATION])
    assert len(np.unique(np.concatenate(validated))) == sum(map(len, validated))


def test_dates_as_texts_and_rows_without_a_date() -> None:
    dates = [f"2024-0{month}-{day:02}" for month in range(1, 6) for day in range(1, 21)]
    dates[99] = ""
    divided = parts(dataset_of(np.arange(100) % 2, when=dates), Rule(time="when"))
    assert 99 in divided[Split.TRAIN] and divided[Split.TEST].tolist() == list(range(84, 99))


def test_given_splits_stand_and_the_rest_follows_the_rule() -> None:
    groups = np.repeat(np.arange(20), 5)
    source = np.array(["train"] * 80 + ["test"] * 20)
    dataset = dataset_of(np.arange(100) % 2, splits=source, patient=groups.astype(np.int64), when=np.arange(100, dtype=np.float32)[::-1].copy())
    for rule in (Rule(0.2, group="patient"), Rule(0.2, time="when"), Rule(folds=4, group="patient")):
        divided = parts(dataset, rule)
        assert divided[Split.TEST].tolist() == list(range(80, 100))
        assert not rule.group or not set(groups[divided[Split.VALIDATION]]) & set(groups[divided[Split.TRAIN]])
    assert parts(dataset, Rule(0.2, time="when"))[Split.VALIDATION].tolist() == list(range(16))
    assert len(parts(dataset, Rule(folds=4))[Split.VALIDATION]) == 20
    validated = dataset_of(np.arange(100) % 2, splits=np.array(["train"] * 60 + ["validation"] * 20 + ["test"] * 20))
    assert len(parts(validated, Rule(folds=4))[Split.VALIDATION]) == 20, "a validation part of the source is divided anew"


def test_rows_that_people_moved_stand_where_they_were_put() -> None:
    dataset = dataset_of(np.arange(60) % 2)
    now = edits.moved(edits.moved(edits.NO_EDITS, ["row3"], "validation"), ["row4"], "train")
    for fold in range(3):
        divided = parts(with_edits(dataset, now), Rule(test=0, folds=3, fold=fold))
        assert 3 in divided[Split.VALIDATION] and 4 in divided[Split.TRAIN]


def test_rows_left_out_are_in_no_part() -> None:
    dataset = dataset_of(np.arange(60) % 2, patient=np.repeat(np.arange(12), 5).astype(np.int64))
    divided = divide(dataset, Rule(group="patient"), np.arange(5, 60), "label")
    assert sum(map(len, divided.values())) == 55 and min(rows.min() for rows in divided.values()) == 5
