"""Questions that take several runs: wrong labels, label budget, one change; what happens when they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from workbench.app.strip import FindingRow, Remedy
from workbench.errors import WorkbenchError
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.app.studies.dialog import StudiesDialog
    from workbench.app.window import Window

ANSWERED = Text("A study has been answered.")


class StudyCommands(QObject):
    """What opens the dialog of studies, and says elsewhere that one has an answer."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._listening = False

    def find_wrong_labels(self) -> None:
        """Cross-validation."""
        self.ask("folds")

    def study_budget(self) -> None:
        """Whether more rows would help."""
        self.ask("budget")

    def compare_change(self) -> None:
        """Whether one change helps."""
        self.ask("paired")

    def ask(self, kind: str, change: str = "") -> StudiesDialog | None:
        """Opens the dialog at one kind of study; a window without a project shows how to get one.

        Args:
            kind: Of the study.
            change: What a comparison should leave away or take in, as in `PairedForm.choose`.
        """
        if not self._window.session.is_open:
            self._window.show_page("welcome")
            return None
        from workbench.app.studies.dialog import show_studies

        self.listen()
        dialog = show_studies(self._window, kind)
        if change:
            dialog.forms[kind].choose(change)
        return dialog

    def listen(self) -> None:
        """Says from now on when a study has been answered while nobody looks at it."""
        if not self._listening:
            from workbench.app.studies.runner import studies_of

            self._listening = True
            studies_of(self._window.session).ended.connect(self._say_ended)

    def _say_ended(self, study: Any) -> None:
        from workbench.app.studies.runner import studies_of

        studies, window = studies_of(self._window.session), self._window
        if studies.error is not None:
            window.say_error(studies.error)
        elif study is not None and window.isVisible() and not self._looking(studies.kind):
            remedy = Remedy(Text("Show the answer"), lambda: self.ask(studies.kind))
            window.notices.drop(ANSWERED)
            window.notices.add(FindingRow(_sentence(study), severity="good", remedies=(remedy,)))

    def _looking(self, kind: str) -> bool:
        from workbench.app.studies.dialog import StudiesDialog

        dialog = self._window.findChild(StudiesDialog)
        return dialog is not None and dialog.isVisible() and dialog.kind == kind

    def end(self) -> None:
        """Ends a study under way, with a checkpoint; it can go on later."""
        if self._listening:
            from workbench.app.studies.runner import studies_of

            studies_of(self._window.session).end()


def _sentence(study: Any) -> str:
    """Returns the first sentence of an answer."""
    from workbench.training.studies import STUDIES

    try:
        record = study.read()
        sentences = STUDIES[record.kind].sentences(record.result) if record.result else ()
    except WorkbenchError:
        return ANSWERED
    return next(iter(sentences), Text("The study was stopped; it can go on later."))
