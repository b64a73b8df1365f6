"""The part of the side panel in which rows are changed: class, split, tags, note, left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.rows import SPLIT_NAMES
from workbench.app.widgets import button

if TYPE_CHECKING:
    from workbench.app.pages.data.editing import Editing
    from workbench.app.pages.data.rows import Rows


class Word(QLineEdit):
    """A line for one word; Escape gives the keyboard back.

    Signals:
        left: Escape was pressed.
    """

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class RowEdits(QWidget):
    """Fields that show the changes of the selected rows and make new ones; with many rows selected, a change is made to all.

    Signals:
        left: The keyboard should go back to the grid.
    """

    left = Signal()

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editing, self._ids, self._field = editing, [], ""
        self._form = form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(theme.SPACE_12)
        form.setVerticalSpacing(theme.SPACE_8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.label, self.split = self._combo("label", tr("Class")), self._combo("split", tr("Split"))
        self.label.setEditable(True)
        self.label.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.label.setToolTip(tr("The digit keys choose the first ten classes; a name that is not there yet is a new class."))
        self.label.activated.connect(lambda _index: self._relabel())
        self.label.lineEdit().returnPressed.connect(self._relabel)
        self.split.activated.connect(lambda _index: self._editing.move(self._ids, self.split.currentData()))
        self.tag, self.note = self._word("tag", tr("add a tag")), self._word("note", tr("write a note"))
        self.tag.returnPressed.connect(self._add_tag)
        self.note.returnPressed.connect(self._write_note)
        self._tags = QWidget(self)
        self._tag_row = QHBoxLayout(self._tags)
        self._tag_row.setContentsMargins(0, 0, 0, 0)
        self._tag_row.setSpacing(theme.SPACE_4)
        tagging = QVBoxLayout()
        tagging.setSpacing(theme.SPACE_4)
        tagging.addWidget(self._tags)
        tagging.addWidget(self.tag)
        tip = tr("X leaves rows out, or takes them in again")
        self.out = button("data.row.exclude", tr("Leave out"), lambda: self._editing.toggle(self._ids), tip=tip)
        form.addRow(_name(tr("Class")), self.label)
        form.addRow(_name(tr("Split")), self.split)
        form.addRow(_name(tr("Tags")), tagging)
        form.addRow(_name(tr("Your note")), self.note)
        form.addRow("", self.out)

    def _combo(self, name: str, label: str) -> QComboBox:
        made = QComboBox(self)
        made.setObjectName(f"data.row.{name}")
        made.setAccessibleName(label)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(8)
        return made

    def _word(self, name: str, hint: str) -> Word:
        made = Word(self)
        made.setObjectName(f"data.row.{name}")
        made.setAccessibleName(hint)
        made.setPlaceholderText(hint)
        made.left.connect(self.left)
        return made

    def show_rows(self, rows: Rows, row: int, ids: list[str]) -> None:
        """Shows the changes of the row under the cursor; changes go to all of `ids`."""
        self._ids = ids
        edit = rows.edit_of(row)
        self._show_label(rows, row)
        self.split.clear()
        self.split.addItem(tr("by the rule"), "")
        for name in SPLIT_NAMES:
            self.split.addItem(tr(name), name)
        self.split.setCurrentIndex(self.split.findData(edit.split))
        self.note.setText(edit.note)
        self.tag.clear()
        self.tag.setCompleter(QCompleter(list(rows.edits.tags()), self.tag))
        self._show_tags(edit.tags)
        self.out.setText(tr("Take in again") if edit.excluded else tr("Leave out"))

    def _show_label(self, rows: Rows, row: int) -> None:
        self._form.setRowVisible(0, rows.label is not None)
        if rows.label is None:
            return
        self._field = rows.label.name
        if [self.label.itemText(index) for index in range(self.label.count())] != list(rows.label.categories):
            self.label.clear()
            self.label.addItems(list(rows.label.categories))
        self.label.setCurrentText(rows.label_of(row))

    def _show_tags(self, tags: tuple[str, ...]) -> None:
        while self._tag_row.count():
            widget = self._tag_row.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for tag in tags:
            self._tag_row.addWidget(self._tag_button(tag))
        self._tag_row.addStretch(1)
        self._tags.setVisible(bool(tags))

    def _tag_button(self, tag: str) -> QPushButton:
        made = button(f"data.row.tag.{tag}", f"{tag} ×", lambda: self._editing.tag(self._ids, tag, False), kind="plain", tip=tr("Take this tag off"))
        made.setAccessibleName(tr("Take the tag {tag} off", tag=tag))
        return made

    def _relabel(self) -> None:
        name = self.label.currentText().strip()
        if name and self._field and self._ids:
            self._editing.relabel(self._ids, self._field, name)
            self.left.emit()

    def _add_tag(self) -> None:
        self._editing.tag(self._ids, self.tag.text())
        self.left.emit()

    def _write_note(self) -> None:
        self._editing.note(self._ids, self.note.text())
        self.left.emit()


def _name(text: str) -> QLabel:
    label = QLabel(text)
    theme.mark(label, "quiet")
    return label
