"""What is said above the rows about where they come from: progress, what was recognised, what is asked, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QMenu, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import language, say, say_own, tr
from workbench.app.pages.data.opening_questions import QuestionPanel
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.app.widgets import button
from workbench.app.wording import duration

if TYPE_CHECKING:
    from workbench.app.session import Session

SHOWN_AFTER_MS = 250
_SHARES = 1000
_MOST_NAMED = 4


class OpeningPanel(QFrame):
    """One strip above the rows; gone when there is nothing to say."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.opening")
        self.setAccessibleName(tr("Where the data comes from"))
        theme.mark(self, "column")
        self._session, self._opening = session, session.opening
        self._later = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._later.timeout.connect(self._show_progress)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._progress = self._progress_line()
        self.strip = FindingStrip("data.opening.told", self)
        self.questions = QuestionPanel(session, self)
        self.questions.hide()
        self.questions.closed.connect(self._fold)
        self._folded: object = None
        for widget in (self._progress, self.strip, self.questions):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._opening.changed.connect(self.show_state)
        self._opening.progressed.connect(self._take_progress)
        session.dataset_changed.connect(self.show_state)
        self.show_state()

    def _progress_line(self) -> QWidget:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        row.setSpacing(theme.SPACE_12)
        self.words, self.left = QLabel(line), QLabel(line)
        for label, name in ((self.words, "words"), (self.left, "left")):
            label.setObjectName(f"data.opening.{name}")
            label.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self.left, "quiet")
        self.bar = QProgressBar(line)
        self.bar.setObjectName("data.opening.bar")
        self.bar.setAccessibleName(tr("How much of the data is opened"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.cancel = button("data.opening.cancel", tr("Cancel"), self._opening.cancel, tip=tr("Leave the data as it was"))
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.left)
        row.addWidget(self.cancel)
        line.hide()
        return line

    def show_state(self) -> None:
        """Shows what there is to say now."""
        if self._opening.busy:
            if not self._later.isActive() and self._progress.isHidden():
                self._begin()
        else:
            self._later.stop()
            self._progress.hide()
        self._unfold()
        self.strip.show_findings(self._rows())
        self._fit()

    def _unfold(self) -> None:
        """Asks at once what cannot be told for certain; what was folded stays so."""
        opening = self._opening
        if self._session.dataset is None:
            self.questions.hide()
            return
        if opening.fresh and opening.unsure and opening.unsure != self._folded and self.questions.isHidden():
            self.questions.show()
        if not self.questions.isHidden():
            self.questions.show_asked()

    def _begin(self) -> None:
        self.words.setText(tr("The data is being prepared.") if self._session.preparing else tr("The data is being opened."))
        self.left.setText("")
        self.bar.setRange(0, 0)
        self._later.start()

    def _show_progress(self) -> None:
        self._progress.setVisible(self._opening.busy)
        self._fit()

    def _fit(self) -> None:
        self.setVisible(bool(self.strip.rows) or not self._progress.isHidden() or not self.questions.isHidden())

    def _take_progress(self, share: float, words: str, seconds: float | None) -> None:
        self.words.setText(words)
        self.bar.setRange(0, _SHARES if share >= 0 else 0)
        self.bar.setValue(round(share * _SHARES))
        self.left.setText(tr("{time} left", time=duration(seconds)) if seconds is not None else "")

    def _rows(self) -> list[FindingRow]:
        """Returns the lines: what is wrong with the source, what was recognised, what became of the drawing."""
        opening, found = self._opening, list[FindingRow]()
        if opening.busy and not opening.bringing and self._session.dataset is None:
            return found
        if self._session.dataset_error is not None:
            found.append(self._trouble())
        elif opening.changed_on_disk:
            found.append(self._changed())
        if self._session.dataset is not None and opening.fresh:
            found.append(self._told())
        return [*found, *self._drawing()]

    def _told(self) -> FindingRow:
        change = Remedy(tr("Change…"), self.ask, main=False, tip=tr("How it is read, and what is learned from it"))
        close = Remedy(tr("Close"), self._close, main=False)
        remedies = (change, close) if self.questions.isHidden() else (close,)
        between = "" if language().startswith("zh") else " "
        return FindingRow(between.join((self._opening.told, learned(self._session))).strip(), "", "good", remedies=remedies)

    def _close(self) -> None:
        self.questions.hide()
        self._opening.close()

    def _drawing(self) -> list[FindingRow]:
        opening = self._opening
        fixes = tuple(Remedy(say(fix.label), lambda fix=fix: opening.apply(fix), main=place == 0) for place, fix in enumerate(opening.fixes))
        fits = not fixes
        return [FindingRow(say(note), "", "good" if fits else "warning", remedies=fixes) for note in opening.notes[:1] if fixes or opening.fresh]

    def _changed(self) -> FindingRow:
        if self._opening.lost:
            return self._lost()
        message = tr("The data has changed on disk since it was read.")
        reason = tr("What you see and train on is what it was before.")
        return FindingRow(message, reason, "warning", remedies=(Remedy(tr("Read it again"), self._opening.again),))

    def _trouble(self) -> FindingRow:
        from workbench.app.pages.data.wording import sentence
        from workbench.data.progress import CancelledError

        error = self._session.dataset_error
        assert error is not None
        if self._opening.lost:
            return self._lost()
        again = Remedy(tr("Open it again"), self._opening.again, main=isinstance(error, CancelledError))
        return FindingRow(sentence(error), "", "error", remedies=(again,))

    def _lost(self) -> FindingRow:
        name, again = self._session.project.data.source, Remedy(tr("Open it again"), self._opening.again, main=False)
        where = Remedy(tr("Choose where it is now…"), self._choose_where, tip=tr("Everything that was chosen for this data stays"))
        message = tr("The data is no longer at {path}.", path=name)
        return FindingRow(message, tr("It was moved, renamed or deleted, or its drive is not there."), "error", remedies=(where, again))

    def _choose_where(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("data.opening.where")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("A file…"), lambda: self._moved(QFileDialog.getOpenFileName(self.window(), tr("Where the data is now"))[0]))
        menu.addAction(tr("A folder…"), lambda: self._moved(QFileDialog.getExistingDirectory(self.window(), tr("Where the data is now"))))
        menu.popup(self.mapToGlobal(self.rect().bottomRight()))

    def _moved(self, chosen: str) -> None:
        if chosen:
            self._opening.move_to(Path(chosen))

    def _fold(self) -> None:
        self._folded = self._opening.unsure
        self.show_state()

    def ask(self) -> None:
        """Unfolds how the data is read and what is learned from it."""
        if self._session.dataset is None:
            return
        self.questions.show_asked()
        self.questions.show()
        self.show_state()
        self.questions.take_focus()


def learned(session: Session) -> str:
    """Returns what the model learns from what, translated; "" where nothing is learned yet."""
    from workbench.project.feeding import find_field, input_fields, target_fields

    dataset, project = session.dataset, session.project
    if dataset is None or not project.objectives:
        return ""
    targets, inputs = target_fields(project), input_fields(project)
    fields = [(find_field(dataset, name), name) for name in (*targets[:1], *inputs[:_MOST_NAMED])]
    target, *names = [say_own(field.label or field.name) if field is not None else name for field, name in fields]
    from_what = ("、" if language().startswith("zh") else ", ").join(names)
    if targets[0] in inputs:
        learnt = fields[0][0]
        texts = learnt is not None and learnt.kind == "text"
        others = [name for name, read in zip(names, inputs, strict=False) if read != targets[0]]
        if texts and others:
            return tr("It learns to write {target} from {inputs}.", target=target, inputs=others[0])
        return tr("It learns to write {target}.", target=target) if texts else tr("It learns to draw {target} anew.", target=target)
    if len(inputs) > len(names):
        return tr("{target} is learned from {inputs} and {count} more.", target=target, inputs=from_what, count=len(inputs) - len(names))
    return tr("{target} is learned from {inputs}.", target=target, inputs=from_what)
