"""The part about splits: shares to drag or type, what stays together, and how classes are divided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say_own, tr
from workbench.app.pages.data.preparation.section import Same, Section, Shown, Sides
from workbench.app.pages.data.preparation.shares import class_shares, split_counts
from workbench.app.pages.data.preparation.split_params import MOST_SHARE, SplitParams
from workbench.app.widgets import Heading, quiet
from workbench.data.base import FieldKind
from workbench.data.making.view import real_rows
from workbench.data.splits import given_parts
from workbench.project.feeding import target_fields
from workbench.project.project import SplitChoice

_GRIP_PX, _STEP, _ROW_PX, _MOST_ROWS = 8, 0.05, 26, 12
_MOST_CLASSES = 200
_GROUPS = (FieldKind.CATEGORY, FieldKind.TEXT, FieldKind.NUMBER)


class SharesBar(QWidget):
    """One bar for all rows; its two borders are dragged, or moved by the arrow keys (Shift for the border of the test part).

    Signals:
        moved: The shares of validation and test, when the border is let go.
    """

    moved = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.split.bar")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(44)
        self.setToolTip(tr("Drag the borders. By keyboard: left and right, with Shift for the border of the test part."))
        self.validation, self.test, self._rows = 0.15, 0.15, 0
        self._counts: tuple[int, int, int] | None = None
        self._held = -1

    def set_shares(self, validation: float, test: float, rows: int, counts: tuple[int, int, int] | None) -> None:
        """Shows shares; `counts` are the rows that came of them, None while that is not known."""
        self.validation, self.test, self._rows, self._counts = validation, test, rows, counts
        self._held = -1
        self._describe()
        self.update()

    def _describe(self) -> None:
        parts = ", ".join(f"{name} {share:.0%}" for name, share in zip(_names(), self._parts(), strict=True))
        self.setAccessibleName(tr("Shares of the rows: {parts}", parts=parts))

    def _parts(self) -> tuple[float, float, float]:
        if self._counts is not None and self._held < 0 and sum(self._counts):
            total = sum(self._counts)
            return self._counts[0] / total, self._counts[1] / total, self._counts[2] / total
        return 1 - self.validation - self.test, self.validation, self.test

    def _borders(self) -> tuple[int, int]:
        train, validation, _ = self._parts()
        return round(self.width() * train), round(self.width() * (train + validation))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, second = self._borders()
        edges = (0, first, second, self.width())
        for number, share in enumerate(self._parts()):
            box = QRectF(edges[number], 0, max(edges[number + 1] - edges[number] - 2, 0), 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.curves[number]))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(colours.quiet))
            painter.setFont(theme.small_font())
            count = self._counts[number] if self._counts is not None and self._held < 0 else round(self._rows * share)
            words = f"{_names()[number]} {count:,}"
            wide = painter.fontMetrics().horizontalAdvance(words)
            left = min(max(edges[number], 0), self.width() - wide)
            left = max(left, 0) if number != 2 else self.width() - wide
            if number == 1:
                left = min(left, self.width() - wide - painter.fontMetrics().horizontalAdvance(f"{_names()[2]} {self._rows:,}") - 12)
            painter.drawText(QRect(left, 18, wide + 2, 16), Qt.AlignmentFlag.AlignLeft, words)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.end()

    def _near(self, x: float) -> int:
        distances = [abs(x - border) for border in self._borders()]
        best = distances.index(min(distances))
        return best if distances[best] <= _GRIP_PX else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        held = self._near(event.position().x())
        if held >= 0:
            _, self.validation, self.test = self._parts()
            self._held = held

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held < 0:
            self.setCursor(Qt.CursorShape.SplitHCursor if self._near(event.position().x()) >= 0 else Qt.CursorShape.ArrowCursor)
            return
        self._set_border(self._held, round(event.position().x() / max(self.width(), 1), 2))
        self.update()

    def _set_border(self, border: int, at: float) -> None:
        if border == 0:
            self.validation = round(min(max(1 - self.test - at, 0.0), MOST_SHARE - self.test), 2)
        else:
            whole = self.validation + self.test
            self.test = round(min(max(1 - at, 0.0), whole), 2)
            self.validation = round(whole - self.test, 2)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held >= 0:
            self._held = -1
            self.moved.emit(self.validation, self.test)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._set_border(1, 1 - self.test + step)
        else:
            self._set_border(0, 1 - self.validation - self.test + step)
        self.moved.emit(self.validation, self.test)

    def sizeHint(self) -> QSize:
        return QSize(320, 44)


def _names() -> tuple[str, str, str]:
    return tr("train"), tr("validation"), tr("test")


class SplitSection(Section):
    """How rows are divided."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("split", tr("Splits"), parent)
        self.bar = SharesBar(self.inside)
        self.bar.moved.connect(lambda validation, test: self._take_all({"validation": validation, "test": test}, "split.shares"))
        self.form = ParamsForm(SplitParams, self.inside, "data.preparation.split.form")
        self.form.edited.connect(lambda name, value: self._take_all({name: value}, f"split.{name}"))
        self.words = quiet("", self.inside)
        self.words.setObjectName("data.preparation.split.words")
        self.table = CountTable("data.preparation.split.classes", tr("Classes in each split"), self.inside)
        self._heading = Heading("", self.inside)
        self.content.addWidget(self.bar)
        self.content.addWidget(Sides(self.form, self._right(), self.inside, left_px=300))

    def _right(self) -> QWidget:
        side = QWidget(self.inside)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        for widget in (self.words, self._heading, self.table):
            layout.addWidget(widget)
        layout.addStretch(1)
        return side

    def key(self, shown: Shown) -> Any:
        return Same(shown.rows), shown.project.data, shown.project.objectives

    def summarise(self, shown: Shown) -> None:
        if shown.prepared is None:
            self.set_facts("")
            return
        counts = split_counts(shown.rows)
        self.set_facts(" · ".join(f"{name} {count:,}" for name, count in zip(_names(), counts, strict=True)))

    def refresh(self, shown: Shown) -> None:
        split, data = shown.project.data.split, shown.project.data
        dataset, prepared = shown.dataset, shown.prepared
        names = {field.name: say_own(field.label) or field.name for field in dataset.fields}
        self.form.set_choices("stratify", ["", *(field.name for field in dataset.fields if field.kind == FieldKind.CATEGORY)])
        grouped = [field.name for field in dataset.fields if field.kind in _GROUPS and field.name not in target_fields(shown.project)]
        self.form.set_choices("group", [None, *grouped, *(name for name in ("folder", "prefix") if name not in names)])
        self.form.set_choices("time", [None, *(field.name for field in dataset.fields if field.kind == FieldKind.NUMBER)])
        values = {name: getattr(split, name) for name in SplitParams.model_fields if name != "limit"}
        self.form.set_values({**values, "group": split.group or None, "time": split.time or None, "limit": data.limit})
        counts = split_counts(shown.rows) if prepared is not None else None
        self.bar.set_shares(split.validation, split.test, sum(counts) if counts else len(dataset), counts)
        self.words.setText(" ".join(self._said(shown)))
        self.words.setVisible(bool(self.words.text()))
        self._show_classes(shown)

    def _said(self, shown: Shown) -> list[str]:
        split, said = shown.project.data.split, []
        given = shown.dataset.given_splits()
        brings = given is not None and any(name != "train" for name in set(given.tolist()))
        if brings:
            said.append(tr("The source divides its rows itself; that stands.") if split.use_given else
                        tr("The source divides its rows itself; that is passed over."))
        self.form.show_field("use_given", brings)
        stands = given_parts(shown.dataset, split)
        free = stands is None or not np.any(stands == "validation")
        self.form.show_field("validation", free)
        self.form.show_field("test", stands is None)
        self.bar.setEnabled(stands is None)
        if split.folds >= 2:
            said.append(tr("What is not test is divided into {folds} folds; fold {fold} validates.", folds=split.folds, fold=split.fold + 1))
        if split.time:
            said.append(tr("The past trains, the future tests: no leak through time."))
        elif split.group:
            said.append(tr("Rows with equal {name} never stand on both sides.", name=split.group))
        made = len(shown.dataset) - len(real_rows(shown.dataset))
        if made:
            said.append(tr("{count} made rows stand in training besides.", count=f"{made:,}"))
        moved, out = len(shown.dataset.moved()), shown.dataset.left_out()
        if moved:
            said.append(tr("{count} rows were moved by hand and stay where they were put.", count=f"{moved:,}"))
        if out is not None and len(out):
            said.append(tr("{count} rows are left out by hand.", count=f"{len(out):,}"))
        return said

    def _show_classes(self, shown: Shown) -> None:
        found = class_shares(shown.rows) if shown.prepared is not None else None
        self._heading.setVisible(found is not None)
        self.table.setVisible(found is not None)
        if found is None:
            return
        totals = found.counts.sum(0)
        assert shown.rows.label is not None
        self._heading.setText(tr("{name} in each split", name=say_own(shown.rows.label.label) or shown.rows.label.name))
        rows = [
            (name, *(f"{count:,} · {count / max(total, 1):.1%}" for count, total in zip(counts.tolist(), totals.tolist(), strict=True)))
            for name, counts in zip(found.names[:_MOST_CLASSES], found.counts[:_MOST_CLASSES], strict=True)
        ]
        self.table.show_rows((tr("Class"), *_names()), rows)

    def _take_all(self, changes: dict[str, Any], key: str) -> None:
        shown = self.shown
        if shown is None:
            return
        changes = {name: "" if value is None else value for name, value in changes.items()}
        if "limit" in changes:
            shown.edit_data(tr("Change how many rows are used"), key, limit=changes["limit"])
            return
        shown.edit_data(tr("Change how rows are divided"), key, split=kept_apart(replace(shown.project.data.split, **changes), tuple(changes)))


