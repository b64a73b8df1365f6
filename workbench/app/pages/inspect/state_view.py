"""A recurrent state over time: one column per token, one line per unit, the tokens written below."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.pages.inspect.tiles import indexed, ramp
from workbench.app.widgets.image_view import signed_colours, to_qimage

COLUMN_PX, MAP_PX, TEXT_PX = 34, 176, 58


class StateView(QWidget):
    """The map and its tokens.

    Signals:
        step_hovered: The time step under the pointer, or -1.
        step_chosen: The time step that was clicked.
    """

    step_hovered = Signal(int)
    step_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._image: QImage | None = None
        self._values = np.zeros((0, 0))
        self._tokens: tuple[str, ...] = ()
        self._order = np.zeros(0, dtype=np.int64)
        self._step = -1

    def show_trace(self, values: np.ndarray, tokens: tuple[str, ...], *, gate: bool) -> None:
        """Shows one state.

        Args:
            values: float32 `(time, units)`.
            tokens: One per step.
            gate: Whether values lie between 0 and 1.
        """
        self._tokens = tokens
        self._order = unit_order(values)
        self._values = values[:, self._order].T
        self._image = (
            indexed(self._values, 0.0, 1.0, ramp(theme.family_colour("recurrent"))) if gate
            else to_qimage(signed_colours(self._values, max(float(np.abs(values).max()), 1e-6)))
        )
        self.setMinimumSize(self.sizeHint())
        self.setAccessibleName(" ".join(tokens))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(len(self._tokens) * COLUMN_PX, 120), MAP_PX + TEXT_PX)

    @property
    def _column(self) -> float:
        return min(max(self.width() / max(len(self._tokens), 1), COLUMN_PX), 72)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        if self._image is not None:
            painter.drawImage(QRect(0, 0, round(self._column * len(self._tokens)), MAP_PX), self._image)
        painter.setFont(theme.small_font())
        for step, token in enumerate(self._tokens):
            left = round(step * self._column)
            painter.setPen(QColor(colours.accent if step == self._step else colours.text))
            painter.save()
            painter.translate(left + self._column / 2 - 4, MAP_PX + 8)
            painter.rotate(38)
            painter.drawText(0, 8, painter.fontMetrics().elidedText(token, Qt.TextElideMode.ElideRight, TEXT_PX + 12))
            painter.restore()
        if self._step >= 0:
            painter.setPen(QColor(colours.accent))
            painter.drawRect(QRect(round(self._step * self._column), 0, round(self._column) - 1, MAP_PX - 1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        step = int(event.position().x() // self._column)
        row = int(event.position().y() * max(len(self._values), 1) // MAP_PX)
        step = step if 0 <= step < len(self._tokens) else -1
        if step >= 0 and 0 <= row < len(self._values):
            self.setToolTip(f"{self._tokens[step]} · {int(self._order[row])}: {self._values[row, step]:+.3f}")
        if step != self._step:
            self._step = step
            self.update()
            self.step_hovered.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._step >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.step_chosen.emit(self._step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not move or not self._tokens:
            super().keyPressEvent(event)
            return
        self._step = max(0, min(len(self._tokens) - 1, self._step + move))
        self.setAccessibleDescription(self._tokens[self._step])
        self.update()
        self.step_chosen.emit(self._step)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._image is not None:
            show_picture_menu(self, event.globalPos(), text=" ".join(self._tokens))

    def leaveEvent(self, event: object) -> None:
        self._step = -1
        self.update()
        self.step_hovered.emit(-1)


def unit_order(values: np.ndarray) -> np.ndarray:
    """Returns an order of units in which those that move alike stand together: by the first principal component over time.

    Args:
        values: float `(time, units)`.
    """
    if values.shape[0] < 2 or values.shape[1] < 3:
        return np.arange(values.shape[1])
    centred = values - values.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return np.argsort(directions[0], kind="stable")
