"""The part about fields: every column with its type, role, missing values and examples; beside it how the chosen one is prepared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say, tr
from workbench.app.pages.data.preparation.field_facts import (
    BOTH,
    LEARNED,
    READ,
    UNUSED,
    FieldFact,
    can_be_learned,
    field_facts,
    types_change,
)
from workbench.app.pages.data.preparation.section import Latest, Section, Shown
from workbench.app.pages.data.preparation.splitting import CountTable
from workbench.app.widgets import button, quiet
from workbench.data.base import Field, FieldKind
from workbench.data.tables.types import ColumnType
from workbench.project.feeding import find_field


class FieldsSection(Section):
    """The fields of the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("fields", tr("Fields"), parent)
        self._found: list[FieldFact] = []
        self._key: Any = None
        self.table = CountTable("data.preparation.fields.table", tr("Fields of the data"), self.inside)
        self.table.itemSelectionChanged.connect(self._show_detail)
        self.detail = FieldDetail(self, self.inside)
        self.content.addWidget(self.table)
        self.content.addWidget(self.detail)
        self._looking = Latest(self, self._show_facts, lambda words: self.detail.say_wrong(words), delay_ms=0)

    def summarise(self, shown: Shown) -> None:
        count = len(shown.dataset.fields)
        self.set_facts(tr("{count} fields", count=count) if count != 1 else tr("1 field"))

    def refresh(self, shown: Shown) -> None:
        project, dataset = shown.project, shown.dataset
        key = (dataset, project.graph, project.objectives, project.data.params)
        if self._key is None or key[0] is not self._key[0] or key[1:] != self._key[1:]:
            self._key = key
            self._looking.ask(lambda _progress, _cancelled: field_facts(project, dataset))
        elif self._found:
            self._show_detail()  # what is fitted comes a moment after the facts

    def _show_facts(self, facts: list[FieldFact]) -> None:
        chosen = self.chosen.name if self.chosen is not None else ""
        self._found = facts
        roles = {READ: tr("read"), LEARNED: tr("learned"), BOTH: tr("read and learned"), UNUSED: tr("not used")}
        rows = [
            (fact.label, say(fact.type), roles[fact.role], ", ".join(fact.examples) or fact.details,
             "–" if fact.missing is None else f"{fact.missing:,}")
            for fact in facts
        ]
        self.table.blockSignals(True)
        self.table.show_rows((tr("Field"), tr("Type"), tr("Role"), tr("Examples"), tr("Missing")), rows, left=4)
        self._fit_columns()
        place = next((number for number, fact in enumerate(facts) if fact.name == chosen), 0)
        self.table.setCurrentCell(place, 0)
        self.table.blockSignals(False)
        self._show_detail()

    def _fit_columns(self) -> None:
        from PySide6.QtWidgets import QHeaderView

        header = self.table.horizontalHeader()
        for column in (0, 1, 2, 4):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setMaximumSectionSize(360)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)

    @property
    def chosen(self) -> FieldFact | None:
        """The field whose preparation shows."""
        row = self.table.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    def _show_detail(self) -> None:
        if self.shown is not None and self.chosen is not None:
            self.detail.show_field(self.shown, self.chosen)

    def set_type(self, fact: FieldFact, wanted: str) -> None:
        """Takes a column for something else ("" for what it was found to be), if the data can be opened like that."""
        if self.shown is not None:
            self.shown.session.opening.set_type(self._named(fact), wanted)

    def _named(self, fact: FieldFact) -> str:
        """Returns what a column is called among the types that were said."""
        types = self.shown.project.data.params.get("types", {}) if self.shown is not None else {}
        return fact.label if fact.label in types else fact.name

    def learn(self, name: str) -> None:
        """Makes a field the answer; the drawing is fitted to it."""
        if self.shown is not None:
            self.shown.session.opening.learn(name)

    def say_wrong(self, words: str) -> None:
        """Says why the last change could not be made, or nothing."""
        self.detail.say_wrong(words)
        self._show_detail()


