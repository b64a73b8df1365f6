"""What the Build page does to take the drawing elsewhere: pictures and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.app.language import say, tr
from workbench.app.pages.build.pictures import image_of, save_picture
from workbench.errors import ProjectError


class Picturing:
    """The part of the page that writes pictures and tables."""

    canvas: Any
    costs: Any
    say: Any

    def picture(self, scale: float = 2.0) -> QImage:
        """Returns the whole drawing as a picture."""
        return image_of(self.canvas, scale)

    def save_picture(self) -> None:
        """Asks for a file and writes the drawing to it, as SVG, PDF or PNG."""
        kinds = "SVG (*.svg);;PDF (*.pdf);;PNG (*.png)"
        assert isinstance(self, QWidget)
        name, kind = QFileDialog.getSaveFileName(self, tr("Save the drawing"), "model.svg", kinds)
        if not name:
            return
        path = Path(name) if Path(name).suffix else Path(f"{name}.{kind[:3].lower()}")
        try:
            save_picture(self.canvas, path)
        except ProjectError as error:
            self.say(say(error.message))

    def copy_table(self) -> None:
        """Puts the layer table on the clipboard as Markdown."""
        self.costs.copy("markdown")

    def copy_latex(self) -> None:
        """Puts the layer table on the clipboard as LaTeX."""
        self.costs.copy("latex")
