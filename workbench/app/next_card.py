"""And now? When a run has ended: how good it is against guessing, where it errs, and what to do next as buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import run_job
from workbench.app.language import say_error, tr
from workbench.app.widgets.basic import button, quiet
from workbench.app.widgets.image_view import ImageView
from workbench.app.wording import number, percent

if TYPE_CHECKING:
    from workbench.app.window import Window
    from workbench.project.runs import RunFolder

WIDTH_PX = 380
MARGIN_PX = 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is worth saying about a finished run.

    Attributes:
        split: Which rows were looked at.
        rows: How many.
        metric: The tag of the main figure, `accuracy/test` or a loss.
        value: The figure.
        chance: What guessing would give, where known.
        confusion: True class, predicted class, how often; None where nothing was mistaken or the target is a number.
        row: The dataset index of the row it was most wrong about.
        truth, answer: What that row is and what the model said.
        confidence: How sure it was.
        wrong: Whether that row was predicted wrong at all.
    """

    split: str
    rows: int
    metric: str
    value: float
    chance: float | None
    confusion: tuple[str, str, int] | None
    row: int
    truth: str
    answer: str
    confidence: float
    wrong: bool


def outcome_of(run: RunFolder, chance: float | None) -> Outcome:
    """Evaluates the best checkpoint of a run on the test rows, or the validation rows where there are none. Takes seconds; no widgets."""
    from workbench.errors import DataError
    from workbench.training.evaluate import evaluate

    try:
        found = evaluate(run, "test")
    except DataError:
        found = evaluate(run, "validation")
    return _outcome(found, chance)


def _outcome(found: Any, chance: float | None) -> Outcome:
    metric = next((tag for tag in found.metrics if tag.startswith("accuracy")), next(iter(found.metrics)))
    confusions = [item for item in found.worst_confusions(1) if item[2]] if found.confusion is not None else []
    mistakes = found.confident_mistakes(1)
    place = int(mistakes[0] if len(mistakes) else found.worst(1)[0])
    plain = found.confusion is not None or bool((found.targets != 1).any())  # ones stand for answers of more than one number
    truth, answer = (_class_or_number(found, values[place]) if plain else "" for values in (found.targets, found.predictions))
    wrong = bool(len(mistakes)) or found.confusion is None
    return Outcome(
        str(found.split), len(found.rows), metric, float(found.metrics[metric]), chance if metric.startswith("accuracy") else None,
        confusions[0] if confusions else None, int(found.rows[place]), truth, answer, float(found.confidences[place]), wrong,
    )


def _class_or_number(found: Any, value: Any) -> str:
    return str(found.categories[int(value)]) if found.categories else number(float(value))


def score_sentence(outcome: Outcome) -> str:
    """Says the figure, and what guessing would give."""
    if not outcome.metric.startswith("accuracy"):
        return tr("Loss {value} on {rows} rows it never saw.", value=number(outcome.value), rows=number(outcome.rows))
    told = tr("{share} right on {rows} rows it never saw.", share=percent(outcome.value), rows=number(outcome.rows))
    return f"{told} {tr('Guessing gives {share}.', share=percent(outcome.chance))}" if outcome.chance is not None else told


def mistake_sentences(outcome: Outcome) -> list[str]:
    """Says the worst confusion and the row it was most wrong about."""
    lines = []
    if outcome.confusion is not None:
        taken, mistaken, count = outcome.confusion
        lines.append(tr("Most often it takes {truth} for {answer} ({count} ×).", truth=taken, answer=mistaken, count=count))
    if not outcome.wrong:
        return [tr("Not one of them was wrong. Row {row} was the hardest.", row=number(outcome.row))]
    row, truth, answer = number(outcome.row), outcome.truth, outcome.answer
    if not outcome.truth:
        return [*lines, tr("Worst on row {row}.", row=row)]
    if not outcome.confidence:
        return [*lines, tr("Most wrong about row {row}: it is {truth}, the model said {answer}.", row=row, truth=truth, answer=answer)]
    share = percent(outcome.confidence)
    told = tr("Most wrong about row {row}: it is {truth}, the model said {answer} ({share}).", row=row, truth=truth, answer=answer, share=share)
    return [*lines, told]


