"""What is said over a page while something is dragged above it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from workbench.app import theme

_MARGIN_PX = 16


class DropHint(QLabel):
    """A sentence on a dashed ground over all of a widget; the pointer goes through it.

    Args:
        words: What a drop will do, translated.
        over: What it lies over.
    """

    def __init__(self, words: str, over: QWidget) -> None:
        super().__init__(words, over)
        self.setObjectName("window.drop")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        tokens = theme.current()
        self.setStyleSheet(
            f"background: {tokens.accent_wash}; color: {tokens.text}; border: 2px dashed {tokens.accent}; border-radius: {theme.RADIUS_CARD}px; "
            "font-size: 15px; font-weight: 600;"
        )
        self.setGeometry(over.rect().adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX))
        self.show()
        self.raise_()
