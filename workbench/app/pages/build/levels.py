"""Which group the canvas has entered, and the breadcrumb that leads back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.build.commands import Commands
from workbench.graph.grouping import members_of


class Levels(QObject):
    """The entered group.

    Attributes:
        inside: Its path, or "".
        crumbs: The row of buttons over the canvas.

    Signals:
        entered: Another group, or the whole drawing, shows.
    """

    entered = Signal()

    def __init__(self, commands: Commands, view: QWidget) -> None:
        super().__init__(view)
        self._commands = commands
        self.inside = ""
        self.crumbs = Breadcrumb(view, self.enter)

    def enter(self, path: str) -> None:
        """Shows the inside of a group alone, or with "" the whole drawing."""
        if path != self.inside:
            self._take(path)
            self.entered.emit()

    def leave(self) -> None:
        """Goes one level up."""
        if self.inside:
            self.enter(self.inside.rpartition(".")[0])

    def follow(self) -> None:
        """Goes up as far as needed where the group is no longer there."""
        path = self.inside
        while path and not members_of(self._commands.graph, path):
            path = path.rpartition(".")[0]
        if path != self.inside:
            self._take(path)

    def rename(self, path: str, new: str) -> None:
        """Stays inside a group that was renamed."""
        if self.inside == path or self.inside.startswith(f"{path}."):
            self._take(new + self.inside[len(path):])

    def _take(self, path: str) -> None:
        self.inside = self._commands.inside = path
        self.crumbs.show_path(path)


class Breadcrumb(QWidget):
    """`Model › encoder › block1`: a button for every level above the one that shows."""

    def __init__(self, view: QWidget, enter: Callable[[str], None]) -> None:
        super().__init__(view)
        self.setObjectName("build.crumbs")
        self.setAccessibleName(tr("Where you are in the drawing"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(self, "column")
        self._enter = enter
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.SPACE_4, 2, theme.SPACE_4, 2)
        self._row.setSpacing(0)
        self.hide()

    def show_path(self, path: str) -> None:
        """Shows the way to a group; nothing at the top."""
        while self._row.count():
            self._row.takeAt(0).widget().deleteLater()
        steps = path.split(".") if path else []
        for depth in range(len(steps) + 1 if steps else 0):
            self._row.addWidget(self._button(".".join(steps[:depth]), steps[depth - 1] if depth else tr("Model"), depth == len(steps)))
        self.setVisible(bool(steps))
        self.adjustSize()

    def _button(self, path: str, name: str, here: bool) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"build.crumbs.{path or 'model'}")
        button.setText(name if here else f"{name}  ›")
        button.setEnabled(not here)
        button.setToolTip(tr("Back to {name} (Esc)", name=name))
        theme.mark(button, "plain")
        button.clicked.connect(lambda: self._enter(path))
        return button

    def place(self) -> None:
        """Keeps to the upper left corner of the canvas."""
        self.adjustSize()
        self.move(theme.SPACE_12, theme.SPACE_12)
        self.raise_()
