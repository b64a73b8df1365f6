"""What every page is: three columns over the open project, redrawn where the project changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import tr

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project

LAYOUT_VERSION = 1


class Page(QWidget):
    """One page of the window.

    A page edits through `session.edit` and redraws in `refresh`. It is built late, when first shown, and built again when language
    or theme change: what must outlive that is given back by `page_state` and taken by `restore_state`.

    Attributes:
        page_name: The first part of the object names of its controls.
        session: The open project.
    """

    page_name = ""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName(self.page_name)
        self._inner = QMainWindow(self)
        self._inner.setWindowFlags(Qt.WindowType.Widget)
        self._inner.setObjectName(f"{self.page_name}.columns")
        self._inner.setDockNestingEnabled(True)
        self._inner.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._inner)
        self._widths: dict[str, int] = {}
        self.docks: dict[str, Column] = {}

    def set_columns(
        self, left: QWidget | None, centre: QWidget, right: QWidget | None, *, left_title: str = "", right_title: str = "",
        left_width: int = 232, right_width: int = 312,
    ) -> None:
        """Puts the three columns in place. A column that is no scroll area of its own is given one.

        Args:
            left: What one chooses from.
            centre: What one looks at.
            right: What is known about the one thing selected.
            left_title, right_title: Translated headings of the columns; also their names in the View menu.
            left_width, right_width: Pixels at first sight; people change them.
        """
        self._inner.setCentralWidget(centre)
        if left is not None:
            self.add_column("left", left, left_title or tr("Left column"), Qt.DockWidgetArea.LeftDockWidgetArea, left_width)
        if right is not None:
            self.add_column("right", right, right_title or tr("Right column"), Qt.DockWidgetArea.RightDockWidgetArea, right_width)
        self._apply_widths()

    def add_column(self, name: str, widget: QWidget, title: str, area: Qt.DockWidgetArea, width: int) -> Column:
        """Adds one dock to the page and returns it. `set_columns` does this for the usual two."""
        dock = Column(f"{self.page_name}.{name}", title, widget, self._inner)
        self._inner.addDockWidget(area, dock)
        self.docks[name], self._widths[name] = dock, width
        return dock

    def _apply_widths(self) -> None:
        docks = [dock for dock in self.docks.values() if not dock.isFloating()]
        self._inner.resizeDocks(docks, [self._widths[name] for name, dock in self.docks.items() if dock in docks], Qt.Orientation.Horizontal)

    def reset_columns(self) -> None:
        """Brings every column back to where it was at first."""
        areas = {"left": Qt.DockWidgetArea.LeftDockWidgetArea, "right": Qt.DockWidgetArea.RightDockWidgetArea}
        for name, dock in self.docks.items():
            dock.setFloating(False)
            self._inner.addDockWidget(areas.get(name, Qt.DockWidgetArea.BottomDockWidgetArea), dock)
            dock.show()
        self._apply_widths()

    def toggle_column(self, name: str) -> None:
        """Folds or unfolds a column."""
        if name in self.docks:
            self.docks[name].setVisible(not self.docks[name].isVisible())

    def layout_state(self) -> str:
        """Returns where the columns stand, as text for the settings."""
        return bytes(self._inner.saveState(LAYOUT_VERSION).toBase64().data()).decode("ascii")

    def restore_layout(self, state: str) -> None:
        """Puts the columns where `layout_state` found them; what it cannot read changes nothing."""
        if state:
            self._inner.restoreState(QByteArray.fromBase64(QByteArray(state.encode("ascii"))), LAYOUT_VERSION)

    def explain_layer(self, topic: str, params: dict[str, Any] | None = None) -> None:
        """Opens the help page of a layer (`layer:conv2d`), about a node where its parameters are given."""
        helping: Any = getattr(self.window(), "helping", None)
        if helping is not None:
            helping.show_layer(topic, params)

    def perform(self, action_id: str) -> None:
        """Does a row of the table of actions, as its shortcut would."""
        action: Any = getattr(self.window(), "action", None)
        if action is not None:
            action(action_id).trigger()

    def refresh(self, old: Project | None, new: Project) -> None:
        """Redraws what differs between two projects; `old` is None when everything must be drawn. Called only while the page shows."""

    def shown(self) -> None:
        """Called each time the page comes to the front, after `refresh`."""

    def hidden(self) -> None:
        """Called each time another page comes to the front."""

    def page_state(self) -> Any:
        """Returns what must outlive a rebuild (selection, scroll position)."""
        return None

    def restore_state(self, state: Any) -> None:
        """Takes what `page_state` of the former page gave."""


class Column(QDockWidget):
    """A dock with a quiet heading; dragging the heading moves it, its buttons float and fold it."""

    def __init__(self, name: str, title: str, widget: QWidget, parent: QMainWindow) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setTitleBarWidget(_ColumnBar(self, title))
        self.setWidget(widget if isinstance(widget, QAbstractScrollArea) else _scrolled(widget, name))


def _scrolled(widget: QWidget, name: str) -> QScrollArea:
    area = QScrollArea()
    area.setObjectName(f"{name}.scroll")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    # What stands in a column is squeezed to its width; without this it would be cut off at the right.
    widget.setMinimumWidth(120)
    area.setWidget(widget)
    theme.mark(widget, "column")
    theme.mark(area, "column")
    return area


class _ColumnBar(QWidget):
    """The heading of a column; its buttons show while the pointer is over it or they have the focus."""

    def __init__(self, dock: QDockWidget, title: str) -> None:
        super().__init__(dock)
        theme.mark(self, "dockbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_8, theme.SPACE_4)
        layout.setSpacing(theme.SPACE_4)
        label = QLabel(title)
        theme.mark(label, "heading")
        layout.addWidget(label, 1)
        self._buttons = [
            self._button(dock, "float", "❐", tr("Float or dock this column"), lambda: dock.setFloating(not dock.isFloating())),
            self._button(dock, "fold", "✕", tr("Fold this column; the View menu brings it back"), dock.hide),
        ]
        for button in self._buttons:
            layout.addWidget(button)
        self._show_buttons(False)

    def _button(self, dock: QDockWidget, name: str, glyph: str, tip: str, slot: Any) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{dock.objectName()}.{name}")
        button.setText(glyph)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.mark(button, "plain")
        button.clicked.connect(slot)
        return button

    def _show_buttons(self, show: bool) -> None:
        for button in self._buttons:
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
            button.setVisible(show)

    def enterEvent(self, event: QEvent) -> None:
        self._show_buttons(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_buttons(False)
        super().leaveEvent(event)
