"""New, open, recent, save, duplicate; starters; data dropped on the window; recovery."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMenu

from workbench.app.jobs import run_job
from workbench.app.language import language, say, tr
from workbench.app.notices import ask
from workbench.app.strip import FindingRow, Remedy
from workbench.app.wording import ago, short_path
from workbench.errors import ProjectError, WorkbenchError

if TYPE_CHECKING:
    from workbench.app.window import Window
    from workbench.project.recovery import Recovered


def projects_folder() -> Path:
    """Returns where new projects go: `Model Workbench` in the documents folder (`WORKBENCH_DATA_DIR` moves it)."""
    override = os.environ.get("WORKBENCH_DATA_DIR")
    if override:
        return Path(override) / "projects"
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)) / "Model Workbench"


def fresh_folder(name: str) -> Path:
    """Returns a folder in `projects_folder()` that does not exist yet."""
    base = projects_folder()
    numbered = (base / (name if number == 1 else f"{name}-{number}") for number in range(1, 10_000))
    return next(path for path in numbered if not path.exists())


class FileCommands(QObject):
    """What the File menu does."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session

    def new_project(self) -> None:
        """Starts with an input, an output and notes that say what to do next."""
        from workbench.project.starters import STARTERS

        if self.may_leave():
            blank = STARTERS["blank"].make("zh" if language().startswith("zh") else "en")
            self._session.new(replace(blank, name="untitled"), saved=True)
            self._window.show_page("build")

    def open_project(self) -> None:
        """Asks for a project folder and opens it."""
        chosen = QFileDialog.getExistingDirectory(self._window, tr("Open project"), self.start_folder())
        if chosen:
            self.open_path(Path(chosen))

    def start_folder(self) -> str:
        """Returns where a file dialog begins: where the last one ended."""
        last = self._window.settings.last_folder
        return last if last and Path(last).is_dir() else str(projects_folder().parent)

    def open_paths(self, paths: list[Path]) -> None:
        """Opens what was dropped: one thing of any kind, or several files and folders of data."""
        if len(paths) == 1:
            self.open_path(paths[0])
        elif paths:
            self._window.bringing.take_paths(paths)

    def open_path(self, path: Path) -> None:
        """Opens what was chosen or dropped: a project, a file of one, PyTorch source, or data for the open project or a new one."""
        from workbench.project.file import is_project, project_folder

        if path.suffix.lower() == ".py":
            self._window.sources.open_file(path)
            return
        folder = None
        with suppress(ProjectError):
            folder = project_folder(path)
        if folder is None or not is_project(folder):
            self._window.bringing.take_paths([path])
        elif self.may_leave():
            self._window.keep(last_folder=str(path if path.is_dir() else path.parent))
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> bool:
        """Opens a project folder; what is wrong with it is said under the top bar and the open project stays."""
        try:
            self._session.open(folder)
        except (WorkbenchError, OSError) as error:
            self._window.say_error(error)
            self._window.keep(recent=self._window.settings.without_recent(folder).recent)
            return False
        self._opened()
        self._offer_recovery_of(folder)
        return True

    def _opened(self) -> None:
        session = self._session
        if session.folder is not None:
            self._window.keep(recent=self._window.settings.with_recent(session.folder).recent)
        for warning in session.warnings:
            self._window.notices.add(FindingRow(warning, severity="warning"))
        self._window.show_page("build" if len(session.project.graph) else "data")

    def start(self, template: str, data: str = "") -> None:
        """Makes a project from a starter in the projects folder and opens it.

        Args:
            template: The name of a starter.
            data: A path, or "" for the starter's own.
        """
        if not self.may_leave():
            return
        folder = fresh_folder(template)
        written_in = "zh" if language().startswith("zh") else "en"
        run_job(self, lambda _progress, _cancelled: _make(template, folder, data, written_in), self._started, self._window.say_error)

    def _started(self, folder: Path) -> None:
        if self.open_folder(folder) and self._session.project.template:
            self._window.show_page("build")

    def fill_recent(self, menu: QMenu) -> None:
        """Fills the menu of recent projects."""
        menu.setObjectName("window.menu.recent")
        for folder in self._window.settings.recent:
            path = Path(folder)
            menu.addAction(f"{path.name}    {short_path(path.parent)}", lambda path=path: self.open_path(path))
        menu.setEnabled(not menu.isEmpty())

    def save_project(self) -> bool:
        """Saves, after asking where to if that is not known. Says whether there is nothing left to save."""
        if not self._session.is_open:
            return True
        if self._session.folder is None or self._session.read_only:
            return self.save_project_as()
        return self._try(self._session.save)

    def save_project_as(self) -> bool:
        """Asks for a folder and saves there."""
        if not self._session.is_open:
            return True
        name = self._session.project.name or "untitled"
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save project as"), str(fresh_folder(name)), tr("Project folder"))
        return bool(chosen) and self.save_to(Path(chosen))

    def save_to(self, folder: Path) -> bool:
        """Saves to a folder, which becomes the project's own; a project without a name takes the folder's."""
        project = self._session.project
        if project.name in ("", "untitled"):
            self._session.edit(tr("Name the project"), replace(project, name=folder.name))
        if not self._try(lambda: self._session.save_as(folder)):
            return False
        self._window.keep(recent=self._window.settings.with_recent(folder).recent)
        return True

    def _try(self, do: Any) -> bool:
        try:
            do()
        except (WorkbenchError, OSError) as error:
            self._window.say_error(error)
            return False
        return True

    def duplicate_project(self) -> None:
        """Opens an unsaved copy."""
        if self._session.is_open and self.may_leave():
            self._session.duplicate(tr("{name} copy", name=self._session.project.name))
            self._window.show_page("build")

    def show_welcome(self) -> None:
        """Shows the Welcome page."""
        self._window.show_page("welcome")

    def may_leave(self) -> bool:
        """Whether another project may take the place of this one; a run or unsaved changes are asked about."""
        if self._session.trainer.running:
            self._window.say_error(ProjectError(tr("A run is under way."), tr("Stop it before opening another project.")))
            return False
        return self.may_lose_changes()

    def may_lose_changes(self) -> bool:
        """Whether unsaved changes may go; asks, and saves where that is the answer."""
        session = self._session
        if not session.modified or not session.is_open:
            return True
        answers = [("save", tr("Save")), ("discard", tr("Do not save")), ("cancel", tr("Cancel"))]
        question = tr("Save the changes of {name}?", name=session.project.name or tr("untitled"))
        answer = ask(self._window, question, tr("What is not saved is lost."), answers, "window.ask.save")
        if answer == "save":
            return self.save_project()
        if answer == "discard":
            session.give_up_changes()
        return answer == "discard"

    def offer_recovery(self) -> None:
        """Offers what an earlier window left unsaved in projects that have no folder."""
        from workbench.project.recovery import find_unsaved

        for found in find_unsaved()[:2]:
            self._offer(found)

    def _offer_recovery_of(self, folder: Path) -> None:
        from workbench.project.recovery import find_recovery

        found = find_recovery(folder)
        if found is not None:
            self._offer(found)

    def _offer(self, found: Recovered) -> None:
        name = found.project.name or tr("untitled")
        message = tr("{name} was not saved when the program last ended.", name=name)
        remedies = (Remedy(tr("Restore"), lambda: self._restore(found)), Remedy(tr("Delete"), lambda: found.path.unlink(missing_ok=True), main=False))
        self._window.notices.add(FindingRow(message, tr("The last edit was {ago}.", ago=ago(found.saved_at)), "warning", (name,), remedies))

    def _restore(self, found: Recovered) -> None:
        if found.folder is None:
            self._session.new(found.project)
        elif self._session.folder != found.folder and not self.open_folder(found.folder):
            return
        self._session.edit(tr("Restore unsaved changes"), found.project)
        if found.folder is None:
            found.path.unlink(missing_ok=True)
        self._window.show_page("build")


def _make(template: str, folder: Path, data: str, written_in: str) -> Path:
    """Makes a project, called and written in the language of the window."""
    from workbench.project.new import new_project
    from workbench.project.starters import STARTERS

    name = "" if data else say(STARTERS[template].label)
    new_project(template, folder, data, name, written_in)
    return folder
