"""Changes to rows: kept by id, undone as values, read back whole, laid over any dataset."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data import edits
from workbench.data.base import Split
from workbench.data.edited import EditedDataset, with_edits
from workbench.data.edits import NO_EDITS, Edits
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError
from workbench.project.project import DataChoice

IDS = st.text(min_size=1, max_size=12)
CHANGES = st.one_of(
    st.tuples(st.just(edits.relabelled), IDS, st.sampled_from(["label", "kind"]), st.one_of(st.none(), st.text(min_size=1, max_size=8))),
    st.tuples(st.just(edits.excluded), IDS, st.booleans()),
    st.tuples(st.just(edits.moved), IDS, st.sampled_from(["", "train", "validation", "test"])),
    st.tuples(st.just(edits.tagged), IDS, st.text(max_size=8), st.booleans()),
    st.tuples(st.just(edits.noted), IDS, st.text(max_size=20)),
)


def digits(changes: Edits = NO_EDITS) -> EditedDataset:
    found = with_edits(open_dataset("sample:digits"), changes)
    assert isinstance(found, EditedDataset)
    return found


@given(st.lists(CHANGES, max_size=20))
def test_every_sequence_of_changes_reads_back(changes: list[tuple]) -> None:  # type: ignore[type-arg]
    value = NO_EDITS
    for change, row, *rest in changes:
        value = change(value, [row], *rest)
    assert edits.loads(edits.dumps(value)) == value
    assert not any(edit.empty for edit in value.rows.values())
    table = list(csv.reader(io.StringIO(edits.to_csv(value), newline="")))
    assert len(table) == len(value) + 1


def test_a_change_and_its_opposite_leave_nothing() -> None:
    once = edits.tagged(edits.moved(edits.excluded(edits.relabelled(NO_EDITS, ["a"], "label", "7"), ["a"]), ["a"], "test"), ["a"], "odd")
    back = edits.relabelled(edits.excluded(edits.moved(edits.tagged(once, ["a"], "odd", False), ["a"], ""), ["a"], False), ["a"], "label", None)
    assert len(once) == 1 and back == NO_EDITS


def test_labels_splits_and_exclusions_reach_the_training() -> None:
    plain = open_dataset("sample:digits")
    ids, labels = plain.ids(), plain.column("label")
    changes = edits.relabelled(NO_EDITS, [ids[3]], "label", "9")
    changes = edits.relabelled(changes, [ids[4]], "label", "smudge")
    changes = edits.excluded(changes, [ids[0], ids[1]])
    changes = edits.moved(changes, [ids[10], ids[11]], "test")
    found = digits(changes)
    assert found.column("label")[3] == 9 and found.field("label").categories[-1] == "smudge" and found.column("label")[4] == 10
    assert np.array_equal(found.column("label", np.array([5, 6])), labels[[5, 6]])
    prepared = prepare(found, DataChoice("sample:digits"), ["image"], ["label"])
    everywhere = np.concatenate([prepared.splits[split] for split in Split])
    assert not {0, 1} & set(everywhere.tolist()) and len(everywhere) == len(plain) - 2
    assert {10, 11} <= set(prepared.splits[Split.TEST].tolist())
    assert not prepared.problems, "what people leave out is no problem"


def test_other_rows_stay_in_their_splits() -> None:
    plain = open_dataset("sample:digits")
    before = prepare(plain, DataChoice("sample:digits"), ["image"], ["label"]).splits
    changes = edits.moved(NO_EDITS, [plain.ids()[int(before[Split.TRAIN][0])]], "validation")
    after = prepare(with_edits(plain, changes), DataChoice("sample:digits"), ["image"], ["label"]).splits
    assert set(after[Split.VALIDATION].tolist()) - set(before[Split.VALIDATION].tolist()) == {int(before[Split.TRAIN][0])}


def test_rows_that_are_no_longer_there_are_passed_over() -> None:
    found = digits(edits.excluded(edits.relabelled(NO_EDITS, ["gone"], "label", "3"), ["also gone"]))
    assert found.left_out() is None and found.field("label").categories == open_dataset("sample:digits").field("label").categories


@pytest.mark.parametrize("line", [
    "{", "[]", '"row"', '{"row": 3}', '{"row": "a", "split": "sideways"}', '{"row": "a", "excluded": "yes"}', '{"row": "a", "tags": [1]}',
    '{"row": "a", "labels": {"label": 3}}', '{"row": "a", "labels": 3}', "[" * 3000,
])
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(DataError, match="Line 2"):
        edits.loads('{"row": "a", "excluded": true}\n' + line)


def test_cells_are_no_formulas() -> None:
    assert "'=cmd" in edits.to_csv(edits.noted(NO_EDITS, ["=1+1"], "=cmd|' /C calc'!A0"))


def test_a_split_that_there_is_not_is_refused() -> None:
    with pytest.raises(DataError, match="sideways"):
        edits.moved(NO_EDITS, ["a"], "sideways")


def test_what_a_newer_version_says_about_a_row_survives() -> None:
    line = '{"excluded": true, "row": "a", "seen_by": ["x", 2]}\n'
    loaded = edits.loads(line)
    assert loaded.of("a").excluded and edits.dumps(loaded) == line
    assert edits.dumps(edits.excluded(loaded, ["a"], out=False)) == '{"row": "a", "seen_by": ["x", 2]}\n'
