"""The Deploy page: take the result away, proven to be the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QFileDialog, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr
from workbench.app.pages.deploy.export_form import ExportForm
from workbench.app.pages.deploy.report_card import FilesCard, ParityCard, Verdict
from workbench.app.pages.deploy.try_panel import TryPanel
from workbench.app.pages.page import Page
from workbench.app.widgets import EmptyState
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.export.predict import Bundle
    from workbench.export.verify import Verification
    from workbench.project.project import ExportChoice, Project


def _invitation(trained: bool) -> str:
    if trained:
        return tr("Here a trained run becomes a folder that other programs can run, checked against PyTorch. Choose a run and export it.")
    return tr("Here a trained run becomes a folder that other programs can run. Train this project first.")


BUNDLE = "export"


class DeployPage(Page):
    """Export, parity, try it."""

    page_name = "deploy"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.form, self.tryout = ExportForm(), TryPanel()
        self.bundle: Bundle | None = None
        self.verification: Verification | None = None
        self._job: Job | None = None
        self._reading: Job | None = None
        self._shown_run: Path | None = None
        self._places: dict[Path, Path] = {}
        self.set_columns(self.form, self._centre(), self.tryout, left_title=tr("Bundle"), right_title=tr("Try it"), left_width=264, right_width=288)
        self.form.edited.connect(self._edit)
        self.form.export_wanted.connect(lambda: self.export())
        self.form.folder_wanted.connect(self._export_to)
        self.form.cancel_wanted.connect(self._cancel)
        self.form.source_wanted.connect(self._save_source)
        self.form.weights_wanted.connect(self._save_weights)
        self.form.run_chosen.connect(session.select_run)
        self.verdict.again_wanted.connect(self._verify_again)
        session.runs_changed.connect(self._show_runs)
        session.prepared_changed.connect(self._offer_rows)
        session.selected_run_changed.connect(self._show_runs)

    def _centre(self) -> QWidget:
        self.empty = EmptyState("deploy.empty", _invitation(True), tr("Export and verify"), self)
        self.empty.clicked.connect(lambda: self.export())
        board = QWidget()
        layout = QVBoxLayout(board)
        layout.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        layout.setSpacing(theme.SPACE_12)
        self.verdict, self.parity, self.files = Verdict(), ParityCard(), FilesCard()
        for widget in (self.verdict, self.parity, self.files):
            layout.addWidget(widget)
        layout.addStretch(1)
        area = QScrollArea()
        area.setObjectName("deploy.scroll")
        area.setWidgetResizable(True)
        area.setWidget(board)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(area)
        return self._stack

    def refresh(self, old: Project | None, new: Project) -> None:
        """Shows the export choice anew where it differs."""
        if old is None or old.export != new.export:
            self.form.set_choice(new.export)
        if old is None:
            self._show_runs()

    def shown(self) -> None:
        """Shows runs and providers, and gets the export helper ready."""
        from workbench.export.session import available_providers

        self.form.set_choice(self.session.project.export)
        self._show_runs()
        self._offer_rows()
        run_job(self, lambda _progress, _cancelled: _ready(available_providers), self.form.show_providers, lambda _error: None)

    def _offer_rows(self) -> None:
        """Gives the rows that training leaves out to the panel that tries the bundle."""
        session = self.session
        rows = session.prepared.splits["test"] if session.prepared is not None else np.zeros(0, np.int64)
        rows = rows if len(rows) or session.prepared is None else session.prepared.splits["validation"]
        self.tryout.set_data(session.dataset, rows)

    def _show_runs(self) -> None:
        selected = self.session.selected_run
        self.form.set_runs(self.session.runs, selected.path if selected else None)
        path = selected.path if selected else None
        trained = bool(self.session.runs)
        self.empty.button.setVisible(trained)
        self.empty.set_sentence(_invitation(trained))
        if path != self._shown_run:
            self._shown_run = path
            self._show_earlier(path)

    def _show_earlier(self, path: Path | None) -> None:
        """Shows the bundle that was made of this run before, if it is still there."""
        folder = self._place_of(path) if path is not None else None
        self._stack.setCurrentIndex(0)
        self.bundle = self.verification = None
        self.tryout.set_bundle(None)
        self.form.what.setVisible(self.busy)
        if folder is not None and (folder / "model.onnx").exists():
            self._read(folder)

    def _place_of(self, run: Path) -> Path:
        """Returns where the bundle of a run lies: where a person last exported it to, while it is there, or in the run's own folder."""
        chosen = self._places.get(run)
        return chosen if chosen is not None and (chosen / "model.onnx").exists() else run / BUNDLE

    def _read(self, folder: Path) -> None:
        if self._reading is not None and self._reading.running:
            self._reading.cancel()
        run = self._shown_run
        self._reading = run_job(self, lambda _progress, _cancelled: read_bundle(folder), lambda found: self._take(run, found), self._miss)

    @property
    def busy(self) -> bool:
        """Whether an export or a comparison is under way."""
        return self._job is not None and self._job.running

    def export(self, folder: Path | None = None) -> None:
        """Exports the selected run and verifies it.

        Args:
            folder: Where the bundle goes; None puts it into the run's own folder.
        """
        run = self.session.selected_run
        if run is None or self.busy:
            return
        self.form.show_busy(True, 0.0, tr("Starting"))
        self._keep_place(run.path, folder)
        choice, target, path = self.session.project.export, folder or run.path / BUNDLE, run.path
        work = lambda progress, cancelled: exported(run, target, choice, progress, cancelled)  # noqa: E731
        tell = lambda share, what: self.form.show_busy(True, share, say(what))  # noqa: E731
        self._job = run_job(self, work, lambda found: self._take(path, found), self._miss, tell)

    def _keep_place(self, run: Path, folder: Path | None) -> None:
        if folder is None:
            self._places.pop(run, None)
        else:
            self._places[run] = folder

    def _export_to(self) -> None:
        run = self.session.selected_run
        chosen = QFileDialog.getExistingDirectory(self, tr("Export to"))
        if chosen and run is not None:
            self.export(bundle_place(Path(chosen), run.path.name))

    def _take(self, run: Path | None, found: tuple[Bundle, Verification]) -> None:
        if self._job is None or not self._job.running:
            self.form.show_busy(False)
        if run != self._shown_run:
            return
        self.bundle, self.verification = found
        self.verdict.show_verification(self.verification)
        self.parity.show_verification(self.verification)
        self.parity.show()
        self.files.show()
        takes = ", ".join(f"{name}" for item in self.bundle.spec.inputs for name in item.tensors)
        gives = ", ".join(name for item in self.bundle.spec.outputs for name in item.tensors.values())
        self.files.show_bundle(self.bundle.folder, takes, gives)
        self.tryout.set_bundle(self.bundle, run)
        self._stack.setCurrentIndex(1)

    def _miss(self, error: Exception) -> None:
        self.form.show_busy(False)
        if isinstance(error, WorkbenchError):
            self.verdict.show_failure(say(error.message), say(error.hint))
        else:
            self.verdict.show_failure(tr("The export failed."), str(error))
        self.parity.hide()
        self.files.hide()
        self._stack.setCurrentIndex(1)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.form.show_busy(False, 0.0, tr("Cancelled. Nothing was written."))

    def _verify_again(self) -> None:
        run, bundle = self.session.selected_run, self.bundle
        if run is None or bundle is None or self.busy:
            return
        self.form.show_busy(True, 0.5, tr("Comparing rows"))
        work = lambda _progress, _cancelled: verified(bundle, run)  # noqa: E731
        self._job = run_job(self, work, lambda found: self._take(run.path, found), self._miss)

    def _edit(self, choice: ExportChoice, what: str) -> None:
        self.session.edit(tr("Change export"), replace(self.session.project, export=choice), merge_key=f"export.{what}")

    def _save_source(self) -> None:
        run = self.session.selected_run
        graph = run.snapshot().graph if run is not None else self.session.project.graph
        path, _ = QFileDialog.getSaveFileName(self, tr("Save PyTorch source"), "model.py", "Python (*.py)")
        if path:
            from workbench.models.source import source
            from workbench.project.atomic import write_atomically

            write_atomically(Path(path), source(graph).encode("utf-8"))

    def _save_weights(self) -> None:
        run = self.session.selected_run
        best = run.best() if run is not None else None
        if best is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Save weights"), "model.safetensors", "safetensors (*.safetensors)")
        if path:
            shutil.copyfile(best.path / "model.safetensors", path)

    def page_state(self) -> Any:
        """Returns where bundles were exported to, and what was drawn and typed to try them, for a rebuild."""
        return dict(self._places), self.tryout.given()

    def restore_state(self, state: Any) -> None:
        """Takes them again; the bundle is read when its run is shown."""
        self._places = dict(state[0])
        self.tryout.restore(state[1])


