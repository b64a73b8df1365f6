"""The starter cards and their pictures."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import language, theme
from workbench.app.language import tr
from workbench.app.widgets.basic import button, line, small
from workbench.text import Text

PICTURE_HEIGHT_PX = 112


@dataclass(frozen=True, slots=True)
class Starter:
    """What a card says about a starter; the project itself is made by `workbench.project.starters`."""

    name: str
    title: str
    sentence: str


STARTERS = (
    Starter("digits-cnn", "Handwritten digits · convolution", "See how convolution and pooling read a digit from its strokes."),
    Starter("reviews-lstm", "Review mood · recurrent network", "See how hidden state and gates read a sentence to its end."),
    Starter("reviews-transformer", "Review mood · Transformer", "See which word every attention head looks at."),
)
FAMILIES = {
    "images": Text("Images"), "texts": Text("Texts"), "tables": Text("Tables"), "signals": Text("Signals"), "writing": Text("Writing"),
    "several inputs": Text("Several inputs"),
}
"""What the families of the catalogue are called, in the order of the page."""
_THREE = ("..####..", ".##..##.", ".....##.", "...###..", ".....##.", ".....##.", ".##..##.", "..####..")
_WORDS = {
    "en": (("the", 0.05), ("food", 0.2), ("was", 0.0), ("good", 0.9), ("but", 0.15), ("service", -0.25), ("slow", -0.7)),
    "zh_CN": (("这家", 0.1), ("店", 0.15), ("的", 0.0), ("菜", 0.3), ("很", 0.2), ("好吃", 0.9), ("但", 0.15), ("服务", -0.25), ("慢", -0.7)),
}


def more_starters() -> list[tuple[Text, list[Starter]]]:
    """Returns the starters that have no card, by family, as the catalogue lists them; reads the catalogue."""
    from workbench.project.starters import STARTERS as CATALOGUE

    carded = {starter.name for starter in STARTERS}
    found = []
    for family, title in FAMILIES.items():
        rest = sorted((item.seconds, item.name, item) for item in CATALOGUE if item.family == family and item.name not in carded)
        if rest:
            found.append((title, [Starter(name, item.label, item.summary) for _, name, item in rest]))
    return found


class Activatable(QFrame):
    """A frame that works like a button, by mouse and keyboard.

    Signals:
        clicked: It was pressed.
    """

    clicked = Signal()

    def __init__(self, name: str, label: str, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.mark(self, kind)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class StarterCard(Activatable):
    """Picture, one sentence, seconds measured here, and Open."""

    def __init__(self, starter: Starter, seconds: float | None, parent: QWidget | None = None) -> None:
        super().__init__(f"welcome.starter.{starter.name}", tr(starter.title), "card-hover", parent)
        self.setAccessibleDescription(tr(starter.sentence))
        self.setMinimumWidth(220)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(StarterPicture(starter.name, self))
        layout.addWidget(line(self))
        body = QVBoxLayout()
        body.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        body.setSpacing(theme.SPACE_8)
        title, sentence = QLabel(tr(starter.title)), QLabel(tr(starter.sentence))
        theme.mark(title, "subject")
        theme.mark(sentence, "quiet")
        for label in (title, sentence):
            label.setWordWrap(True)
            body.addWidget(label)
        body.addStretch(1)
        body.addLayout(self._foot(starter, seconds))
        layout.addLayout(body, 1)

    def _foot(self, starter: Starter, seconds: float | None) -> QHBoxLayout:
        row = QHBoxLayout()
        told = tr("trains in about {n} s here", n=max(round(seconds), 1)) if seconds else tr("not trained on this computer yet")
        row.addWidget(small(told))
        row.addStretch(1)
        row.addWidget(button(f"welcome.starter.{starter.name}.open", tr("Open"), self.clicked.emit, kind="link"))
        return row


class StarterPicture(QWidget):
    """What the model of a starter sees, drawn with the theme's colours."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setFixedHeight(PICTURE_HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(280, PICTURE_HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().canvas))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CARD - 1, theme.RADIUS_CARD - 1)
        {"digits-cnn": self._digit, "reviews-lstm": self._sentence}.get(self._name, self._attention)(painter)
        painter.end()

    def _digit(self, painter: QPainter) -> None:
        cell, left = 11, (self.width() - 88) / 2
        for row, bits in enumerate(_THREE):
            for column, bit in enumerate(bits):
                if bit == "#":
                    ink = QColor(theme.current().text)
                    ink.setAlphaF(0.72 + 0.28 * ((row * 5 + column * 3) % 4) / 3)
                    painter.fillRect(QRectF(left + column * cell, 12 + row * cell, cell, cell), ink)

    def _sentence(self, painter: QPainter) -> None:
        words = _WORDS[language.language()]
        painter.setFont(theme.text_font(12))
        widths = [painter.fontMetrics().horizontalAdvance(word) + 14 for word, _ in words]
        half = (len(words) + 1) // 2
        for index, part in enumerate((range(half), range(half, len(words)))):
            x = (self.width() - sum(widths[item] + 6 for item in part) + 6) / 2
            for item in part:
                self._word(painter, QRectF(x, 26 + index * 34, widths[item], 24), *words[item])
                x += widths[item] + 6

    def _word(self, painter: QPainter, rect: QRectF, word: str, weight: float) -> None:
        ground = QColor(theme.current().accent if weight >= 0 else theme.current().wrong)
        ground.setAlphaF(min(abs(weight), 1.0) * 0.75 + (0.06 if weight else 0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(rect, 5, 5)
        painter.setPen(QColor(theme.current().text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, word)

    def _attention(self, painter: QPainter) -> None:
        cell, left = 11, (self.width() - 88) / 2
        for row in range(8):
            for column in range(8):
                ink = QColor(theme.family_colour("attention"))
                distance = abs(row - column)
                ink.setAlphaF({0: 1.0, 1: 0.6, 2: 0.28}.get(distance, 0.1) * (0.85 if (row + column) % 3 else 1.0))
                painter.setBrush(ink)
                painter.drawRoundedRect(QRectF(left + column * cell, 12 + row * cell, cell - 1, cell - 1), 2, 2)


class DropArea(Activatable):
    """A dashed place with a title and a sentence."""

    def __init__(self, name: str, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(name, title, "drop", parent)
        self.setAccessibleDescription(sentence)
        self.setMinimumHeight(88)
        layout = QVBoxLayout(self)
        layout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.setSpacing(theme.SPACE_4)
        for text, kind in ((title, "subject"), (sentence, "quiet")):
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setMinimumWidth(360)
            theme.mark(label, kind)
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)


__all__ = ["STARTERS", "Activatable", "DropArea", "Starter", "StarterCard", "StarterPicture"]
