"""The errors that are meant for people.

WorkbenchError: anything the user can understand and do something about: one sentence and a hint.
  CatalogueError: a name that no catalogue entry has.
  GraphError: a drawing that cannot be built.
  DataError: data that cannot be read or used.
  ProjectError: a project or run folder that cannot be read or written.
  TrainingError: a run that cannot start or go on.
  ExportError: a bundle that cannot be made, verified or run.

`ValueError` stays for wrong arguments, `assert` for states that cannot be; everything else is a bug and reaches the one handler.
"""

from __future__ import annotations

from workbench.text import Text


class WorkbenchError(Exception):
    """What went wrong in one sentence, and what to do about it.

    Attributes:
        message: One sentence.
        hint: What to do; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class CatalogueError(WorkbenchError):
    """A name that no catalogue entry has."""


class GraphError(WorkbenchError):
    """A drawing that cannot be built."""


class DataError(WorkbenchError):
    """Data that cannot be read or used."""


class ProjectError(WorkbenchError):
    """A project or run folder that cannot be read or written."""


class TrainingError(WorkbenchError):
    """A run that cannot start or go on."""


class ExportError(WorkbenchError):
    """A bundle that cannot be made, verified or run."""


__all__ = [
    "CatalogueError", "DataError", "ExportError", "GraphError", "ProjectError", "Text", "TrainingError", "WorkbenchError",
]
