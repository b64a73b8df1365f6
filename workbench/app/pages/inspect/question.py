"""The left column of Inspect: which run, which row or own input, and what the model says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QSpinBox, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.prediction import PredictionPanel
from workbench.app.pages.train.run_words import run_titles
from workbench.app.widgets import Heading, ImageView, button, quiet
from workbench.app.widgets.drawing_pad import DrawingPad
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.inspect.analysis import Answer, Model
    from workbench.project.runs import RunInfo

TYPING_MS = 250
PICTURE_PX = 192
SPLITS = ("validation", "test", "train")


class RowSpin(QSpinBox):
    """The place of a row in its split, from 1; left and right arrows go through the rows, as down and up do."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.stepBy(step)
        else:
            super().keyPressEvent(event)


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
        layout.addWidget(Heading(tr("Row")))
        layout.addLayout(self._row_chooser())
        self._shown = QStackedWidget()
        self._picture = ImageView("inspect.question.picture", self, side=PICTURE_PX, label=tr("The row as it came"))
        self._text = quiet("")
        self._shown.addWidget(self._picture)
        self._shown.addWidget(self._text)
        layout.addWidget(self._shown)
        layout.addWidget(Heading(tr("Prediction")))
        self.prediction = PredictionPanel("inspect.prediction", self)
        self.prediction.target_wanted.connect(self.target_wanted)
        layout.addWidget(self.prediction)
        self._add_own(layout)
        layout.addStretch(1)

    def _row_chooser(self) -> QVBoxLayout:
        column, row = QVBoxLayout(), QHBoxLayout()
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
        column.addLayout(row)
        row.addWidget(self.place, 1)
        for name, text, tip, step in (("previous", "‹", tr("Previous row"), -1), ("next", "›", tr("Next row"), 1)):
            control = button(f"inspect.question.{name}", text, lambda step=step: self.place.stepBy(step), tip=tip)
            control.setAccessibleName(tip)
            control.setFixedWidth(30)
            row.addWidget(control)
        return column

    def _add_own(self, layout: QVBoxLayout) -> None:
        self._own_heading = Heading(tr("Or draw one yourself"))
        layout.addWidget(self._own_heading)
        self.pad = DrawingPad("inspect.question.pad", self, side=PICTURE_PX)
        self.pad.drawn.connect(self.given)
        layout.addWidget(self.pad)
        self._clear = button("inspect.question.clear", tr("Clear"), self.pad.clear, tip=tr("Empty the pad and go back to the row"))
        layout.addWidget(self._clear)
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
        self.pad.strokes = []
        self.pad.update()
        self.prediction.clear()

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
        if fresh:
            self._offer_own(model)
            self._fill_places(keep=True)

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

    def _take_place(self, _place: int) -> None:
        if not self._filling and self.row >= 0:
            self.row_chosen.emit(self.row)

    @property
    def row(self) -> int:
        """The dataset row that is chosen, or -1."""
        place = self.place.value() - 1
        return int(self._rows[place]) if 0 <= place < len(self._rows) else -1

    def go_to(self, row: int) -> bool:
        """Chooses a dataset row; says whether it is in a split."""
        if self._model is None:
            return False
        for number, name in enumerate(SPLITS):
            found = np.flatnonzero(self._model.prepared.splits[name] == row)
            if len(found):
                self.split.setCurrentIndex(number)
                self._fill_places()
                self._filling = True
                self.place.setValue(int(found[0]) + 1)
                self._filling = False
                self.row_chosen.emit(row)
                return True
        return False

    def show_answer(self, answer: Answer) -> None:
        """Shows the input as the model sees it and the prediction."""
        if answer.image is not None:
            self._picture.set_image(answer.image)
            self._shown.setCurrentIndex(0)
        else:
            self._text.setText(answer.text)
            self._shown.setCurrentIndex(1)
        self._shown.setFixedHeight(PICTURE_PX if answer.image is not None else max(self._text.sizeHint().height(), 40))
        self.prediction.show_shares(answer.probabilities, answer.labels, answer.target, answer.truth)
