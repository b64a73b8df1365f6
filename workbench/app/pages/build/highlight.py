"""Colours for Python source."""

from __future__ import annotations

import keyword
import re

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat

from workbench.app import theme

_PATTERNS = (
    ("number", re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?")),
    ("call", re.compile(r"\b[A-Za-z_]\w*(?=\()")),
    ("keyword", re.compile(r"\b(?:" + "|".join(keyword.kwlist) + r"|self)\b")),
    ("text", re.compile(r"\"[^\"]*\"|'[^']*'")),
    ("comment", re.compile(r"#.*$")),
)
_FENCE = '"""'


class PythonColours(QSyntaxHighlighter):
    """Colours keywords, calls, numbers, texts and comments."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        look = theme.current()
        self._formats = {
            "number": _format(look.curves[2] if look.dark else look.good), "call": _format(look.accent),
            "keyword": _format("#C4A7FF" if look.dark else "#7C3AED", bold=True), "text": _format(look.good),
            "comment": _format(look.quiet, italic=True),
        }

    def highlightBlock(self, text: str) -> None:
        for name, pattern in _PATTERNS:
            for match in pattern.finditer(text):
                self.setFormat(match.start(), match.end() - match.start(), self._formats[name])
        self._colour_docstring(text)

    def _colour_docstring(self, text: str) -> None:
        inside = self.previousBlockState() == 1
        fences = text.count(_FENCE)
        if inside or fences:
            start = 0 if inside else text.index(_FENCE)
            self.setFormat(start, len(text) - start, self._formats["text"])
        self.setCurrentBlockState(int(inside != bool(fences % 2)))


def _format(colour: str, *, bold: bool = False, italic: bool = False) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(QColor(colour))
    result.setFontItalic(italic)
    if bold:
        result.setFontWeight(QFont.Weight.DemiBold)
    return result
