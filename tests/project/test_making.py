"""Making rows is an edit: it says what it made, is undone by the old value, and deletes nothing that a run needs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from workbench.data import edits
from workbench.data.base import Dataset, Split
from workbench.data.making.sets import kept_sets, read_set
from workbench.data.making.view import made_rows, real_rows
from workbench.data.open import open_dataset
from workbench.errors import DataError
from workbench.project.file import load, save
from workbench.project.making import chosen_rows, delete_unneeded, make_rows, sets_of, training_rows, with_set, without_set
from workbench.project.new import new_project
from workbench.project.overrides import differences, with_settings
from workbench.project.project import Choice, Project

FLIP = (Choice("flip", MappingProxyType({"probability": 1.0})),)


@pytest.fixture
def here(tmp_path: Path) -> tuple[Project, Path]:
    """The digits, few of them, with one augmentation."""
    folder = tmp_path / "here"
    project = new_project("digits-cnn", folder)
    project = replace(project, data=replace(project.data, augmentation=FLIP, limit=200))
    save(project, folder)
    return project, folder


def opened(project: Project, folder: Path) -> Dataset:
    data = project.data
    return open_dataset(data.source, data.format, data.params, folder, project.edits, data.made)


def test_rows_are_made_saved_used_and_taken_out(here: tuple[Project, Path]) -> None:
    project, folder = here
    data = opened(project, folder)
    making = make_rows(project, folder, data, copies=2)
    training = training_rows(project, data)
    assert (making.name, making.sources, making.wanted) == ("made-1", len(training), 2 * len(training))
    assert 0.8 * making.wanted < making.rows <= making.wanted and making.left_out == ()
    assert [change["setting"] for change in differences(project, making.project)] == ["data.made"]
    save(making.project, folder)
    again = load(folder).project
    assert again == making.project and again.data.made == ("made-1",)
    more = opened(again, folder)
    assert np.array_equal(training_rows(again, more), training) and len(made_rows(more)) == making.rows
    assert set(more.made_from()[made_rows(more)].tolist()) <= set(training.tolist())  # type: ignore[index]
    assert without_set(again, "made-1") == project == with_settings(again, ["data.made=[]"])
    assert with_set(without_set(again, "made-1"), "made-1") == again == with_set(again, "made-1")


def test_made_rows_are_not_made_of_made_rows(here: tuple[Project, Path]) -> None:
    project, folder = here
    first = make_rows(project, folder, opened(project, folder))
    second = make_rows(first.project, folder, opened(first.project, folder))
    assert second.name == "made-2" and second.sources == first.sources and second.project.data.made == ("made-1", "made-2")
    assert len(real_rows(opened(second.project, folder))) == len(opened(project, folder))
    sets = [read_set(folder, name).values["image"] for name in ("made-1", "made-2")]
    assert len(sets[0]) == len(sets[1]) and np.array_equal(*sets), "a sure flip is the same again"
    two = [make_rows(project, folder, opened(project, folder), augmentation=[Choice("affine")], name=name) for name in ("a", "b")]
    shared = min(item.rows for item in two)
    assert not np.array_equal(*(read_set(folder, item.name).values["image"][:shared] for item in two)), "other names, other draws"


def test_rows_of_a_class_or_a_tag(here: tuple[Project, Path]) -> None:
    project, folder = here
    data = opened(project, folder)
    training = training_rows(project, data)
    labels = data.column("label")
    three = chosen_rows(project, data, training, "3")
    assert set(labels[three]) == {3} and set(three) <= set(training) and len(three) > 3
    ids = data.ids()
    tagged = replace(project, edits=edits.tagged(edits.NO_EDITS, [ids[int(row)] for row in training[:4]] + [ids[-1]], "odd"))
    made = make_rows(tagged, folder, data, rows="odd", name="odd-ones")
    assert made.name == "odd-ones" and made.sources == len(np.intersect1d(training, [*training[:4], len(data) - 1]))
    assert np.array_equal(chosen_rows(project, data, training, "train"), training)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": "validation"}, "training rows alone"), ({"rows": "val"}, "training rows alone"), ({"rows": "test"}, "training rows alone"),
        ({"rows": "nobody"}, "no tag or class called"), ({"copies": 0}, "0 copies"), ({"copies": 5000}, "5000 copies"),
        ({"name": "../up"}, "cannot be called"), ({"augmentation": []}, "no augmentation"), ({"augmentation": [Choice("mixup")]}, "mixes two rows"),
        ({"augmentation": [Choice("jitter")]}, "nothing to vary"),
    ],
)
def test_what_cannot_be_made_says_why_and_leaves_nothing(here: tuple[Project, Path], arguments: dict[str, object], message: str) -> None:
    project, folder = here
    with pytest.raises(DataError, match=message) as caught:
        make_rows(project, folder, opened(project, folder), **arguments)  # type: ignore[arg-type]
    assert caught.value.hint and kept_sets(folder) == [] and kept_sets(folder.parent) == []


def test_augmentations_that_cannot_be_kept_are_told(here: tuple[Project, Path]) -> None:
    project, folder = here
    making = make_rows(project, folder, opened(project, folder), augmentation=[*FLIP, Choice("mixup")])
    assert len(making.left_out) == 1 and "mixes two rows" in making.left_out[0]


def test_files_stay_while_a_run_needs_them(here: tuple[Project, Path]) -> None:
    project, folder = here
    one = make_rows(project, folder, opened(project, folder), rows="1", name="one")
    two = make_rows(one.project, folder, opened(project, folder), rows="2", name="two")
    run = folder / "runs" / "first"
    run.mkdir(parents=True)
    save(one.project, run)
    assert [(item.name, item.how, item.used, item.needed) for item in sets_of(two.project, folder)] == [
        ("one", "augmentation", True, True), ("two", "augmentation", True, False),
    ]
    assert delete_unneeded(two.project, folder) == []
    assert delete_unneeded(project, folder, "one") == [] and delete_unneeded(project, folder) == ["two"]
    assert kept_sets(folder) == ["one"]
    shutil.rmtree(folder / "made" / "one")
    assert [(item.name, item.rows, bool(item.problem)) for item in sets_of(one.project, folder)] == [("one", 0, True)]


def test_a_fold_trains_on_what_was_made_of_its_own_rows(here: tuple[Project, Path]) -> None:
    from workbench.data.prepare import split_rows
    from workbench.project.feeding import input_fields, target_fields

    project, folder = here
    making = make_rows(project, folder, opened(project, folder))
    for fold in range(3):
        varied = with_settings(making.project, ["data.split.folds=3", f"data.split.fold={fold}"])
        data = opened(varied, folder)
        splits = split_rows(data, varied.data, input_fields(varied), target_fields(varied))
        origins = data.made_from()
        assert origins is not None
        made = splits[Split.TRAIN][origins[splits[Split.TRAIN]] != -1]
        judged = set(splits[Split.VALIDATION].tolist())
        assert len(made) > 0 and judged.isdisjoint(made.tolist()) and judged.isdisjoint(origins[made].tolist())
