"""What is worked out from ids once is what it would be row by row, and edits never change it."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import edits
from workbench.data.base import Field, FieldKind
from workbench.data.edited import EditedDataset, same_values, with_edits
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.prepare import prepare
from workbench.data.row_ids import joined, lots, lots_of, places_of
from workbench.data.splits import shares, smallest, take

NAMES = ("a", "b", "c")


def table(rows: int = 300, ids: object = None) -> MemoryDataset:
    draw = np.random.default_rng(4)
    fields = [Field("x", FieldKind.NUMBER), Field("words", FieldKind.TEXT), Field("label", FieldKind.CATEGORY, categories=NAMES)]
    values = draw.normal(size=rows).astype(np.float32)
    values[::17] = np.nan
    columns = {"x": values, "words": [f"word{row % 30} and {row % 7}" for row in range(rows)], "label": draw.integers(0, 3, rows)}
    return MemoryDataset(format="", source="", fields=fields, columns=columns, ids=ids or [f"row-{row}" for row in range(rows)])  # type: ignore[arg-type]


def test_places_of_any_ids() -> None:
    numbered = NumberedIds(("train/a", 120_000), ("test", 30))
    names = ["train/a/00007", "train/a/119999", "test/00029", "test/00030", "test/29", "test/000029", "train/00001", "x", "", "test/²", "test/-1"]
    assert numbered.places(names) == {"train/a/00007": 7, "train/a/119999": 119_999, "test/00029": 120_029}
    for ids in (None, NumberedIds(("t", 300))):
        data = table(ids=ids)
        assert places_of(data, [*data.ids()[5:9], "none"]) == {data.ids()[row]: row for row in range(5, 9)}


def test_lots_are_keyed_hashes_whatever_rows_are_asked_for() -> None:
    data, salt = table(), (7).to_bytes(16, "big", signed=True)
    every = np.array([int.from_bytes(blake2b(name.encode(), digest_size=8, key=salt).digest(), "little") for name in data.ids()], dtype=np.uint64)
    few = np.array([3, 200, 5])
    assert lots_of(data, few, 7).tolist() == every[few].tolist()
    assert lots_of(data, np.arange(300), 7).tolist() == every.tolist() == lots(data.ids(), 7).tolist()
    assert lots_of(data, few, 7).tolist() == every[few].tolist() and lots_of(data, few, 8).tolist() != every[few].tolist()
    changed = with_edits(data, edits.excluded(edits.NO_EDITS, ["row-5"]))
    assert lots_of(changed, few, 7).tolist() == every[few].tolist()
    assert joined(data.ids(), few) == b"row-3\0row-200\0row-5\0"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 6)), min_size=1, max_size=60), st.integers(0, 70))
def test_shares_are_taken_as_by_sorting(pairs: list[tuple[int, int]], count: int) -> None:
    groups, order = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs], dtype=np.uint64)
    expected = np.zeros(len(groups), dtype=bool)
    if count:
        _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        sequence = np.lexsort((order, inverse))
        for start, quota in zip(np.cumsum(sizes) - sizes, shares(min(count, len(groups)), sizes), strict=True):
            expected[sequence[start:start + quota]] = True
    assert take(count, groups, order).tolist() == expected.tolist()
    kept = np.argsort(order, kind="stable")[:count]
    assert np.flatnonzero(smallest(order, count)).tolist() == sorted(kept.tolist())


WAYS = ("a", "b", "c", "new", "out", "validation", "train", "tag")
CHANGES = st.lists(st.tuples(st.integers(0, 299), st.sampled_from(WAYS)), min_size=1, max_size=12)


def changed(now: edits.Edits, changes: list[tuple[int, str]]) -> edits.Edits:
    for row, change in changes:
        name = [f"row-{row}"]
        if change == "out":
            now = edits.excluded(now, name)
        elif change in ("validation", "train"):
            now = edits.moved(now, name, change)
        elif change == "tag":
            now = edits.tagged(now, name, "seen")
        else:
            now = edits.relabelled(now, name, "label", change)
    return now


@settings(max_examples=40, deadline=None)
@given(CHANGES, CHANGES, st.sampled_from(["label", "x"]))
def test_preparing_again_after_an_edit_is_preparing_anew(first: list[tuple[int, str]], second: list[tuple[int, str]], target: str) -> None:
    from workbench.project.project import DataChoice

    inputs = [name for name in ("x", "words", "label") if name != target]
    data, choice = table(), DataChoice()
    before = prepare(with_edits(data, changed(edits.NO_EDITS, first)), choice, inputs, [target])
    now = with_edits(before.dataset, changed(changed(edits.NO_EDITS, first), second))
    quick = prepare(now, choice, inputs, [target], before=before)
    anew = prepare(EditedDataset(data, changed(changed(edits.NO_EDITS, first), second)), choice, inputs, [target])
    assert quick.fitted == anew.fitted and quick.problems == anew.problems
    assert all(np.array_equal(quick.splits[split], anew.splits[split]) for split in anew.splits)
    for name, tensors in anew.stored.items():
        assert all(bool((one == two).all()) for one, two in zip(quick.stored[name], tensors, strict=True))
    assert same_values(before.dataset, now, "x") and same_values(before.dataset, now, "words")
    rows = quick.rows("train")[:40]
    assert all(bool((quick.batch(rows).values[name] == anew.batch(rows).values[name]).all()) for name in inputs)


def test_what_an_edit_left_alone_is_taken_over() -> None:
    from workbench.project.project import DataChoice

    data, choice = table(), DataChoice()
    before = prepare(data, choice, ["x", "words"], ["label"])
    tagged = with_edits(data, edits.tagged(edits.NO_EDITS, ["row-3"], "seen"))
    again = prepare(tagged, choice, ["x", "words"], ["label"], before=before)
    assert all(again.stored[name] is before.stored[name] and again.preprocessors[name] is before.preprocessors[name] for name in again.stored)
    row = int(before.splits["validation"][0])  # type: ignore[index]
    out = prepare(with_edits(data, edits.moved(edits.NO_EDITS, [f"row-{row}"], "test")), choice, ["x", "words"], ["label"], before=before)
    assert out.stored["words"] is before.stored["words"] and out.fitted["splits"] != before.fitted["splits"]
    other = prepare(table(), choice, ["x", "words"], ["label"], before=before)
    assert other.stored["words"] is not before.stored["words"] and other.fitted == before.fitted


@pytest.mark.parametrize("rows", [None, [0, 7, 7, 299, -1], np.array([5, 3]), np.arange(300) % 2 == 0])
def test_columns_of_edited_rows(rows: object) -> None:
    data = table()
    now = with_edits(data, changed(edits.NO_EDITS, [(7, "new"), (3, "a"), (299, "b"), (0, "out")]))
    whole = data.column("label").copy()
    whole[[7, 3, 299]] = [3, 0, 1]
    found = now.column("label") if rows is None else now.column("label", np.asarray(rows))
    assert found.tolist() == (whole if rows is None else whole[np.asarray(rows)]).tolist() and now.column("x") is data.column("x")
