"""The outcome of an export: the verdict, the parity table, the files."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.widgets import Bar, Card, button
from workbench.app.wording import number, short_path, size

if TYPE_CHECKING:
    from workbench.export.verify import Case, Verification


class Verdict(QFrame):
    """One sentence on a tinted ground: verified, or not and why.

    Signals:
        again_wanted: The verification should be repeated on this machine.
    """

    again_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deploy.verdict")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        words = QVBoxLayout()
        words.setSpacing(theme.SPACE_4)
        self._title, self._detail = QLabel(), QLabel()
        theme.mark(self._title, "subject")
        for label in (self._title, self._detail):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        layout.addLayout(words, 1)
        self._again = button("deploy.verdict.again", tr("Verify again"), self.again_wanted.emit, tip=tr("Repeat the comparison on this machine"))
        layout.addWidget(self._again)

    def show_verification(self, verification: Verification) -> None:
        """Shows the outcome."""
        theme.mark(self, "finding-good" if verification.passed else "finding-error")
        self._title.setText(tr("Verified: the bundle is the same model") if verification.passed else tr("Not verified"))
        self._detail.setText(_agreement(verification) if verification.passed else say(verification.sentence()))
        self._again.setVisible(True)

    def show_failure(self, message: str, hint: str) -> None:
        """Shows why there is no bundle."""
        theme.mark(self, "finding-error")
        self._title.setText(message)
        self._detail.setText(hint)
        self._again.setVisible(False)


def _agreement(verification: Verification) -> str:
    return tr(
        "PyTorch and ONNX Runtime agree on {rows} rows in {cases} cases; the largest difference is {difference}.",
        rows=f"{verification.rows:,}", cases=len(verification.cases), difference=f"{verification.max_abs_difference:.1e}",
    )


class ParityCard(Card):
    """PyTorch against ONNX Runtime, a row per case."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("deploy.parity", tr("PyTorch against ONNX Runtime"), parent)
        self._table = QWidget()
        self.content.addWidget(self._table)

    def show_verification(self, verification: Verification) -> None:
        """Shows every case."""
        self.set_facts(tr("tolerance {tolerance} · {seconds} s", tolerance=f"{verification.tolerance:.1e}", seconds=number(verification.seconds)))
        self._table.hide()
        self._table.deleteLater()
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_16)
        grid.setVerticalSpacing(theme.SPACE_4)
        grid.setColumnStretch(2, 1)
        for column, head in enumerate((tr("Case"), tr("Rows"), tr("Largest difference"), "", tr("Same predictions"), "")):
            label = QLabel(head)
            theme.mark(label, "small")
            grid.addWidget(label, 0, column, _alignment(column))
        for row, case in enumerate(verification.cases, 1):
            self._add(grid, row, case, verification.tolerance)
        self.content.addWidget(self._table)

    def _add(self, grid: QGridLayout, row: int, case: Case, tolerance: float) -> None:
        bar = Bar()
        colours = theme.current()
        share = case.max_difference / tolerance if tolerance else 1.0
        words = tr("{share} % of the tolerance", share=round(share * 100))
        bar.set_value(min(share, 1.0), colours.good if case.passed else colours.wrong, text=words)
        verdict = QLabel(tr("agrees") if case.passed else tr("differs"))
        theme.mark(verdict, "good" if case.passed else "wrong")
        cells = [QLabel(say(case.name)), QLabel(f"{case.rows:,}"), bar, QLabel(f"{case.max_difference:.1e}"),
                 QLabel(f"{case.equal_predictions:,}"), verdict]
        for column, cell in enumerate(cells):
            grid.addWidget(cell, row, column, _alignment(column) if column != 2 else Qt.AlignmentFlag.AlignVCenter)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (1, 3, 4) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class FilesCard(Card):
    """What lies in the bundle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("deploy.files", tr("The bundle"), parent)
        self._folder: Path | None = None
        self._list = QLabel()
        self._list.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._list.setTextFormat(Qt.TextFormat.RichText)
        self._path = QLineEdit()
        self._path.setObjectName("deploy.files.path")
        self._path.setAccessibleName(tr("Folder of the bundle"))
        self._path.setReadOnly(True)
        self.content.addWidget(self._path)
        self.content.addWidget(self._list)
        self.add_control(button("deploy.files.open", tr("Open folder"), self._open, tip=tr("Show the bundle in the file manager")))

    def show_bundle(self, folder: Path, inputs: str, outputs: str) -> None:
        """Lists the files of a bundle and what its model takes and gives."""
        self._folder = folder
        self._path.setText(short_path(folder))
        self._path.setToolTip(str(folder))
        rows = [f"<tr><td><b>{escape(item.name)}</b></td><td align='right'>&nbsp;&nbsp;{size(item.stat().st_size)}</td>"
                f"<td>&nbsp;&nbsp;<span style='color:{theme.current().quiet}'>{_purpose(item.name)}</span></td></tr>"
                for item in sorted(folder.iterdir()) if item.is_file()]
        facts = f"{tr('takes')} {escape(inputs)} &nbsp;→&nbsp; {tr('gives')} {escape(outputs)}"
        self._list.setText(f"<table cellspacing='2'>{''.join(rows)}</table><p style='color:{theme.current().quiet}'>{facts}</p>")

    def _open(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _purpose(name: str) -> str:
    known = {
        "model.onnx": tr("the network with its preprocessing inside"), "README.md": tr("the model card"),
        "verification.json": tr("the comparison with PyTorch"),
    }
    return known.get(name, tr("cuts text into tokens") if name.endswith("tokenizer.json") else "")
