"""What reading a source had to say: one line for everything that could not be drawn, each with its line number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.strip import FindingRow, FindingStrip
from workbench.app.widgets import Heading

if TYPE_CHECKING:
    from workbench.graph.problem import Problem


class SourceMessages(QDialog):
    """A list of what could not be drawn, or was assumed; a click shows the node.

    Args:
        title: What was read.
        problems: What was said about it.
        show_node: Called with the id of the node of a line that is clicked.
        parent: The window.
    """

    def __init__(self, title: str, problems: Sequence[Problem[Any]], show_node: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("source.messages")
        self.setWindowTitle(tr("What could not be drawn"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 480)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.addWidget(Heading(title, self))
        self.strip = FindingStrip("source.messages.list", self)
        self.strip.show_findings([_row(problem) for problem in problems])
        self.strip.activated.connect(show_node)
        layout.addWidget(self._scrolled(), 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.setObjectName("source.messages.buttons")
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(tr("Close"))
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)

    def _scrolled(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setObjectName("source.messages.area")
        area.setAccessibleName(tr("What could not be drawn"))
        area.setWidgetResizable(True)
        page = QWidget(area)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.strip)
        column.addStretch(1)
        area.setWidget(page)
        return area


def _row(problem: Problem[Any]) -> FindingRow:
    return FindingRow(problem.message, problem.reason, problem.severity.value, key=problem.node or None)
