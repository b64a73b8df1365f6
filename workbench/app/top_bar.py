"""The bar at the top: menu, project and its state left, the five pages in the middle, search and language right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from workbench.app import language, theme
from workbench.app.actions import action
from workbench.app.language import tr
from workbench.app.pages import PAGES
from workbench.app.session import Session
from workbench.app.widgets.basic import button
from workbench.app.wording import short_path

HEIGHT_PX = 48


class TopBar(QFrame):
    """The same on every page.

    Signals:
        page_wanted: The name of a page whose button was pressed.
        palette_wanted, language_wanted: As named.
    """

    page_wanted = Signal(str)
    palette_wanted = Signal()
    language_wanted = Signal()

    def __init__(self, session: Session, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window.top")
        theme.mark(self, "topbar")
        self.setFixedHeight(HEIGHT_PX)
        self._session = session
        layout = QGridLayout(self)
        layout.setContentsMargins(theme.SPACE_8, 0, theme.SPACE_16, 0)
        for column, share in ((0, 1), (1, 0), (2, 1)):
            layout.setColumnStretch(column, share)
        layout.addWidget(self._left(menu), 0, 0)
        layout.addWidget(self._segments(), 0, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._right(), 0, 2)
        session.saved_changed.connect(self.show_project)
        self.show_project()

    def _left(self, menu: QMenu) -> QWidget:
        box = QWidget()
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_8)
        self.menu_button = button("window.top.menu", "☰", kind="plain", tip=tr("Menu (Alt+M)"))
        self.menu_button.setAccessibleName(tr("Menu"))
        self.menu_button.setShortcut("Alt+M")
        self.menu_button.setMenu(menu)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._name, self._state = QLabel(), QLabel()
        self._name.setTextFormat(Qt.TextFormat.PlainText)  # a project may be called <b>
        self._name.setObjectName("window.top.name")
        self._state.setObjectName("window.top.state")
        theme.mark(self._name, "subject")
        theme.mark(self._state, "quiet")
        for widget in (self.menu_button, self._name, self._state):
            row.addWidget(widget)
        row.addStretch(1)
        return box

    def _segments(self) -> QWidget:
        frame = QFrame()
        theme.mark(frame, "segments")
        frame.setObjectName("window.top.pages")
        frame.setAccessibleName(tr("Pages"))
        row = QHBoxLayout(frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self.page_buttons: dict[str, QPushButton] = {}
        for page in PAGES:
            row.addWidget(self._page_button(page.name, tr(page.label)))
        return frame

    def _page_button(self, name: str, label: str) -> QPushButton:
        row = action(f"view.{name}")
        result = button(f"window.top.{name}", label, lambda: self.page_wanted.emit(name), kind="segment", tip=f"{tr(row.help)} ({row.shortcut})")
        result.setCheckable(True)
        result.setMinimumWidth(result.fontMetrics().horizontalAdvance(label) + 40)
        self._group.addButton(result)
        self.page_buttons[name] = result
        return result

    def _right(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_8)
        row.addStretch(1)
        tip = tr("Find any action by its name.")
        search = button("window.top.search", tr("Search actions") + "   Ctrl+Shift+P", self.palette_wanted.emit, tip=tip)
        search.setAccessibleName(tr("Search actions"))
        row.addWidget(search)
        other = "中 / EN"
        words = button("window.top.language", other, self.language_wanted.emit, tip=tr("Switch between English and Chinese"))
        words.setAccessibleName(tr("Language: {name}", name=language.LANGUAGES[language.language()]))
        row.addWidget(words)
        return box

    def show_page(self, name: str) -> None:
        """Marks the button of the page in front; none on the Welcome page."""
        self._group.setExclusive(False)
        for key, item in self.page_buttons.items():
            item.setChecked(key == name)
        self._group.setExclusive(name in self.page_buttons)

    def show_project(self) -> None:
        """Shows name, folder and whether there is something to save."""
        session = self._session
        if not session.is_open:
            self._name.setText("Model Workbench")
            self._state.setText("")
            return
        self._name.setText(session.project.name or tr("untitled"))
        parts = [short_path(session.folder.parent)] if session.folder else [tr("not saved yet")]
        if session.read_only:
            parts.append(tr("read-only"))
        if session.modified and session.folder:
            parts.append(tr("edited"))
        self._state.setText(" · ".join(parts))
        self._state.setToolTip(str(session.folder or ""))
        self._state.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
