"""The left column of Deploy: which run, how, where to, and what this machine can run it on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import tr
from workbench.app.pages.train.run_words import run_titles
from workbench.app.widgets import Heading, button, quiet
from workbench.catalogue import Params, param
from workbench.project.project import ExportChoice

if TYPE_CHECKING:
    from workbench.project.runs import RunInfo

OPSETS = (18, 19, 20, 21, 22, 23)


class ExportParams(Params):
    """How a bundle is made."""

    opset: int = param(20, label="Operator set", help="The version of ONNX operations; 18 to 20 run almost everywhere.", choices=OPSETS, ge=18, le=23)
    licence: str = param("", label="Licence", help="Written into the model and its card; empty takes that of the data.")
    author: str = param("", label="Author", help="Written into the model and its card.")


class ExportForm(QWidget):
    """What is exported and how.

    Signals:
        edited: The new export choice and the name of what changed.
        export_wanted, folder_wanted, cancel_wanted, source_wanted, weights_wanted: The buttons.
        run_chosen: The folder of a run.
    """

    edited = Signal(object, str)
    export_wanted = Signal()
    folder_wanted = Signal()
    cancel_wanted = Signal()
    source_wanted = Signal()
    weights_wanted = Signal()
    run_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deploy.form")
        self._choice, self._busy = ExportChoice(), False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        self.run = QComboBox()
        self.run.setObjectName("deploy.form.run")
        self.run.setAccessibleName(tr("From"))
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.run.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.run.activated.connect(lambda index: self.run_chosen.emit(self.run.itemData(index)))
        row = QFormLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addRow(quiet(tr("From")), self.run)
        layout.addLayout(row)
        self.params = ParamsForm(ExportParams, self, "deploy.params")
        self.params.edited.connect(lambda name, value: self.edited.emit(replace(self._choice, **{name: value}), name))
        layout.addWidget(self.params)
        tip = tr("Into the run's own folder")
        self.export = button("deploy.form.export", tr("Export and verify"), self.export_wanted.emit, kind="primary", tip=tip)
        self.export_to = button("deploy.form.export-to", tr("Export to..."), self.folder_wanted.emit, tip=tr("Choose the folder of the bundle"))
        self.cancel = button("deploy.form.cancel", tr("Cancel"), self.cancel_wanted.emit)
        self.bar, self.what = QProgressBar(), quiet("")
        self.bar.setObjectName("deploy.form.progress")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        for widget in (self.export, self.export_to, self.bar, self.what, self.cancel):
            layout.addWidget(widget)
        layout.addWidget(Heading(tr("Runs on")))
        self._providers = QLabel()
        self._providers.setTextFormat(Qt.TextFormat.RichText)
        self._providers.setWordWrap(True)
        self._providers.setObjectName("deploy.form.providers")
        self._providers.setToolTip(tr("What the ONNX Runtime on this computer can run a model on"))
        layout.addWidget(self._providers)
        layout.addWidget(Heading(tr("Also")))
        tip = tr("One file that needs torch alone")
        self._source = button("deploy.form.source", tr("Save PyTorch source..."), self.source_wanted.emit, tip=tip)
        tip = tr("The best weights of this run, under the names of the drawing")
        self._weights = button("deploy.form.weights", tr("Save weights (safetensors)..."), self.weights_wanted.emit, tip=tip)
        layout.addWidget(self._source)
        layout.addWidget(self._weights)
        layout.addStretch(1)
        self.show_busy(False)

    def set_runs(self, runs: list[RunInfo], selected: Any) -> None:
        """Offers these runs."""
        titles = run_titles(runs)
        offered = [(title, path) for path, title in titles.items()]
        if offered != [(self.run.itemText(place), self.run.itemData(place)) for place in range(self.run.count())]:
            self.run.clear()
            for title, path in offered:
                self.run.addItem(title, path)
        self.run.setCurrentIndex(next((place for place, (_, path) in enumerate(offered) if path == selected), -1))
        self.run.setToolTip(self.run.currentText())
        self._enable()

    def _enable(self) -> None:
        ready = not self._busy and self.run.count() > 0
        for control in (self.export, self.export_to, self._source, self._weights):
            control.setEnabled(ready or (control is self._source and not self._busy))

    def set_choice(self, choice: ExportChoice) -> None:
        """Shows an export choice."""
        self._choice = choice
        names = {field.name for field in fields(choice)}
        self.params.set_values({name: getattr(choice, name) for name in ExportParams.model_fields if name in names})

    def show_providers(self, available: tuple[str, ...]) -> None:
        """Says what this machine's ONNX Runtime can run on."""
        colours = theme.current()
        rows = []
        for name, title in (("cpu", "CPU"), ("cuda", "CUDA"), ("coreml", "CoreML"), ("directml", "DirectML"), ("openvino", "OpenVINO")):
            there = name in available
            mark = f'<span style="color:{colours.good if there else colours.faint}">{"●" if there else "○"}</span>'
            rows.append(f"{mark} {title} <span style='color:{colours.quiet}'>{tr('ready') if there else tr('not installed')}</span>")
        self._providers.setText("<br>".join(rows))

    def show_busy(self, busy: bool, share: float = 0.0, what: str = "") -> None:
        """Shows how far an export is, or that none is under way and what became of the last one."""
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)
        self.what.setVisible(busy or bool(what))
        self._busy = busy
        self._enable()
        self.bar.setValue(round(share * 100))
        self.what.setText(what)
