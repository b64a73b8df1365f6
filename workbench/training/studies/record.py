"""The folder of a study: what was asked, which runs answer it, how far they are, and what they say.

studies/<YYYYmmdd-HHMMSS>-<name>/
  study.json        the question, its parameters, its runs and its result
  workbench.toml, model.graph.json, data.edits.jsonl   the project as it was asked about
  process.json      who carries it out
  rows.csv          where a study judges single rows: one line for each
The runs themselves are ordinary runs of the project.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.errors import ProjectError
from workbench.project import claims, records
from workbench.project.atomic import write_atomically
from workbench.project.project import Project
from workbench.project.runs import RUNS, RunFolder, slug
from workbench.text import Text

STUDIES_FOLDER = "studies"
SCHEMA_VERSION = 1
_FILE, _STOP = "study.json", "stop"
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class StudyState(StrEnum):
    """Where a study stands; `INTERRUPTED` and `FAILED` ones can go on."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One run of a study.

    Attributes:
        key: As planned.
        run: The name of its folder under `runs/`; "" before it began.
        done: Whether it has come to its end.
        metrics: Those of its best epoch, and of the test rows, by tag.
    """

    key: str
    run: str = ""
    done: bool = False
    metrics: Mapping[str, float] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class Record:
    """What study.json holds.

    Attributes:
        kind: The catalogue name of the study.
        params: Its raw parameters.
        rows: The training rows of the project, where the plan needs them.
        runs: In the order of the plan.
        result: What the runs say, once all are done.
        message: What went wrong, where something did.
        extra: Fields that this version does not know; kept.
    """

    kind: str
    name: str
    params: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    rows: int = 0
    state: StudyState = StudyState.RUNNING
    runs: tuple[StudyRun, ...] = ()
    result: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    message: str = ""
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    def of(self, key: str) -> StudyRun:
        """Returns the run of that key; one that has not begun where it is not there."""
        return next((run for run in self.runs if run.key == key), StudyRun(key))

    def with_run(self, changed: StudyRun) -> Record:
        """Returns the record with one run put in its place."""
        known = any(run.key == changed.key for run in self.runs)
        runs = tuple(changed if run.key == changed.key else run for run in self.runs) if known else (*self.runs, changed)
        return replace(self, runs=runs)


class StudyFolder:
    """One study on disk. Any number of these may look at the same folder; one process writes it.

    Args:
        path: The folder of the study.

    Raises:
        ProjectError: There is no study in it.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        if not (self.path / _FILE).is_file():
            raise ProjectError(Text("{path} is not the folder of a study.", path=str(self.path)), Text("`workbench study PROJECT` lists them."))

    @property
    def project_folder(self) -> Path:
        """The folder of the project."""
        return self.path.parent.parent

    @property
    def rows_path(self) -> Path:
        """rows.csv."""
        return self.path / "rows.csv"

    @property
    def alive(self) -> bool:
        """Whether the process that carries it out still exists."""
        return claims.alive(self.path)

    def claim(self) -> None:
        """Notes that this process carries it out from now on."""
        claims.claim(self.path)

    def release(self) -> None:
        """Notes that nobody carries it out; wishes to stop are forgotten. Whoever goes on with it does this first."""
        (self.path / _STOP).unlink(missing_ok=True)
        (self.path / claims.FILE).unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        """Asks whoever carries it out to end after the step in progress; it can go on later."""
        write_atomically(self.path / _STOP, "")

    @property
    def stop_wanted(self) -> bool:
        """Whether somebody asked it to stop."""
        return (self.path / _STOP).exists()

    def snapshot(self) -> Project:
        """Returns the project as it was when the study began."""
        from workbench.project.file import load

        return load(self.path).project

    def run_of(self, run: StudyRun) -> RunFolder | None:
        """Returns the folder of a run, or None where it has not begun or is gone."""
        path = self.project_folder / RUNS / run.run
        return RunFolder(path) if run.run and (path / "run.json").is_file() else None

    def read(self) -> Record:
        """Returns what is known; a study whose process is gone counts as interrupted.

        Raises:
            ProjectError: study.json cannot be read, or a newer version wrote it.
        """
        record = _record(self.path / _FILE)
        gone = record.state is StudyState.RUNNING and not self.alive
        return replace(record, state=StudyState.INTERRUPTED) if gone else record

    def write(self, record: Record) -> None:
        """Replaces study.json."""
        write_atomically(self.path / _FILE, _document(record))


def create_study(folder: Path | str, kind: str, params: Mapping[str, Any], project: Project, *, rows: int = 0, name: str = "") -> StudyFolder:
    """Makes the folder of a new study, with the project as it is now; this process carries it out.

    Raises:
        ProjectError: The folder cannot be written.
    """
    from workbench.project.file import save

    parent, name = Path(folder).absolute() / STUDIES_FOLDER, name or kind
    try:
        path = _fresh(parent, f"{datetime.now():%Y%m%d-%H%M%S}-{slug(name)}")
        save(project, path)
        write_atomically(path / _FILE, _document(Record(kind, name, params, rows)))
    except OSError as error:
        raise ProjectError(
            Text("The folder {path} cannot be written: {reason}.", path=str(parent), reason=error.strerror or str(error)),
            Text("Check the free space and the permissions of the project folder."),
        ) from error
    study = StudyFolder(path)
    study.claim()
    return study


def _fresh(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            path.mkdir()
            return path
        number += 1


def list_studies(folder: Path | str, kind: str = "") -> list[StudyFolder]:
    """Returns the studies of a project, newest first; folders that are none are left out.

    Args:
        folder: The project folder.
        kind: Only those of this kind; "" for all.
    """
    parent = Path(folder).absolute() / STUDIES_FOLDER
    if not parent.is_dir():
        return []
    paths = sorted((path for path in parent.iterdir() if (path / _FILE).is_file()), key=lambda path: (path.name[:15], path.stat().st_ctime))
    return [study for path in reversed(paths) if (study := StudyFolder(path)) and (not kind or _kind(path) == kind)]


def _kind(path: Path) -> str:
    with suppress(ProjectError):
        return _record(path / _FILE).kind
    return ""


def _document(record: Record) -> str:
    known = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "extra"}
    plain = records.plain({**record.extra, "schema_version": SCHEMA_VERSION, **known})
    return json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(path: Path) -> Record:
    try:
        found = json.loads(path.read_bytes())
        version = int(found.pop("schema_version"))
        if version > SCHEMA_VERSION:
            raise ProjectError(Text("{path} was written by a newer version of this program.", path=str(path)), Text("Update the program."))
        names = {item.name for item in fields(Record)} - {"extra"}
        extra = {name: value for name, value in found.items() if name not in names}
        known = {name: value for name, value in found.items() if name in names}
        known |= {"state": StudyState(known["state"]), "runs": tuple(_run(item) for item in known["runs"])}
        record = Record(**known, extra=MappingProxyType(extra))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProjectError(Text("The study in {path} cannot be read.", path=str(path.parent)), Text("Ask the question again.")) from error
    return record


def _run(found: Mapping[str, Any]) -> StudyRun:
    metrics = {str(tag): float("nan") if value is None else float(value) for tag, value in dict(found["metrics"]).items()}
    return StudyRun(str(found["key"]), str(found["run"]), bool(found["done"]), MappingProxyType(metrics))
