"""The help: Markdown pages in both languages, every term, every layer; searchable; F1 opens it at the right place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench import __version__
from workbench.app import language, theme
from workbench.app.actions import ACTIONS
from workbench.app.help_text import LAYER_MARK, HelpText
from workbench.app.hover_help import terms
from workbench.app.language import tr
from workbench.app.widgets.basic import button, quiet
from workbench.resources import resource

if TYPE_CHECKING:
    from workbench.app.window import Window

WRITTEN = ("start", "data", "build", "own", "train", "studies", "inspect", "deploy", "shortcuts", "commands")
GENERATED = ("terms", "layers")
_TOPIC_OF_PAGE = {"welcome": "start", "window": ""}
_TOPIC_OF_PANEL = {"build.own": "own", "build.layer": "own", "build.newlayer": "own"}


def topic_of(widget: QWidget | None, page: str) -> str:
    """Returns the help topic of a widget: the first part of its object name or of that of a widget around it."""
    while widget is not None:
        parts = widget.objectName().split(".")
        first = _TOPIC_OF_PANEL.get(".".join(parts[:2]), parts[0])
        if first in WRITTEN:
            return first
        if _TOPIC_OF_PAGE.get(first):
            return _TOPIC_OF_PAGE[first]
        widget = widget.parentWidget()
    return page if page in WRITTEN else "start"


def topic_text(topic: str) -> str:
    """Returns one topic as Markdown in the language in use; English where it is not translated."""
    if topic == "terms":
        return _terms_text()
    if topic == "layers":
        from workbench.app.layer_help import index_text

        return index_text()
    for name in (language.language(), "en"):
        path = resource("help", name, f"{topic}.md")
        if path.exists():
            text = path.read_text(encoding="utf-8")
            return f"{text}\n{_keys_text()}" if topic == "shortcuts" else text
    return ""


def _keys_text() -> str:
    """Returns every action with a key, page by page, from the table of actions."""
    from workbench.app.pages import PAGES

    pages = {row.name: tr(row.label) for row in PAGES}
    found = []
    for page in ("", *pages):
        rows = [row for row in ACTIONS if row.page == page and (row.shortcut or row.keys)]
        if rows:
            said = [((row.shortcut or row.keys).replace("; ", ", "), tr(row.label).replace("...", ""), tr(row.help)) for row in rows]
            lines = "\n".join(f"| {keys} | {label}: {words} |" for keys, label, words in said)
            found.append(f"## {pages.get(page, tr('Everywhere'))}\n\n| {tr('Keys')} | |\n| --- | --- |\n{lines}\n")
    return "\n".join(found)


def _terms_text() -> str:
    name = language.language()
    rows = sorted((term[name], term[f"{name}_text"], term["en"] if name != "en" else "") for term in terms().values())
    body = "\n\n".join(f"**{word}**{f' ({other})' if other else ''}: {text}" for word, text, other in rows)
    return f"# {tr('Terms')}\n\n{body}\n"


def title_of(text: str, topic: str) -> str:
    """Returns the first heading of a topic."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else topic


def matching(words: str, texts: dict[str, str]) -> list[str]:
    """Returns the topics that hold all words, those with a match in the title first."""
    parts = words.casefold().split()
    found = [topic for topic, text in texts.items() if all(part in text.casefold() for part in parts)]
    return sorted(found, key=lambda topic: not all(part in title_of(texts[topic], topic).casefold() for part in parts))


