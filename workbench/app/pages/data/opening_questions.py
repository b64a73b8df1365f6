"""What cannot be told for certain about the data, with the answers that stand; what is learned; and what the columns are taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import say, say_own, tr
from workbench.app.widgets import button, quiet
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.data.asking import Asked

PREVIEW_ROWS, MOST_COLUMNS = 3, 40
_ROW_PX, _COLUMN_PX, _HEADER_PX, _WIDE_PX = 24, 130, 28, 780
TYPE_WORDS = {
    "number": Text("number"), "category": Text("category"), "text": Text("text"), "date": Text("date"), "boolean": Text("yes or no"),
    "image": Text("image"), "sound": Text("sound"), "series": Text("series"), "constant": Text("constant"), "id": Text("tells rows apart"),
    "split": Text("split"), "audio": Text("sound"), "mask": Text("mask"),
}
_CHOOSABLE = ("number", "category", "text", "date", "id")


class QuestionPanel(QFrame):
    """One question after the other as radio buttons, and the first rows as they are read now.

    Signals:
        closed: It was folded.
    """

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.questions")
        self.setAccessibleName(tr("How the data is read"))
        self._session, self._opening = session, session.opening
        self._shown: object = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_12)
        self._layout.setSpacing(theme.SPACE_4)

    def show_asked(self) -> None:
        """Shows what is asked about the present data; nothing is built anew where nothing differs."""
        session, dataset = self._session, self._session.dataset
        if dataset is None:
            return
        now = (self._opening.asked, dataset, session.project.objectives[:1])
        if self._shown == now:
            return
        self._shown, focus = now, QApplication.focusWidget()
        kept = focus.objectName() if focus is not None and self.isAncestorOf(focus) else ""
        self._clear()
        self._layout.addLayout(self._head())
        for item in self._opening.asked:
            self._add_question(item)
        self._layout.addWidget(self._preview())
        self._focus(kept)

    def _clear(self) -> None:
        while self._layout.count():
            item = self._layout.takeAt(0)
            widget, inner = item.widget(), item.layout()
            if inner is not None:
                while inner.count():
                    part = inner.takeAt(0).widget()
                    if part is not None:
                        part.hide()
                        part.deleteLater()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _focus(self, name: str) -> None:
        found = self.findChildren(QWidget, name)[-1:] if name else []
        if found:
            found[0].setFocus()

    def take_focus(self) -> None:
        """Puts the keyboard on the first answer."""
        found = [radio for radio in self.findChildren(QRadioButton) if radio.isChecked() and not radio.isHidden()]
        (found[0] if found else self.target).setFocus()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        label = QLabel(tr("Learn"), self)
        theme.mark(label, "quiet")
        self.target = QComboBox(self)
        self.target.setObjectName("data.questions.target")
        self.target.setAccessibleName(tr("What is learned from the rest"))
        self.target.setToolTip(tr("What is learned from the rest"))
        label.setBuddy(self.target)
        for name, words in self._targets():
            self.target.addItem(words, name)
        objectives = self._session.project.objectives
        self.target.setCurrentIndex(self.target.findData(objectives[0].target) if objectives else -1)
        self.target.activated.connect(lambda _index: self._opening.learn(str(self.target.currentData())))
        row.addWidget(label)
        row.addWidget(self.target)
        row.addStretch(1)
        row.addWidget(button("data.questions.done", tr("Done"), self._close, tip=tr("Fold this; the answers stay and can be changed later")))
        return row

    def _targets(self) -> list[tuple[str, str]]:
        from workbench.project.feeding import OBJECTIVE_OF

        dataset = self._session.dataset
        assert dataset is not None
        kinds = (*OBJECTIVE_OF, "text")
        return [(field.name, say_own(field.label or field.name)) for field in dataset.fields if field.kind in kinds and field.type != "constant"]

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def _add_question(self, item: Asked) -> None:
        question = item.question
        label = QLabel(say(question.text), self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(label, "subject")
        self._layout.addWidget(label)
        group = QButtonGroup(label)
        for place, (value, words) in enumerate(question.choices):
            radio = QRadioButton(say(words), self)
            radio.setObjectName(f"data.questions.{question.param}.{place}")
            radio.setAccessibleName(f"{say(question.text)} {say(words)}")
            radio.setChecked(value == item.answer)
            radio.clicked.connect(lambda _on=False, value=value: self._answer(item, value))
            group.addButton(radio)
            self._layout.addWidget(radio)

    def _answer(self, item: Asked, value: Any) -> None:
        if value != item.answer:
            self._opening.answer(item.question.param, value)

    def _preview(self) -> QWidget:
        """Returns the first rows as they are read now, below what every column is taken for."""
        from workbench.data.told import first_rows

        dataset = self._session.dataset
        assert dataset is not None
        names, rows = first_rows(dataset, PREVIEW_ROWS)
        if not names:
            return quiet("")
        changeable = self._types_can_change()
        table = QTableWidget(len(rows) + 1, min(len(names), MOST_COLUMNS), self)
        table.setObjectName("data.questions.preview")
        table.setAccessibleName(tr("The first rows as they are read now"))
        table.setHorizontalHeaderLabels([say_own(name) for name in names[:MOST_COLUMNS]])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.horizontalHeader().setDefaultSectionSize(_COLUMN_PX)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        for column, field in enumerate(dataset.fields[:MOST_COLUMNS]):
            kind = field.type or str(field.kind)
            if changeable:
                table.setCellWidget(0, column, self._type_box(field.name, say_own(field.label or field.name), kind))
            else:
                table.setItem(0, column, QTableWidgetItem(say(TYPE_WORDS.get(kind, kind))))
            for place, row in enumerate(rows):
                table.setItem(place + 1, column, QTableWidgetItem(row[column]))
        if changeable:
            table.verticalHeader().resizeSection(0, _ROW_PX + theme.SPACE_8)
        wide = table.columnCount() * _COLUMN_PX > _WIDE_PX
        table.setFixedHeight(table.verticalHeader().length() + _HEADER_PX + (theme.SPACE_16 if wide else theme.SPACE_4))
        return table

    def _types_can_change(self) -> bool:
        from workbench.data.formats import FORMATS

        dataset = self._session.dataset
        entry = FORMATS.get(dataset.format) if dataset is not None else None
        return entry is not None and "types" in entry.Params.model_fields

    def _type_box(self, column: str, label: str, kind: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"data.questions.type.{column}")
        box.setAccessibleName(tr("What {name} holds", name=label))
        box.setToolTip(tr("What {name} holds", name=label))
        for name in dict.fromkeys((kind, *_CHOOSABLE)):
            box.addItem(say(TYPE_WORDS.get(name, name)), name)
        box.activated.connect(lambda _index: self._retype(column, kind, str(box.currentData())))
        return box

    def _retype(self, column: str, kind: str, wanted: str) -> None:
        if wanted != kind:
            self._opening.set_type(column, wanted)
