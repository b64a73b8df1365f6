"""Seven steps on the real controls of the first starter. It points and explains, does a step when asked, and never stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets.basic import button, small

if TYPE_CHECKING:
    from workbench.app.window import Window

STARTER = "digits-cnn"
BUBBLE_WIDTH_PX = 320
GAP_PX = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        title, text: English; translated where shown.
        target: Object name of the control it points at; a page name points at the page.
        page: The page it happens on.
        do: What "Next" does for the person before going on.
        reached: Whether the person has done it by hand.
    """

    title: str
    text: str
    target: str
    page: str
    do: Callable[[Window], object] | None = None
    reached: Callable[[Window], bool] | None = None


def _is_open(window: Window) -> bool:
    return window.session.project.template == STARTER


def _train(window: Window) -> None:
    if not window.session.trainer.running:
        window.running.train()


STEPS: tuple[Step, ...] = (
    Step("A starter", "Each card is a whole project. This one learns 1,797 real handwritten digits; click it, or press Next.",
         f"welcome.starter.{STARTER}", "welcome", lambda window: _is_open(window) or window.files.start(STARTER), _is_open),
    Step("Data", "What the model learns from: the rows, how they are divided, and what is odd about them.", "data", "data"),
    Step("Build", "The network, read from top to bottom. Drag layers from the left, drag wires between them; Ctrl+Z takes anything back.",
         "build", "build"),
    Step("Train", "This button (F5) starts learning. It takes a few seconds; you can pause or stop at any time.", "window.run.train", "build",
         _train, lambda window: window.session.trainer.running),
    Step("Watch", "The curves show how wrong it still is. The bar says how far it is and how long the whole run still takes.",
         "window.run", "train"),
    Step("Inspect", "Draw a digit here and see what every layer makes of it, and which pixels carried the decision; also while it trains.",
         "inspect", "inspect"),
    Step("Deploy", "Export writes a folder that other programs can run, and proves that it answers the same as the model here.",
         "deploy", "deploy"),
)


