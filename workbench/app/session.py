"""The open project as the window sees it: one value with history, and what is derived from it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.app.dataset_jobs import open_chosen, opening_part, prepare_chosen, preparing_part
from workbench.app.jobs import Job, run_job
from workbench.graph.history import History
from workbench.project.project import DataChoice, Project

if TYPE_CHECKING:
    from workbench.app.opening import Opening
    from workbench.app.training_thread import Trainer
    from workbench.data.base import Dataset
    from workbench.data.prepare import Prepared
    from workbench.graph.infer import Inferred
    from workbench.graph.problem import Problem
    from workbench.project.recovery import Recovery
    from workbench.project.runs import RunFolder, RunInfo

_LOG = logging.getLogger(__name__)


class Session(QObject):
    """One open project.

    Attributes:
        folder: Where it is saved, or None while it never was.
        read_only: Written by a newer version: it can be looked at, and saved elsewhere.
        warnings: What loading had to say.

    Signals:
        changed: The project before (None after opening another one) and now.
        opened: Another project is open; everything must be drawn anew.
        saved_changed: The unsaved mark, the folder or the name may differ.
        dataset_changed: The dataset is another one, or could not be opened (`dataset_error`).
        dataset_progress: Share and sentence while the dataset is being opened, where that takes long.
        loading_changed: Opening or preparing the dataset has begun or ended.
        prepared_changed: The prepared data is another one, or could not be made (`prepared_error`).
        runs_changed, selected_run_changed, selection_changed: As named.
        row_wanted: A row (dataset index) that some page should show in Inspect.
        layers_changed: The user's own layers were read anew; what was worked out with the former ones is forgotten.
    """

    changed = Signal(object, object)
    opened = Signal()
    saved_changed = Signal()
    dataset_changed = Signal()
    dataset_progress = Signal(float, str)
    loading_changed = Signal()
    prepared_changed = Signal()
    runs_changed = Signal()
    selected_run_changed = Signal()
    selection_changed = Signal()
    row_wanted = Signal(int)
    layers_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: History[Project] = History(Project())
        self.folder: Path | None = None
        self.read_only = False
        self.warnings: tuple[str, ...] = ()
        self.dataset: Dataset | None = None
        self.dataset_error: Exception | None = None
        self.prepared_error: Exception | None = None
        self._prepared: Prepared | None = None
        self._prepared_before: Prepared | None = None  # the last one, of which an edit leaves most as it is
        self._dataset_job: Job | None = None
        self._prepared_job: Job | None = None
        self._prepared_key: object = None
        self._inferred: tuple[object, Inferred] | None = None
        self._checked: tuple[object, object, Any] | None = None
        self._selection: tuple[str, ...] = ()
        self._runs: list[RunInfo] | None = None
        self._selected_run: Path | None = None
        self._given: tuple[DataChoice, Dataset] | None = None
        self._opening: Opening | None = None
        self._trainer: Trainer | None = None
        self._recovery: Recovery | None = None

    @property
    def project(self) -> Project:
        """The open project."""
        return self.history.value

    @property
    def is_open(self) -> bool:
        """Whether there is anything to show: a saved project, a drawing or data."""
        return self.folder is not None or bool(self.project.graph) or bool(self.project.data.source) or bool(self.project.name)

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return bool(self.history.modified)

    @property
    def trainer(self) -> Trainer:
        """What starts and steers runs of this project in the window."""
        if self._trainer is None:
            from workbench.app.training_thread import Trainer

            self._trainer = Trainer(self)
        return self._trainer

    @property
    def opening(self) -> Opening:
        """What brings data into this project."""
        if self._opening is None:
            from workbench.app.opening import Opening

            self._opening = Opening(self)
        return self._opening

    def edit(self, label: str, project: Project, merge_key: str = "") -> None:
        """Makes `project` the open one, as one step of the history.

        Args:
            label: What the step is called after "Undo", translated.
            project: The new value; nothing happens where it equals the present one.
            merge_key: Consecutive edits with the same key become one step (typing in one field).
        """
        old = self.project
        if project is old or project == old:
            return
        self.history.apply(label, project, merge_key)
        self._announce(old)

    def undo(self) -> None:
        """Takes the last step back."""
        old = self.project
        if self.history.can_undo:
            self.history.undo()
            self._announce(old)

    def redo(self) -> None:
        """Does the step that was taken back again."""
        old = self.project
        if self.history.can_redo:
            self.history.redo()
            self._announce(old)

    def _announce(self, old: Project | None) -> None:
        new = self.project
        self._drop_missing_selection()
        self.changed.emit(old, new)
        self.saved_changed.emit()
        self._note_recovery()
        if old is None or opening_part(old.data) != opening_part(new.data):
            self.load_dataset()
        elif old.edits is not new.edits and self.dataset is not None:
            from workbench.data.edited import with_edits

            self._take_dataset(with_edits(self.dataset, new.edits))

    def new(self, project: Project | None = None, folder: Path | None = None, *, saved: bool = False) -> None:
        """Opens a project value, empty where none is given.

        Args:
            project: The value.
            folder: Where it lies, or None while it was never saved.
            saved: Whether the folder holds just this value.
        """
        self._forget()
        value = project or Project()
        self.history = History(value)
        self.folder, self.read_only, self.warnings = folder, False, ()
        if saved or project is None:
            self.history.mark_saved()
        else:
            self.history.mark_saved(Project())
        self.opened.emit()
        self._announce(None)
        self.reload_runs()

    def open(self, folder: Path | str) -> None:
        """Opens a project folder.

        Raises:
            ProjectError: It cannot be read; the open project stays.
        """
        from workbench.project.file import load

        loaded = load(Path(folder))
        self.new(loaded.project, Path(loaded.folder), saved=True)
        self.read_only, self.warnings = loaded.read_only, tuple(loaded.warnings)
        self.saved_changed.emit()

    def save(self) -> None:
        """Writes the project to its folder.

        Raises:
            ProjectError: It has no folder yet, was written by a newer version, or cannot be written.
        """
        from workbench.errors import ProjectError
        from workbench.text import Text

        if self.folder is None or self.read_only:
            raise ProjectError(Text("This project cannot be saved here."), Text("Choose a folder with Save as."))
        self._write(self.folder)

    def save_as(self, folder: Path | str) -> None:
        """Writes the project to another folder, which becomes its own.

        Raises:
            ProjectError: It cannot be written.
            DataError: Its made rows cannot be copied.
        """
        if self.folder is not None and self.project.data.made:
            from workbench.data.making.sets import copy_sets

            copy_sets(self.project.data.made, self.folder, Path(folder))
        self._write(Path(folder))
        self.folder, self.read_only = Path(folder), False
        self.saved_changed.emit()
        self.reload_runs()

    def _write(self, folder: Path) -> None:
        from workbench.project.file import save

        save(self.project, folder)
        self.history.mark_saved()
        self.give_up_changes()
        self._end_recovery()
        self.saved_changed.emit()

    def duplicate(self, name: str) -> None:
        """Opens an unsaved copy of the open project under another name."""
        self.new(replace(self.project, name=name))

    def _forget(self) -> None:
        self._end_recovery()
        for job in (self._dataset_job, self._prepared_job):
            if job is not None and job.running:
                job.cancel()
        self._dataset_job = self._prepared_job = None
        self.dataset, self._prepared, self._prepared_before, self._prepared_key = None, None, None, None
        self.dataset_error = self.prepared_error = None
        self._inferred = self._checked = None
        self._selection, self._runs, self._selected_run = (), None, None

    @property
    def inferred(self) -> Inferred:
        """Shapes and drawing problems, inferred once per drawing and only where something changed."""
        from workbench.graph.infer import infer
        from workbench.layers import LAYERS

        graph = self.project.graph
        if self._inferred is None or self._inferred[0] is not graph:
            previous = self._inferred[1] if self._inferred else None
            self._inferred = (graph, infer(graph, LAYERS, previous=previous))
        return self._inferred[1]

    @property
    def problems(self) -> tuple[Problem[Project], ...]:
        """All that is wrong with the project, worst first, checked once per project and dataset."""
        return tuple(self.checked.problems)

    @property
    def checked(self) -> Any:
        """The whole answer of the check: `problems`, `inferred`, `ok`."""
        from workbench.project.check import check

        project, dataset = self.project, self.dataset
        if self._checked is None or self._checked[0] is not project or self._checked[1] is not dataset:
            self._checked = (project, dataset, check(project, dataset, previous=self.inferred))
        return self._checked[2]

    def reload_layers(self) -> None:
        """Reads the user's own layers anew and forgets what was worked out with them; a run keeps what it began with."""
        from workbench.layers import reload_own

        reload_own()
        self._inferred = self._checked = None
        self.layers_changed.emit()

    def apply_fix(self, problem: Problem[Project], index: int = 0) -> None:
        """Applies one fix of a problem as one step of the history."""
        from workbench.app.language import say

        fix = problem.fixes[index]
        self.edit(say(fix.label), fix.apply(self.project))

    def load_dataset(self) -> None:
        """Opens the dataset of the project on a worker thread; `dataset_changed` follows."""
        if self._dataset_job is not None and self._dataset_job.running:
            self._dataset_job.cancel()
        choice, base, edits = self.project.data, self.folder, self.project.edits
        self.dataset_error, given, self._given = None, self._given, None
        if not choice.source:
            self._take_dataset(None)
        elif given is not None and not choice.made and opening_part(given[0]) == opening_part(choice):
            from workbench.data.edited import with_edits

            self._take_dataset(with_edits(given[1], edits))
        else:
            work: Callable[..., Any] = lambda progress, cancelled: open_chosen(choice, base, edits, progress, cancelled)  # noqa: E731
            self._dataset_job = run_job(self, work, self._take_dataset, self._miss_dataset, self.dataset_progress.emit)
            self.loading_changed.emit()

    def hand_over(self, choice: DataChoice | None, dataset: Dataset | None = None) -> None:
        """Gives a dataset that is open already, without edits, for the next time this choice is loaded; None takes it back."""
        self._given = (choice, dataset) if choice is not None and dataset is not None else None

    def stop_loading(self) -> None:
        """Gives up opening or preparing the dataset; `load_dataset` begins again."""
        from workbench.data.progress import CancelledError

        if self.dataset_loading and self._dataset_job is not None:
            self._dataset_job.cancel()
            self._miss_dataset(CancelledError())
        elif self.preparing and self._prepared_job is not None:
            self._prepared_job.cancel()
            self._miss_prepared(CancelledError())

    @property
    def dataset_loading(self) -> bool:
        """Whether the dataset is being opened."""
        return self._dataset_job is not None and self._dataset_job.running and not self._dataset_job.cancelled

    @property
    def preparing(self) -> bool:
        """Whether the dataset is being prepared."""
        return self._prepared_job is not None and self._prepared_job.running and not self._prepared_job.cancelled

    def _take_dataset(self, dataset: Dataset | None) -> None:
        former, now = self.dataset, getattr(dataset, "original", dataset)
        if former is None or getattr(former, "original", former) is not now:
            self._prepared_before = None
        self.dataset = dataset
        self._prepared, self._prepared_key, self.prepared_error = None, None, None
        self.dataset_changed.emit()
        self.loading_changed.emit()

    def _miss_dataset(self, error: Exception) -> None:
        _LOG.info("dataset could not be opened", exc_info=error)
        self.dataset_error = error
        self._take_dataset(None)

    @property
    def prepared(self) -> Prepared | None:
        """The prepared data, or None while it is being made (`prepared_changed` follows); asking for it starts the work."""
        key = self._fields_key()
        if key is not None and key != self._prepared_key:
            self._prepare(key)
        return self._prepared

    def _fields_key(self) -> Any:
        from workbench.project.feeding import input_fields, target_fields

        if self.dataset is None:
            return None
        return preparing_part(self.project.data), tuple(input_fields(self.project)), tuple(target_fields(self.project)), id(self.dataset)

    def _prepare(self, key: Any) -> None:
        if self._prepared_job is not None and self._prepared_job.running:
            self._prepared_job.cancel()
        self._prepared_key, self._prepared, self.prepared_error = key, None, None
        choice, inputs, targets, _ = key
        dataset, before = self.dataset, self._prepared_before
        work: Callable[..., Any] = lambda progress, cancelled: prepare_chosen(dataset, choice, inputs, targets, before, progress, cancelled)  # noqa: E731
        self._prepared_job = run_job(self, work, self._take_prepared, self._miss_prepared, self.dataset_progress.emit)
        self.loading_changed.emit()

    def _take_prepared(self, prepared: Prepared) -> None:
        self._prepared = self._prepared_before = prepared
        self.prepared_changed.emit()
        self.loading_changed.emit()

    def _miss_prepared(self, error: Exception) -> None:
        _LOG.info("data could not be prepared", exc_info=error)
        self.prepared_error = error
        self.prepared_changed.emit()
        self.loading_changed.emit()

    @property
    def selection(self) -> tuple[str, ...]:
        """The ids of the selected nodes."""
        return self._selection

    def select(self, ids: tuple[str, ...] | list[str]) -> None:
        """Selects nodes; no step of the history."""
        chosen = tuple(node_id for node_id in ids if node_id in self.project.graph)
        if chosen != self._selection:
            self._selection = chosen
            self.selection_changed.emit()

    def _drop_missing_selection(self) -> None:
        self.select(self._selection)

    @property
    def runs(self) -> list[RunInfo]:
        """The runs of this project, newest first."""
        if self._runs is None:
            self._runs = self._listed_runs()
        return self._runs

    def _listed_runs(self) -> list[RunInfo]:
        from workbench.project.runs import list_runs

        if self.folder is None:
            return []
        return sorted(list_runs(self.folder), key=lambda info: info.path.name, reverse=True)

    def reload_runs(self) -> None:
        """Reads the run folders anew."""
        self._runs = None
        if self._selected_run is not None and not self._selected_run.exists():
            self._selected_run = None
        if self._selected_run is None:
            # One of a study only where it has come to its end and is all there is.
            own = [info for info in self.runs if not info.study]
            first = next(iter([*own, *(info for info in self.runs if info.state.over)]), None)
            self.select_run(first.path if first is not None else None)
        self.runs_changed.emit()

    @property
    def selected_run(self) -> RunFolder | None:
        """The run that pages show, or None where there is none."""
        from workbench.project.runs import RunFolder

        return RunFolder(self._selected_run) if self._selected_run is not None else None

    def select_run(self, path: Path | None) -> None:
        """Selects a run by its folder."""
        if path != self._selected_run:
            self._selected_run = path
            self.selected_run_changed.emit()

    def _note_recovery(self) -> None:
        from workbench.project.recovery import Recovery

        if not self.modified or self.read_only:
            self.give_up_changes()
            return
        if self._recovery is None:
            self._recovery = Recovery(self.folder)
        self._recovery.note(self.project)

    def give_up_changes(self) -> None:
        """Removes the recovery file: everything is saved, or what was not saved is not wanted any more."""
        if self._recovery is not None:
            self._recovery.clear()

    def _end_recovery(self) -> None:
        recovery, self._recovery = self._recovery, None
        if recovery is not None:
            recovery.close()

    def close(self) -> None:
        """Lets go of everything that could outlive the window; a run must be over by now."""
        self._forget()
