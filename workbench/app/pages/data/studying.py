"""Labels that are probably wrong: what studies found, what the selected run contradicts, and how far a study under way is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.studies.runner import stage_words, studies_of
from workbench.app.widgets import Bar, button, small
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.verdicts import Verdicts
    from workbench.app.session import Session
    from workbench.data.base import DataProblem

BAR_PX = 120
ONLY_UNSEEN = Text(
    "Judged were only the {count} rows of validation and test, which the run {run} was not trained on. Cross-validation judges all rows."
)


class Studying(QObject):
    """What the Data page knows from studies and from the selected run.

    Signals:
        changed: There are other findings now.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._studies = studies_of(session)
        self._quick: tuple[object, DataProblem | None] = (None, None)
        self._studies.answers_changed.connect(self.changed)
        self._studies.ended.connect(lambda _study: self.changed.emit())

    def problems(self, rows: Rows | None) -> list[DataProblem]:
        """Returns the labels that models doubt which had not seen them: of all rows after a cross-validation, else of those a run has not seen."""
        folds = [found for item in self._studies.answers() for found in item.problems]
        studied = any(item.record.kind == "folds" for item in self._studies.answers())
        if studied or rows is None or rows.verdicts is None:
            return folds
        key = (id(rows.dataset), id(rows.verdicts))
        if self._quick[0] != key:
            self._quick = (key, doubted(rows, rows.verdicts))
        return [self._quick[1]] if self._quick[1] is not None else []


def doubted(rows: Rows, verdicts: Verdicts) -> DataProblem | None:
    """Returns the labels that a run contradicts, among the rows that it was not trained on.

    Args:
        rows: The rows as they are labelled now.
        verdicts: What the run says about them.
    """
    from workbench.data.findings.labels import mislabelled

    field, unseen, labels = rows.label, verdicts.unseen, rows.labels
    if field is None or unseen is None or labels is None or field.categories[: len(verdicts.names)] != verdicts.names:
        return None
    out = rows.dataset.left_out()
    places, shares = unseen
    kept = np.ones(len(places), dtype=bool) if out is None else ~np.isin(places, out)
    places, shares = places[kept], shares[kept]
    problem = mislabelled(rows.dataset, field.name, places, shares, np.asarray(labels)[places])
    if problem is None:
        return None
    only = Text(ONLY_UNSEEN.template, count=f"{len(places):,}", run=verdicts.name)
    return replace(problem, reason=Text("{reason} {only}", reason=problem.reason, only=only))


def comparison_link(name: str, change: str, parent: QWidget) -> QPushButton:
    """Returns a button that asks whether one thing helps, by runs with and without it.

    Args:
        name: `page.panel.control`.
        change: What is left away (`augmentation`, `made-rows`), or `balance` for what is done about rare classes.
        parent: A widget of the window.
    """

    def ask() -> None:
        from workbench.app.window import window_of

        window = window_of(parent)
        if window is not None:
            window.studying.ask("paired", change)

    return button(name, tr("Does it help?"), ask, kind="link", tip=tr("Train with and without it, several times, and compare"), parent=parent)


class StudyPanel(QWidget):
    """The way to a cross-validation, and how far a study under way is."""

    def __init__(self, session: Session, ask: Callable[[], object], parent: QWidget | None = None) -> None:
        """Makes the panel.

        Args:
            session: The open project.
            ask: Opens the dialog of studies.
            parent: The owner.
        """
        super().__init__(parent)
        self.setObjectName("data.study")
        self._studies = studies_of(session)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self.bar, self.stage = Bar(self, height=4), small("")
        self.bar.setFixedWidth(BAR_PX)
        self.stage.setObjectName("data.study.stage")
        self.stop = button("data.study.stop", tr("Stop"), self._studies.stop, kind="link",
                           tip=tr("End after the step in progress; it can go on later"))
        self.ask = button("data.study.ask", tr("Find wrong labels..."), ask, kind="link",
                          tip=tr("Cross-validate: judge every row by a model that has not seen it"))
        for widget in (self.stage, self.bar, self.stop, self.ask):
            layout.addWidget(widget)
        self._studies.changed.connect(self.look)
        self.look()

    def look(self) -> None:
        """Shows how far the study is."""
        running = self._studies.running
        for widget in (self.stop, self.bar, self.stage):
            widget.setVisible(running)
        if running:
            words = stage_words(self._studies)
            self.bar.set_value(self._studies.share, track=True, text=words)
            self.stage.setText(words)


__all__ = ["ONLY_UNSEEN", "StudyPanel", "Studying", "comparison_link", "doubted"]
