"""Every way to data in one small dialog: files, folders, recent ones, samples, generated sets, names of the Hub."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.jobs import Job, run_job
from workbench.app.language import language, say, say_error, tr
from workbench.app.pages.data.sample_view import SampleView
from workbench.app.widgets import button, quiet
from workbench.app.wording import short_path
from workbench.data.formats import FORMATS
from workbench.data.open import GENERATED, HUB, SAMPLE
from workbench.project.bring import Source

if TYPE_CHECKING:
    from workbench.app.commands.data import DataCommands
    from workbench.data.base import Dataset

PREVIEW_ROWS, PREVIEW_DELAY_MS = 6, 250
_WIDTH_PX, _HEIGHT_PX, _LIST_PX = 760, 520, 250
_SOURCE, _ABOUT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Chooser(QDialog):
    """A list of ways and sources at the left, what the one chosen is at the right."""

    def __init__(self, commands: DataCommands, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("data.chooser")
        self.setWindowTitle(tr("Choose data"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self._commands = commands
        self._params: dict[str, dict[str, Any]] = {}
        self._job: Job | None = None
        self._delay = QTimer(self, singleShot=True, interval=PREVIEW_DELAY_MS)
        self._delay.timeout.connect(self._preview)
        body = QHBoxLayout()
        body.setSpacing(theme.SPACE_16)
        self.list = self._sources()
        body.addWidget(self.list)
        body.addWidget(self._right_side(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        layout.addLayout(body, 1)
        layout.addLayout(self._foot())
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_item())
        self.list.itemActivated.connect(lambda _item: self.use())
        self.list.setCurrentRow(1)
        self.list.setFocus()

    def _sources(self) -> QListWidget:
        made = QListWidget(self)
        made.setObjectName("data.chooser.sources")
        made.setAccessibleName(tr("Ways to data"))
        made.setFixedWidth(_LIST_PX)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._heading(made, tr("From this computer"))
        self._item(made, tr("A file…"), "file")
        self._item(made, tr("A folder…"), "folder")
        recent = self._commands.recent()
        if recent:
            self._heading(made, tr("Lately used"))
        for source in recent:
            self._item(made, _name_of(source.source), source)
        self._heading(made, tr("Samples and generated data"))
        for entry in sorted((item for item in FORMATS if item.category in ("sample", "generator")), key=lambda item: item.category != "sample"):
            prefix = SAMPLE if entry.category == "sample" else GENERATED
            self._item(made, say(entry.label), Source(prefix + entry.name))
        self._heading(made, tr("From the network"))
        self._item(made, tr("A name on the Hugging Face Hub"), "hub")
        return made

    def _heading(self, made: QListWidget, words: str) -> None:
        item = QListWidgetItem(words, made)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = made.font()
        font.setBold(True)
        item.setFont(font)

    def _item(self, made: QListWidget, words: str, what: str | Source) -> None:
        item = QListWidgetItem("    " + words, made)
        item.setData(_SOURCE, what)
        if isinstance(what, Source):
            item.setToolTip(what.source)

    def _right_side(self) -> QWidget:
        self.title, self.about, self.trouble = QLabel(self), quiet(""), quiet("")
        theme.mark(self.title, "subject")
        for label in (self.title, self.about, self.trouble):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._forms, self.view = QStackedWidget(self), SampleView(self)
        self.view.setObjectName("data.chooser.preview")
        self.view.setAccessibleName(tr("The first rows"))
        self.name = QLineEdit(self)
        self.name.setObjectName("data.chooser.name")
        self.name.setAccessibleName(tr("Name on the Hub"))
        self.name.setPlaceholderText("stanfordnlp/imdb")
        self.name.textChanged.connect(lambda _words: self._allow())
        self.name.returnPressed.connect(self.use)
        side = QWidget(self)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        for widget in (self.title, self.about, self.name, self._forms):
            layout.addWidget(widget)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.trouble)
        layout.addStretch(0)
        return side

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.new = QCheckBox(tr("Make a new project for it"), self)
        self.new.setObjectName("data.chooser.new")
        self.new.setChecked(self._commands.makes_project)
        self.new.setVisible(not self._commands.makes_project)
        self.new.setToolTip(tr("Otherwise it takes the place of the data of the open project; Ctrl+Z brings that back."))
        self.open = button("data.chooser.open", tr("Open"), self.use, kind="primary", parent=self)
        self.open.setDefault(True)
        row.addWidget(self.new)
        row.addStretch(1)
        row.addWidget(button("data.chooser.cancel", tr("Cancel"), self.close, parent=self))
        row.addWidget(self.open)
        return row

    @property
    def chosen(self) -> str | Source | None:
        """What the list says: `file`, `folder`, `hub` or a source."""
        item = self.list.currentItem()
        return item.data(_SOURCE) if item is not None else None

    def _show_item(self) -> None:
        what = self.chosen
        self.trouble.setText("")
        self.name.setVisible(what == "hub")
        self._forms.setVisible(False)
        self.view.setVisible(False)
        self._delay.stop()
        if isinstance(what, Source) and what.source.startswith((SAMPLE, GENERATED)):
            self._show_generated(what)
        else:
            self._show_words(what)
        self._allow()

    def _show_words(self, what: str | Source | None) -> None:
        words = {
            "file": (tr("A file…"), tr("A table (CSV, TSV, JSON, Parquet), a text, NumPy arrays, IDX or CIFAR files, or an "
                                       "archive of any of them. Or drop it on the window.")),
            "folder": (tr("A folder…"), tr("Images, sounds, texts or series with one folder per class, images with a table, pairs of texts. "
                                           "Or drop it on the window.")),
            "hub": (tr("A name on the Hugging Face Hub"), tr("A public dataset by its name; it is fetched once and then read from disk. "
                                                            "HF_ENDPOINT names another address.")),
        }
        if isinstance(what, Source):
            self.title.setText(_name_of(what.source))
            self.about.setText(short_path(Path(what.source)) if not what.source.startswith(HUB) else what.source)
        else:
            title, about = words.get(what or "", ("", ""))
            self.title.setText(title)
            self.about.setText(about)

    def _show_generated(self, source: Source) -> None:
        entry = FORMATS[source.source.partition(":")[2]]
        self.title.setText(say(entry.label))
        self.about.setText(say(entry.summary))
        form = self._form(entry.name, source)
        if form is not None:
            self._forms.setCurrentWidget(form.parentWidget().parentWidget() if form.parentWidget() else form)
            self._forms.setVisible(True)
        self.view.setVisible(True)
        self._preview()

    def _form(self, name: str, source: Source) -> ParamsForm | None:
        entry = FORMATS[name]
        if not entry.Params.model_fields:
            return None
        found = self._forms.findChild(ParamsForm, f"data.chooser.{name}")
        if found is None:
            found = ParamsForm(entry.Params, None, f"data.chooser.{name}")
            area = QScrollArea(self._forms)
            area.setObjectName(f"data.chooser.{name}.scroll")
            area.setWidgetResizable(True)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setWidget(found)
            self._forms.addWidget(area)
            self._params.setdefault(name, self._usual(name))
            found.edited.connect(lambda field, value: self._change(name, field, value))
        self._params[name].update(source.params)
        found.set_values(self._params[name])
        return found

    def _usual(self, name: str) -> dict[str, Any]:
        return {"language": "zh"} if language().startswith("zh") and "language" in FORMATS[name].Params.model_fields else {}

    def _change(self, name: str, field: str, value: Any) -> None:
        self._params[name][field] = value
        self._delay.start()

    def _source(self) -> Source | None:
        """Returns what is chosen, with its parameters; None for a file or folder that is yet to be asked for."""
        what = self.chosen
        if isinstance(what, Source):
            name = what.source.partition(":")[2]
            return replace(what, params=dict(self._params.get(name, what.params))) if what.source.startswith((SAMPLE, GENERATED)) else what
        if what == "hub" and self.name.text().strip():
            return Source(HUB + self.name.text().strip().removeprefix(HUB))
        return None

    def _allow(self) -> None:
        self.open.setEnabled(self.chosen in ("file", "folder") or self._source() is not None)

    def _preview(self) -> None:
        source = self._source()
        if source is None or not source.source.startswith((SAMPLE, GENERATED)):
            return
        if self._job is not None and self._job.running:
            self._job.cancel()
        self._job = run_job(self, lambda _progress, _cancelled: _few(source), self._show_rows, self._show_trouble)

    def _show_rows(self, dataset: Dataset) -> None:
        import numpy as np

        from workbench.app.pages.data.rows import Rows

        self.trouble.setText("")
        self.view.set_rows(Rows.of(dataset, None), np.arange(min(PREVIEW_ROWS, len(dataset))))

    def _show_trouble(self, error: Exception) -> None:
        self.trouble.setText(say_error(error))

    def use(self) -> None:
        """Takes what is chosen."""
        what, source, new, commands = self.chosen, self._source(), self.new.isChecked(), self._commands
        if what in ("file", "folder"):
            self.close()
            (commands.open_data_file if what == "file" else commands.open_data_folder)(new=new)
        elif source is not None:
            self.close()
            commands.take(source, new=new)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.hasFocus():
            self.use()
        else:
            super().keyPressEvent(event)


def _name_of(source: str) -> str:
    return source if source.startswith((SAMPLE, GENERATED, HUB)) else source.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _few(source: Source) -> Dataset:
    """Returns the first rows of generated data; of large sets not more than a few are made."""
    from workbench.data.open import open_dataset

    entry = FORMATS[source.source.partition(":")[2]]
    params = dict(source.params)
    if "rows" in entry.Params.model_fields:
        params["rows"] = min(int(params.get("rows", entry.Params().rows)), 24)
    return open_dataset(source.source, "", params)
