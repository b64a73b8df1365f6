"""The part about made rows: draws of the augmentation that are kept as training rows of their own, taken in and out by one click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, say_error, tr
from workbench.app.pages.data.preparation.section import Latest, Section, Shown, Sides
from workbench.app.pages.data.preparation.split_params import MadeParams
from workbench.app.widgets import Heading, button, quiet
from workbench.data.base import FieldKind
from workbench.project.feeding import target_fields

if TYPE_CHECKING:
    from workbench.project.making import Kept, Making
    from workbench.project.project import Project

_MOST_CLASSES = 200


class MadeSection(Section):
    """Rows that were made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("made", tr("Made rows"), parent)
        self._values: dict[str, Any] = {"copies": 1, "rows": "train"}
        self._making: Job | None = None
        self._key: Any = None
        self._reason = ""
        self.form = ParamsForm(MadeParams, self.inside, "data.preparation.made.form")
        self.form.set_values(self._values)
        self.form.edited.connect(lambda name, value: self._values.update({name: value}))
        self.make = button("data.preparation.made.make", tr("Make rows"), self.make_rows, tip=tr("Draw rows by the augmentation and keep them"),
                           parent=self)
        self.count = QSpinBox(self.inside)
        self.count.setObjectName("data.preparation.made.count")
        self.count.setAccessibleName(tr("How many texts"))
        self.count.setRange(1, 100_000)
        self.count.setValue(200)
        self.write = button("data.preparation.made.write", tr("Let the run write rows"), self.write_rows,
                            tip=tr("The selected run writes new texts, which are kept as training rows"), parent=self)
        self.words = quiet("", self.inside)
        self.words.setObjectName("data.preparation.made.words")
        self.list = QWidget(self.inside)
        self._lines = QVBoxLayout(self.list)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(theme.SPACE_4)
        self.content.addWidget(quiet(tr("Draws of the augmentation, kept as rows of their own: tagged as made, in training alone, gone by one click. "
                                        "They help where they cannot be drawn anew in every epoch, or where rare classes need more."), self.inside))
        self.content.addWidget(Sides(self._left(), self._right(), self.inside))
        self._looking = Latest(self, self._show_sets, self.words.setText, delay_ms=0)

    def _left(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(self.form)
        layout.addWidget(self.make, 0, Qt.AlignmentFlag.AlignLeft)
        self.writing = QWidget(side)
        line = QHBoxLayout(self.writing)
        line.setContentsMargins(0, theme.SPACE_8, 0, 0)
        line.setSpacing(theme.SPACE_8)
        line.addWidget(self.count)
        line.addWidget(self.write)
        line.addStretch(1)
        layout.addWidget(self.writing)
        layout.addStretch(1)
        return side

    def _right(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        for widget in (Heading(tr("Kept sets"), side), self.list, self.words):
            layout.addWidget(widget)
        layout.addStretch(1)
        return side

    def summarise(self, shown: Shown) -> None:
        made = shown.project.data.made
        self.set_facts(", ".join(made) or tr("none"))

    def refresh(self, shown: Shown) -> None:
        tags = shown.project.edits.tags()
        targets = target_fields(shown.project)
        classes = [name for field in shown.dataset.fields if field.kind == FieldKind.CATEGORY and field.name in targets for name in field.categories]
        self.form.set_choices("rows", ["train", *tags, *classes[:_MOST_CLASSES]])
        reason = why_not(shown)
        run, idle = shown.session.selected_run, self._making is None or not self._making.running
        self.writing.setVisible(any(item.name == "next_token" for item in shown.project.objectives))
        self.write.setEnabled(shown.session.folder is not None and run is not None and run.best() is not None and idle)
        self.make.setEnabled(not reason and (self._making is None or not self._making.running))
        if reason or self._reason:
            self.words.setText(reason)
        self._reason = reason
        project, folder = shown.project, shown.session.folder
        if folder is None:
            self._show_sets([])
        elif (folder, project.data.made) != self._key:
            self._key = (folder, project.data.made)
            self._looking.ask(lambda _progress, _cancelled: listed(project, folder))

    def make_rows(self) -> None:
        """Makes rows aside and takes them in."""
        shown = self.shown
        if shown is None or shown.session.folder is None:
            return
        project, dataset, folder, values = shown.project, shown.dataset, shown.session.folder, dict(self._values)
        self._begin(lambda: made_of(project, dataset, folder, values))

    def write_rows(self) -> None:
        """Lets the selected run write rows aside and takes them in."""
        shown, count = self.shown, self.count.value()
        if shown is None or shown.session.folder is None or shown.session.selected_run is None:
            return
        project, dataset, folder, run = shown.project, shown.dataset, shown.session.folder, shown.session.selected_run
        self._begin(lambda: written_by(project, dataset, folder, run, count))

    def _begin(self, work: Callable[[], Making]) -> None:
        self.make.setEnabled(False)
        self.write.setEnabled(False)
        self.words.setText(tr("Rows are being made."))
        self._making = run_job(self, lambda progress, cancelled: told(work, progress, cancelled), self._take, self._miss, self._tell)

    def _tell(self, _share: float, word: str) -> None:
        if word:
            self.words.setText(word)

    def _take(self, making: Making) -> None:
        self.make.setEnabled(True)
        self.write.setEnabled(True)
        said = [tr("{rows} rows made of {sources}.", rows=f"{making.rows:,}", sources=f"{making.sources:,}")]
        if not making.sources:
            said = [tr("{rows} rows written by the run.", rows=f"{making.rows:,}")]
        if making.rows < making.wanted:
            said.append(tr("{count} draws brought nothing new.", count=f"{making.wanted - making.rows:,}"))
        self.words.setText(" ".join([*said, *(say(reason) for reason in making.left_out)]))
        self._use(making.name, True)

    def _miss(self, error: Exception) -> None:
        self.make.setEnabled(True)
        self.write.setEnabled(True)
        self.words.setText(say_error(error))

    def _use(self, name: str, on: bool) -> None:
        shown = self.shown
        if shown is None:
            return
        made = tuple(item for item in shown.project.data.made if item != name)
        label = tr("Train on the made rows {name}", name=name) if on else tr("Take out the made rows {name}", name=name)
        shown.edit_data(label, made=(*made, name) if on else made)

    def _show_sets(self, sets: list[Kept]) -> None:
        while self._lines.count():
            widget = self._lines.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for item in sets:
            self._lines.addWidget(self._line(item))
        if not sets:
            self._lines.addWidget(quiet(tr("No rows have been made."), self.list))

    def _line(self, item: Kept) -> QWidget:
        line = QWidget(self.list)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_8)
        box = QCheckBox(item.name, line)
        box.setObjectName(f"data.preparation.made.use.{item.name}")
        box.setAccessibleName(tr("Train on the made rows {name}", name=item.name))
        box.setChecked(item.used)
        box.clicked.connect(lambda on: self._use(item.name, bool(on)))
        how = tr("written by a run") if item.how == "writing" else tr("drawn")
        words = say(item.problem) if item.problem else tr("{rows} rows, {how}", rows=f"{item.rows:,}", how=how)
        row.addWidget(box)
        row.addWidget(quiet(words, line), 1)
        if not item.used and not item.needed:
            tip = tr("Delete its files for good; no run was trained on it")
            row.addWidget(button(f"data.preparation.made.delete.{item.name}", tr("Delete"), lambda: self._delete(item.name), kind="link", tip=tip))
        return line

    def _delete(self, name: str) -> None:
        shown = self.shown
        if shown is None or shown.session.folder is None:
            return
        from workbench.project.making import delete_unneeded

        project, folder = shown.project, shown.session.folder
        self._key = None
        again: Callable[[Any], None] = lambda _gone: self.refresh(self.shown) if self.shown is not None else None  # noqa: E731
        run_job(self, lambda _progress, _cancelled: delete_unneeded(project, folder, name), again, self._miss)


def why_not(shown: Shown) -> str:
    """Returns why no rows can be made, one sentence, or ""."""
    if shown.session.folder is None:
        return tr("Save the project first: made rows lie in its folder.")
    if not any(choice.params.get("active", True) for choice in shown.project.data.augmentation):
        return tr("Choose an augmentation first: rows are drawn by it.")
    return ""


def made_of(project: Project, dataset: Any, folder: Path, values: dict[str, Any]) -> Making:
    """Makes rows and keeps them."""
    from workbench.project.making import make_rows

    return make_rows(project, folder, dataset, copies=values["copies"], rows=values["rows"])


def written_by(project: Project, dataset: Any, folder: Path, run: Any, count: int) -> Making:
    """Lets a run write rows and keeps them."""
    from workbench.training.written_rows import write_rows

    return write_rows(project, folder, dataset, run, count=count)


def told(work: Callable[[], Making], progress: Callable[..., Any], cancelled: Callable[[], bool]) -> Making:
    """Makes rows while telling how far it is."""
    from workbench.app.opening import throttled
    from workbench.data.progress import reporting

    with reporting(throttled(progress), cancelled):
        return work()


def listed(project: Project, folder: Path) -> list[Kept]:
    """Returns the sets that the project uses or its folder holds."""
    from workbench.project.making import sets_of

    return sets_of(project, folder)
