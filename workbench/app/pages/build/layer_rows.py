"""Rows of layers, as palette and search show them: a stripe in the family's colour, the name, a quiet remark."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.card import interface_font
from workbench.layers.base import Family

LAYER_ROLE, REMARK_ROLE, DIM_ROLE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2, Qt.ItemDataRole.UserRole + 3
COLOUR_ROLE = Qt.ItemDataRole.UserRole + 4
ROW_PX, HEADING_PX = 27, 30

FAMILY_LABELS = {
    Family.INPUT_OUTPUT: "Input & output", Family.CONVOLUTION: "Convolution", Family.POOLING: "Pooling",
    Family.NORMALISATION: "Normalisation", Family.ACTIVATION: "Activation", Family.DENSE: "Dense", Family.RECURRENT: "Recurrent",
    Family.ATTENTION: "Attention", Family.SHAPE: "Shape", Family.REGULARISING: "Regularising",
}


def family_label(family: Any) -> str:
    """Returns what a family is called in the language in use."""
    return tr(FAMILY_LABELS.get(family, str(family)))


def common_first(layers: Iterable[Any]) -> list[Any]:
    """Returns layers, the common ones first."""
    return sorted(layers, key=lambda layer: layer.prominence)


def by_family(layers: Iterable[Any]) -> dict[Any, list[Any]]:
    """Returns layers by family, in the order of the families; within one, the common ones first."""
    groups: dict[Any, list[Any]] = {family: [] for family in Family}
    for layer in common_first(layers):
        groups.setdefault(layer.family, []).append(layer)
    return {family: group for family, group in groups.items() if group}


def layer_item(layer: Any, remark: str = "", dim: bool = False) -> QListWidgetItem:
    """Returns a row for a layer."""
    item = QListWidgetItem(say(layer.label))
    item.setData(LAYER_ROLE, layer.name)
    item.setData(COLOUR_ROLE, theme.family_colour(layer.family))
    item.setData(REMARK_ROLE, remark)
    item.setData(DIM_ROLE, dim)
    aliases = ", ".join(layer.aliases[:6])
    item.setToolTip(f"{say(layer.summary)}\n{aliases}" if aliases else say(layer.summary))
    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, say(layer.summary))
    return item


def block_item(name: str) -> QListWidgetItem:
    """Returns a row for one of the user's own blocks."""
    item = QListWidgetItem(name)
    item.setData(LAYER_ROLE, f"block:{name}")
    item.setData(COLOUR_ROLE, theme.current().quiet)
    item.setToolTip(tr("A block of your own; it comes in as a group that you can open and change."))
    return item


def heading_item(text: str) -> QListWidgetItem:
    """Returns a row that names a group."""
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


class LayerRowDelegate(QStyledItemDelegate):
    """Paints such rows."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        look, box = theme.current(), option.rect
        layer = index.data(LAYER_ROLE)
        painter.save()
        if layer is None:
            self._paint_heading(painter, box, index)
        else:
            self._paint_ground(painter, option)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(index.data(COLOUR_ROLE)))
            painter.drawRoundedRect(QRectF(box.left() + 16, box.center().y() - 6, 4, 14), 2, 2)
            self._paint_words(painter, box, index, look.faint if index.data(DIM_ROLE) else look.text)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        look = theme.current()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(look.accent_wash))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(look.raised))

    def _paint_heading(self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        painter.setFont(interface_font(11, True))
        painter.setPen(QColor(theme.current().quiet))
        painter.drawText(box.adjusted(16, 8, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, str(index.data()))

    def _paint_words(self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, colour: str) -> None:
        label, remark = str(index.data()), str(index.data(REMARK_ROLE) or "")
        font = interface_font(13)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        words = box.adjusted(30, 0, -12, 0)
        metrics = QFontMetrics(font)
        painter.drawText(
            words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            metrics.elidedText(label, Qt.TextElideMode.ElideRight, words.width()),
        )
        rest = words.adjusted(metrics.horizontalAdvance(label) + 12, 0, 0, 0)
        if remark and rest.width() > 30:
            painter.setFont(interface_font(11))
            painter.setPen(QColor(theme.current().quiet))
            shown = QFontMetrics(interface_font(11)).elidedText(remark, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, ROW_PX if index.data(LAYER_ROLE) else HEADING_PX)
