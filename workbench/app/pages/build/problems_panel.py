"""The Problems tab: what is wrong in sentences, with fixes that are one step of the history each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent
from PySide6.QtWidgets import QPushButton, QScrollArea, QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.figures import counted
from workbench.app.strip import FindingRow, FindingStrip, Remedy, problem_row
from workbench.graph.graph import Graph
from workbench.graph.infer import infer
from workbench.graph.problem import Problem, Severity
from workbench.graph.silence import restore, silence
from workbench.models.cost import costs, total

_MOST_ROWS = 40
_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class ProblemsPanel(QScrollArea):
    """The strip of problems.

    Signals:
        node_chosen: The id of a node whose row was clicked.
        count_changed: How many errors and warnings there are.
    """

    node_chosen = Signal(str)
    count_changed = Signal(int, int)

    def __init__(self, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("build.problems.scroll")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._commands = commands
        self._shown: list[Problem[Any]] = []
        self._open = False
        self.strip = FindingStrip("build.problems", self, empty=tr("No problems: the model can be trained."))
        holder = QWidget(self)
        theme.mark(holder, "column")
        theme.mark(self, "column")
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip)
        layout.addStretch(1)
        self.setWidget(holder)
        self.strip.activated.connect(lambda node: self.node_chosen.emit(str(node)))

    @property
    def shown(self) -> list[Problem[Any]]:
        """The problems that show, ignored ones left out."""
        return list(self._shown)

    def refresh(self) -> None:
        """Shows the problems of the project as it is."""
        session = self._commands.session
        graph = session.project.graph
        problems, quiet = list(session.problems), session.checked.silenced
        self._shown, self._open = problems, self._open and bool(quiet)
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        self.count_changed.emit(errors, len(problems) - errors)
        names = {node.path for node in graph}
        rows = [self._row(problem, names) for problem in problems[:_MOST_ROWS]]
        self.strip.show_findings([*rows, *self._quiet_rows(quiet, names)])
        self._watch_buttons()

    def _row(self, problem: Problem[Any], names: set[str]) -> FindingRow:
        session = self._commands.session
        graph = session.project.graph
        row = problem_row(problem, lambda node: graph[node].name if node in graph else "", session.apply_fix)
        row = replace(row, emphasis=(*row.emphasis, *_named(problem, names)))
        if problem.severity is Severity.WARNING and problem.node in graph:
            ignore = Remedy(tr("Ignore here"), lambda: self._ignore(problem), False)
            row = replace(row, remedies=(*row.remedies, ignore))
        return row

    def _quiet_rows(self, quiet: Sequence[Problem[Any]], names: set[str]) -> list[FindingRow]:
        """Returns the line that says how many warnings are ignored and, where it is open, each of them with a way back."""
        if not quiet:
            return []
        label = tr("Hide them") if self._open else tr("Show them")
        rows = [FindingRow(tr("Ignored warnings: {count}", count=len(quiet)), severity="note", remedies=(Remedy(label, self._turn, False),))]
        for problem in quiet[:_MOST_ROWS] if self._open else ():
            again = Remedy(tr("Tell again"), lambda problem=problem: self._restore(problem), False)
            rows.append(FindingRow(problem.message, problem.reason, "note", tuple(_named(problem, names)), (again,), problem.node))
        return rows

    def _turn(self) -> None:
        self._open = not self._open
        self.refresh()

    def fix_button(self, index: int, number: int = 0) -> QPushButton | None:
        """Returns the button of a fix of a problem that shows; rows on their way out may still have the same names, before it."""
        found = self.strip.findChildren(QPushButton, f"build.problems.{index}.fix{number}")
        return found[-1] if found and number < len(self._shown[index].fixes) else None

    def _watch_buttons(self) -> None:
        for index, problem in enumerate(self._shown[:_MOST_ROWS]):
            for number in range(min(len(problem.fixes), 3)):
                found = self.fix_button(index, number)
                if found is not None:
                    found.setProperty("fix", (index, number))
                    found.installEventFilter(self)

    def _ignore(self, problem: Problem[Any]) -> None:
        self._edited(tr("Ignore a warning at {name}", name=self._name(problem)), lambda graph: silence(graph, problem.node, problem.kind))

    def _restore(self, problem: Problem[Any]) -> None:
        self._edited(tr("Tell a warning at {name} again", name=self._name(problem)), lambda graph: restore(graph, problem.node, problem.kind))

    def _name(self, problem: Problem[Any]) -> str:
        return self._commands.session.project.graph[problem.node].name

    def _edited(self, label: str, change: Callable[[Graph], Graph]) -> None:
        project = self._commands.session.project
        self._commands.session.edit(label, replace(project, graph=change(project.graph)))

    def preview(self, problem: Problem[Any], number: int) -> str:
        """Returns what the drawing would be after a fix: shapes of its outputs, parameters, problems left."""
        session = self._commands.session
        fixed = problem.fixes[number].apply(session.project)
        inferred = infer(fixed.graph, self._commands.layers, previous=session.inferred)
        before, after = total(costs(session.inferred)).parameters, total(costs(inferred)).parameters
        lines = [tr("After this:")]
        lines += _changed_shapes(session.inferred, inferred)[:4]
        lines.append(tr("{before} → {after} parameters", before=counted(before), after=counted(after)))
        lines.append(tr("{before} → {after} problems in the drawing", before=len(session.inferred.problems), after=len(inferred.problems)))
        return "\n".join(lines)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        place = watched.property("fix") if event.type() in (QEvent.Type.ToolTip, QEvent.Type.FocusIn) else None
        if place is None or place[0] >= len(self._shown) or not isinstance(watched, QPushButton):
            return super().eventFilter(watched, event)
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.preview(self._shown[place[0]], place[1]), watched)
            return True
        if isinstance(event, QFocusEvent) and event.reason() in _BY_KEYBOARD:
            words = self.preview(self._shown[place[0]], place[1])
            watched.setAccessibleDescription(words)
            QToolTip.showText(watched.mapToGlobal(watched.rect().bottomLeft()), words, watched)
        return super().eventFilter(watched, event)


def _named(problem: Problem[Any], names: set[str]) -> list[str]:
    """Returns the names of layers that the message mentions."""
    values = getattr(problem.message, "values", {}).values()
    return [value for value in values if isinstance(value, str) and value in names]


def _changed_shapes(before: Any, after: Any) -> list[str]:
    """Returns `name: shape` for the nodes whose outputs are new or different."""
    lines = []
    for node in after.order:
        shapes = after.output_shapes(node)
        if shapes and shapes != before.output_shapes(node):
            lines.append(f"{after.graph[node].name}: {next(iter(shapes.values()))}")
    return lines
