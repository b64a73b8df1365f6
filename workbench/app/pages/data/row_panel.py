"""Everything about one row: as it came, and as the model sees it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets import Heading, ImageView, KeyValue, button, quiet
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

PICTURE_PX = 240


class RowPanel(QWidget):
    """The right column of the Data page.

    Signals:
        inspect_wanted: The row that should be looked at in Inspect.
    """

    inspect_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.row")
        self._row = -1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        self._title = QLabel()
        theme.mark(self._title, "subject")
        self._picture = ImageView("data.row.picture", self, side=PICTURE_PX, label=tr("The row as it came"))
        self._text = QLabel()
        self._text.setObjectName("data.row.text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts = KeyValue("data.row.facts", self)
        self._seen_heading = Heading(tr("As the model sees it"))
        self._seen_picture = ImageView("data.row.seen", self, side=96, label=tr("As the model sees it"))
        self._tokens = QLabel()
        self._tokens.setObjectName("data.row.tokens")
        self._tokens.setWordWrap(True)
        self._tokens.setTextFormat(Qt.TextFormat.RichText)
        self._seen_facts = quiet("")
        tip = tr("Explain what a trained run says about this row")
        self._inspect = button("data.row.inspect", tr("Look at it in Inspect"), self._ask, tip=tip)
        for widget in (self._title, self._picture, self._text, self._facts, self._seen_heading, self._seen_picture, self._tokens,
                       self._seen_facts, self._inspect):
            layout.addWidget(widget)
        layout.addStretch(1)

    def show_row(self, rows: Rows | None, row: int) -> None:
        """Shows one row, or nothing where `row` is -1."""
        self._row = row
        there = rows is not None and row >= 0
        for widget in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            widget.setVisible(there)
        if rows is None or row < 0:
            return
        split = tr(rows.split_of(row)) if rows.split_of(row) else tr("left out")
        self._title.setText(tr("Row {row} · {split}", row=f"{row:,}", split=split))
        self._show_raw(rows, row)
        self._show_seen(rows, row)

    def _show_raw(self, rows: Rows, row: int) -> None:
        kind = rows.lead.kind if rows.lead else None
        self._picture.setVisible(rows.pictures)
        self._text.setVisible(kind == FieldKind.TEXT)
        facts = rows.values(row)
        if rows.curves:
            self._picture.set_image(rows.image(row))
            facts.append((tr("Size"), " × ".join(str(size) for size in rows.raw(row).shape)))
        if kind == FieldKind.IMAGE:
            image = rows.image(row)
            self._picture.set_image(image)
            height, width, channels = image.shape
            kind_word = tr("grey") if channels == 1 else tr("colour")
            facts.append((tr("Size"), tr("{width} × {height} {kind}", width=width, height=height, kind=kind_word)))
        elif kind == FieldKind.TEXT:
            self._text.setText(rows.text(row))
        self._facts.set_rows([*facts, (tr("Id"), str(rows.dataset.ids()[row]))])

    def _show_seen(self, rows: Rows, row: int) -> None:
        known = rows.prepared is not None and rows.lead is not None and rows.lead.name in rows.prepared.preprocessors
        for widget in (self._seen_heading, self._seen_facts):
            widget.setVisible(known)
        self._seen_picture.setVisible(known and rows.lead is not None and rows.lead.kind == FieldKind.IMAGE)
        self._tokens.setVisible(known and rows.lead is not None and rows.lead.kind == FieldKind.TEXT)
        if not known or rows.prepared is None or rows.lead is None:
            return
        preprocessor = rows.prepared.preprocessors[rows.lead.name]
        values = preprocessor.encode_one(rows.text(row) if rows.lead.kind == FieldKind.TEXT else rows.raw(row))
        if rows.curves:
            bounds = {"low": f"{float(values.min()):.2f}", "high": f"{float(values.max()):.2f}"}
            shape = " × ".join(str(size) for size in values.shape[1:])
            self._seen_facts.setText(tr("{shape}, values {low} to {high}", shape=shape, **bounds))
            return
        if rows.lead.kind == FieldKind.IMAGE:
            self._seen_picture.set_signed(values[0].mean(0).numpy())
            low, high = float(values.min()), float(values.max())
            shape = " × ".join(str(size) for size in values.shape[1:])
            bounds = {"low": f"{low:.2f}", "high": f"{high:.2f}"}
            self._seen_facts.setText(tr("{shape}, values {low} to {high} after normalising", shape=shape, **bounds))
            return
        tokens = [token.text for token in preprocessor.tokens(rows.text(row))]  # type: ignore[attr-defined]
        self._tokens.setText(_token_markup(tokens))
        size = f"{preprocessor.shape().vocabulary or 0:,}"
        self._seen_facts.setText(tr("{count} tokens of a vocabulary of {size}", count=len(tokens), size=size))

    def _ask(self) -> None:
        if self._row >= 0:
            self.inspect_wanted.emit(self._row)


def _token_markup(tokens: list[str]) -> str:
    colours = theme.current()
    spans = [
        f'<span style="background-color:{colours.wrong_wash if token in ("[UNK]", "<unk>") else colours.accent_wash};">'
        f"&nbsp;{html.escape(token)}&nbsp;</span>"
        for token in tokens
    ]
    return " ".join(spans)