class Tour(QObject):
    """Goes through the steps over one window.

    Signals:
        moved: The number of the step now shown.
        ended: It was finished or left.
    """

    moved = Signal(int)
    ended = Signal()

    def __init__(self, window: Window, steps: tuple[Step, ...] = STEPS) -> None:
        super().__init__(window)
        self.setObjectName("window.tour")
        self._window, self._steps, self.number = window, steps, -1
        self._bubble: Bubble | None = None
        self._frame: _TargetFrame | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._look_now)
        window.installEventFilter(self)
        window.rebuilt.connect(self._show)
        window.page_changed.connect(self._look)
        window.session.opened.connect(self._look)
        window.session.trainer.state_changed.connect(self._look)

    def begin(self) -> None:
        """Shows the first step; it is skipped where its starter is open already."""
        self._go(1 if _is_open(self._window) else 0)

    def forward(self) -> None:
        """Does the step for the person where it needs doing, and goes on."""
        step = self._steps[self.number]
        if step.reached is not None and step.do is not None and not step.reached(self._window):
            step.do(self._window)
            if not step.reached(self._window):
                return
        self._go(self.number + 1)

    def back(self) -> None:
        """Goes one step back."""
        self._go(max(self.number - 1, 0))

    def leave(self) -> None:
        """Ends the tour."""
        if self.number < 0 and self._bubble is None:
            return
        self.number = -1
        self._window.removeEventFilter(self)
        self._drop()
        self.ended.emit()

    def _go(self, number: int) -> None:
        if number >= len(self._steps):
            self.leave()
            return
        self.number = number
        page = self._steps[number].page
        if self._window.current_page != page:
            self._window.show_page(page)
        self._show()
        self.moved.emit(number)

    def _look(self, *_: object) -> None:
        # Later, because opening a project goes on to show a page of its own choice.
        self._later.start()

    def _look_now(self) -> None:
        """Goes on when the person has done the step by hand, or has gone to another page of the tour."""
        if self.number < 0:
            return
        step = self._steps[self.number]
        if step.reached is not None and step.reached(self._window):
            self._go(self.number + 1)
        else:
            self._place()

    def _drop(self) -> None:
        for widget in (self._bubble, self._frame):
            if widget is not None:
                if widget.isAncestorOf(self._window.focusWidget() or self._window):
                    self._window.stack.setFocus()
                widget.hide()
                widget.deleteLater()
        self._bubble = self._frame = None

    def _show(self) -> None:
        if self.number < 0:
            return
        self._drop()
        self._frame = _TargetFrame(self._window)
        self._bubble = Bubble(self._window, self, self._steps[self.number], self.number, len(self._steps))
        self._place()
        self._frame.show()
        self._bubble.show()
        self._bubble.raise_()

    def _target(self) -> QRect:
        name = self._steps[self.number].target
        if name == self._window.current_page:
            return _centre_of(self._window)
        found = self._window.findChild(QWidget, name)
        if found is None or not found.isVisible():
            return _centre_of(self._window)
        return QRect(found.mapTo(self._window, QPoint(0, 0)), found.size())

    def _place(self) -> None:
        if self._bubble is None or self._frame is None:
            return
        target = self._target()
        self._frame.setGeometry(self._window.rect())
        self._frame.point_at(target)
        self._bubble.fit()
        self._bubble.move(place_beside(target, self._bubble.size(), self._window.rect()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False


def _centre_of(window: Window) -> QRect:
    corner = window.stack.mapTo(window, QPoint(0, 0))
    return QRect(corner, window.stack.size())


def place_beside(target: QRect, size: object, area: QRect) -> QPoint:
    """Returns where a bubble stands: below its target, else above, else beside, else inside at the lower right; always within `area`."""
    wide, high = size.width(), size.height()  # type: ignore[attr-defined]
    left = min(max(target.center().x() - wide // 2, area.left() + GAP_PX), area.right() - wide - GAP_PX)
    if target.bottom() + GAP_PX + high < area.bottom():
        return QPoint(left, target.bottom() + GAP_PX)
    if target.top() - GAP_PX - high > area.top():
        return QPoint(left, target.top() - GAP_PX - high)
    if target.right() + GAP_PX + wide < area.right():
        return QPoint(target.right() + GAP_PX, max(target.top(), area.top() + GAP_PX))
    return QPoint(area.right() - wide - 24, min(target.bottom(), area.bottom()) - high - 24)


class _TargetFrame(QWidget):
    """An accent line around what the step is about. The pointer goes through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("window.tour.frame")
        self._target = QRect()

    def point_at(self, target: QRect) -> None:
        """Moves the line."""
        self._target = target
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        around = QRectF(self._target).adjusted(-3, -3, 3, 3).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.drawRoundedRect(around, theme.RADIUS_CARD, theme.RADIUS_CARD)
        painter.end()


class Bubble(QFrame):
    """What the step says, and Back, Next, Leave."""

    def __init__(self, window: QWidget, tour: Tour, step: Step, number: int, count: int) -> None:
        super().__init__(window)
        self.setObjectName("window.tour.bubble")
        self.setAccessibleName(f"{tr(step.title)}. {tr(step.text)}")
        theme.mark(self, "popup")
        self.setFixedWidth(BUBBLE_WIDTH_PX)
        self._tour = tour
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        layout.setSpacing(theme.SPACE_8)
        title, text = QLabel(tr(step.title)), QLabel(tr(step.text))
        theme.mark(title, "subject")
        text.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(small(tr("{n} of {count}", n=number + 1, count=count)))
        layout.addLayout(head)
        layout.addWidget(text)
        layout.addLayout(self._buttons(tour, number, count))

    def _buttons(self, tour: Tour, number: int, count: int) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(button("window.tour.leave", tr("Leave the tour"), tour.leave, kind="plain"))
        row.addStretch(1)
        if number:
            row.addWidget(button("window.tour.back", tr("Back"), tour.back))
        last = number == count - 1
        row.addWidget(button("window.tour.next", tr("Done") if last else tr("Next"), tour.forward, kind="primary"))
        return row

    def fit(self) -> None:
        """As high as its text needs, measured once the style sheet has set the font."""
        for label in self.findChildren(QLabel):
            label.ensurePolished()
        layout = self.layout()
        layout.activate()
        self.setFixedHeight(layout.totalHeightForWidth(BUBBLE_WIDTH_PX))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._tour.leave()
        else:
            super().keyPressEvent(event)
