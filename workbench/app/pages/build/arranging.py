"""What the Build page does to the places of cards: automatic layout, aligning, distributing, frames and notes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QInputDialog, QWidget

from workbench.app.jobs import Job, run_job
from workbench.app.language import tr
from workbench.app.pages.build.motion import Motion
from workbench.graph.arrange import align, distribute
from workbench.graph.drawing import as_graph
from workbench.graph.remarks import remarks_of
from workbench.settings import load_settings

_LAYOUT_IN_JOB = 300
_FRAME_PX = (24.0, 24.0, 12.0)
"""Margins of a frame around the cards: at the sides, above for its title, and below; the gap between two rows is 26."""


class Arranging:
    """The part of the page that places cards."""

    session: Any
    canvas: Any
    view: Any
    commands: Any
    motion: Motion
    _layout_job: Job | None

    def lay_out(self) -> None:
        """Places the selected layers, or all of them, by themselves; Escape takes it back while it goes on."""
        from workbench.graph.layout import layout

        graph, drawing, chosen = self.session.project.graph, self.canvas.drawing, tuple(self.canvas.selected)
        ids = chosen if len(chosen) > 1 else None
        shown = as_graph(graph, drawing)
        self.motion.finish()
        if len(shown) <= _LAYOUT_IN_JOB:
            self._take_layout(graph, drawing.moved(graph, layout(shown, ids)))
            return
        self.stop_layout()
        self._layout_job = run_job(
            self, lambda _progress, cancelled: layout(shown, ids, cancelled),
            lambda places: self._take_layout(graph, drawing.moved(graph, places)),
        )

    def _take_layout(self, graph: object, places: Any) -> None:
        if self.session.project.graph is not graph or not places:
            return
        before = {card: node.position for card, node in self.canvas.drawing.nodes.items()}
        self.commands.take_layout(places)
        if load_settings().animate:
            self.motion.start(before)

    def stop_layout(self) -> bool:
        """Stops a layout that is being worked out, or takes back one whose cards are on their way; says whether there was one."""
        if self._layout_job is not None and self._layout_job.running:
            self._layout_job.cancel()
            return True
        if self.motion.running:
            self.motion.finish()
            self.session.undo()
            return True
        return False

    def _centres(self) -> dict[str, tuple[float, float]]:
        return {card: self.canvas.cards[card].node.position for card in self.canvas.cards if card in self.canvas.selected}

    def align(self, side: str) -> None:
        """Brings the selected cards in line."""
        self.commands.align(self.canvas.drawing.moved(self.session.project.graph, align(self._centres(), side)))

    def distribute(self, down: bool) -> None:
        """Spreads the selected cards evenly."""
        self.commands.align(self.canvas.drawing.moved(self.session.project.graph, distribute(self._centres(), down)))

    def add_note(self, place: QPointF | None = None) -> None:
        """Adds a note and asks what it says."""
        spot = place if isinstance(place, QPointF) else self.view.visible_rect().center()
        self.edit_remark(self.commands.add_remark("note", (round(spot.x() / 16) * 16.0, round(spot.y() / 16) * 16.0, 224.0, 96.0)))

    def frame_selection(self) -> None:
        """Draws a frame around the selected cards and asks for its title."""
        if self.canvas.selected:
            side, top, bottom = _FRAME_PX
            box = self.canvas.bounds(self.canvas.selected).adjusted(-side, -top, side, bottom)
            self.edit_remark(self.commands.add_remark("frame", (box.x(), box.y(), box.width(), box.height()), tr("Frame")))

    def edit_remark(self, remark: str) -> QInputDialog:
        """Asks for the text of a frame or note."""
        found = next(each for each in remarks_of(self.session.project.graph) if each.id == remark)
        assert isinstance(self, QWidget)
        dialog = QInputDialog(self)
        dialog.setObjectName("build.remark")
        dialog.setWindowTitle(tr("Note") if found.kind == "note" else tr("Frame"))
        dialog.setLabelText(tr("Text"))
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput, found.kind == "note")
        dialog.setTextValue(found.text)
        dialog.setOkButtonText(tr("Apply"))
        dialog.setCancelButtonText(tr("Cancel"))
        dialog.textValueSelected.connect(lambda text: self.commands.change_remark(remark, text=text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog
