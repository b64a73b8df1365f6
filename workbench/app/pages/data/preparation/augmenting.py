"""The part about augmentation: what varies the training rows, in order, and beside it what that does to rows of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.data.playing import Player, can_play
from workbench.app.pages.data.preparation.chosen import ChosenList
from workbench.app.pages.data.preparation.drawing import BATCH, FEW, ROW, Drawing, drawn
from workbench.app.pages.data.preparation.entry_search import EntrySearch
from workbench.app.pages.data.preparation.preview import Preview
from workbench.app.pages.data.preparation.section import Latest, Same, Section, Shown, Sides
from workbench.app.widgets import Heading, button, quiet
from workbench.data.base import FieldKind
from workbench.project.feeding import find_field, input_fields, target_fields

if TYPE_CHECKING:
    from workbench.data.augmentation import Augmentation
    from workbench.project.project import Choice

DRAWS, WIDE_DRAWS, MORE_DRAWS, FEW_ROWS = 4, 6, 8, 6


class AugmentationSection(Section):
    """The list of augmentations and the preview.

    Signals:
        row_wanted: Another row (dataset index) that should be looked at.
    """

    row_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("augmentation", tr("Augmentation"), parent)
        self._step, self._key = 0, None
        self._proposed: tuple[Choice, ...] | None = None
        self.suggest = button("data.preparation.augmentation.suggest", tr("Suggest"), self.propose,
                              tip=tr("Choose what suits this data and keeps its answers true"), parent=self)
        self.add_control(self.suggest)
        self.suggest.hide()
        self.list = ChosenList("data.preparation.augmentation.list", self.inside)
        self.list.edited.connect(self._take)
        self.content.addWidget(Sides(self._left(), self._right(), self.inside))
        self._drawing = Latest(self, self._show_drawing, self._miss)
        self.unfolded.connect(lambda: self.suggest.setVisible(True))

    def _left(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(self.list)
        self.add = button("data.preparation.augmentation.add", tr("Add..."), self.search, tip=tr("Choose one more way to vary training rows"),
                          parent=side)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.nothing = quiet(tr("No augmentation fits all that the drawing reads here."), side)
        layout.addWidget(self.nothing)
        self.why = quiet("", side)
        self.why.setObjectName("data.preparation.augmentation.why")
        layout.addWidget(self.why)
        layout.addWidget(quiet(tr("Only training rows are varied, another way in every epoch; validation and test rows never are."), side))
        return side

    def _right(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(self._controls(side))
        self.preview = Preview(side)
        self.player = Player(side)
        self.player.setObjectName("data.preparation.preview.player")
        self.preview.pictures.heard.connect(self._hear)
        self._words = quiet("", side)
        self._words.setObjectName("data.preparation.preview.words")
        for widget in (self.preview, self.player, self._words):
            layout.addWidget(widget)
        layout.addStretch(1)
        return side

    def _controls(self, side: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.mode = QComboBox(side)
        self.mode.setObjectName("data.preparation.preview.rows")
        self.mode.setAccessibleName(tr("Rows of the preview"))
        self.mode.setToolTip(tr("Which rows are shown before and after"))
        for words, name in ((tr("This row"), ROW), (tr("{count} rows of the grid", count=FEW_ROWS), FEW), (tr("A batch as training sees it"), BATCH)):
            self.mode.addItem(words, name)
        self.mode.activated.connect(lambda _index: self._show_mode())
        self.again = button("data.preparation.preview.again", tr("Another draw"), self.draw_again, tip=tr("Draw the next steps of training"),
                            parent=side)
        self.mode.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.mode.setMinimumContentsLength(10)
        name = "data.preparation.preview"
        self.before = button(f"{name}.before", "‹", lambda: self.step(-1), kind="plain", tip=tr("The training row before"), parent=side)
        self.next = button(f"{name}.next", "›", lambda: self.step(1), kind="plain", tip=tr("The next training row"), parent=side)
        for step in (self.before, self.next):
            step.setAccessibleName(step.toolTip())
            step.setFixedWidth(26)
        row.addWidget(Heading(tr("Preview"), side))
        row.addWidget(self.before)
        row.addWidget(self.next)
        row.addWidget(self.mode, 1)
        row.addWidget(self.again)
        return row

    def concerns(self, shown: Shown) -> bool:
        return bool(input_fields(shown.project))

    def summarise(self, shown: Shown) -> None:
        choices = shown.project.data.augmentation
        on = sum(bool(choice.params.get("active", True)) for choice in choices)
        names = ", ".join(title_of(choice) for choice in choices if choice.params.get("active", True))
        self.set_facts(names if on else tr("{count} switched off", count=len(choices)) if choices else tr("none"))

    def refresh(self, shown: Shown) -> None:
        choices = shown.project.data.augmentation
        self.list.show_choices(choices, self._inputs)
        fits = bool(self._fitting())
        self.add.setVisible(fits)
        self.preview.parentWidget().setVisible(fits or bool(choices))
        self.nothing.setVisible(not fits)
        self.suggest.show()
        self.why.setVisible(self._proposed is not None and self._proposed == choices)
        prepared = shown.prepared
        key = (Same(prepared), choices, shown.row, shown.few.tobytes(), shown.project.recipe.seed, shown.project.recipe.batch_size,
               shown.project.data.balance)
        if self._key is None or key != self._key:
            self._key = key
            self._ask()

    def _kinds(self) -> dict[str, FieldKind]:
        assert self.shown is not None
        names = [*input_fields(self.shown.project), *target_fields(self.shown.project)]
        found = {name: find_field(self.shown.dataset, name) for name in names}
        return {name: field.kind for name, field in found.items() if field is not None}

    def _fitting(self) -> list[Augmentation]:
        from workbench.data.augmentation.augmenter import fitting

        if self.shown is None:
            return []
        kinds, project = self._kinds(), self.shown.project
        return fitting(kinds, [name for name in input_fields(project) if name in kinds], target_fields(project))

    def _inputs(self, entry: Augmentation) -> Sequence[str]:
        kinds = self._kinds()
        assert self.shown is not None
        return [name for name in input_fields(self.shown.project) if kinds.get(name) in entry.kinds]

    def search(self) -> None:
        """Opens the list of augmentations that fit this data."""
        popup = EntrySearch("data.preparation.augmentation.search", tr("Add an augmentation"), self._fitting(), self)
        popup.chosen.connect(self.put)
        popup.open_at(self.add.mapToGlobal(QPoint(0, self.add.height() + 2)))

    def put(self, name: str) -> None:
        """Adds an augmentation with its usual parameters."""
        from workbench.project.project import Choice

        self.list.add(Choice(name))

    def propose(self) -> None:
        """Puts what suits this data in the place of what is chosen, and says why."""
        from workbench.project.augmenting import propose_augmentation

        if self.shown is None:
            return
        self.open()
        proposal = propose_augmentation(self.shown.project, self.shown.dataset)
        self.why.setText("\n".join(say(reason) for reason in proposal.reasons))
        self._proposed = proposal.choices
        self.shown.edit_data(tr("Take the suggested augmentation"), augmentation=proposal.choices)
        self.why.setVisible(True)

    def _take(self, label: str, choices: Any, key: str) -> None:
        if self.shown is not None:
            self.shown.edit_data(label, key, augmentation=choices)

    def draw_again(self) -> None:
        """Draws the next steps."""
        self._step += 1 if self.mode.currentData() == BATCH else self._draws
        self._ask()

    def step(self, by: int) -> None:
        """Goes to the next training row of the grid, or to the one before."""
        shown = self.shown
        if shown is None or not len(shown.order):
            return
        places = np.flatnonzero(shown.rows.splits[shown.order] == 0)
        here = np.flatnonzero(shown.order == shown.row)
        at = int(here[0]) if len(here) else -1
        after = places[places > at][:1] if by > 0 else places[places < at][-1:]
        if len(after):
            self.row_wanted.emit(int(shown.order[after[0]]))

    @property
    def _draws(self) -> int:
        rows = self.shown.rows if self.shown is not None else None
        if self.mode.currentData() == FEW and rows is not None and (rows.curves or not rows.pictures):
            return DRAWS // 2
        if self.mode.currentData() != ROW or rows is None or not rows.pictures:
            return DRAWS
        return WIDE_DRAWS if rows.curves else MORE_DRAWS

    def _show_mode(self) -> None:
        for step in (self.before, self.next):
            step.setVisible(self.mode.currentData() == ROW)
        self._ask()

    def _ask(self) -> None:
        shown = self.shown
        if shown is None or shown.prepared is None:
            self._words.setText(tr("The data is being prepared."))
            return
        varied = any(choice.params.get("active", True) for choice in shown.project.data.augmentation)
        project, rows, row, few = shown.project, shown.rows, shown.row, shown.few[:FEW_ROWS]
        mode, step, draws, dark = self.mode.currentData(), self._step, self._draws if varied else 0, theme.current().dark
        self._drawing.ask(lambda _progress, _cancelled: drawn(rows, project, mode, row, few, step, draws, dark))

    def _show_drawing(self, drawing: Drawing) -> None:
        self.preview.show_drawing(drawing)
        sound = bool(drawing.lines) and drawing.lines[0].before.samples is not None
        self.player.setVisible(sound and can_play())
        if sound:
            self.player.take(drawing.lines[0].after[0].samples if drawing.lines[0].after else drawing.lines[0].before.samples, drawing.rate)
        self._words.setText(" ".join(part for part in (self._said(drawing), drawing.remark) if part))

    def _said(self, drawing: Drawing) -> str:
        draws = len(drawing.lines[0].after) if drawing.lines else 0
        if not draws:
            return tr("Nothing is varied: rows go into the model as they are.")
        if self.mode.currentData() == BATCH:
            return tr("The first rows of the batch of step {step}, seed {seed}: bit by bit what the model learns from.", step=f"{drawing.step:,}",
                      seed=drawing.seed)
        return tr("Steps {first} to {last} of training, seed {seed}.", first=f"{drawing.step:,}", last=f"{drawing.step + draws - 1:,}",
                  seed=drawing.seed)

    def _hear(self, samples: Any) -> None:
        if self.preview.drawing is not None:
            self.player.take(samples, self.preview.drawing.rate)
            self.player.play()

    def _miss(self, words: str) -> None:
        self._words.setText(words)


def title_of(choice: Choice) -> str:
    """Returns what people call an augmentation."""
    from workbench.data.augmentation import AUGMENTATIONS

    entry = AUGMENTATIONS.get(choice.name)
    return say(entry.label) if entry is not None else choice.name


