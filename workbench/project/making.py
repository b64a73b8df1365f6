"""Made rows of a project: which rows they are made of, keeping a set, taking it out again.

Which sets are used is part of the project (`DataChoice.made`), so that taking one in or out is an edit like any other and undone like one.
Their values lie in the folder `made` of the project and stay there until they are deleted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench.data.base import Dataset, FieldKind, Split
from workbench.data.making.sets import MadeSet, checked_name, delete_set, free_name, kept_sets, read_set, write_set
from workbench.data.making.view import real_rows
from workbench.errors import DataError
from workbench.project.feeding import input_fields, target_fields
from workbench.project.file import SETTINGS_FILE
from workbench.project.project import Choice, Project
from workbench.text import Text

COPIES, MOST_COPIES = 1, 1000


@dataclass(frozen=True, slots=True)
class Making:
    """What was made.

    Attributes:
        project: The project that uses the new set; nothing else in it has changed.
        name: Of the set.
        sources: How many rows it was made of.
        rows: How many rows it holds.
        wanted: How many it would hold if every draw had changed its row.
        left_out: Why some augmentations of the project were not used.
    """

    project: Project
    name: str
    sources: int
    rows: int
    wanted: int
    left_out: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A set in the folder of a project.

    Attributes:
        name: Of the set.
        rows: How many rows it holds; 0 where it cannot be read.
        how: `augmentation` or `writing`; "" where it cannot be read.
        used: Whether the project trains on it now.
        needed: Whether a run or a study of the project was made with it: without its files these cannot go on.
        problem: Why it cannot be read, or "".
    """

    name: str
    rows: int
    how: str
    used: bool
    needed: bool
    problem: str = ""


def make_rows(
    project: Project, folder: Path, dataset: Dataset, *, copies: int = COPIES, rows: str = "", name: str = "",
    augmentation: Sequence[Choice] | None = None, seed: int | None = None,
) -> Making:
    """Draws rows by the augmentations of the project and keeps them.

    Args:
        project: Its inputs say what is varied, its split what may be: rows to train on alone.
        folder: The project folder.
        dataset: The data of the project, opened.
        copies: Draws per row.
        rows: A tag or a class: only rows that have it; "" takes all rows to train on.
        name: Of the set; "" finds one.
        augmentation: What to draw by; None takes the augmentations of the project.
        seed: Of the draws; None makes one of that of the recipe and the name, so that two sets differ.

    Raises:
        DataError: There is nothing to draw, or the set cannot be kept.
    """
    from workbench.data.making.drawing import draw, keepable
    from workbench.data.order import mix

    if not 1 <= copies <= MOST_COPIES:
        raise DataError(
            Text("{copies} copies of a row cannot be made.", copies=copies), Text("Choose between {low} and {high}.", low=1, high=MOST_COPIES),
        )
    called = checked_name(name) if name else free_name(folder, project.data.made)
    training = training_rows(project, dataset)
    chosen = chosen_rows(project, dataset, training, rows)
    choices = list(project.data.augmentation if augmentation is None else augmentation)
    made = draw(
        dataset, chosen, training, choices, input_fields(project), target_fields(project), copies=copies,
        seed=mix(project.recipe.seed, called) if seed is None else seed, name=called,
    )
    write_set(folder, made)
    return Making(with_set(project, called), called, len(chosen), len(made), len(chosen) * copies, tuple(keepable(choices)[1]))


def keep(project: Project, folder: Path, made: MadeSet, wanted: int) -> Making:
    """Writes a set that was made in another way and returns the project that uses it."""
    write_set(folder, made)
    return Making(with_set(project, made.name), made.name, 0, len(made), wanted)


def with_set(project: Project, name: str) -> Project:
    """Returns the project that trains on a set as well."""
    made = project.data.made
    return project if name in made else replace(project, data=replace(project.data, made=(*made, name)))


