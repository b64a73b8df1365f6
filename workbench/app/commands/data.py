"""How data comes in by hand: dropped, chosen, named, taken from the recent ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from workbench.app.jobs import run_job
from workbench.app.language import tr
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.app.pages.data.opening_chooser import Chooser
    from workbench.app.window import Window
    from workbench.project.bring import Source

RECENT_SHOWN = 8
SETTINGS_FILE = "workbench.toml"


class DataCommands(QObject):
    """What brings data into the window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._chooser: Chooser | None = None
        self._from = ""
        self._wanted: Source | None = None
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._look)
        opening = self._session.opening
        opening.opened.connect(self._arrived)
        opening.failed.connect(self._missed)
        opening.left.connect(self._go_back)

    def _look(self, state: Qt.ApplicationState) -> None:
        """Looks whether the data has changed on disk, each time a person comes back to the window."""
        if state == Qt.ApplicationState.ApplicationActive:
            self._session.opening.look_again()

    @property
    def makes_project(self) -> bool:
        """Whether data that comes now makes a project of its own: on the Welcome page, and while nothing is open."""
        return self._window.current_page in ("", "welcome") or not self._session.is_open

    def drop_words(self, urls: list[QUrl]) -> str:
        """Returns what will become of what is dragged over the window, translated."""
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        name = paths[0].name if len(paths) == 1 else tr("{count} files and folders", count=len(paths))
        if len(paths) == 1 and (paths[0].suffix.lower() == ".py" or (paths[0] / SETTINGS_FILE).is_file() or paths[0].name == SETTINGS_FILE):
            return tr("Drop to open {name}", name=name)
        if self.makes_project:
            return tr("Drop to make a project of {name}", name=name)
        return tr("Drop to use {name} as the data of {project}", name=name, project=self._session.project.name or tr("untitled"))

    def open_data(self) -> None:
        """Shows every way to data: a file, a folder, a generated set, a sample, a name on the Hub, and what was used lately."""
        from workbench.app.pages.data.opening_chooser import Chooser

        if self._chooser is None:
            self._chooser = Chooser(self, self._window)
            self._chooser.destroyed.connect(self._closed)
        self._chooser.show()
        self._chooser.raise_()

    def _closed(self) -> None:
        self._chooser = None

    def open_data_file(self, *, new: bool | None = None) -> None:
        """Asks for a file of data, or several that belong together."""
        chosen, _ = QFileDialog.getOpenFileNames(self._window, tr("Open data"), self._window.files.start_folder())
        if chosen:
            self.take_paths([Path(path) for path in chosen], new=new)

    def open_data_folder(self, *, new: bool | None = None) -> None:
        """Asks for a folder of data."""
        chosen = QFileDialog.getExistingDirectory(self._window, tr("Open data"), self._window.files.start_folder())
        if chosen:
            self.take_paths([Path(chosen)], new=new)

    def take_paths(self, paths: list[Path], *, new: bool | None = None) -> None:
        """Brings files or a folder in, which were dropped or chosen.

        Args:
            paths: What was given.
            new: Whether a project is made for it; None decides by what is open.
        """
        from workbench.project.bring import Source

        self._window.keep(last_folder=str(paths[0] if paths[0].is_dir() else paths[0].parent))
        makes = self.makes_project if new is None else new
        if len(paths) == 1:
            self.take(Source(str(paths[0].absolute())), new=makes)
            return
        run_job(self, lambda _progress, _cancelled: _gathered(paths), lambda path: self.take(Source(str(path)), new=makes), self._window.say_error)

    def take(self, wanted: Source, *, new: bool | None = None) -> None:
        """Brings a source in, as the data of the open project or for a project of its own."""
        from workbench.app.commands.files import fresh_folder

        makes = self.makes_project if new is None else new
        if not self._may(makes):
            return
        self._from = self._window.current_page
        folder = fresh_folder(_stem(wanted.source)) if makes else None
        self._session.opening.take(wanted, folder)
        self._wanted = wanted
        self._window.show_page("data")

    def _may(self, makes: bool) -> bool:
        if makes:
            return self._window.files.may_leave()
        if self._session.trainer.running:
            self._window.say_error(WorkbenchError(tr("A run is under way."), tr("Stop it before its data is changed.")))
            return False
        return True

    def _arrived(self, new: bool) -> None:
        self._note(self._wanted)
        if new:
            self._window.keep(recent=self._window.settings.with_recent(self._session.folder or "").recent)
        self._window.show_page("data")

    def _missed(self, error: Exception) -> None:
        self._window.say_error(error)
        self._go_back()

    def _go_back(self) -> None:
        if not self._session.is_open and self._from == "welcome":
            self._window.show_page("welcome")

    def _note(self, wanted: Source | None) -> None:
        if wanted is None:
            return
        entry = json.dumps({"source": wanted.source, "params": dict(wanted.params)}, ensure_ascii=False)
        settings = self._window.settings
        kept = [other for other in settings.sources if other != entry]
        self._window.keep(sources=(entry, *kept)[:RECENT_SHOWN])

    def recent(self) -> list[Source]:
        """Returns what was brought in lately, newest first."""
        from workbench.project.bring import Source

        found = [_parsed(entry) for entry in self._window.settings.sources]
        return [Source(str(item["source"]), "", dict(item.get("params", {}))) for item in found if item is not None]


def _parsed(entry: str) -> dict[str, Any] | None:
    try:
        found = json.loads(entry)
    except ValueError:
        return None
    good = isinstance(found, dict) and isinstance(found.get("source"), str) and isinstance(found.get("params", {}), dict)
    return found if good else None


def _gathered(paths: list[Path]) -> Path:
    from workbench.data.asking import gathered

    return gathered([path.absolute() for path in paths])


def _stem(source: str) -> str:
    """Returns what a new project's folder is called after its data."""
    name = source.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kind, _, rest = name.partition(":")
    return Path(rest or kind).name.partition(".")[0] or "data"
