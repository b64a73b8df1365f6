"""The left column of Inspect: which run, which row or own input, and what the model says to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QSpinBox, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.outcome import Outcome, Painted, Rebuilt, Spelt, Told
from workbench.app.pages.inspect.outcome_card import fitted
from workbench.app.pages.inspect.prediction import PredictionPanel
from workbench.app.pages.train.run_words import run_titles
from workbench.app.widgets import Heading, ImageView, button, quiet
from workbench.app.widgets.drawing_pad import DrawingPad
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.inspect.analysis import Answer, Model
    from workbench.project.runs import RunInfo

TYPING_MS = 250
PICTURE_PX, THUMB_PX, PAD_PX = 192, 96, 160
SPLITS = ("validation", "test", "train")


class RowSpin(QSpinBox):
    """The place of a row in its split, from 1; left and right arrows go through the rows, as down and up do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(theme.SPACE_4, 0, 0, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.stepBy(step)
        else:
            super().keyPressEvent(event)


@dataclass(frozen=True)
class Asked:
    """What a person set in the panel, for a rebuild.

    Attributes:
        row: The dataset row, or -1.
        strokes: Of the pad, in shares of its side.
    """

    split: str
    row: int
    strokes: tuple[Any, ...]
    words: str


class QuestionPanel(QWidget):
    """What is asked.

    Signals:
        row_chosen: A dataset row.
        given: A drawing uint8 `(H, W, C)`, a typed text, or None when the pad was emptied.
        run_chosen: The folder of a run.
        target_wanted: The class that should be explained.
    """

    row_chosen = Signal(int)
    given = Signal(object)
    run_chosen = Signal(object)
    target_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspect.question")
        self._rows = np.zeros(0, dtype=np.int64)
        self._model: Model | None = None
        self._filling = False
        self._kind: FieldKind | None = None
        self._offered: list[tuple[str, Any]] = []
        self._asked: Asked | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        self.run = QComboBox()
        self.run.setObjectName("inspect.question.run")
        self.run.setAccessibleName(tr("Run"))
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.run.activated.connect(lambda index: self.run_chosen.emit(self.run.itemData(index)))
        self.step = quiet("")
        layout.addWidget(self.run)
        layout.addWidget(self.step)
        self._row_heading = Heading(tr("Row"))
        layout.addWidget(self._row_heading)
        layout.addLayout(self._row_chooser())
        self._shown = QStackedWidget()
        self._picture = ImageView("inspect.question.picture", self, side=PICTURE_PX, label=tr("The row as it came"))
        self._text = quiet("")
        self._shown.addWidget(self._picture)
        self._shown.addWidget(self._text)
        self._unknown = quiet("")
        self._unknown.setObjectName("inspect.question.unknown")
        theme.mark(self._unknown, "doubtful")
        self._unknown.hide()
        layout.addWidget(self._shown)
        self._beside = quiet("")
        self._beside.setObjectName("inspect.question.beside")
        self._beside.setTextFormat(Qt.TextFormat.PlainText)
        self._beside.hide()
        layout.addWidget(self._beside)
        layout.addWidget(self._unknown)
        self._prediction_heading = Heading(tr("Prediction"))
        layout.addWidget(self._prediction_heading)
        self.prediction = PredictionPanel("inspect.prediction", self)
        self.prediction.target_wanted.connect(self.target_wanted)
        layout.addWidget(self.prediction)
        self._add_own(layout)
        layout.addStretch(1)

    def _row_chooser(self) -> QHBoxLayout:
        both, column, row = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        both.setSpacing(theme.SPACE_12)
        self._thumb = ImageView("inspect.question.thumb", self, side=THUMB_PX, label=tr("The row as it came"))
        self._thumb.hide()
        both.addWidget(self._thumb)
        both.addLayout(column, 1)
        column.setSpacing(theme.SPACE_4)
        row.setSpacing(theme.SPACE_4)
        self.split = QComboBox()
        self.split.setObjectName("inspect.question.split")
        self.split.setAccessibleName(tr("Split"))
        for name in SPLITS:
            self.split.addItem(tr(name), name)
        self.split.activated.connect(self._take_split)
        self.place = RowSpin()
        self.place.setObjectName("inspect.question.row")
        self.place.setAccessibleName(tr("Place in the split"))
        self.place.setToolTip(tr("Any arrow key goes through the rows"))
        self.place.setKeyboardTracking(False)
        self.place.setMinimumWidth(64)
        self.place.valueChanged.connect(self._take_place)
        column.addWidget(self.split)
        column.addWidget(self.place)
        column.addLayout(row)
        column.addStretch(1)
        for name, text, tip, step in (("previous", "‹", tr("Previous row"), -1), ("next", "›", tr("Next row"), 1)):
            control = button(f"inspect.question.{name}", text, lambda step=step: self.place.stepBy(step), tip=tip)
            control.setAccessibleName(tip)
            control.setMinimumWidth(30)
            row.addWidget(control)
        return both

    def _add_own(self, layout: QVBoxLayout) -> None:
        self._own_heading = Heading(tr("Or draw one yourself"))
        head = QHBoxLayout()
        head.addWidget(self._own_heading, 1)
        layout.addLayout(head)
        self.pad = DrawingPad("inspect.question.pad", self, side=PAD_PX)
        self.pad.drawn.connect(self.given)
        layout.addWidget(self.pad)
        tip = tr("Empty the pad and go back to the row")
        self._clear = button("inspect.question.clear", tr("Clear"), self.pad.clear, kind="link", tip=tip)
        head.addWidget(self._clear)
        self.words = QPlainTextEdit()
        self.words.setObjectName("inspect.question.words")
        self.words.setAccessibleName(tr("Own text"))
        self.words.setPlaceholderText(tr("Type a sentence"))
        self.words.setFixedHeight(84)
        self.words.setTabChangesFocus(True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(lambda: self.given.emit(self.words.toPlainText().strip() or None))
        self.words.textChanged.connect(self._typing.start)
        layout.addWidget(self.words)
        for widget in (self._own_heading, self.pad, self._clear, self.words):
            widget.hide()

    def set_runs(self, runs: list[RunInfo], selected: Any) -> None:
        """Offers these runs."""
        titles = run_titles(runs)
        if [(title, path) for path, title in titles.items()] != self._offered:
            self._offered = [(title, path) for path, title in titles.items()]
            self.run.clear()
            for title, path in self._offered:
                self.run.addItem(title, path)
        self.run.setCurrentIndex(next((place for place, (_, path) in enumerate(self._offered) if path == selected), -1))
        self.run.setToolTip(self.run.currentText())

    def forget(self) -> None:
        """Lets go of the model: another project is open."""
        self._model, self._rows = None, np.zeros(0, dtype=np.int64)
        self.set_own([], "")
        self.prediction.clear()
        for words in (self.step, self._text, self._beside):
            words.setText("")
        for picture in (self._picture, self._thumb):
            picture.set_image(None)
        own = (self._own_heading, self.pad, self._clear, self.words)
        for widget in (self._unknown, self._shown, self._thumb, self._beside, self._prediction_heading, *own):
            widget.hide()
        self._filling = True
        self.place.setRange(1, 1)
        self.place.setSuffix("")
        self._filling = False
        self._name_row()

    def set_own(self, strokes: Sequence[Any], words: str) -> None:
        """Shows a drawing and a text without asking about them."""
        self.pad.strokes = [list(stroke) for stroke in strokes]
        self.pad.update()
        self.words.blockSignals(True)
        self.words.setPlainText(words)
        self.words.blockSignals(False)

    def asked(self) -> Asked:
        """Returns what a person set, for a rebuild."""
        if self._model is None and self._asked is not None:
            return self._asked
        strokes = tuple(tuple(stroke) for stroke in self.pad.strokes)
        return Asked(self.split.currentData(), self.row, strokes, self.words.toPlainText())

    def restore(self, asked: Asked) -> None:
        """Takes it again: the drawing at once, the row as soon as the model is there. Asks nothing."""
        self.set_own(asked.strokes, asked.words)
        self._asked = asked

    @property
    def takes_text(self) -> bool:
        """Whether the model reads text that can be typed."""
        return self._kind == FieldKind.TEXT

    def set_model(self, model: Model) -> None:
        """Takes the model: its splits, and what can be given to it by hand."""
        fresh = self._model is None or self._model.prepared is not model.prepared
        self._model = model
        step = f"{model.step:,}"
        self.step.setText(tr("live, step {step}", step=step) if model.live else tr("best checkpoint, step {step}", step=step))
        if not fresh:
            return
        asked, self._asked = self._asked, None
        self.pad.blockSignals(asked is not None)
        self._offer_own(model)
        self.pad.blockSignals(False)
        self._fill_places(keep=True)
        if asked is not None and not self._choose(asked.row):
            self.split.setCurrentIndex(max(0, self.split.findData(asked.split)))
            self._fill_places()
        self._name_row()

    def _offer_own(self, model: Model) -> None:
        spec = model.model.plan.inputs[0] if len(model.model.plan.inputs) == 1 else None
        kind = model.prepared.preprocessors[spec.field].kind if spec is not None else None
        self._kind = kind
        image = kind == FieldKind.IMAGE
        grey = image and model.prepared.preprocessors[spec.field].channels == 1  # type: ignore[union-attr]
        if image:
            pre = model.prepared.preprocessors[spec.field]  # type: ignore[union-attr]
            self.pad.set_size(pre.height, pre.width)
        self._own_heading.setText(tr("Or draw one yourself") if grey else tr("Or type one yourself"))
        self._own_heading.setVisible(bool(grey) or kind == FieldKind.TEXT)
        self.pad.setVisible(bool(grey))
        self._clear.setVisible(bool(grey))
        self._thumb.setVisible(bool(grey))
        self.words.setVisible(kind == FieldKind.TEXT)

    def _fill_places(self, *, keep: bool = False) -> None:
        if self._model is None:
            return
        self._filling = True
        self._rows = self._model.prepared.splits[self.split.currentData()]
        self.place.setRange(1, max(len(self._rows), 1))
        self.place.setSuffix(tr(" of {count}", count=f"{len(self._rows):,}"))
        if not keep:
            self.place.setValue(1)
        self._filling = False

    def _take_split(self, _index: int) -> None:
        self._fill_places()
        self._take_place(0)

    def _name_row(self) -> None:
        """Says which row of the data it is, by the number that the Data page shows."""
        self._row_heading.setText(tr("Row {row}", row=f"{self.row:,}") if self.row >= 0 else tr("Row"))

    def _take_place(self, _place: int) -> None:
        self._name_row()
        if not self._filling and self.row >= 0:
            self.row_chosen.emit(self.row)

    @property
    def row(self) -> int:
        """The dataset row that is chosen, or -1."""
        place = self.place.value() - 1
        return int(self._rows[place]) if 0 <= place < len(self._rows) else -1

    def go_to(self, row: int) -> bool:
        """Chooses a dataset row and asks about it; says whether it is in a split."""
        there = self._choose(row)
        if there:
            self.row_chosen.emit(row)
        return there

    def _choose(self, row: int) -> bool:
        if self._model is None or row < 0:
            return False
        for number, name in enumerate(SPLITS):
            found = np.flatnonzero(self._model.prepared.splits[name] == row)
            if len(found):
                self.split.setCurrentIndex(number)
                self._fill_places()
                self._filling = True
                self.place.setValue(int(found[0]) + 1)
                self._filling = False
                self._name_row()
                return True
        return False

    def show_answer(self, answer: Answer) -> None:
        """Shows the input as the model sees it and the prediction."""
        if answer.image is not None:
            self._picture.set_image(answer.image)
            self._picture.setFixedSize(fitted(answer.image.shape[1], answer.image.shape[0], PICTURE_PX))
            self._thumb.set_image(answer.image)
            self._shown.setCurrentIndex(0)
        else:
            self._text.setText(answer.text)
            self._shown.setCurrentIndex(1)
        self._beside.setText(answer.text)
        self._beside.setVisible(answer.image is not None and bool(answer.text) and not isinstance(answer.outcome, Spelt))
        self._shown.setVisible(answer.image is None or self._thumb.isHidden())
        self._unknown.setText(unknown_words(answer))
        self._unknown.setVisible(bool(self._unknown.text()))
        self._shown.setFixedHeight(self._picture.height() if answer.image is not None else max(self._text.sizeHint().height(), 40))
        self._show_prediction(answer)

    def _show_prediction(self, answer: Answer) -> None:
        outcome = answer.outcome
        told, right = outcome_words(outcome)
        bars = not isinstance(outcome, (Told, Rebuilt)) and not (isinstance(outcome, Spelt) and not answer.continues)
        title = tr("Share of the picture") if isinstance(outcome, Painted) else tr("What comes next") if answer.continues else tr("Prediction")
        self._prediction_heading.setText(title)
        shares = outcome.shares if isinstance(outcome, Painted) else answer.probabilities
        self._prediction_heading.setVisible(bars or bool(told))
        self.prediction.clear()
        if bars:
            self.prediction.show_shares(shares, answer.labels, answer.target, answer.truth)
        self.prediction.show_words(told, right)


def outcome_words(outcome: Outcome | None) -> tuple[str, bool | None]:
    """Returns what the model said in words, and whether it is right; "" where bars and pictures say it, None where right is no yes or no."""
    if isinstance(outcome, Told):
        value = f"{outcome.value:.4g} {outcome.unit}".strip()
        if outcome.truth is None:
            return tr("It says {value}.", value=value), None
        return tr("It says {value}; right is {truth}.", value=value, truth=f"{outcome.truth:.4g} {outcome.unit}".strip()), None
    if isinstance(outcome, Spelt):
        written = outcome.text or tr("nothing")
        if not outcome.truth:
            return tr("It writes: {text}", text=written), None
        if outcome.text == outcome.truth:
            return tr("Right: it writes {text}", text=written), True
        return tr("It writes: {text}\nRight is: {truth}", text=written, truth=outcome.truth), False
    return "", None


def unknown_words(answer: Answer) -> str:
    """Returns a sentence about the words of a text that were never seen in training; "" where there are none."""
    unknown, count = sum(answer.unknown), len(answer.unknown)
    if not unknown:
        return ""
    if count == 1:
        return tr("This word was never seen in training: the answer says little about it.")
    if unknown == count:
        return tr("None of the {count} words was ever seen in training: the answer says little about them.", count=count)
    if unknown == 1:
        return tr("1 of {count} words was never seen in training.", count=count)
    return tr("{unknown} of {count} words were never seen in training.", unknown=unknown, count=count)
