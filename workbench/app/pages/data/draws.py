"""A row after augmentation: several seeded draws, made aside by the code that training uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr
from workbench.app.pages.data.curve_picture import drawn
from workbench.app.pages.data.preparation.drawing import unnormalised
from workbench.app.widgets import Heading, ImageView, button, quiet
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

DRAWS, COLUMNS, DELAY_MS, GAP = 8, 4, 150, 2


class Draws(QWidget):
    """The part of the side panel about augmentation; hidden where none is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.draws")
        self.choices: tuple[Any, ...] = ()
        self._rows: Rows | None = None
        self._row, self._seed = -1, 0
        self._job: Job | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._delay.timeout.connect(self._make)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self._picture = ImageView("data.draws.picture", self, label=tr("After augmentation"))
        self._picture.setFixedSize(240, 124)
        self._words = quiet("")
        more = button("data.draws.more", tr("Other draws"), self._again, kind="link", tip=tr("Draw with the next seed"))
        for widget in (Heading(tr("After augmentation")), self._picture, self._words, more):
            layout.addWidget(widget)

    def show_row(self, rows: Rows, row: int) -> None:
        """Shows draws of a row, a moment later."""
        self._rows, self._row = rows, row
        wanted = bool(self.choices) and rows.prepared is not None and rows.split_of(row) == "train"
        self.setVisible(wanted)
        if wanted:
            self._delay.start()

    def _again(self) -> None:
        self._seed += 1
        self._make()

    def _make(self) -> None:
        if self._rows is None or self._rows.prepared is None or not self.isVisible():
            return
        if self._job is not None and self._job.running:
            self._job.cancel()
        rows, row, choices, seed = self._rows, self._row, self.choices, self._seed
        self._job = run_job(self, lambda _progress, _cancelled: made(rows, row, choices, seed), self._take, self._miss)

    def _take(self, found: tuple[np.ndarray | None, list[str]]) -> None:
        picture, texts = found
        self._picture.setVisible(picture is not None)
        self._picture.set_image(picture)
        words = tr("{count} draws, seed {seed}", count=DRAWS, seed=self._seed)
        self._words.setText("\n\n".join([*texts, words]))

    def _miss(self, error: Exception) -> None:
        self._picture.hide()
        self._words.setText(say(getattr(error, "message", str(error))))


def made(rows: Rows, row: int, choices: tuple[Any, ...], seed: int) -> tuple[np.ndarray | None, list[str]]:
    """Returns the draws of a row as one picture, uint8 `(H, W, C)`, or as texts."""
    from workbench.data.augmentation.augmenter import preview

    prepared, lead = rows.prepared, rows.lead
    assert prepared is not None
    batches = preview(prepared, row, choices, DRAWS, seed)
    if lead is None or lead.name not in prepared.inputs:
        return None, []
    preprocessor: Any = prepared.preprocessors[lead.name]
    values = [batch.values[lead.name][0].cpu() for batch in batches]
    if lead.kind == FieldKind.TEXT:
        return None, [" ".join(preprocessor.words([int(number) for number in value if int(number)])) for value in values[:COLUMNS]]
    if lead.kind == FieldKind.IMAGE:
        pictures = [unnormalised(value.numpy(), preprocessor) for value in values]
    else:
        pictures = [drawn(value.numpy()) for value in values]
    return tiled(pictures), []


def tiled(pictures: list[np.ndarray]) -> np.ndarray:
    """Returns pictures of one size side by side, `COLUMNS` in a line, uint8 `(H, W, C)`."""
    height, width, channels = pictures[0].shape
    lines = -(-len(pictures) // COLUMNS)
    whole = np.full((lines * (height + GAP) - GAP, COLUMNS * (width + GAP) - GAP, channels), 128, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // COLUMNS * (height + GAP), index % COLUMNS * (width + GAP)
        whole[top:top + height, left:left + width] = picture
    return whole
