"""PyTorch source as a drawing: a file that is opened, a class that is pasted. Neither is imported or run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from workbench.app.jobs import run_job
from workbench.app.language import tr
from workbench.app.strip import FindingRow

if TYPE_CHECKING:
    from workbench.app.window import Window
    from workbench.graph.problem import Problem


def is_class(text: str) -> bool:
    """Whether a text may be a class of torch, and not nodes of a drawing."""
    return "class " in text and "nn.Module" in text and not text.lstrip().startswith("{")


def fragment_of(text: str) -> tuple[str, Problem[Any] | None]:
    """Returns the nodes that a class becomes, as text that can be pasted, and the first thing that could not be drawn.

    Any other text comes back as it is.

    Raises:
        GraphError: It is a class that cannot be drawn.
    """
    if not is_class(text):
        return text, None
    from workbench.graph import edit
    from workbench.models.reading import read_source

    reading = read_source(text)
    return edit.copy_fragment(reading.graph, tuple(reading.graph.nodes)), next(iter(reading.problems), None)


class SourceCommands(QObject):
    """What the File menu does with source."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def open_source(self) -> None:
        """Asks for a Python file and draws its last class."""
        start = self._window.settings.last_folder
        chosen, _ = QFileDialog.getOpenFileName(self._window, tr("Open PyTorch source"), start, tr("Python files (*.py)"))
        if chosen:
            self.open_file(Path(chosen))

    def open_file(self, path: Path) -> None:
        """Draws the last class of a file as a new project that is not saved yet."""
        from workbench.project.from_source import read_file

        if self._window.files.may_leave():
            self._window.keep(last_folder=str(path.parent))
            run_job(self, lambda _progress, _cancelled: read_file(path), self._show, self._window.say_error)

    def _show(self, reading: Any) -> None:
        from workbench.project.from_source import project_of

        self._window.session.new(project_of(reading))
        self._window.show_page("build")
        for problem in reading.problems[:5]:
            self._window.notices.add(FindingRow(problem.message, problem.reason, problem.severity.value))
