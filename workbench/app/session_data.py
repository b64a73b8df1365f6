"""The data of the open project: opened and prepared on worker threads, and what of it an edit leaves as it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.app.dataset_jobs import open_chosen, opening_part, prepare_chosen, preparing_part
from workbench.app.jobs import Job, run_job
from workbench.project.project import DataChoice, Project

if TYPE_CHECKING:
    from workbench.data.base import Dataset
    from workbench.data.prepare import Prepared

_LOG = logging.getLogger(__name__)


class SessionData(QObject):
    """The part of a session that holds data; the session itself says which project and folder they belong to.

    Attributes:
        folder: Where the project is saved, or None while it never was.
        dataset: The open dataset, or None.
        dataset_error: Why it could not be opened.
        prepared_error: Why it could not be prepared.

    Signals:
        dataset_changed: The dataset is another one, or could not be opened (`dataset_error`).
        dataset_progress: Share and sentence while the dataset is being opened, where that takes long.
        loading_changed: Opening or preparing the dataset has begun or ended.
        prepared_changed: The prepared data is another one, or could not be made (`prepared_error`).
    """

    dataset_changed = Signal()
    dataset_progress = Signal(float, str)
    loading_changed = Signal()
    prepared_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.dataset: Dataset | None = None
        self.dataset_error: Exception | None = None
        self.prepared_error: Exception | None = None
        self._prepared: Prepared | None = None
        self._prepared_before: Prepared | None = None  # the last one, of which an edit leaves most as it is
        self._dataset_job: Job | None = None
        self._prepared_job: Job | None = None
        self._prepared_key: object = None
        self._given: tuple[DataChoice, Dataset] | None = None

    @property
    def project(self) -> Project:
        """The project that says which data."""
        return Project()

    def follow_data(self, old: Project | None, new: Project) -> None:
        """Opens other data, or lays other edits over the same, where a step of the history asks for it."""
        if old is None or opening_part(old.data) != opening_part(new.data):
            self.load_dataset()
        elif old.edits is not new.edits and self.dataset is not None:
            from workbench.data.edited import with_edits

            self._take_dataset(with_edits(self.dataset, new.edits))

    def forget_data(self) -> None:
        """Lets go of all data, and of what is under way."""
        for job in (self._dataset_job, self._prepared_job):
            if job is not None and job.running:
                job.cancel()
        self._dataset_job = self._prepared_job = None
        self.dataset, self._prepared, self._prepared_before, self._prepared_key = None, None, None, None
        self.dataset_error = self.prepared_error = None

    def load_dataset(self) -> None:
        """Opens the dataset of the project on a worker thread; `dataset_changed` follows."""
        if self._dataset_job is not None and self._dataset_job.running:
            self._dataset_job.cancel()
        choice, base, edits = self.project.data, self.folder, self.project.edits
        self.dataset_error, given, self._given = None, self._given, None
        if not choice.source:
            self._take_dataset(None)
        elif given is not None and not choice.made and opening_part(given[0]) == opening_part(choice):
            from workbench.data.edited import with_edits

            self._take_dataset(with_edits(given[1], edits))
        else:
            work: Callable[..., Any] = lambda progress, cancelled: open_chosen(choice, base, edits, progress, cancelled)  # noqa: E731
            self._dataset_job = run_job(self, work, self._take_dataset, self._miss_dataset, self.dataset_progress.emit)
            self.loading_changed.emit()

    def hand_over(self, choice: DataChoice | None, dataset: Dataset | None = None) -> None:
        """Gives a dataset that is open already, without edits, for the next time this choice is loaded; None takes it back."""
        self._given = (choice, dataset) if choice is not None and dataset is not None else None

    def stop_loading(self) -> None:
        """Gives up opening or preparing the dataset; `load_dataset` begins again."""
        from workbench.data.progress import CancelledError

        if self.dataset_loading and self._dataset_job is not None:
            self._dataset_job.cancel()
            self._miss_dataset(CancelledError())
        elif self.preparing and self._prepared_job is not None:
            self._prepared_job.cancel()
            self._miss_prepared(CancelledError())

    @property
    def dataset_loading(self) -> bool:
        """Whether the dataset is being opened."""
        return self._dataset_job is not None and self._dataset_job.running and not self._dataset_job.cancelled

    @property
    def preparing(self) -> bool:
        """Whether the dataset is being prepared."""
        return self._prepared_job is not None and self._prepared_job.running and not self._prepared_job.cancelled

    def _take_dataset(self, dataset: Dataset | None) -> None:
        former, now = self.dataset, getattr(dataset, "original", dataset)
        if former is None or getattr(former, "original", former) is not now:
            self._prepared_before = None
        self.dataset = dataset
        self._prepared, self._prepared_key, self.prepared_error = None, None, None
        self.dataset_changed.emit()
        self.loading_changed.emit()

    def _miss_dataset(self, error: Exception) -> None:
        _LOG.info("dataset could not be opened", exc_info=error)
        self.dataset_error = error
        self._take_dataset(None)

    @property
    def prepared(self) -> Prepared | None:
        """The prepared data, or None while it is being made (`prepared_changed` follows); asking for it starts the work."""
        key = self._fields_key()
        if key is not None and key != self._prepared_key:
            self._prepare(key)
        return self._prepared

    def _fields_key(self) -> Any:
        from workbench.project.feeding import input_fields, target_fields

        if self.dataset is None:
            return None
        return preparing_part(self.project.data), tuple(input_fields(self.project)), tuple(target_fields(self.project)), id(self.dataset)

    def _prepare(self, key: Any) -> None:
        if self._prepared_job is not None and self._prepared_job.running:
            self._prepared_job.cancel()
        self._prepared_key, self._prepared, self.prepared_error = key, None, None
        choice, inputs, targets, _ = key
        dataset, before = self.dataset, self._prepared_before
        work: Callable[..., Any] = lambda progress, cancelled: prepare_chosen(dataset, choice, inputs, targets, before, progress, cancelled)  # noqa: E731
        self._prepared_job = run_job(self, work, self._take_prepared, self._miss_prepared, self.dataset_progress.emit)
        self.loading_changed.emit()

    def _take_prepared(self, prepared: Prepared) -> None:
        self._prepared = self._prepared_before = prepared
        self.prepared_changed.emit()
        self.loading_changed.emit()

    def _miss_prepared(self, error: Exception) -> None:
        _LOG.info("data could not be prepared", exc_info=error)
        self.prepared_error = error
        self.prepared_changed.emit()
        self.loading_changed.emit()