class FieldDetail(QWidget):
    """How one field is prepared, and what it is taken for."""

    def __init__(self, section: FieldsSection, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.fields.detail")
        self._section, self._form, self._kind, self._name = section, None, None, ""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_8)
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self._title, "subject")
        self.type = QComboBox(self)
        self.type.setObjectName("data.preparation.fields.type")
        self.type.setAccessibleName(tr("Type of the column"))
        self.type.setToolTip(tr("What the column is taken for"))
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.type.activated.connect(self._take_type)
        self.learn = button("data.preparation.fields.learn", tr("Learn this"), self._learn, tip=tr("Make this field the answer"), parent=self)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_8)
        head.addWidget(self._title)
        head.addWidget(self.type)
        head.addWidget(self.learn)
        head.addStretch(1)
        self._layout.addLayout(head)
        self._words = quiet("", self)
        self._wrong = quiet("", self)
        self._wrong.setObjectName("data.preparation.fields.wrong")
        theme.mark(self._wrong, "wrong")
        self._wrong.hide()
        self._layout.addWidget(self._words)
        self._layout.addWidget(self._wrong)

    def show_field(self, shown: Shown, fact: FieldFact) -> None:
        """Shows a field."""
        field = find_field(shown.dataset, fact.name)
        if fact.name != self._name:
            self.say_wrong("")
        self._name = fact.name
        self._title.setText(fact.label)
        self._show_types(shown, fact, field)
        self.learn.setVisible(field is not None and bool(shown.project.objectives) and fact.role in (READ, UNUSED) and can_be_learned(field))
        fitted = fitted_words(shown, fact.name) if fact.role != UNUSED else ""
        self._words.setText(" · ".join(part for part in (self._said(fact, field), fitted) if part))
        self._words.setVisible(bool(self._words.text()))
        self._show_form(shown, fact, field)

    def _show_types(self, shown: Shown, fact: FieldFact, field: Field | None) -> None:
        self.type.setVisible(types_change(shown.project, shown.dataset, field))
        chosen = dict(shown.project.data.params.get("types", {}))
        wanted = chosen.get(fact.name, chosen.get(fact.label, ""))
        self.type.clear()
        self.type.addItem(tr("as found") if wanted else tr("as found: {type}", type=say(fact.type)), "")
        for kind in ColumnType:
            self.type.addItem(say(str(kind)), str(kind))
        self.type.setCurrentIndex(max(0, self.type.findData(str(wanted))))

    def _said(self, fact: FieldFact, field: Field | None) -> str:
        if field is None:
            return tr("This column is no field: it says which split a row belongs to.")
        said = [fact.details] if fact.details else []
        if fact.role == UNUSED:
            said.append(tr("The drawing does not read it, so nothing is prepared."))
        elif field.kind == FieldKind.TEXT:
            said.append(tr("How it is cut stands under Texts as tokens."))
        elif field.kind == FieldKind.CATEGORY:
            said.append(tr("Classes become numbers in the order of their names; there is nothing to set."))
        if field.kind == FieldKind.NUMBER and fact.missing and fact.role != UNUSED:
            said.append(tr("Missing values take the mean of the training rows.") if fact.role == READ else tr("Rows without it are left out."))
        return " · ".join(said)

    def _show_form(self, shown: Shown, fact: FieldFact, field: Field | None) -> None:
        from workbench.data.preprocessing.params import PARAMS

        kind = field.kind if field is not None and fact.role != UNUSED and field.kind != FieldKind.TEXT else None
        model = PARAMS[kind] if kind is not None and PARAMS[kind].model_fields else None
        if self._form is None or model is not self._form.model:
            if self._form is not None:
                self._form.hide()
                self._form.deleteLater()
                self._form = None
            if model is not None:
                self._form = ParamsForm(model, self, "data.preparation.fields.form")
                self._form.setMaximumWidth(340)
                self._form.edited.connect(self._take_value)
                self._layout.addWidget(self._form)
        if self._form is not None:
            known = shown.project.data.preprocessing.get(fact.name, {})
            self._form.set_values({name: value for name, value in known.items() if name in self._form.model.model_fields})

    def say_wrong(self, words: str) -> None:
        """Says why the last change could not be made, or nothing."""
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))

    def _take_type(self, index: int) -> None:
        if self._section.chosen is not None:
            self._section.set_type(self._section.chosen, str(self.type.itemData(index)))

    def _take_value(self, name: str, value: Any) -> None:
        shown = self._section.shown
        if shown is None:
            return
        from workbench.project.feeding import with_preprocessing

        project = with_preprocessing(shown.project, self._name, {name: value})
        shown.session.edit(tr("Change how {name} is prepared", name=self._name), replace(project), merge_key=f"preprocessing.{self._name}.{name}")

    def _learn(self) -> None:
        self._section.learn(self._name)


def fitted_words(shown: Shown, name: str) -> str:
    """Returns what was learned of a field on the training rows, or "" while that is not known."""
    prepared = shown.prepared
    preprocessor: Any = prepared.preprocessors.get(name) if prepared is not None else None
    if preprocessor is None:
        return ""
    if preprocessor.kind == FieldKind.IMAGE:
        kind = tr("grey") if preprocessor.channels == 1 else tr("colour")
        return tr("the model sees {width} × {height} {kind}", width=preprocessor.width, height=preprocessor.height, kind=kind)
    if preprocessor.kind == FieldKind.NUMBER:
        return tr("mean {mean}, deviation {spread}", mean=f"{preprocessor.mean:.4g}", spread=f"{preprocessor.deviation:.4g}")
    return ""
