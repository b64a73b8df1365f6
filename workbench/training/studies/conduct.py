"""Carries a study out: its runs one after another, in the thread that calls; what is done is not done again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ProjectError, TrainingError, WorkbenchError
from workbench.project.events import EpochEnded, Event, Finished, Interrupt, RunState, Started, Steps
from workbench.project.overrides import differences
from workbench.project.runs import RunFolder, create_run
from workbench.text import Text
from workbench.training.studies import STUDIES
from workbench.training.studies.base import Planned
from workbench.training.studies.record import Record, StudyFolder, StudyRun, StudyState, create_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.project.project import Project

log = logging.getLogger(__name__)
_TELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Told:
    """How far a study is.

    Attributes:
        number, count: Which run is under way, counted from 1, and how many there are.
        label: What the run is called.
        share: Of the whole study, between 0 and 1.
        seconds_left: For the whole study; None while that is unknown.
        event: What the engine said, where it is that; else None.
    """

    number: int
    count: int
    label: Text
    share: float
    seconds_left: float | None = None
    event: Event | None = None


Tell = Callable[[Told], None]


def begin(folder: Path | str, kind: str, params: Mapping[str, Any], project: Project) -> StudyFolder:
    """Makes a new study; `carry_out` does it.

    Raises:
        WorkbenchError: A parameter is out of range, this project cannot be studied so, or its data cannot be read.
    """
    entry = STUDIES[kind]
    parsed = entry.parse(dict(params))
    entry.check(project, Path(folder))
    rows = training_rows(project, folder) if entry.needs_rows else 0
    entry.plan(project, parsed, rows)
    return create_study(folder, kind, parsed.model_dump(mode="json"), project, rows=rows)


def training_rows(project: Project, folder: Path | str) -> int:
    """Returns how many rows the project trains on.

    Raises:
        DataError: The data cannot be read or divided.
    """
    from workbench.data.base import Split
    from workbench.data.open import open_dataset
    from workbench.project.adapt import prepared_for

    data = project.data
    dataset = open_dataset(data.source, data.format, data.params, base=Path(folder), edits=project.edits, made=data.made)
    return prepared_for(project, dataset).count(Split.TRAIN)


def planned(study: StudyFolder, record: Record | None = None) -> Sequence[Planned]:
    """Returns the runs of a study, done or not."""
    found = record or study.read()
    entry = STUDIES[found.kind]
    return entry.plan(study.snapshot(), entry.parse(dict(found.params)), found.rows)


def carry_out(study: StudyFolder, tell: Tell = lambda told: None, cancelled: Callable[[], bool] = bool) -> Record:
    """Does what is left of a study and returns how it stands then: finished, or interrupted and able to go on.

    Ctrl-C and SIGTERM end the run in progress with a checkpoint where this is the main thread.

    Args:
        study: The study.
        tell: Is told how far it is, in this thread; must not block.
        cancelled: Asked several times a second; true interrupts it.

    Raises:
        TrainingError: Another process carries it out, or one of its runs failed; it can be tried again.
        WorkbenchError: The study or its data cannot be read.
    """
    from workbench.project.claims import is_mine

    record = study.read()
    if record.state is StudyState.RUNNING and not is_mine(study.path):
        raise TrainingError(Text("The study {name} is being carried out right now.", name=record.name), Text("Wait for it, or stop it there."))
    study.claim()
    try:
        return _Conduct(study, record, tell, cancelled).do()
    except WorkbenchError as error:
        study.write(replace(study.read(), state=StudyState.FAILED, message=str(error.message)))
        raise
    finally:
        study.release()


def carry_out_aside(progress: Callable[[float, str], None], path: str) -> tuple[str, str]:
    """Does what is left of a study in a child process; returns its state and, where it failed, what to tell a person."""
    last = 0.0

    def tell(told: Told) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TELL_SECONDS:
            last = now
            progress(told.share, told.label)

    try:
        return str(carry_out(StudyFolder(path), tell).state), ""
    except WorkbenchError as error:
        return str(StudyState.FAILED), error.message
    except Exception as error:  # a bug: whoever waits in the other process must be told
        log.exception("A study broke.")
        return str(StudyState.FAILED), Text("The study broke: {reason}", reason=repr(error))


class _Conduct:
    """One go at a study."""

    def __init__(self, study: StudyFolder, record: Record, tell: Tell, cancelled: Callable[[], bool]) -> None:
        self._study, self._tell, self._cancelled = study, tell, cancelled
        self._record = replace(record, state=StudyState.RUNNING, message="", result={})
        self._snapshot = study.snapshot()
        self._plan = planned(study, record)
        self._began, self._share_before = time.monotonic(), -1.0
        self._number, self._share, self._total_steps, self._run = 0, 0.0, 1, None
        self._asked = False

    def do(self) -> Record:
        self._write(self._record)
        for number, item in enumerate(self._plan):
            self._number = number
            known = self._record.of(item.key)
            if known.done and self._study.run_of(known) is not None:
                continue
            if self._unwanted() or not self._train(item):
                return self._write(replace(self._record, state=StudyState.INTERRUPTED))
        self._number, self._share = len(self._plan) - 1, 1.0
        self._say()
        result = STUDIES[self._record.kind].conclude(self._study)
        return self._write(replace(self._record, state=StudyState.FINISHED, result=result))

    def _write(self, record: Record) -> Record:
        self._record = record
        self._study.write(record)
        return record

    def _unwanted(self) -> bool:
        return self._cancelled() or self._study.stop_wanted

    def _train(self, item: Planned) -> bool:
        """Trains one run, or goes on with it; says whether it came to its end."""
        from workbench.training.launch import train

        before = self._study.run_of(self._record.of(item.key))
        self._share, self._total_steps, self._asked = 0.0, 1, False
        self._say()
        if before is not None and before.state in (RunState.INTERRUPTED, RunState.STOPPED):
            self._run = before
            outcome = train(before, before.snapshot(), self._take, resumed=True)
        elif before is not None and before.state is RunState.FINISHED:
            return self._keep(item, before)
        else:
            self._run = self._new(item)
            outcome = train(self._run, item.project, self._take)
        return outcome.state is RunState.FINISHED and self._keep(item, self._run)

    def _new(self, item: Planned) -> RunFolder:
        changed = tuple(differences(self._snapshot, item.project))
        run = create_run(self._study.project_folder, str(item.label), item.project, differences=changed, study=self._study.path.name)
        self._write(self._record.with_run(StudyRun(item.key, run.path.name)))
        return run

    def _keep(self, item: Planned, run: RunFolder) -> bool:
        self._write(self._record.with_run(StudyRun(item.key, run.path.name, True, best_metrics(run))))
        return True

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._total_steps = max(event.steps_per_epoch * event.epochs, 1)
        elif isinstance(event, Steps):
            self._share = min(event.step / self._total_steps, 1.0)
            if not self._asked and self._run is not None and self._unwanted():
                self._asked = True
                self._run.post(Interrupt())
        self._say(event)

    def _say(self, event: Event | None = None) -> None:
        """Tells how far it is."""
        whole = min((self._number + self._share) / max(len(self._plan), 1), 1.0)
        self._share_before = whole if self._share_before < 0 else self._share_before
        done, spent = whole - self._share_before, time.monotonic() - self._began
        left = spent / done * (1 - whole) if done > 0 and spent > 1 else None
        self._tell(Told(self._number + 1, len(self._plan), self._plan[self._number].label, whole, left, event))


def best_metrics(run: RunFolder) -> dict[str, float]:
    """Returns what a run scored at its best epoch, and on the test rows, by tag."""
    found: dict[str, float] = {}
    for event in run.events():
        if isinstance(event, EpochEnded) and (event.best or not found):
            found = dict(event.metrics)
        elif isinstance(event, Finished):
            tests = {tag: value for tag, value in event.metrics.items() if tag.endswith("/test")}
            found = (found or dict(event.metrics)) | tests
    return found


def find_study(folder: Path | str, which: str) -> StudyFolder:
    """Returns a study by `last` (the newest one that is not finished), a path, or the name of a folder under `studies/`.

    Raises:
        ProjectError: There is no such study.
    """
    from workbench.training.studies.record import STUDIES_FOLDER, list_studies

    if which != "last":
        inside = Path(folder) / STUDIES_FOLDER / which
        return StudyFolder(inside if inside.is_dir() else which)
    found = next((study for study in list_studies(folder) if study.read().state is not StudyState.FINISHED), None)
    if found is None:
        raise ProjectError(Text("There is no study to go on with."), Text("`workbench study PROJECT folds` begins one."))
    return found


__all__ = ["Told", "begin", "best_metrics", "carry_out", "carry_out_aside", "find_study", "planned", "training_rows"]
