"""`make`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, counted, progress
from workbench.cli.reading import open_data, read_project, read_run
from workbench.data.making.sets import kept_sets
from workbench.errors import ProjectError
from workbench.project.file import save
from workbench.project.making import Kept, Making, delete_unneeded, make_rows, sets_of, without_set
from workbench.project.project import Choice, Project
from workbench.text import Text

_OF_DRAWS, _OF_TEXTS = ("rows", "augment"), ("temperature",)


def make(
    folder: Path, copies: int, rows: str, name: str, augment: list[str], run: Path | None, temperature: float, seed: int | None, remove: str,
) -> Answer:
    """Makes rows and keeps them, takes a set out again, or lists the sets.

    Args:
        folder: The project folder.
        copies: Draws per row, or with a run texts; 0 lists.
        rows: A tag or a class.
        name: Of the set; "" finds one.
        augment: Names of augmentations to draw by; none takes those of the project.
        run: The run that writes texts.
        temperature: How freely it writes.
        seed: Of the draws; None makes one of that of the recipe and the name.
        remove: The set to take out.
    """
    project, folder = read_project(folder)
    if remove:
        return _removed(project, folder, remove)
    if not copies:
        if name or rows or augment or run is not None:
            raise ProjectError(Text("How many rows?"), Text("Say --copies N: draws of every row, or with --from texts of a run."))
        return _listed(project, folder)
    dataset = open_data(project, folder)
    if run is None:
        choices = [Choice(item) for item in augment] or None
        making = make_rows(project, folder, dataset, copies=copies, rows=rows, name=name, augmentation=choices, seed=seed)
    else:
        if rows or augment:
            raise ProjectError(Text("A run writes texts from nothing."), Text("Leave --rows and --augment out, or leave --from out."))
        from workbench.training.written_rows import write_rows

        making = write_rows(project, folder, dataset, read_run(run), count=copies, temperature=temperature, name=name, seed=seed)
    save(making.project, folder)
    return Answer(_made(making, folder), _lines(making, folder))


def _made(making: Making, folder: Path) -> dict[str, Any]:
    return {
        "project": str(folder), "name": making.name, "sources": making.sources, "rows": making.rows, "wanted": making.wanted,
        "left_out": list(making.left_out), "made": list(making.project.data.made),
    }


def _lines(making: Making, folder: Path) -> list[str]:
    for reason in making.left_out:
        progress(reason)
    of = f" of {counted(making.sources, 'training row')}" if making.sources else ""
    short = f" {counted(making.wanted - making.rows, 'draw')} brought nothing new." if making.rows < making.wanted else ""
    return [
        f"Made {counted(making.rows, 'row')}{of}, kept as {making.name}; they are trained on from now on.{short}",
        f"Take them out with: workbench make {folder} --remove {making.name}",
        f"See whether they help: workbench study {folder} paired --vary made-rows",
    ]


def _removed(project: Project, folder: Path, name: str) -> Answer:
    if name not in project.data.made and name not in kept_sets(folder):
        known = ", ".join(item.name for item in sets_of(project, folder))
        raise ProjectError(Text("There are no made rows called {name}.", name=repr(name)), Text("There are {names}.", names=known or Text("none")))
    project = without_set(project, name)
    save(project, folder)
    deleted = bool(delete_unneeded(project, folder, name))
    kept = "" if deleted else " Their files stay: a run or a study was trained on them."
    return Answer(
        {"project": str(folder), "removed": name, "deleted": deleted, "made": list(project.data.made)},
        [f"{name} is no longer trained on.{kept}"],
    )


def _listed(project: Project, folder: Path) -> Answer:
    sets = sets_of(project, folder)
    document = {"project": str(folder), "sets": [
        {"name": item.name, "rows": item.rows, "how": item.how, "used": item.used, "needed": item.needed, "problem": item.problem} for item in sets
    ]}
    return Answer(document, [_line(item) for item in sets] or ["No rows have been made yet: workbench make PROJECT --copies N makes some."])


def _line(item: Kept) -> str:
    if item.problem:
        return f"{item.name}: {item.problem}"
    how = "drawn by the augmentation" if item.how == "augmentation" else "written by a run"
    return f"{item.name}: {counted(item.rows, 'row')} {how}, {'trained on' if item.used else 'not used'}"
