"""PyTorch source as a drawing: a file that is opened, a class that is pasted. Neither is imported or run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from workbench.app.jobs import run_job
from workbench.app.language import tr
from workbench.app.strip import FindingRow, Remedy

if TYPE_CHECKING:
    from workbench.app.source_messages import SourceMessages
    from workbench.app.window import Window
    from workbench.graph.problem import Problem
    from workbench.models.reading import Reading


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
    """What the File menu does with source, and with the weights of a class that was read."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._reading: Reading | None = None
        self._messages: SourceMessages | None = None
        window.session.opened.connect(self._forget)

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

    def _forget(self) -> None:
        self._reading = None
        if self._messages is not None:
            self._messages.close()

    def _show(self, reading: Reading) -> None:
        from workbench.project.from_source import project_of

        self._window.session.new(project_of(reading))
        self._reading = reading
        self._window.show_page("build")
        if reading.names:
            weights = Remedy(tr("Load its weights..."), self.load_weights)
            self._window.notices.add(FindingRow(tr("{name} begins with new weights.", name=reading.class_name), severity="note", remedies=(weights,)))
        if reading.problems:
            self._window.notices.add(self._summary(reading.problems))

    def _summary(self, problems: tuple[Problem[Any], ...]) -> FindingRow:
        """Returns the first message, with a button that lists all where there are more."""
        first = next((problem for problem in problems if problem.severity.value == "error"), problems[0])
        more = Remedy(tr("Show all {count}", count=len(problems)), self.show_messages)
        return FindingRow(first.message, first.reason, first.severity.value, remedies=(more,) if len(problems) > 1 else ())

    def show_messages(self) -> None:
        """Lists what could not be drawn, with its lines."""
        if self._reading is None:
            return
        from workbench.app.source_messages import SourceMessages

        self._messages = SourceMessages(self._reading.class_name, self._reading.problems, self._show_node, self._window)
        self._messages.destroyed.connect(self._closed)
        self._messages.show()

    def _closed(self) -> None:
        self._messages = None

    def _show_node(self, node: str) -> None:
        session = self._window.session
        if node in session.project.graph:
            self._window.show_page("build")
            session.select((node,))

    def load_weights(self) -> None:
        """Asks for the weights of the class that was read; training starts from them."""
        kinds = tr("Weights (*.safetensors *.npz)")
        start = self._window.settings.last_folder
        chosen, _ = QFileDialog.getOpenFileName(self._window, tr("Load weights"), start, kinds)
        if chosen:
            self.take_weights(Path(chosen))

    def take_weights(self, path: Path) -> None:
        """Writes weights of the class into the project, which is saved first where it never was."""
        from workbench.project.from_source import keep_weights

        reading, session = self._reading, self._window.session
        if reading is None or (session.folder is None and not self._window.files.save_project_as()) or session.folder is None:
            return
        folder = session.folder
        run_job(
            self, lambda _progress, _cancelled: keep_weights(reading, path, folder), lambda kept: self._kept(path, *kept), self._window.say_error
        )

    def _kept(self, path: Path, start_from: str, unused: tuple[str, ...]) -> None:
        session = self._window.session
        recipe = replace(session.project.recipe, start_from=start_from)
        session.edit(tr("Start from weights"), replace(session.project, recipe=recipe))
        left = tr("Not used: {names}.", names=", ".join([*unused[:6], *(["..."] if len(unused) > 6 else [])])) if unused else ""
        message = tr("Training starts from the weights in {name}.", name=path.name)
        self._window.notices.add(FindingRow(message, left, "warning" if unused else "good"))
