"""The part about texts: which tokeniser cuts them, what it makes of them, its vocabulary, the row under the cursor in tokens."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QHeaderView, QLineEdit, QTableView, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, say_own, tr
from workbench.app.pages.data.preparation.chips import Chips
from workbench.app.pages.data.preparation.drawing import SPECIAL, Piece
from workbench.app.pages.data.preparation.section import Latest, Same, Section, Shown, Sides
from workbench.app.pages.data.preparation.vocabulary import TokenView, VocabularyModel, pieces_of, view_of
from workbench.app.pages.data.statistics_view import Histogram
from workbench.app.pages.train.recipe_form import ChoiceForm
from workbench.app.widgets import Heading, KeyValue, quiet
from workbench.data.base import FieldKind
from workbench.project.feeding import find_field, input_fields, target_fields
from workbench.project.project import Choice, DataChoice

if TYPE_CHECKING:
    from workbench.app.pages.data.statistics import Figure

TABLE_PX = 220


class TextSection(Section):
    """Texts as tokens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("text", tr("Texts as tokens"), parent)
        self._key: Any = None
        self._view: TokenView | None = None
        self._row_key: Any = None
        self.content.addWidget(Sides(self._left(), self._right(), self.inside))
        self._fill_row()
        self._fill_vocabulary()
        self._counting = Latest(self, self._show_view, self._miss)

    def _left(self) -> QWidget:
        from workbench.data.tokenizers import TOKENIZERS

        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self.which = QComboBox(side)
        self.which.setObjectName("data.preparation.text.which")
        self.which.setAccessibleName(tr("Text field"))
        self.which.setToolTip(tr("Which text field is shown"))
        self.which.activated.connect(lambda _index: self.refresh(self.shown) if self.shown is not None else None)
        self.form = ChoiceForm("data.preparation.text.tokenizer", tr("Tokeniser"), TOKENIZERS, side)
        self.form.edited.connect(self._take)
        self._about = quiet("", side)
        for widget in (self.which, self.form, self._about):
            layout.addWidget(widget)
        layout.addStretch(1)
        return side

    def _right(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self.facts = KeyValue("data.preparation.text.facts", side, key_width=120)
        self.lengths = CutHistogram(side)
        self._cut = quiet("", side)
        self.special = Chips("data.preparation.text.special", side)
        for widget in (self.facts, Heading(tr("Length of texts in tokens"), side), self.lengths, self._cut, Heading(tr("Special tokens"), side),
                       self.special):
            layout.addWidget(widget)
        layout.addStretch(1)
        return side

    def _fill_row(self) -> None:
        self._row_words = Heading(tr("The row in tokens"), self.inside)
        self.chips = Chips("data.preparation.text.row", self.inside)
        self.content.addWidget(self._row_words)
        self.content.addWidget(self.chips)

    def _fill_vocabulary(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.search = QLineEdit(self.inside)
        self.search.setObjectName("data.preparation.text.search")
        self.search.setAccessibleName(tr("Search the vocabulary"))
        self.search.setPlaceholderText(tr("Search the vocabulary"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        row.addWidget(Heading(tr("Vocabulary"), self.inside))
        row.addStretch(1)
        row.addWidget(self.search)
        self.content.addLayout(row)
        self.model = VocabularyModel(self)
        self.search.textChanged.connect(self.model.search)
        self.table = QTableView(self.inside)
        self.table.setObjectName("data.preparation.text.vocabulary")
        self.table.setAccessibleName(tr("Vocabulary"))
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(26)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setFixedHeight(TABLE_PX)
        self.table.setTabKeyNavigation(False)
        self.content.addWidget(self.table)

    def _names(self, shown: Shown) -> list[str]:
        names = dict.fromkeys([*input_fields(shown.project), *target_fields(shown.project)])
        found = [find_field(shown.dataset, name) for name in names]
        return [field.name for field in found if field is not None and field.kind == FieldKind.TEXT]

    def concerns(self, shown: Shown) -> bool:
        return bool(self._names(shown))

    def _field(self, shown: Shown) -> str:
        names = self._names(shown)
        chosen = self.which.currentData()
        return chosen if chosen in names else names[0] if names else ""

    def summarise(self, shown: Shown) -> None:
        from workbench.data.tokenizers import TOKENIZERS

        names = self._names(shown)
        said = []
        for name in names[:2]:
            choice = chosen_tokenizer(shown.project.data, name)
            entry, prepared = TOKENIZERS.get(choice.name), shown.prepared
            label = say(entry.label) if entry is not None else choice.name
            size = prepared.preprocessors[name].shape().vocabulary if prepared is not None and name in prepared.preprocessors else None
            said.append(tr("{tokenizer}, {size} tokens", tokenizer=label, size=f"{size:,}") if size else label)
        self.set_facts(" · ".join(said))

    def refresh(self, shown: Shown) -> None:
        names, field = self._names(shown), self._field(shown)
        if not field:
            return
        if names != [self.which.itemData(index) for index in range(self.which.count())]:
            self.which.clear()
            for name in names:
                self.which.addItem(say_own(shown.dataset.field(name).label) or name, name)
            self.which.setCurrentIndex(names.index(field))
        self.which.setVisible(len(names) > 1)
        choice = chosen_tokenizer(shown.project.data, field)
        self.form.set_choice(choice)
        self._about.setText(self._summary(choice.name))
        self._show_row(shown, field)
        if (Same(shown.prepared), field) != self._key:
            self._key = (Same(shown.prepared), field)
            self._ask(shown, field)

    def _summary(self, name: str) -> str:
        from workbench.data.tokenizers import TOKENIZERS

        entry = TOKENIZERS.get(name)
        return say(entry.summary) if entry is not None else ""

    def _ask(self, shown: Shown, field: str) -> None:
        prepared = shown.prepared
        if prepared is None or field not in prepared.preprocessors:
            self._counting.drop()
            return
        self._counting.ask(lambda _progress, _cancelled: view_of(prepared, field))

    def _show_view(self, view: TokenView) -> None:
        self._view, facts = view, view.facts
        self.facts.set_rows([
            (tr("Vocabulary"), tr("{count} tokens, {used} of them in use", count=f"{facts.vocabulary:,}", used=f"{facts.used:,}")),
            (tr("Known tokens"), f"{facts.coverage:.2%}"),
            (tr("Unknown tokens"), tr("none") if not facts.rows_with_unknown else
             tr("{share} in {count} rows", share=f"{facts.unknown:.2%}", count=f"{facts.rows_with_unknown:,}")),
            (tr("Mean length"), tr("{count} tokens", count=f"{facts.mean:.1f}")),
            *([(tr("Counted"), tr("a sample of {count} rows", count=f"{facts.rows:,}"))] if facts.sampled else []),
        ])
        self.lengths.show_lengths(view.lengths, facts.maximum_length)
        self._cut.setText(self._cut_words(view))
        self.special.show_pieces([Piece(text, str(number), SPECIAL) for text, number in facts.special])
        self.model.set_view(view)

    def _cut_words(self, view: TokenView) -> str:
        most = f"{view.facts.maximum_length:,}"
        if not view.cut:
            return tr("No text is longer than {most} tokens: none is cut.", most=most)
        where = {"left": tr("their start"), "middle": tr("their middle")}.get(view.facts.truncation, tr("their end"))
        return tr("{share} of the texts are longer than {most} tokens and lose {where}.", share=f"{view.cut:.1%}", most=most, where=where)

    def _show_row(self, shown: Shown, field: str) -> None:
        prepared, row = shown.prepared, shown.row
        if (Same(prepared), field, row) == self._row_key:
            return
        self._row_key = (Same(prepared), field, row)
        there = prepared is not None and row >= 0 and field in prepared.preprocessors
        self._row_words.setVisible(there)
        self.chips.setVisible(there)
        if there and prepared is not None:
            text = str(shown.dataset.column(field, [row])[0]) if not shown.rows.lead or shown.rows.lead.name != field else shown.rows.text(row)
            pieces, count = pieces_of(prepared, field, text)
            self.chips.show_pieces(pieces)
            self._row_words.setText(tr("Row {row} in {count} tokens", row=f"{row:,}", count=f"{count:,}"))

    def _miss(self, words: str) -> None:
        self._cut.setText(words)

    def _take(self, choice: Choice, what: str) -> None:
        shown = self.shown
        if shown is None:
            return
        field = self._field(shown)
        params = MappingProxyType({"tokenizer": choice.name, **choice.params})
        label = tr("Change how {name} is cut into tokens", name=field)
        shown.edit_data(label, f"preprocessing.{field}.{what}",
                        preprocessing=MappingProxyType({**shown.project.data.preprocessing, field: params}))


def chosen_tokenizer(data: DataChoice, field: str) -> Choice:
    """Returns the tokeniser of a text field and those of its parameters that it heeds."""
    from workbench.data.preprocessing.params import TextParams
    from workbench.data.tokenizers import TOKENIZERS

    raw = dict(data.preprocessing.get(field, {}))
    name = str(raw.pop("tokenizer", TextParams.model_fields["tokenizer"].default))
    entry = TOKENIZERS.get(name)
    return Choice(name, MappingProxyType({key: value for key, value in raw.items() if entry is None or key in entry.Params.model_fields}))


class CutHistogram(QWidget):
    """How long texts are, with the place where they are cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.text.lengths")
        self._plot: Histogram | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_lengths(self, figure: Figure, cut: int) -> None:
        """Shows a distribution and where it is cut."""
        if self._plot is not None:
            self._plot.hide()
            self._plot.deleteLater()
        self._plot = _Cut(figure, cut, self)
        self._layout.addWidget(self._plot)


class _Cut(Histogram):
    def __init__(self, figure: Figure, cut: int, parent: QWidget) -> None:
        super().__init__(figure, parent)
        self.setObjectName("data.preparation.text.histogram")
        self._cut = cut

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        low, high = self._figure.edges[0], self._figure.edges[-1]
        place = round(self.width() * (self._cut + 1 - low) / max(high - low, 1e-9)) - 1
        painter, colours = QPainter(self), theme.current()
        painter.setPen(QPen(QColor(colours.doubtful), 1.5, Qt.PenStyle.DashLine))
        place = min(place, self.width() - 2)
        painter.drawLine(place, 0, place, self.height() - 16)
        painter.setFont(theme.small_font())
        words = tr("cut at {count}", count=f"{self._cut:,}")
        wide = painter.fontMetrics().horizontalAdvance(words) + 6
        left = place - wide if place > wide else place + 4
        painter.drawText(QRect(left, 0, wide, 14), Qt.AlignmentFlag.AlignLeft, words)
        painter.end()