def _ready(available: Any) -> tuple[str, ...]:
    from workbench.export.child import warm

    warm()
    return available()


def exported(run: Any, folder: Path, choice: ExportChoice, progress: Any, cancelled: Any) -> tuple[Bundle, Verification]:
    """Exports in a child process and opens the bundle."""
    from workbench.export.child import export_run
    from workbench.export.predict import Bundle

    report = export_run(run, folder, choice.opset, progress=progress, cancelled=cancelled, choice=choice)
    return Bundle(report.bundle), report.verification


def bundle_place(chosen: Path, run: str) -> Path:
    """Returns where a bundle goes when a person chose a folder: the folder itself where it is empty or a bundle, else one inside it."""
    free = not chosen.exists() or not any(chosen.iterdir()) or (chosen / "model.onnx").is_file()
    return chosen if free else chosen / f"{run}-onnx"


def read_bundle(folder: Path) -> tuple[Bundle, Verification]:
    """Opens a bundle that was made earlier, with its record."""
    from workbench.export.predict import Bundle
    from workbench.export.verify import stored_verification

    return Bundle(folder), stored_verification(folder)


def verified(bundle: Bundle, run: Any) -> tuple[Bundle, Verification]:
    """Repeats the whole comparison on this machine."""
    from workbench.export.verify import verify

    return bundle, verify(bundle.folder, run)
