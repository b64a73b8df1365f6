"""The part about the format: how the file is read, what it left open, all as parameters of the format itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say, tr
from workbench.app.pages.data.preparation.field_facts import format_of
from workbench.app.pages.data.preparation.section import Section, Shown
from workbench.app.widgets import quiet

if TYPE_CHECKING:
    from workbench.data.asking import Asked
    from workbench.data.base import Question

_ELSEWHERE = ("types",)
FORM_PX = 380


class ReadingSection(Section):
    """How the data is read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("reading", tr("How the data is read"), parent)
        self._form: ParamsForm | None = None
        self._asked: Any = None
        self._about = quiet("", self.inside)
        self._questions = QWidget(self.inside)
        self._lines = QVBoxLayout(self._questions)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._wrong = quiet("", self.inside)
        self._wrong.setObjectName("data.preparation.reading.wrong")
        theme.mark(self._wrong, "wrong")
        self._wrong.hide()
        for widget in (self._about, self._questions, self._wrong):
            self.content.addWidget(widget)

    def summarise(self, shown: Shown) -> None:
        entry = format_of(shown.project, shown.dataset)
        changed = len([name for name in shown.project.data.params if name not in _ELSEWHERE])
        said = [say(entry.label)] if entry is not None else []
        self.set_facts(" · ".join([*said, *([tr("{count} set", count=changed)] if changed else [])]))

    def refresh(self, shown: Shown) -> None:
        entry = format_of(shown.project, shown.dataset)
        self._about.setText(say(entry.summary) if entry is not None else "")
        if self._form is not None and (entry is None or self._form.model is not entry.Params):
            self._form.hide()
            self._form.deleteLater()
            self._form = None
        if entry is not None and self._form is None and set(entry.Params.model_fields) - set(_ELSEWHERE):
            self._form = ParamsForm(entry.Params, self.inside, "data.preparation.reading.form", skip=_ELSEWHERE)
            self._form.setMaximumWidth(FORM_PX)
            self._form.edited.connect(self._take)
            self.content.addWidget(self._form)
        if self._form is not None:
            self._form.set_values(shown.project.data.params)
        asked = shown.session.opening.asked
        if asked != self._asked:
            self._asked = asked
            self._show_questions(asked)

    def _show_questions(self, asked: tuple[Asked, ...]) -> None:
        while self._lines.count():
            widget = self._lines.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name in self._form.fields if self._form is not None else ():
            self._form.show_field(name, True)
        for item in asked:
            self._lines.addWidget(quiet(say(item.question.text), self._questions))
            self._lines.addWidget(self._choice(item.question, item.answer))
        self._questions.setVisible(bool(asked))
        for item in asked:  # what is asked above need not stand below again
            if self._form is not None and item.question.param in self._form.fields:
                self._form.show_field(item.question.param, False)

    def _choice(self, question: Question, answer: Any) -> QComboBox:
        box = QComboBox(self._questions)
        box.setObjectName(f"data.preparation.reading.question.{question.param}")
        box.setAccessibleName(say(question.text))
        box.setMaximumWidth(FORM_PX)
        for value, words in question.choices:
            box.addItem(say(words), value)
        box.setCurrentIndex(max(0, box.findData(answer)))
        box.activated.connect(lambda _index: self._take(question.param, box.currentData()))
        return box

    def _take(self, name: str, value: Any) -> None:
        if self.shown is not None:
            self.shown.session.opening.answer(name, value)

    def say_wrong(self, words: str) -> None:
        """Says why the data could not be read in another way, or nothing."""
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        if words and self._form is not None and self.shown is not None:
            self._form.set_values(self.shown.project.data.params)
