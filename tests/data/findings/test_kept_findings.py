"""What an edit leaves as it is, is not found again; what it changes is; and the findings are those of looking anew."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from workbench.data import edits
from workbench.data.base import Field, FieldKind, Split
from workbench.data.edited import with_edits
from workbench.data.findings import base, copies, languages
from workbench.data.memory import MemoryDataset
from workbench.data.summary import find_problems

TEXT = "the river and the stone were there for all of us to see in the winter of that year"


def table() -> MemoryDataset:
    rows = 120
    texts = [f"{TEXT} {row * row} {'yes' if row % 2 else 'no'}" for row in range(rows)]
    texts[7], texts[9], texts[11], texts[13] = texts[3], texts[5] + "!", "der Fluss und der Stein sind nicht da", "broken Ã¤ letters"
    numbers = np.arange(rows, dtype=np.float32) % 10
    numbers[20] = 1e9
    fields = [Field("words", FieldKind.TEXT), Field("x", FieldKind.NUMBER), Field("label", FieldKind.CATEGORY, categories=("a", "b"))]
    columns = {"words": texts, "x": numbers, "label": np.arange(rows) % 2}
    return MemoryDataset(format="", source="", fields=fields, columns=columns, ids=[f"row-{row}" for row in range(rows)])


SPLITS = {Split.TRAIN: np.arange(8), Split.VALIDATION: np.arange(8, 60), Split.TEST: np.arange(60, 120)}
EDITS = [
    edits.relabelled(edits.NO_EDITS, ["row-3"], "label", "b"), edits.relabelled(edits.NO_EDITS, ["row-3"], "label", "new"),
    edits.excluded(edits.NO_EDITS, ["row-7"]), edits.moved(edits.NO_EDITS, ["row-3"], "test"), edits.tagged(edits.NO_EDITS, ["row-9"], "seen"),
]


@pytest.mark.parametrize("change", EDITS)
def test_findings_after_an_edit_are_those_of_looking_anew(change: edits.Edits) -> None:
    data = table()
    first = find_problems(data, SPLITS)
    assert {problem.kind for problem in first} >= {"copies", "near-texts-leak", "outliers", "encoding", "language"}
    moved = {**SPLITS, Split.TRAIN: np.arange(3), Split.VALIDATION: np.arange(3, 60)}
    for splits in (SPLITS, moved):
        assert find_problems(with_edits(data, change), splits) == find_problems(with_edits(table(), change), splits)
    assert find_problems(data, SPLITS) == first


def test_only_what_an_edit_changes_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    for owner, name in ((copies, "near_texts"), (languages, "language_of"), (base.Look, "_equal")):
        real = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given, real=real, name=name: (looked.append(name), real(*given))[1])
    data = table()
    find_problems(data, SPLITS)
    assert set(looked) == {"near_texts", "language_of", "_equal"}
    looked.clear()
    for change in (EDITS[0], EDITS[1], EDITS[3], EDITS[4]):
        find_problems(with_edits(data, change), SPLITS)
    assert not looked
    find_problems(with_edits(data, EDITS[2]), SPLITS)
    assert set(looked) == {"near_texts", "language_of", "_equal"}


def test_what_is_kept_goes_with_its_data() -> None:
    data = table()
    find_problems(with_edits(data, EDITS[0]), SPLITS)
    gone = weakref.ref(data)
    del data
    gc.collect()
    assert gone() is None


def test_looking_ends_when_nobody_wants_it_any_more() -> None:
    from workbench.data.open import open_dataset
    from workbench.data.progress import CancelledError, reporting
    from workbench.data.summary import find_problems

    dataset, asked = open_dataset("generated:shapes", params={"rows": 50}), []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    with reporting(lambda _share, _sentence: None, cancelled), pytest.raises(CancelledError):
        find_problems(dataset)
    assert len(asked) == 4
