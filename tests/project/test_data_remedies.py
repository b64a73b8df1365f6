"""Every remedy takes away what it was offered for, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.data.findings.test_finders import made, pictures
from workbench.data.base import DataProblem, Dataset, Split
from workbench.data.edited import with_edits
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.project.data_remedies import remedies
from workbench.project.project import DataChoice, Project
from workbench.project.sketch import Sketch

TRAIN, TEST = list(range(30)), list(range(30, 60))


def planted() -> dict[str, Look]:
    """One dataset for each kind of trouble that has a remedy for rows."""
    texts = [f"a review of the thing number {number}, written at some length" for number in range(60)]
    twice, across = [*texts], [*texts]
    twice[5], across[40] = texts[2], texts[2]
    letters, empty = [*texts], [*texts]
    letters[9], empty[3] = "This cafÃ© was â€œgreatâ€\u009d indeed", " "
    near = pictures(60)
    near[12] = np.clip(near[3].astype(float) * 0.9 + 8, 0, 255).astype(np.uint8)
    number = np.random.default_rng(0).normal(0, 1, 60).astype(np.float32)
    number[8] = 900.0
    splits = {Split.TRAIN: TRAIN, Split.TEST: TEST}
    return {
        "copies": made(splits, words=twice), "duplicate": made(splits, words=across), "encoding": made(splits, words=letters),
        "empty-text": made(splits, words=empty), "near-duplicates": made(splits, image=near), "outliers": made(splits, number=number),
        "missing": made(splits, kind=np.array([0, 1] * 29 + [-1, 0])),
    }


def again(look: Look, dataset: Dataset) -> Look:
    """Looks once more, with rows where people have put them."""
    splits = {split: set(rows.tolist()) for split, rows in look.splits.items()}
    for row, name in dataset.moved().items():
        for rows in splits.values():
            rows.discard(row)
        splits[Split(name)].add(row)
    return Look(dataset, {split: np.array(sorted(rows)) for split, rows in splits.items()})


@pytest.mark.parametrize("kind", sorted(planted()))
def test_each_remedy_takes_the_trouble_away(kind: str) -> None:
    look = planted()[kind]
    (problem,) = [found for found in FINDERS[kind].find(look) if found.kind == kind]
    offered = remedies(problem, look.dataset)
    assert offered
    for fix in offered:
        project = fix.apply(Project())
        changed = with_edits(look.dataset, project.edits)
        assert set(project.edits.rows) == set(problem.rows)
        assert [found.kind for found in FINDERS[kind].find(again(look, changed))] == []


def test_imbalance_is_answered_in_the_recipe_of_the_data() -> None:
    look = made(kind=np.array([0] * 50 + [1] * 3))
    (problem,) = FINDERS["imbalance"].find(look)
    weigh, show, stratify = remedies(problem, look.dataset)
    assert weigh.apply(Project()).data == replace(DataChoice(), balance="weights")
    assert show.apply(Project()).data == replace(DataChoice(), balance="oversample")
    assert stratify.apply(Project()).data.split.stratify == "kind"


def test_suspect_labels_can_be_tagged_left_out_or_corrected() -> None:
    look = made(kind=np.array([0, 1, 0, 1]))
    problem = DataProblem("mislabelled", "two rows", ("r1", "r2"), suggested={"r1": "a", "r2": "b"})
    tag, out, correct = (fix.apply(Project()).edits for fix in remedies(problem, look.dataset))
    assert tag.tags() == {"suspect": 2}
    assert out.of("r1").excluded and out.of("r2").excluded
    assert with_edits(look.dataset, correct).column("kind").tolist() == [0, 0, 1, 1]


def test_only_the_label_that_is_doubted_is_corrected() -> None:
    look = made(kind=np.array([0, 1, 0, 1]), other=np.array([1, 1, 0, 0]))
    problem = DataProblem("mislabelled", "one row", ("r0",), suggested={"r0": "a"}, field="other")
    changed = with_edits(look.dataset, remedies(problem, look.dataset)[-1].apply(Project()).edits)
    assert changed.column("kind").tolist() == [0, 1, 0, 1] and changed.column("other").tolist() == [0, 1, 0, 0]


def test_what_only_people_can_decide_has_no_button() -> None:
    look = made(same=np.full(3, 5.0, np.float32))
    (problem,) = FINDERS["constant"].find(look)
    assert remedies(problem, look.dataset) == []


def tabular() -> Project:
    """Two numbers joined, each through a layer of its own, and an output."""
    sketch = Sketch("en")
    ends = []
    for name in ("same", "other"):
        sketch.end = None
        sketch.add("number_input", name, field=name)
        ends.append(sketch.add("linear", f"token_{name}", units=4))
    sketch.add("concatenate", "joined", after=tuple(ends), port="inputs")
    sketch.chain(("linear", {"units": 2}))
    sketch.add("output", "answer")
    return Project(graph=sketch.laid_out())


def test_a_field_that_says_nothing_is_no_longer_read() -> None:
    look, project = made(same=np.full(9, 5.0, np.float32), other=np.arange(9, dtype=np.float32)), tabular()
    (problem,) = FINDERS["constant"].find(look)
    assert remedies(problem, look.dataset) == []
    (fix,) = remedies(problem, look.dataset, project)
    left = {node.name for node in fix.apply(project).graph}
    assert {"same", "token_same"}.isdisjoint(left) and {"other", "token_other", "joined", "answer"} <= left
    assert remedies(replace(problem, field="other"), look.dataset, fix.apply(fix.apply(project))) == [], "the last input stays"


def test_a_number_that_is_mostly_missing_can_be_left_unread() -> None:
    for missing, offered in ((2, 1), (7, 2)):
        values = np.arange(9, dtype=np.float32)
        values[:missing] = np.nan
        look = made(same=values, other=np.arange(9, dtype=np.float32))
        (problem,) = FINDERS["missing"].find(look)
        assert len(remedies(problem, look.dataset, tabular())) == offered
