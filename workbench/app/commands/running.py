"""Train, pause, step, stop, resume; what happens when a run ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from workbench.app.commands.files import fresh_folder
from workbench.app.language import tr
from workbench.app.notices import ask
from workbench.app.strip import FindingRow, Remedy
from workbench.app.studies.runner import studies_of
from workbench.errors import TrainingError, WorkbenchError
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.app.next_card import NextCard
    from workbench.app.training_thread import Trainer
    from workbench.app.window import Window

STOP_LIMIT_MS = 30_000
RUN_ENDED = Text("The run has ended.")


class RunCommands(QObject):
    """What the Run menu and the run bar do."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._after: Callable[[], None] | None = None
        self.card: NextCard | None = None

    @property
    def _trainer(self) -> Trainer:
        return self._session.trainer

    def train(self) -> None:
        """Starts a run; a project without a folder is given one first, one with mistakes shows them."""
        window = self._window
        if self._trainer.running:
            window.show_page("train")
            return
        if not self.ready():
            return
        window.notices.drop(RUN_ENDED)
        try:
            self._trainer.start()
        except (WorkbenchError, OSError) as error:
            window.say_error(error)
            return
        window.show_page("train")

    def ready(self) -> bool:
        """Whether the open project can be trained; where not, shows why. One without a folder is given one first."""
        window, session = self._window, self._session
        if not session.is_open:
            window.show_page("welcome")
            return False
        errors = [problem for problem in session.problems if problem.severity == "error"]
        if errors:
            window.show_page("data" if not errors[0].node and errors[0].kind.startswith("data") else "build")
            window.say_error(TrainingError(errors[0].message, errors[0].reason))
            return False
        unusable = session.dataset_error or session.prepared_error
        if unusable is not None:
            window.show_page("data")
            window.say_error(unusable)
            return False
        return session.folder is not None or window.files.save_to(fresh_folder(session.project.name or "project"))

    def pause_or_resume(self) -> None:
        """Holds the run, or lets it go on."""
        if self._trainer.paused:
            self._trainer.resume()
        else:
            self._trainer.pause()

    def step_once(self) -> None:
        """Does one step, then waits."""
        self._trainer.step_once()

    def stop_run(self) -> None:
        """Ends the run; the best checkpoint stays. Without one, ends a study; it can go on later."""
        if self._trainer.running:
            self._trainer.stop()
        else:
            studies_of(self._session).stop()

    def resume_selected(self) -> None:
        """Goes on with the selected run where it ended."""
        run = self._session.selected_run
        if run is None:
            return
        try:
            self._trainer.start(resume=run)
        except (WorkbenchError, OSError) as error:
            self._window.say_error(error)
            return
        self._window.show_page("train")

    def open_run_folder(self) -> None:
        """Shows the files of the selected run in the system's file manager."""
        run = self._session.selected_run
        if run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.path)))

    def ask_to_stop(self) -> bool:
        """Asks whether the run under way may be stopped."""
        answers = [("stop", tr("Stop the run and close")), ("cancel", tr("Keep training"))]
        details = tr("Stopping keeps its best and last checkpoint; it can be resumed later.")
        return ask(self._window, tr("A run is under way."), details, answers, "window.ask.stop") == "stop"

    def stop_then(self, after: Callable[[], None]) -> None:
        """Stops the run and calls `after` once its thread has come to rest."""
        self._after = after
        self._trainer.stop()
        QTimer.singleShot(STOP_LIMIT_MS, self, self._still_running)

    def _still_running(self) -> None:
        if self._after is not None and self._trainer.running:
            self._after = None
            self._window.say_error(TrainingError(tr("The run has not stopped yet."), tr("It ends after the step in progress; try again then.")))

    def run_ended(self) -> None:
        """Keeps the seconds of a starter's run, says what failed, and does what waited for the end.

        The card with what to do next stands on the Train page; any other page shows one line that leads there.
        """
        trainer, window = self._trainer, self._window
        if trainer.failed is not None:
            window.say_error(TrainingError(trainer.failed.message, trainer.failed.hint))
        elif trainer.finished is not None and trainer.finished.state == "finished":
            self._keep_seconds(trainer.finished.seconds)
        after, self._after = self._after, None
        if after is not None:
            after()
        elif trainer.finished is not None and window.isVisible():
            self._say_what_now()

    def _say_what_now(self) -> None:
        if self._window.current_page == "train":
            self._show_card()
        else:
            self._window.notices.add(FindingRow(RUN_ENDED, severity="good", remedies=(Remedy(Text("And now?"), self._show_card),)))

    def _show_card(self) -> None:
        from workbench.app.next_card import show_next_card

        self._window.show_page("train")
        self.card = show_next_card(self._window)

    def _keep_seconds(self, seconds: float) -> None:
        template = self._session.project.template
        if template and seconds > 0:
            self._window.keep(seconds=self._window.settings.with_seconds(template, seconds).seconds)
