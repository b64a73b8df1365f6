"""The context menu of a plot: copy it, save it as a picture, take its numbers away."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from workbench.app.language import tr

if TYPE_CHECKING:
    from workbench.app.pages.train.plot import LivePlot


def show_plot_menu(plot: LivePlot, place: QPoint) -> QMenu:
    """Opens the menu at a point of the screen."""
    menu = QMenu(plot)
    menu.setObjectName(f"{plot.objectName()}.menu")
    menu.addAction(tr("Copy picture"), lambda: QGuiApplication.clipboard().setPixmap(plot.grab()))
    menu.addAction(tr("Save picture..."), lambda: save_picture(plot))
    menu.addAction(tr("Save curves as CSV..."), lambda: save_curves(plot))
    menu.addSeparator()
    menu.addAction(tr("Show everything"), lambda: (plot.show_all(), plot.all_wanted.emit()))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu


def save_picture(plot: LivePlot) -> None:
    """Asks for a file and writes the plot as it stands."""
    path, _ = QFileDialog.getSaveFileName(plot, tr("Save picture"), "curves.png", "PNG (*.png)")
    if path:
        plot.grab().save(path)


def save_curves(plot: LivePlot) -> None:
    """Asks for a file and writes every number of every curve."""
    path, _ = QFileDialog.getSaveFileName(plot, tr("Save curves"), "curves.csv", "CSV (*.csv)")
    if path:
        Path(path).write_text(curves_csv(plot), encoding="utf-8")


def curves_csv(plot: LivePlot) -> str:
    """Returns every row of every curve: curve, step, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("curve", "step", "value"))
    for curve in plot.curves.values():
        x, y = curve.pyramid.rows
        name = curve.label or curve.key
        writer.writerows((name, f"{step:g}", repr(float(value))) for step, value in zip(x.tolist(), y.tolist(), strict=True))
    return text.getvalue()
