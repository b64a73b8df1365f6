"""The contract of a study: which runs it needs, what it makes of them, and how it says so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Entry
from workbench.data.base import DataProblem, Dataset
from workbench.project.project import Project
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.training.studies.record import StudyFolder


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of a study.

    Attributes:
        key: Tells the runs of a study apart (`fold-1`); a run that is done is known by it.
        label: What people call it.
        project: What is trained.
    """

    key: str
    label: Text
    project: Project


class Study(Entry, ABC):
    """One kind of question. One class in one module of `workbench/training/studies/`; an entry module imports no torch.

    Attributes:
        question: What it answers, one sentence.
        needs_rows: Whether its plan depends on how many rows there are to train on.
    """

    category: ClassVar[str] = "study"
    question: ClassVar[Text] = Text("")
    needs_rows: ClassVar[bool] = False

    def check(self, project: Project, folder: Path) -> None:
        """Refuses a project that this question makes no sense for, before anything is written.

        Raises:
            WorkbenchError: Why.
        """

    @abstractmethod
    def plan(self, project: Project, params: Any, rows: int) -> tuple[Planned, ...]:
        """Returns the runs, in order; the same for the same arguments.

        Args:
            project: As it is when the study begins.
            params: Parsed parameters.
            rows: The training rows, where `needs_rows`; else 0.

        Raises:
            WorkbenchError: This project cannot be studied so.
        """

    @abstractmethod
    def conclude(self, study: StudyFolder) -> Mapping[str, Any]:
        """Returns what the finished runs say, as JSON values; `sentences` and `table` read them."""

    @abstractmethod
    def sentences(self, result: Mapping[str, Any]) -> tuple[Text, ...]:
        """Returns what a person should know: the answer first, then how far it can be trusted."""

    @abstractmethod
    def table(self, result: Mapping[str, Any]) -> Sequence[Sequence[str]]:
        """Returns the numbers as cells, the heads first."""

    def problems(self, study: StudyFolder, result: Mapping[str, Any], dataset: Dataset) -> list[DataProblem]:
        """Returns what it found wrong with rows of the data as they are now."""
        return []
