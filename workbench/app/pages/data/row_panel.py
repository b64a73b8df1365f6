"""Everything about one row: as it came, what was changed, what a run says, as the model sees it before and after augmentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.draws import Draws
from workbench.app.pages.data.playing import Player
from workbench.app.pages.data.row_changes import RowChanges
from workbench.app.pages.data.row_edits import RowEdits
from workbench.app.pages.data.seen import Seen
from workbench.app.pages.data.tile_painting import TilePainter, mask_image, qimage
from workbench.app.widgets import ImageView, KeyValue, button, quiet
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.editing import Editing
    from workbench.app.pages.data.rows import Rows

PICTURE_PX, CURVE_PX = 240, 132


class RowPanel(QWidget):
    """The right column of the Data page.

    Signals:
        inspect_wanted: The row that should be looked at in Inspect.
        left: The keyboard should go back to the grid.
    """

    inspect_wanted = Signal(int)
    left = Signal()

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.row")
        self._row = -1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        self._title = QLabel()
        theme.mark(self._title, "subject")
        self._picture = ImageView("data.row.picture", self, side=PICTURE_PX, label=tr("The row as it came"))
        self.player = Player(self)
        self._text = QLabel()
        self._text.setObjectName("data.row.text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.edits = RowEdits(editing, self)
        self.edits.left.connect(self.left)
        self._facts = KeyValue("data.row.facts", self)
        self._file = quiet("")
        self._file.setObjectName("data.row.file")
        self._places = self._file_buttons()
        self.changes = RowChanges(editing, self)
        self.seen, self.draws = Seen(self), Draws(self)
        tip = tr("Explain what a trained run says about this row")
        self._inspect = button("data.row.inspect", tr("Look at it in Inspect"), self._ask, tip=tip)
        for widget in (self._title, self._picture, self.player, self._text, self.edits, self._facts, self.changes, self._file, self._places,
                       self.seen, self.draws, self._inspect):
            layout.addWidget(widget)
        layout.addStretch(1)

    def show_row(self, rows: Rows | None, row: int, ids: list[str] | None = None) -> None:
        """Shows one row, or nothing where `row` is -1.

        Args:
            rows: The data.
            row: The dataset index.
            ids: The selected rows, which changes go to; None for this row alone.
        """
        self._row = row
        there = rows is not None and row >= 0
        for widget in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            widget.setVisible(there)
        if rows is None or row < 0:
            return
        self._show_raw(rows, row)
        self.seen.show_row(rows, row)
        self.draws.show_row(rows, row)
        self.show_picked(rows, row, ids or [rows.id_of(row)])

    def show_picked(self, rows: Rows | None, row: int, ids: list[str]) -> None:
        """Says how many rows are selected; changes go to all of them."""
        if rows is None or row < 0:
            return
        split = tr(rows.split_of(row)) if rows.split_of(row) else tr("left out")
        title = tr("Row {row} · {split}", row=f"{row:,}", split=split)
        self._title.setText(title if len(ids) < 2 else tr("{count} rows selected", count=f"{len(ids):,}"))
        self.edits.show_rows(rows, row, ids)
        self.changes.show_row(rows, row)

    def write(self, key: str) -> None:
        """Puts the keyboard into the field for a tag (`t`) or for a note (`n`)."""
        (self.edits.tag if key == "t" else self.edits.note).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_raw(self, rows: Rows, row: int) -> None:
        kind = rows.lead.kind if rows.lead else None
        self._picture.setVisible(rows.pictures)
        self._text.setVisible(kind == FieldKind.TEXT and not rows.table)
        facts = self._raw_facts(rows, row)
        if rows.verdicts is not None:
            facts = [*rows.verdicts.words(row), *facts]
        self._facts.set_rows([*facts, (tr("Id"), rows.id_of(row))])
        file = rows.file_of(row)
        self._file.setText(str(file) if file is not None else "")
        self._file.setVisible(file is not None)
        self._places.setVisible(file is not None)

    def _file_buttons(self) -> QWidget:
        """Returns what can be done with the file of a row."""
        made = QWidget(self)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_8)
        row.addWidget(button("data.row.folder", tr("Open folder"), self._open_folder, kind="link", tip=tr("Show where the file lies"), parent=made))
        copy = lambda: QGuiApplication.clipboard().setText(self._file.text())  # noqa: E731
        row.addWidget(button("data.row.copy", tr("Copy path"), copy, kind="link", tip=tr("Put the path of the file on the clipboard"), parent=made))
        row.addStretch(1)
        return made

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._file.text()).parent)))

    def _raw_facts(self, rows: Rows, row: int) -> list[tuple[str, str]]:
        facts = rows.values(row, skip_label=True)
        kind = rows.lead.kind if rows.lead else None
        self.player.setVisible(kind == FieldKind.AUDIO)
        if kind == FieldKind.TEXT:
            text = rows.text(row)
            self._text.setText(text)
            return [*facts, (tr("Length"), tr("{count} characters", count=f"{len(text):,}"))]
        if not rows.pictures:
            return facts
        # A damaged file raises whatever its decoder met; the panel says so and stays.
        try:
            return [*facts, (tr("Size"), self._show_picture(rows, row))]
        except Exception as error:
            self._picture.set_image(None)
            return [*facts, (tr("Cannot be read"), str(error))]

    def _show_picture(self, rows: Rows, row: int) -> str:
        """Shows the picture of a row and returns its size in words."""
        raw = np.asarray(rows.raw(row))
        image = curve_image(rows, row, self.devicePixelRatioF()) if rows.curves else rows.image(row)
        self._picture.setFixedSize(PICTURE_PX, CURVE_PX if rows.curves else PICTURE_PX)
        self._picture.set_image(image)
        if rows.lead is not None and rows.lead.kind == FieldKind.AUDIO:
            self.player.take(raw, rows.lead.rate)
        if rows.curves:
            return " × ".join(str(size) for size in raw.shape)
        if rows.mask is not None:
            self._picture.set_image(_with_mask(rows, row, image))
        self._picture.setFixedWidth(self._picture.picture_rect().width())
        height, width, channels = image.shape
        return tr("{width} × {height} {kind}", width=width, height=height, kind=tr("grey") if channels == 1 else tr("colour"))

    def _ask(self) -> None:
        if self._row >= 0:
            self.inspect_wanted.emit(self._row)


def curve_image(rows: Rows, row: int, ratio: float) -> QImage:
    """Returns a series or a sound as the grid draws it, as large as the panel."""
    painter = TilePainter(rows, QSize(PICTURE_PX, CURVE_PX), ratio, theme.current(), theme.text_font(), theme.small_font())
    image = dict(painter.paint([row]))[row]
    image.setDevicePixelRatio(1.0)
    return image


def _with_mask(rows: Rows, row: int, image: np.ndarray) -> QImage:
    assert rows.mask is not None
    overlay = mask_image(np.asarray(rows.dataset.column(rows.mask.name, np.asarray([row]))[0]))
    picture = qimage(image).convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.setOpacity(0.45)
    painter.drawImage(picture.rect(), overlay)
    painter.end()
    return picture