class HelpViewer(QDialog):
    """Topics left, text right, a line to search in. It stays open beside the window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.setObjectName("help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(820, 620)
        self._texts: dict[str, str] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._side())
        self._text = HelpText()
        self._text.topic_wanted.connect(self.show_topic)
        layout.addWidget(self._text, 1)
        QShortcut(QKeySequence.StandardKey.Find, self, self._search.setFocus)
        window.rebuilt.connect(self.reload)
        self.reload()

    def _side(self) -> QWidget:
        side = QWidget()
        theme.mark(side, "column")
        side.setFixedWidth(220)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        self._search = QLineEdit()
        self._search.setObjectName("help.search")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._topics = QListWidget()
        self._topics.setObjectName("help.topics")
        self._topics.currentItemChanged.connect(lambda item, _old: self._open(item))
        self._topics.itemClicked.connect(self._leave_layer)
        column.addWidget(self._search)
        column.addWidget(self._topics)
        return side

    def reload(self) -> None:
        """Reads everything anew in the language in use."""
        self.setWindowTitle(tr("Help"))
        self._search.setPlaceholderText(tr("Search the help"))
        self._search.setAccessibleName(tr("Search the help"))
        self._topics.setAccessibleName(tr("Topics"))
        self._text.setAccessibleName(tr("Help"))
        self._text.document().setDefaultFont(theme.text_font(14))
        here, page, params = self.topic, self._text.topic, self._text.params
        self._texts = {topic: text for topic in (*WRITTEN, *GENERATED) if (text := topic_text(topic))}
        self._layer_texts: dict[str, str] = {}
        self._filter(self._search.text())
        if page:
            self.show_page(page, params)
        else:
            self._select(here or "start")

    def show_page(self, topic: str, params: Mapping[str, Any] | None = None) -> None:
        """Shows the page of a layer, `layer:conv2d`; with the parameters of a node, its picture shows those."""
        self._topics.blockSignals(True)
        self._select("layers")
        self._topics.blockSignals(False)
        self._text.show_layer(topic, params)

    @property
    def topic(self) -> str:
        """The topic in front."""
        if self._text.topic:
            return self._text.topic
        item = self._topics.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def show_topic(self, topic: str, words: str = "") -> None:
        """Brings a topic to the front and marks words in it."""
        self._search.setText("")
        if topic.startswith(LAYER_MARK):
            self.show_page(topic)
        else:
            self._select(topic)
        if words:
            self._text.find(words)
        self.show()
        self.raise_()
        self.activateWindow()

    def _filter(self, words: str) -> None:
        before = self.topic
        self._topics.blockSignals(True)
        self._topics.clear()
        texts = self._texts | self._searched_layers() if words.strip() else self._texts
        for topic in matching(words, texts):
            item = QListWidgetItem(title_of(texts[topic], topic))
            item.setData(Qt.ItemDataRole.UserRole, topic)
            self._topics.addItem(item)
        self._topics.blockSignals(False)
        self._select(before if not words else "")

    def _leave_layer(self, item: QListWidgetItem) -> None:
        """Comes back from the page of a layer to the list it was opened from."""
        if self._text.topic and not str(item.data(Qt.ItemDataRole.UserRole)).startswith(LAYER_MARK):
            self._open(item)

    def _searched_layers(self) -> dict[str, str]:
        """Returns what a search looks through in the pages of layers; made at the first search."""
        if not self._layer_texts:
            from workbench.app.layer_help import search_text
            from workbench.layers import LAYERS

            self._layer_texts = {f"{LAYER_MARK}{layer.name}": search_text(layer) for layer in LAYERS}
        return self._layer_texts

    def _select(self, topic: str) -> None:
        rows = [row for row in range(self._topics.count()) if self._topics.item(row).data(Qt.ItemDataRole.UserRole) == topic]
        self._topics.setCurrentRow(-1)
        self._topics.setCurrentRow(rows[0] if rows else 0)

    def _open(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        topic = str(item.data(Qt.ItemDataRole.UserRole))
        if topic.startswith(LAYER_MARK):
            self._text.show_layer(topic)
        else:
            self._text.show_text(self._texts[topic])
        self._text.moveCursor(QTextCursor.MoveOperation.Start)
        if self._search.text():
            self._text.find(self._search.text().split()[0])


def show_about(window: Window) -> QDialog:
    """Shows version, licence and where the log lies; returns the dialog."""
    from workbench.project.recovery import state_folder

    dialog = QDialog(window)
    dialog.setObjectName("window.about")
    dialog.setWindowTitle(tr("About"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(theme.SPACE_24, theme.SPACE_24, theme.SPACE_24, theme.SPACE_16)
    layout.setSpacing(theme.SPACE_8)
    name = QLabel(f"Model Workbench {__version__}")
    theme.mark(name, "subject")
    layout.addWidget(name)
    layout.addWidget(quiet(tr("Draw networks, watch them learn, look inside, take them away. Everything stays on this computer.")))
    layout.addWidget(quiet(tr("Licence: Apache-2.0. Qt is used under the LGPL.")))
    layout.addWidget(quiet(tr("Log: {path}", path=str(state_folder() / "log.txt"))))
    layout.addWidget(button("window.about.close", tr("Close"), partial(dialog.accept), kind="primary"), 0, Qt.AlignmentFlag.AlignRight)
    dialog.open()
    return dialog
