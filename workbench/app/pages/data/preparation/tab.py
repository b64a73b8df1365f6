"""The tab Preparation: parts that fold, one below the other, over the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, say_error, tr
from workbench.app.pages.data.preparation.section import Section, Shown
from workbench.app.pages.data.studying import comparison_link
from workbench.app.strip import FindingRow, FindingStrip, Remedy

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.session import Session

_ABOUT_DATA = ("input.", "output.", "objective.", "positions.", "data.")
FEW_ROWS = 6


class Preparation(QScrollArea):
    """What a person decides about the preparation of data. Its parts are made when it is first shown.

    Signals:
        row_wanted: Another row (dataset index) that the cursor should go to.
    """

    row_wanted = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation")
        self.setAccessibleName(tr("Preparation"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._session = session
        self.sections: dict[str, Section] = {}
        self._opened: tuple[str, ...] | None = None
        self._inside = QWidget()
        self._layout = QVBoxLayout(self._inside)
        self._layout.setContentsMargins(0, 0, theme.SPACE_8, theme.SPACE_8)
        self._layout.setSpacing(theme.SPACE_12)
        self.setWidget(self._inside)
        session.changed.connect(lambda _old, _new: self._refresh())
        session.opening.failed.connect(lambda error: self._say_wrong(say_error(error)))
        session.opening.opened.connect(lambda _anew: self._say_wrong(""))
        session.opening.changed.connect(self._refresh)
        self._shown: Shown | None = None

    def _build(self, rows: Rows) -> None:
        from workbench.app.pages.data.preparation.augmenting import AugmentationSection
        from workbench.app.pages.data.preparation.balancing import BalanceSection
        from workbench.app.pages.data.preparation.fields import FieldsSection
        from workbench.app.pages.data.preparation.made import MadeSection
        from workbench.app.pages.data.preparation.reading import ReadingSection
        from workbench.app.pages.data.preparation.splitting import SplitSection
        from workbench.app.pages.data.preparation.tokens import TextSection

        self._strip = FindingStrip("data.preparation.problems", self._inside)
        self._layout.addWidget(self._strip)
        kinds: tuple[type[Section], ...] = (
            ReadingSection, FieldsSection, TextSection, SplitSection, BalanceSection, AugmentationSection, MadeSection,
        )
        made: list[Section] = [kind(self._inside) for kind in kinds]  # type: ignore[call-arg,arg-type]
        made[5].row_wanted.connect(self.row_wanted)  # type: ignore[attr-defined]
        self.sections = {section.name: section for section in made}
        self._questions = {
            name: comparison_link(f"data.preparation.{name}.compare", change, self) for name, change in
            (("balance", "balance"), ("augmentation", "augmentation"), ("made", "made-rows"))
        }
        for name, link in self._questions.items():
            self.sections[name].add_control(link)
        for section in made:
            self._layout.addWidget(section)
        self._layout.addStretch(1)
        for name in self._opened if self._opened is not None else self._usual(rows):
            if name in self.sections:
                self.sections[name].open()

    def _usual(self, rows: Rows) -> tuple[str, ...]:
        """Returns the parts that are open at first: those that matter most for this data."""
        from workbench.app.pages.data.preparation.field_facts import types_change

        if rows.lead is None or types_change(self._session.project, rows.dataset):
            return ("fields",)
        return ("text", "augmentation") if rows.lead.kind == "text" else ("augmentation",)

    def show_rows(self, rows: Rows, shown: np.ndarray, row: int) -> None:
        """Shows how some data is prepared.

        Args:
            rows: The data.
            shown: The rows of the grid (dataset indices).
            row: The row under the cursor, or -1.
        """
        if not self.sections:
            self._build(rows)
        order = np.asarray(shown, dtype=np.int64)
        training = order[rows.splits[order] == 0]
        self._shown = Shown(self._session, rows, row, (training if len(training) else order)[:FEW_ROWS], order)
        self._refresh()

    def _refresh(self) -> None:
        # An edit may bring other data: the page shows that a moment later.
        if self._shown is None or not self.isVisible() or self._session.dataset is not self._shown.dataset:
            return
        for section in self.sections.values():
            section.show_data(self._shown)
        data = self._session.project.data
        for name, there in (("balance", data.balance != "none"), ("augmentation", bool(data.augmentation)), ("made", bool(data.made))):
            self._questions[name].setVisible(there)
        self._strip.show_findings(self._findings())

    def _say_wrong(self, words: str) -> None:
        for section in self.sections.values():
            section.say_wrong(words)

    def _findings(self) -> list[FindingRow]:
        """Returns why the data cannot be prepared, and where the drawing does not fit it any more."""
        error = self._session.prepared_error
        if error is not None:
            return [FindingRow(tr("The data cannot be prepared like this."), say_error(error), "error")]
        found = []
        for problem in self._session.problems:
            if problem.kind.startswith(_ABOUT_DATA) and problem.severity == "error":
                fixes = [
                    Remedy(say(fix.label), lambda problem=problem, index=index: self._session.apply_fix(problem, index))
                    for index, fix in enumerate(problem.fixes[:2])
                ]
                found.append(FindingRow(say(problem.message), say(problem.reason), "error", remedies=tuple(fixes)))
        return found[:3]

    def open_section(self, name: str) -> Section | None:
        """Unfolds a part and brings it into view."""
        section = self.sections.get(name)
        if section is not None:
            section.open()
            self.ensureWidgetVisible(section.fold)
            section.fold.setFocus()
        return section

    def add_augmentation(self) -> None:
        """Opens the list of augmentations."""
        section = self.open_section("augmentation")
        if section is not None:
            section.search()  # type: ignore[attr-defined]

    def suggest_augmentation(self) -> None:
        """Chooses augmentations that suit the data."""
        section = self.open_section("augmentation")
        if section is not None:
            section.propose()  # type: ignore[attr-defined]

    def state(self) -> Any:
        """Returns which parts are open, for a rebuild."""
        return tuple(name for name, section in self.sections.items() if section.is_open) if self.sections else self._opened

    def restore(self, state: Any) -> None:
        """Takes the open parts again."""
        self._opened = state

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
