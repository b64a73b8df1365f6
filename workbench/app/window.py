"""The window: top bar, notices, pages, run bar. What its actions do stands in `workbench.app.commands`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import language, theme
from workbench.app.actions import ACTIONS, MENUS, Action
from workbench.app.commands import DataCommands, FileCommands, HelpCommands, RunCommands, SourceCommands, StudyCommands, ViewCommands
from workbench.app.drop_hint import DropHint
from workbench.app.language import tr
from workbench.app.notices import Notices
from workbench.app.pages import PAGES, WELCOME, page_class
from workbench.app.pages.page import Page
from workbench.app.run_bar import RunBar
from workbench.app.session import Session
from workbench.app.top_bar import TopBar
from workbench.settings import Settings, change_settings, load_settings

_ROWS = {row.name: row for row in (WELCOME, *PAGES)}
STOP_WAIT_MS = 15_000
USUAL_SIZE = QSize(1440, 900)


class Window(QMainWindow):
    """One window over one session.

    Attributes:
        session: The open project.
        files, bringing, sources, view, running, studying, helping: What the actions do.

    Signals:
        page_changed: The name of the page now in front.
        rebuilt: Widgets were made anew after language or theme changed.
    """

    page_changed = Signal(str)
    rebuilt = Signal()

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Model Workbench")
        self.setAcceptDrops(True)
        self.resize(USUAL_SIZE.boundedTo(self.screen().availableSize()))
        self.setMinimumSize(960, 600)
        self.session = session or Session(self)
        self.session.setParent(self)
        self.settings: Settings = load_settings()
        self.files, self.view = FileCommands(self), ViewCommands(self)
        self.running, self.helping = RunCommands(self), HelpCommands(self)
        self.sources, self.bringing = SourceCommands(self), DataCommands(self)
        self.studying = StudyCommands(self)
        self._pages: dict[str, Page] = {}
        self._states: dict[str, Any] = {}
        self._drawn: dict[str, Any] = {}
        self._actions: dict[str, QAction] = {}
        self._current = ""
        self._closing = False
        self._hint: DropHint | None = None
        self._rebuild_timer = QTimer(self, singleShot=True, interval=0)
        self._rebuild_timer.timeout.connect(self.rebuild)
        self._make_actions()
        self._build()
        self._connect()
        self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))

    def _connect(self) -> None:
        self.session.changed.connect(self._project_changed)
        self.session.opened.connect(self._project_opened)
        self.session.saved_changed.connect(self._show_title)
        language.signals().changed.connect(self._rebuild_timer.start)
        theme.signals().changed.connect(self._rebuild_timer.start)
        self.session.trainer.ended.connect(self.running.run_ended)

    def _make_actions(self) -> None:
        for row in ACTIONS:
            item = QAction(self)
            item.setObjectName(f"window.action.{row.id}")
            item.setShortcuts([key.strip() for key in row.shortcut.split(";") if key.strip()])
            item.triggered.connect(lambda _checked=False, row=row: self.perform(row))
            self.addAction(item)
            self._actions[row.id] = item
        self._name_actions()

    def _name_actions(self) -> None:
        for row in ACTIONS:
            item = self._actions[row.id]
            words = tr(row.label).replace("...", "…")
            item.setText(f"{words}\t{row.keys}" if row.keys and not row.shortcut else words)
            item.setToolTip(tr(row.help))
            item.setStatusTip(tr(row.help))

    def action(self, action_id: str) -> QAction:
        """Returns the Qt action of a row of the table."""
        return self._actions[action_id]

    def slot_of(self, row: Action) -> Any:
        """Returns what an action calls, or None where it cannot be done now."""
        if row.page:
            return getattr(self._pages.get(row.page), row.slot_name, None) if row.page == self._current else None
        desks = (self.files, self.bringing, self.sources, self.view, self.running, self.studying, self.helping, self)
        return next((getattr(desk, row.slot_name) for desk in desks if hasattr(type(desk), row.slot_name)), None)

    def perform(self, row: Action) -> None:
        """Does an action."""
        slot = self.slot_of(row)
        if slot is not None:
            slot()

    def _build(self) -> None:
        body = QWidget(self)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.top = TopBar(self.session, self._menu(body), body)
        self.notices = Notices(body)
        self.stack = QStackedWidget(body)
        self.stack.setObjectName("window.stack")
        self.run_bar = RunBar(self.session, body)
        for widget in (self.top, self.notices, self.stack, self.run_bar):
            layout.addWidget(widget, 1 if widget is self.stack else 0)
        self.setCentralWidget(body)
        self.top.page_wanted.connect(self.show_page)
        self.top.palette_wanted.connect(self.view.show_palette)
        self.top.language_wanted.connect(self.view.switch_language)
        self.run_bar.train_wanted.connect(self.running.train)
        self.run_bar.pause_wanted.connect(self.running.pause_or_resume)
        self.run_bar.stop_wanted.connect(self.running.stop_run)
        self.run_bar.tour_wanted.connect(self.helping.start_tour)
        self.run_bar.help_wanted.connect(self.helping.show_help)

    def _menu(self, owner: QWidget) -> QMenu:
        menu = QMenu(owner)
        menu.setObjectName("window.menu")
        for key, label in MENUS:
            child = menu.addMenu(tr(label))
            child.setObjectName(f"window.menu.{key}")
            child.aboutToShow.connect(lambda child=child, key=key: self._fill_menu(child, key))
        return menu

    def _fill_menu(self, menu: QMenu, key: str) -> None:
        menu.clear()
        for row in ACTIONS:
            if row.menu == key and self.slot_of(row) is not None:
                menu.addAction(self._actions[row.id])
                if row.id == "file.open":
                    self.files.fill_recent(menu.addMenu(tr("Open recent")))
        self._actions["edit.undo"].setText(self.view.undo_text())
        self._actions["edit.redo"].setText(self.view.redo_text())

    @property
    def current_page(self) -> str:
        """The name of the page in front."""
        return self._current

    @property
    def page(self) -> Page | None:
        """The page in front."""
        return self._pages.get(self._current)

    def page_named(self, name: str) -> Page:
        """Returns a page, made now where it was not yet."""
        if name not in self._pages:
            page = page_class(_ROWS[name])(self.session, self.stack)
            self._pages[name] = page
            self.stack.addWidget(page)
            page.restore_layout(self._layouts().get(name, ""))
            if name in self._states:
                page.restore_state(self._states.pop(name))
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Brings a page to the front."""
        page = self.page_named(name)
        before = self.page
        if before is not None and before is not page:
            before.hidden()
        self._current = name
        self.stack.setCurrentWidget(page)
        self.top.show_page(name)
        self._enable_page_actions()
        self._draw(name)
        page.shown()
        self.page_changed.emit(name)

    def _enable_page_actions(self) -> None:
        for row in ACTIONS:
            if row.page:
                self._actions[row.id].setEnabled(self.slot_of(row) is not None)

    def _draw(self, name: str) -> None:
        page, project = self._pages[name], self.session.project
        old = self._drawn.get(name)
        if old is not project:
            self._drawn[name] = project
            page.refresh(old, project)

    def _project_changed(self, _old: Any, _new: Any) -> None:
        if self._current:
            self._draw(self._current)

    def _project_opened(self) -> None:
        self._drawn.clear()
        self.setWindowModified(False)

    def _show_title(self) -> None:
        session = self.session
        name = (session.project.name or tr("untitled")) if session.is_open else ""
        self.setWindowTitle(f"{name}[*] – Model Workbench" if name else "Model Workbench[*]")
        self.setWindowModified(session.modified and session.is_open)

    def rebuild(self) -> None:
        """Makes all widgets anew in the present language and theme; pages keep their state, nothing is lost."""
        current, rows = self._current or "welcome", self.notices.rows()
        self._keep_layouts()
        self._states.update({name: page.page_state() for name, page in self._pages.items()})
        for page in self._pages.values():
            page.hidden()
        old = self.takeCentralWidget()
        self._pages, self._current = {}, ""
        self._drawn.clear()
        self._name_actions()
        self._build()
        if self.isVisible():
            self.centralWidget().show()  # otherwise only the next event shows it, and pages wait to be seen before they fill
        self.notices.restore(rows)
        self._show_title()
        self.show_page(current)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.rebuilt.emit()

    def _layouts(self) -> dict[str, str]:
        try:
            return {str(key): str(value) for key, value in json.loads(self.settings.docks or "{}").items()}
        except (ValueError, AttributeError):
            return {}

    def _keep_layouts(self) -> None:
        layouts = {**self._layouts(), **{name: page.layout_state() for name, page in self._pages.items() if page.docks}}
        self.keep(docks=json.dumps(layouts))

    def keep(self, **changes: Any) -> None:
        """Writes some settings; a settings file that cannot be written is no reason to stop."""
        try:
            self.settings = change_settings(**changes)
        except OSError as error:
            self.notices.say_error(error)

    def say_error(self, error: BaseException) -> None:
        """Shows an error meant for people under the top bar."""
        self.notices.say_error(error)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._hint = DropHint(self.bringing.drop_words(event.mimeData().urls()), self.stack)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint()
        super().dragLeaveEvent(event)

    def _drop_hint(self) -> None:
        if self._hint is not None:
            self._hint.deleteLater()
            self._hint = None

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            QTimer.singleShot(0, self, lambda: self.files.open_paths(paths))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._current:
            self.show_page("welcome")
            self.stack.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closing or self._may_close():
            self._leave()
            event.accept()
        else:
            event.ignore()

    def _may_close(self) -> bool:
        if self.session.trainer.running:
            if self.running.ask_to_stop():
                self.running.stop_then(self._close_after_run)
            return False
        return self.files.may_lose_changes()

    def _close_after_run(self) -> None:
        if self.files.may_lose_changes():
            self._closing = True
            self.close()

    def _leave(self) -> None:
        self._closing = True
        self._keep_layouts()
        self.keep(geometry=bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        for page in self._pages.values():
            page.hidden()
        self.studying.end()
        self.session.trainer.stop()
        self.session.trainer.wait(STOP_WAIT_MS)
        self.session.close()


def window_of(widget: QObject) -> Window | None:
    """Returns the window a widget stands in, or the only one there is."""
    top = widget.window() if isinstance(widget, QWidget) else None
    if isinstance(top, Window):
        return top
    return next((item for item in QApplication.topLevelWidgets() if isinstance(item, Window)), None)
