"""Says on hover what a word of the window means. One file of terms, both languages."""

from __future__ import annotations

import json
import re
from functools import cache

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QHeaderView, QLabel, QToolTip, QWidget

from workbench.app import language
from workbench.resources import resource


@cache
def terms() -> dict[str, dict[str, str]]:
    """Returns the terms by key: `en`, `en_text`, `zh_CN`, `zh_CN_text`."""
    return json.loads(resource("terms.json").read_text(encoding="utf-8"))


@cache
def _by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for key, term in terms().items():
        for word in (key, key.replace("_", " "), term["en"], term["zh_CN"]):
            found[word.casefold()] = key
    return found


def term_of(text: str) -> str:
    """Returns the key of the term that a short label names, or "".

    Units, counts and marks around the word do not matter (`accuracy/val`, `Batch size *`).
    """
    plain = re.sub(r"<[^>]*>|&(?=\w)", "", text).strip(" :*·…").casefold()
    words = _by_word()
    if plain in words:
        return words[plain]
    first = re.split(r"[/(:·]", plain)[0].strip()
    return words.get(first, words.get(first.rstrip("s"), "")) if len(first) > 1 else ""


def explain(key: str) -> str:
    """Returns one term as rich text in the language in use."""
    term, name = terms()[key], language.language()
    return f"<b>{term[name]}</b><br>{term[f'{name}_text']}"


class HoverHelp(QObject):
    """Answers the tooltip of any label, button or table heading whose text is a term."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(watched, QWidget) or not isinstance(event, QHelpEvent):
            return False
        key = term_of(_text_at(watched, event))
        if not key:
            return False
        own = watched.toolTip()
        QToolTip.showText(event.globalPos(), explain(key) + (f"<br><br>{own}" if own else ""), watched)
        return True


def _text_at(widget: QWidget, event: QHelpEvent) -> str:
    if isinstance(widget, (QLabel, QAbstractButton)):
        return widget.text() if len(widget.text()) < 40 else ""
    header = widget.parent()
    if isinstance(header, QHeaderView):
        section = header.logicalIndexAt(event.pos())
        model = header.model()
        return str(model.headerData(section, header.orientation()) or "") if model is not None and section >= 0 else ""
    return ""
