"""The Problems tab: what is wrong in sentences, with fixes that are one step of the history each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QPushButton, QScrollArea, QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.figures import counted
from workbench.app.strip import FindingStrip, Remedy, problem_row
from workbench.graph import edit
from workbench.graph.infer import infer
from workbench.graph.problem import Problem, Severity
from workbench.models.cost import costs, total

IGNORED = "ignored"
"""The field of a node's extra that lists the kinds of warnings to keep quiet about there."""
_MOST_ROWS = 40


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
        problems = [problem for problem in session.problems if not _ignored(graph, problem)]
        self._shown = problems
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        self.count_changed.emit(errors, len(problems) - errors)
        rows, names = [], {node.path for node in graph}
        for problem in problems[:_MOST_ROWS]:
            row = problem_row(problem, lambda node: graph[node].name if node in graph else "", session.apply_fix)
            row = replace(row, emphasis=(*row.emphasis, *_named(problem, names)))
            if problem.severity is Severity.WARNING and problem.node:
                quiet = Remedy(tr("Ignore here"), lambda problem=problem: self._ignore(problem), False)
                row = replace(row, remedies=(*row.remedies, quiet))
            rows.append(row)
        self.strip.show_findings(rows)
        self._watch_buttons()

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
        project = self._commands.session.project
        node = project.graph[problem.node]
        kinds = sorted({*node.extra.get(IGNORED, ()), problem.kind})
        graph = edit.change_node(project.graph, node.id, extra={**node.extra, IGNORED: kinds})
        self._commands.session.edit(tr("Ignore a warning at {name}", name=node.name), replace(project, graph=graph))

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
        place = watched.property("fix") if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip else None
        if place is not None and place[0] < len(self._shown) and isinstance(watched, QPushButton):
            QToolTip.showText(event.globalPos(), self.preview(self._shown[place[0]], place[1]), watched)
            return True
        return super().eventFilter(watched, event)


def _named(problem: Problem[Any], names: set[str]) -> list[str]:
    """Returns the names of layers that the message mentions."""
    values = getattr(problem.message, "values", {}).values()
    return [value for value in values if isinstance(value, str) and value in names]


def _ignored(graph: Any, problem: Problem[Any]) -> bool:
    node = graph.nodes.get(problem.node)
    return node is not None and problem.severity is Severity.WARNING and problem.kind in node.extra.get(IGNORED, ())


def _changed_shapes(before: Any, after: Any) -> list[str]:
    """Returns `name: shape` for the nodes whose outputs are new or different."""
    lines = []
    for node in after.order:
        shapes = after.output_shapes(node)
        if shapes and shapes != before.output_shapes(node):
            lines.append(f"{after.graph[node].name}: {next(iter(shapes.values()))}")
    return lines
