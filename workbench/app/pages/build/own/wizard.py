"""Asks what a new layer is called, what it begins as and what can be set, and writes its first file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.widgets import Heading, button, quiet
from workbench.errors import CatalogueError
from workbench.layers.own import trust, write_own_file
from workbench.layers.own_file import read_own_file
from workbench.layers.own_writing import KIND_HELP, KIND_LABELS, PARAM_TYPES, OwnKind, OwnParam, first_test, layer_file
from workbench.settings import layers_folder

_COLUMNS = 5
_FIRST = {"int": ("1", "1", "64"), "float": ("0.5", "0", "1"), "bool": ("1", "", "")}


class OwnLayerWizard(QDialog):
    """One form; accepted, the file and its test are written and trusted.

    Attributes:
        name, label, kind, params: The fields.
        path: The file that was written, or None.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("build.newlayer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("New layer of my own"))
        self.path: Path | None = None
        self.name, self.label, self.kind = QLineEdit(self), QLineEdit(self), QComboBox(self)
        self._about, self._refusal = quiet("", self), QLabel(self)
        self.params = QTableWidget(0, _COLUMNS, self)
        self._build()
        self._tell()
        self.resize(680, 540)

    def _build(self) -> None:
        form = QFormLayout()
        for widget, key, label in ((self.name, "name", tr("Name")), (self.label, "label", tr("Label")), (self.kind, "kind", tr("Begins as"))):
            widget.setObjectName(f"build.newlayer.{key}")
            widget.setAccessibleName(label)
            form.addRow(label, widget)
        self.name.setPlaceholderText("pulse")
        self.name.setToolTip(tr("Stands in files and is the name of the Python file: small letters, digits, underscores."))
        self.label.setPlaceholderText("Pulse")
        self.label.setToolTip(tr("What the palette and the card say; made of the name where it is left empty."))
        for kind in OwnKind:
            self.kind.addItem(say(KIND_LABELS[kind]), kind.value)
        self.kind.currentIndexChanged.connect(self._tell)
        form.addRow("", self._about)
        self._build_table()
        self._refusal.setWordWrap(True)
        theme.mark(self._refusal, "wrong")
        self._refusal.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(form)
        layout.addWidget(Heading(tr("What can be set on it"), self))
        layout.addWidget(self.params, 1)
        layout.addLayout(self._table_buttons())
        layout.addWidget(quiet(tr("It is written to {folder}, with a test beside it.", folder=str(layers_folder())), self))
        layout.addWidget(self._refusal)
        layout.addLayout(self._buttons())

    def _build_table(self) -> None:
        self.params.setObjectName("build.newlayer.params")
        self.params.setAccessibleName(tr("What can be set on it"))
        self.params.setHorizontalHeaderLabels([tr("Name"), tr("Kind"), tr("Default"), tr("Lowest"), tr("Highest")])
        self.params.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.params.verticalHeader().setVisible(False)

    def _table_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(button("build.newlayer.add", tr("Add a parameter"), self.add_param))
        row.addWidget(button("build.newlayer.remove", tr("Remove it"), self.remove_param))
        row.addStretch(1)
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("build.newlayer.cancel", tr("Cancel"), self.reject))
        write = button("build.newlayer.write", tr("Write it"), self.write, kind="primary")
        write.setDefault(True)
        row.addWidget(write)
        return row

    def _tell(self) -> None:
        self._about.setText(say(KIND_HELP[self.chosen_kind()]))

    def chosen_kind(self) -> OwnKind:
        """Returns what the layer begins as."""
        return OwnKind(self.kind.currentData())

    def add_param(self, name: str = "", kind: str = "float") -> None:
        """Adds a row to the table and begins to edit its name."""
        row = self.params.rowCount()
        self.params.insertRow(row)
        self.params.setItem(row, 0, QTableWidgetItem(name or f"setting{row + 1}"))
        choice = QComboBox(self.params)
        choice.setAccessibleName(tr("Kind"))
        for value, label in zip(PARAM_TYPES, (tr("whole number"), tr("number"), tr("yes or no")), strict=True):
            choice.addItem(label, value)
        choice.setCurrentIndex(PARAM_TYPES.index(kind))
        choice.currentIndexChanged.connect(lambda _index: self._fill(choice))
        self.params.setCellWidget(row, 1, choice)
        self._fill(choice)
        self.params.setCurrentCell(row, 0)

    def _fill(self, choice: QComboBox) -> None:
        row = next(row for row in range(self.params.rowCount()) if self.params.cellWidget(row, 1) is choice)
        for column, text in enumerate(_FIRST[choice.currentData()], 2):
            self.params.setItem(row, column, QTableWidgetItem(text))

    def remove_param(self) -> None:
        """Takes the current row out of the table."""
        self.params.removeRow(self.params.currentRow())

    def wanted(self) -> list[OwnParam]:
        """Returns the rows of the table.

        Raises:
            ValueError: A default or limit is no number.
        """
        found = []
        for row in range(self.params.rowCount()):
            cells = [self.params.item(row, column) for column in range(_COLUMNS)]
            texts = [cell.text().strip() if cell is not None else "" for cell in cells]
            choice = self.params.cellWidget(row, 1)
            kind = str(choice.currentData()) if isinstance(choice, QComboBox) else "float"
            found.append(OwnParam(texts[0], kind, float(texts[2] or 0), float(texts[3] or 0), float(texts[4] or 0)))
        return found

    def write(self) -> None:
        """Writes file and test and closes, or says what is missing."""
        name = self.name.text().strip()
        try:
            text = layer_file(name, self.label.text(), self.chosen_kind(), self.wanted())
            self._write(layers_folder() / f"{name}.py", text)
        except CatalogueError as error:
            self._refuse(f"{say(error.message)} {say(error.hint)}")
        except ValueError:
            self._refuse(tr("Default and limits are numbers."))
        except OSError as error:
            self._refuse(tr("The file cannot be written: {reason}", reason=error.strerror or str(error)))

    def _write(self, path: Path, text: str) -> None:
        if path.exists():
            self._refuse(tr("{file} is there already.", file=path.name))
            return
        write_own_file(path, text)
        write_own_file(path.with_name(f"test_{path.name}"), first_test(path.stem))
        trust(path, read_own_file(path).digest)
        self.path = path
        self.accept()

    def _refuse(self, sentence: str) -> None:
        self._refusal.setText(sentence)
        self._refusal.setVisible(True)
