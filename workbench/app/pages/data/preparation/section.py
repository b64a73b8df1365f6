"""A part of the tab that folds, what every part is shown, and two widgets that stand side by side where there is room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, Work, run_job
from workbench.app.language import say_error

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.session import Session
    from workbench.data.base import Dataset
    from workbench.data.prepare import Prepared
    from workbench.project.project import Project

DELAY_MS = 150
BESIDE_PX = 560


class Same:
    """Equal to another one of the very same object: data holds arrays, which cannot be compared as a whole.

    Args:
        value: The object.
    """

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other._value is self._value

    def __hash__(self) -> int:
        return id(self._value)


@dataclass(frozen=True)
class Shown:
    """What the tab is about right now.

    Attributes:
        session: The open project.
        rows: Its data as the page sees it.
        row: The row under the cursor (dataset index), or -1.
        few: The first training rows of the grid.
        order: All rows of the grid, in its order.
    """

    session: Session
    rows: Rows
    row: int = -1
    few: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def project(self) -> Project:
        """The open project."""
        return self.session.project

    @property
    def dataset(self) -> Dataset:
        """The data, edits laid over it."""
        return self.rows.dataset

    @property
    def prepared(self) -> Prepared | None:
        """The prepared data, or None while it is being made."""
        return self.rows.prepared

    def edit_data(self, label: str, merge_key: str = "", **changes: Any) -> None:
        """Changes how the data is prepared, as one step of the history."""
        project = self.project
        self.session.edit(label, replace(project, data=replace(project.data, **changes)), merge_key=merge_key)


class Elided(QLabel):
    """Words at the right, shortened where there is no room; the tooltip says them all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumWidth(24)
        self._words = ""

    def set_words(self, words: str) -> None:
        """Says other words."""
        self._words = words
        self.setToolTip(words)
        self.setAccessibleName(words)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, max(self.width() - 2, 0)))

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._words) + 4, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class Section(QFrame):
    """A card whose head folds it.

    Attributes:
        content: The layout for what stands inside.

    Signals:
        unfolded: It was opened, so that what it shows may have to be worked out.
    """

    unfolded = Signal()

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"data.preparation.{name}")
        self.setAccessibleName(title)
        theme.mark(self, "card")
        self.name = name
        self.shown: Shown | None = None
        self._known: Any = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        outer.setSpacing(theme.SPACE_8)
        outer.addLayout(self._head(title))
        self.inside = QWidget(self)
        self.content = QVBoxLayout(self.inside)
        self.content.setContentsMargins(theme.SPACE_4, 0, 0, theme.SPACE_8)
        self.content.setSpacing(theme.SPACE_12)
        outer.addWidget(self.inside)
        self.inside.hide()

    def _head(self, title: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.fold = QToolButton(self)
        self.fold.setObjectName(f"{self.objectName()}.fold")
        self.fold.setText(title)
        self.fold.setAccessibleName(title)
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setIconSize(QSize(10, 10))
        self.fold.setArrowType(Qt.ArrowType.RightArrow)
        theme.mark(self.fold, "fold")
        self.fold.setFont(theme.text_font(bold=True))
        self.fold.setStyleSheet(f"color: {theme.current().text}; font-weight: 600;")
        self.fold.toggled.connect(self._turn)
        self._facts = Elided(self)
        theme.mark(self._facts, "quiet")
        row.addWidget(self.fold)
        row.addWidget(self._facts, 1)
        self._header = row
        return row

    def set_facts(self, facts: str) -> None:
        """Says the outcome in a few words, which stand there folded, too."""
        self._facts.set_words(facts)

    def add_control(self, widget: QWidget) -> None:
        """Puts a control at the right end of the head."""
        self._header.addWidget(widget)

    @property
    def is_open(self) -> bool:
        """Whether it is unfolded."""
        return self.fold.isChecked()

    def open(self, on: bool = True) -> None:
        """Folds or unfolds it."""
        self.fold.setChecked(on)

    def _turn(self, on: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.inside.setVisible(on)
        if on and self.shown is not None:
            self.refresh(self.shown)
        if on:
            self.unfolded.emit()

    def show_data(self, shown: Shown) -> None:
        """Shows the project as it is now; what is folded works nothing out."""
        before, self.shown = self.shown, shown
        if before is not None and self._known == (key := self.key(shown)) and key is not None:
            return
        self.setVisible(self.concerns(shown))
        self.summarise(shown)
        if self.is_open:
            self.refresh(shown)
        self._known = self.key(shown) if self.is_open else None

    def key(self, shown: Shown) -> Any:
        """Returns what the part shows, so that it is not drawn again where that is the same; None draws it every time."""
        return None

    def concerns(self, shown: Shown) -> bool:
        """Whether this data has anything to do with it."""
        return True

    def say_wrong(self, words: str) -> None:
        """Says why the data could not be read in another way, or nothing; the parts that change that show it."""

    def summarise(self, shown: Shown) -> None:
        """Sets the facts of the head; cheap."""

    def refresh(self, shown: Shown) -> None:
        """Draws the content anew where it differs."""


class Latest(QObject):
    """Works out the newest question alone: a moment after the last one was asked, on a worker thread.

    Args:
        parent: The owner.
        done: Takes the result.
        failed: Takes why there is none, one sentence.
        delay_ms: How long it waits for yet another question.
    """

    def __init__(
        self, parent: QObject, done: Callable[[Any], None], failed: Callable[[str], None] | None = None, delay_ms: int = DELAY_MS,
    ) -> None:
        super().__init__(parent)
        self._done, self._failed = done, failed or (lambda _words: None)
        self._work: Work | None = None
        self._job: Job | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(delay_ms)
        self._delay.timeout.connect(self._begin)

    @property
    def running(self) -> bool:
        """Whether an answer is on its way."""
        return self._delay.isActive() or (self._job is not None and self._job.running and not self._job.cancelled)

    def ask(self, work: Work) -> None:
        """Asks; the former question is dropped."""
        self.drop()
        self._work = work
        self._delay.start()

    def drop(self) -> None:
        """Forgets the question."""
        self._delay.stop()
        if self._job is not None and self._job.running:
            self._job.cancel()

    def _begin(self) -> None:
        if self._work is not None:
            self._job = run_job(self, self._work, self._done, lambda error: self._failed(say_error(error)))


class Sides(QWidget):
    """Two widgets side by side, or one above the other where it is narrow."""

    def __init__(self, left: QWidget, right: QWidget, parent: QWidget | None = None, *, left_px: int = 272) -> None:
        super().__init__(parent)
        self._left, self._left_px = left, left_px
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_16)
        self._layout.addWidget(left, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(right, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Turning a layout while it is being laid out ends in a crash of Qt inside a scroll area.
        QTimer.singleShot(0, self, lambda: self._arrange(self.width()))
        super().resizeEvent(event)

    def _arrange(self, width: int) -> None:
        beside = width >= BESIDE_PX
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if direction != self._layout.direction():
            self._layout.setDirection(direction)
            self._left.setMinimumWidth(self._left_px if beside else 0)
            self._left.setMaximumWidth(self._left_px if beside else 16_777_215)
            top = Qt.AlignmentFlag.AlignTop
            self._layout.setAlignment(self._left, top | Qt.AlignmentFlag.AlignLeft if beside else top)