def kept_apart(split: SplitChoice, changed: Sequence[str]) -> SplitChoice:
    """Returns a split that leaves something to train on: where one share grew too large, the other gives way."""
    over = round(split.validation + split.test - MOST_SHARE, 4)
    if over <= 0:
        return split
    if "test" in changed and "validation" not in changed:
        return replace(split, validation=round(max(split.validation - over, 0.0), 4))
    return replace(split, test=round(max(split.test - over, 0.0), 4))


class CountTable(QTableWidget):
    """A small table of names and numbers that cannot be changed."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setStyleSheet("QTableView::item { padding: 0px 8px; }")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self.horizontalHeader().setHighlightSections(False)

    def show_rows(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, tip: Callable[[int], str] | None = None,
    ) -> None:
        """Shows rows of words; the first `left` columns stand left, numbers right."""
        self.setColumnCount(len(heads))
        self.setRowCount(len(rows))
        for column, head in enumerate(heads):
            item = QTableWidgetItem(head)
            item.setTextAlignment((Qt.AlignmentFlag.AlignLeft if column < left else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, item)
        for number, row in enumerate(rows):
            for column, words in enumerate(row):
                item = QTableWidgetItem(words)
                side = Qt.AlignmentFlag.AlignLeft if column < left else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(tip(number) if tip is not None else words)
                self.setItem(number, column, item)
        for column in range(len(heads)):
            stretched = column < left
            mode = QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(column, mode)
        self.setFixedHeight(30 + _ROW_PX * min(max(len(rows), 1), _MOST_ROWS) + 4)
