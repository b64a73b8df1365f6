"""The Source tab: the drawing as plain PyTorch, live, with the lines of the selected layers marked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QLabel, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.highlight import PythonColours
from workbench.app.widgets import button
from workbench.errors import GraphError

_DELAY_MS = 120


class SourcePanel(QWidget):
    """Shows the source and copies or saves it.

    Signals:
        node_chosen: The id of the node whose line was clicked.
    """

    node_chosen = Signal(str)

    def __init__(self, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("build.source")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(self, "column")
        self._commands = commands
        self._graph: object = None
        self._lines: dict[str, tuple[int, ...]] = {}
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.refresh_now)
        self.text = _SourceText(self)
        self._colours = PythonColours(self.text.document())
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        theme.mark(self.state, "quiet")
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, 0)
        bar.addWidget(self.state, 1)
        bar.addWidget(button("build.source.copy", tr("Copy"), self.copy, tip=tr("Copy the whole source")))
        bar.addWidget(button("build.source.save", tr("Save as..."), self.save, tip=tr("Write the source to a file")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        layout.addLayout(bar)
        layout.addWidget(self.text, 1)
        layout.addStretch(0)
        self.text.line_clicked.connect(self._clicked)

    def forget(self) -> None:
        """Has the source printed anew next time, though the drawing is the same."""
        self._graph = None

    def refresh(self) -> None:
        """Prints the source anew a moment later, where it shows."""
        if self.isVisible():
            self._timer.start()

    def refresh_now(self) -> None:
        """Prints the source anew where the drawing changed, and marks the selected lines."""
        from workbench.models.plan import plan
        from workbench.models.source import source, source_lines

        graph = self._commands.graph
        if graph is not self._graph:
            self._graph = graph
            try:
                planned = plan(graph, self._commands.session.inferred)
                self._show(source(planned), source_lines(planned))
                self.state.setText(tr("Plain PyTorch: runs with torch alone, and takes the weights of a run."))
            except GraphError as error:
                self._lines = {}
                self.text.setExtraSelections([])
                self.text.setEnabled(False)
                self.text.setVisible(bool(self.text.toPlainText()))
                self.state.setText(tr("The source follows when this is solved: {problem}", problem=say(error.message)))
                return
        self.mark_selection()

    def _show(self, text: str, lines: dict[str, tuple[int, ...]]) -> None:
        self._lines = lines
        self.text.setEnabled(True)
        self.text.setVisible(True)
        place = self.text.verticalScrollBar().value()
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
            self.text.verticalScrollBar().setValue(place)

    def mark_selection(self) -> None:
        """Marks the lines of the selected nodes and scrolls to the first."""
        numbers = sorted(number for node in self._commands.session.selection for number in self._lines.get(node, ()))
        marks = []
        for number in numbers:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.text.document().findBlockByNumber(number - 1))
            mark.format.setBackground(QColor(theme.current().accent_wash))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            marks.append(mark)
        self.text.setExtraSelections(marks)
        if marks:
            self.text.setTextCursor(marks[0].cursor)
            self.text.ensureCursorVisible()

    def _clicked(self, number: int) -> None:
        node = next((node for node, numbers in self._lines.items() if number in numbers), "")
        if node:
            self.node_chosen.emit(node)

    def copy(self) -> None:
        """Copies the whole source."""
        QApplication.clipboard().setText(self.text.toPlainText())
        self.state.setText(tr("Copied."))

    def save(self) -> None:
        """Asks for a file and writes the source to it."""
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the source"), "model.py", "Python (*.py)")
        if name:
            from workbench.project.atomic import write_atomically

            write_atomically(Path(name), self.text.toPlainText().encode())
            self.state.setText(tr("Saved to {path}.", path=name))

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.refresh_now()


class _SourceText(QPlainTextEdit):
    """The text itself.

    Signals:
        line_clicked: The number of a line, counted from 1.
    """

    line_clicked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("build.source.text")
        self.setAccessibleName(tr("Source"))
        self.setReadOnly(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setFont(theme.code_font(12))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setStyleSheet(f"border: none; border-radius: 0px; padding-left: 12px; background: {theme.current().surface};")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            self.line_clicked.emit(self.cursorForPosition(event.position().toPoint()).blockNumber() + 1)