class NextCard(QFrame):
    """Floats above the run bar until it is closed, another page is shown or another run begins.

    Signals:
        filled: The figures are there.
    """

    filled = Signal()

    def __init__(self, window: Window, run: RunFolder, chance: float | None) -> None:
        super().__init__(window)
        self.setObjectName("next")
        theme.mark(self, "popup")
        self.setFixedWidth(WIDTH_PX)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 4)
        shadow.setColor(QColor(0, 0, 0, 60))
        self.setGraphicsEffect(shadow)
        self._window, self._run_path, self._page = window, run.path, window.current_page
        self.outcome: Outcome | None = None
        self._error: Exception | None = None
        self._content: QWidget | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        self._tell()
        self.job = run_job(self, lambda _progress, _cancelled: outcome_of(run, chance), self.fill, self._failed)
        window.installEventFilter(self)
        window.page_changed.connect(self._page_shown)
        window.rebuilt.connect(self._tell)
        window.session.trainer.state_changed.connect(self._look)

    def fill(self, outcome: Outcome) -> None:
        """Shows what was found."""
        self.outcome = outcome
        self._tell()
        self.filled.emit()

    def _failed(self, error: Exception) -> None:
        self._error = error
        self._tell()

    def _tell(self) -> None:
        """Says everything anew, in the language in use."""
        if self._content is not None:
            self._content.hide()
            self._content.deleteLater()
        self.setAccessibleName(tr("And now?"))
        self._content = QWidget(self)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_8)
        column.addLayout(self._head())
        if self.outcome is not None:
            self._add_outcome(column, self.outcome)
        else:
            column.addWidget(quiet(say_error(self._error) if self._error is not None else tr("Looking at the rows it never saw…")))
        self.layout().addWidget(self._content)
        self._content.show()
        # The new labels count in the layout only once they are shown, which Qt does with the next event.
        QTimer.singleShot(0, self, self.place)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        title = QLabel(tr("And now?"))
        theme.mark(title, "subject")
        close = button("next.close", "✕", self.close_card, kind="plain", tip=tr("Close"))
        close.setAccessibleName(tr("Close"))
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(close)
        return row

    def _add_outcome(self, column: QVBoxLayout, outcome: Outcome) -> None:
        score = quiet(score_sentence(outcome))
        theme.mark(score, "")
        column.addWidget(score)
        middle = QHBoxLayout()
        picture = self._picture(outcome)
        if picture is not None:
            middle.addWidget(picture)
        middle.addWidget(quiet("\n".join(mistake_sentences(outcome))), 1)
        column.addLayout(middle)
        column.addLayout(self._buttons(outcome))

    def _picture(self, outcome: Outcome) -> ImageView | None:
        dataset = self._window.session.dataset
        field = next((item for item in dataset.fields if item.kind == "image"), None) if dataset is not None else None
        if dataset is None or field is None:
            return None
        import numpy as np

        view = ImageView("next.picture", self, side=72, label=tr("The row it was most wrong about"))
        view.set_image(np.asarray(dataset.column(field.name, np.array([outcome.row]))[0]))
        return view

    def _buttons(self, outcome: Outcome) -> QVBoxLayout:
        rows = (
            ("next.row", tr("Ask why about this row"), lambda: self._ask(outcome.row), "fix"),
            ("next.own", tr("Try your own input"), lambda: self._go("inspect"), ""),
            ("next.export", tr("Export it, verified"), lambda: self._go("deploy"), ""),
        )
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_4)
        for name, label, slot, kind in rows:
            column.addWidget(button(name, label, slot, kind=kind))
        return column

    def _ask(self, row: int) -> None:
        self._go("inspect")
        self._window.session.row_wanted.emit(row)

    def _go(self, page: str) -> None:
        self._window.session.select_run(self._run_path)
        self._window.show_page(page)
        self.close_card()

    def _page_shown(self, name: str) -> None:
        if name != self._page:
            self.close_card()

    def _look(self) -> None:
        if self._window.session.trainer.running:
            self.close_card()

    def close_card(self) -> None:
        """Takes the card away."""
        self.job.cancel()
        self._window.removeEventFilter(self)
        if self.isAncestorOf(self._window.focusWidget() or self):
            self._window.stack.setFocus()
        self.hide()
        self.deleteLater()

    def place(self) -> None:
        """Stands at the lower right, above the run bar."""
        layout = self.layout()
        layout.activate()
        self.setFixedHeight(layout.totalHeightForWidth(WIDTH_PX))
        corner = QPoint(self._window.width() - self.width() - MARGIN_PX, self._window.height() - self.height() - MARGIN_PX - 40)
        self.move(corner)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False


def show_next_card(window: Window) -> NextCard | None:
    """Shows the card for the run that has just ended, where it left a checkpoint."""
    trainer = window.session.trainer
    if trainer.run is None or trainer.run.best() is None:
        return None
    card = NextCard(window, trainer.run, trainer.started.chance if trainer.started else None)
    card.place()
    card.show()
    return card
