"""What the studies of a project say about its data as they are now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.data.base import DataProblem, Dataset
from workbench.errors import WorkbenchError
from workbench.project.project import Project
from workbench.text import Text
from workbench.training.studies import STUDIES
from workbench.training.studies.record import Record, StudyFolder, StudyState, list_studies


@dataclass(frozen=True, slots=True)
class Answered:
    """One finished study.

    Attributes:
        study: Where it lies.
        record: What it holds.
        problems: What of its findings still stands.
        sentences: What it says.
    """

    study: StudyFolder
    record: Record
    problems: tuple[DataProblem, ...]
    sentences: tuple[Text, ...]


def answered(folder: Path | str, project: Project, dataset: Dataset) -> list[Answered]:
    """Returns the newest finished study of each kind that was about these data and this target; studies that cannot be read are left out.

    Args:
        folder: The project folder.
        project: As it is now.
        dataset: Its data as they are now, with edits.
    """
    found: dict[str, Answered] = {}
    for study in list_studies(folder):
        with suppress(WorkbenchError, KeyError, TypeError, ValueError):
            record = study.read()
            if record.kind in found or record.kind not in STUDIES or record.state is not StudyState.FINISHED or not _same(study, project):
                continue
            entry = STUDIES[record.kind]
            problems = tuple(entry.problems(study, record.result, dataset))
            found[record.kind] = Answered(study, record, problems, entry.sentences(record.result))
    return list(found.values())


def _same(study: StudyFolder, project: Project) -> bool:
    then = study.snapshot()
    about = [(value.data.source, value.data.format, dict(value.data.params), [item.target for item in value.objectives]) for value in (then, project)]
    return about[0] == about[1]