def without_set(project: Project, name: str) -> Project:
    """Returns the project that no longer trains on a set; its files stay, so that this can be undone."""
    return replace(project, data=replace(project.data, made=tuple(item for item in project.data.made if item != name)))


def training_rows(project: Project, dataset: Dataset) -> np.ndarray:
    """Returns the real rows that the project trains on, int64, sorted.

    Raises:
        DataError: The rows cannot be divided.
    """
    from workbench.data.prepare import split_rows

    training = split_rows(dataset, project.data, input_fields(project), target_fields(project))[Split.TRAIN]
    return np.intersect1d(training, real_rows(dataset))


def chosen_rows(project: Project, dataset: Dataset, training: np.ndarray, which: str) -> np.ndarray:
    """Returns those of the training rows that have a tag or are of a class, int64, sorted; all where `which` is "" or train.

    Raises:
        DataError: There is no such tag or class, or no training row has it.
    """
    if which in ("", str(Split.TRAIN)):
        return training
    if which in {*map(str, Split), "val"}:
        raise DataError(
            Text("Rows are made of training rows alone: what is made of rows to be judged by would give their answers away."),
            Text("Leave --rows out, or name a tag or a class."),
        )
    found = _with_tag(project, dataset, which) if which in project.edits.tags() else _of_class(project, dataset, which)
    rows = np.intersect1d(training, found)
    if not len(rows):
        raise DataError(Text("No training row is of {which}.", which=repr(which)), Text("Leave --rows out, or name another tag or class."))
    return rows


def _with_tag(project: Project, dataset: Dataset, tag: str) -> np.ndarray:
    ids = dataset.ids()
    return np.array([row for row in range(len(dataset)) if tag in project.edits.of(ids[row]).tags], dtype=np.int64)


def _of_class(project: Project, dataset: Dataset, name: str) -> np.ndarray:
    targets = target_fields(project)
    fields = sorted((field for field in dataset.fields if field.kind == FieldKind.CATEGORY), key=lambda field: field.name not in targets)
    for field in fields:
        if name in field.categories:
            return np.flatnonzero(np.asarray(dataset.column(field.name)) == field.categories.index(name))
    known = (*project.edits.tags(), *(category for field in fields[:1] for category in field.categories[:20]))
    raise DataError(
        Text("There is no tag or class called {name}.", name=repr(name)), Text("There are {names}.", names=", ".join(known) or Text("none")),
    )


def sets_of(project: Project, folder: Path) -> list[Kept]:
    """Returns the sets that the project uses or its folder holds, sorted by name."""
    needed = _needed(folder)
    found: list[Kept] = []
    for name in sorted({*kept_sets(folder), *project.data.made}):
        used = name in project.data.made
        try:
            made = read_set(folder, name)
        except DataError as error:
            found.append(Kept(name, 0, "", used, name in needed, error.message))
        else:
            found.append(Kept(name, len(made), str(made.facts.get("how", "")), used, name in needed))
    return found


def delete_unneeded(project: Project, folder: Path, name: str = "") -> list[str]:
    """Deletes the files of sets that neither the project nor any of its runs and studies uses, and returns their names.

    Args:
        project: The project as it is now.
        folder: Its folder.
        name: Only this set; "" all of them.

    Raises:
        DataError: They cannot be deleted.
    """
    gone = [item.name for item in sets_of(project, folder) if not item.used and not item.needed and name in ("", item.name)]
    for item in gone:
        delete_set(folder, item)
    return gone


def _needed(folder: Path) -> set[str]:
    """Returns the sets that snapshots of the project in its runs and studies name."""
    found: set[str] = set()
    for path in (*folder.glob(f"runs/**/{SETTINGS_FILE}"), *folder.glob(f"studies/**/{SETTINGS_FILE}")):
        try:
            made = tomllib.loads(path.read_text("utf-8")).get("data", {}).get("made", [])
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
            continue
        found.update(item for item in made if isinstance(item, str))
    return found
