"""A row as the model sees it: the tensor of every input after preprocessing, with its shape, range and picture, a text by its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say_own, tr
from workbench.app.pages.data.curve_picture import drawn
from workbench.app.pages.inspect.tokens import TokenStrip
from workbench.app.widgets import Heading, ImageView, quiet
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

UNKNOWN = ("[UNK]", "<unk>")
MOST_TOKENS = 200
_FEW = 6


class Seen(QWidget):
    """The part of the side panel about tensors."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.seen")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self._picture = ImageView("data.row.seen", self, side=96, label=tr("As the model sees it"))
        self._tokens = TokenStrip("data.row.tokens", self)
        self._tokens.token_hovered.connect(self._tell)
        self._facts = quiet("")
        self._found: list[Any] = []
        for widget in (Heading(tr("As the model sees it")), self._picture, self._tokens, self._facts):
            layout.addWidget(widget)

    def show_row(self, rows: Rows, row: int) -> None:
        """Shows a row, or nothing while the data is being prepared."""
        known = rows.prepared is not None and rows.split_of(row) != ""
        self.setVisible(known)
        if not known or rows.prepared is None:
            return
        lead = rows.lead if rows.lead is not None and rows.lead.name in rows.prepared.preprocessors else None
        batch = rows.prepared.batch([row])
        text = next((name for name in rows.prepared.inputs if rows.dataset.field(name).kind == FieldKind.TEXT), "")
        self._picture.setVisible(lead is not None and lead.kind in (FieldKind.IMAGE, FieldKind.SERIES, FieldKind.AUDIO))
        self._tokens.setVisible(bool(text))
        lines = [tensor_words(label_of(rows, name), value, classes_of(rows, name)) for name, value in list(batch.values.items())[:_FEW]]
        if lead is not None and lead.kind == FieldKind.IMAGE:
            self._picture.set_signed(batch.values[lead.name][0].float().mean(0).cpu().numpy())
        elif lead is not None and lead.kind in (FieldKind.SERIES, FieldKind.AUDIO):
            self._picture.set_image(drawn(batch.values[lead.name][0].float().cpu().numpy()))
        if text:
            lines = [self._show_tokens(rows.prepared.preprocessors[text], rows.worded(rows.dataset.field(text), row)), *lines]
        self._facts.setText("\n".join(lines))

    def _show_tokens(self, preprocessor: Any, text: str) -> str:
        self._found = preprocessor.tokens(text)
        shown = self._found[:MOST_TOKENS]
        self._tokens.show_tokens([token.text for token in shown], unknown=[token.text in UNKNOWN for token in shown])
        size = f"{preprocessor.shape().vocabulary or 0:,}"
        return tr("{count} tokens of a vocabulary of {size}", count=len(self._found), size=size)

    def _tell(self, index: int) -> None:
        if 0 <= index < len(self._found):
            token = self._found[index]
            QToolTip.showText(QCursor.pos() + QPoint(8, 12), tr("{token}: number {id}", token=token.text, id=token.id), self._tokens)


def label_of(rows: Rows, name: str) -> str:
    """Returns how a field is called for people; a model's own tensor by its name."""
    field = next((item for item in rows.dataset.fields if item.name == name), None)
    return say_own(field.label) or name if field is not None else name


def classes_of(rows: Rows, name: str) -> tuple[str, ...]:
    """Returns the classes of what a tensor holds, or nothing where it is no class."""
    field = next((item for item in rows.dataset.fields if item.name == name), None)
    return field.categories if field is not None and field.kind == FieldKind.CATEGORY else ()


def tensor_words(name: str, value: Any, classes: Sequence[str] = ()) -> str:
    """Returns name, shape and range of a tensor of one row, one number as it is, and a class by its name."""
    shape = " × ".join(str(size) for size in value.shape[1:]) or "1"
    if not value.numel():
        return f"{name}: {shape}"
    if value.numel() == 1 and not value.is_floating_point():
        number = int(value)
        if 0 <= number < len(classes):
            return tr("{name}: {value}", name=name, value=f"{classes[number]} ({number})")
        return tr("{name}: {value}", name=name, value=number)
    if value.numel() == 1:
        return tr("{name}: {value} after normalising", name=name, value=f"{float(value):.2f}")
    if not value.is_floating_point():
        return tr("{name}: {shape}, whole numbers {low} to {high}", name=name, shape=shape, low=int(value.min()), high=int(value.max()))
    bounds = {"low": f"{float(value.min()):.2f}", "high": f"{float(value.max()):.2f}"}
    return tr("{name}: {shape}, values {low} to {high} after normalising", name=name, shape=shape, **bounds)
