"""The open project as the window sees it: one value with history, and what is derived from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.app.session_data import SessionData
from workbench.graph.history import History
from workbench.project.project import Project

if TYPE_CHECKING:
    from workbench.app.opening import Opening
    from workbench.app.training_thread import Trainer
    from workbench.graph.infer import Inferred
    from workbench.graph.problem import Problem
    from workbench.project.recovery import Recovery
    from workbench.project.runs import RunFolder, RunInfo


class Session(SessionData):
    """One open project; its data are in `SessionData`.

    Attributes:
        read_only: Written by a newer version: it can be looked at, and saved elsewhere.
        warnings: What loading had to say.

    Signals:
        changed: The project before (None after opening another one) and now.
        opened: Another project is open; everything must be drawn anew.
        saved_changed: The unsaved mark, the folder or the name may differ.
        runs_changed, selected_run_changed, selection_changed: As named.
        row_wanted: A row (dataset index) that some page should show in Inspect.
        layers_changed: The user's own layers were read anew; what was worked out with the former ones is forgotten.
    """

    changed = Signal(object, object)
    opened = Signal()
    saved_changed = Signal()
    runs_changed = Signal()
    selected_run_changed = Signal()
    selection_changed = Signal()
    row_wanted = Signal(int)
    layers_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: History[Project] = History(Project())
        self.read_only = False
        self.warnings: tuple[str, ...] = ()
        self._inferred: tuple[object, Inferred] | None = None
        self._checked: tuple[object, object, Any] | None = None
        self._selection: tuple[str, ...] = ()
        self._runs: list[RunInfo] | None = None
        self._selected_run: Path | None = None
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
        self.follow_data(old, new)

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
        self.forget_data()
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
