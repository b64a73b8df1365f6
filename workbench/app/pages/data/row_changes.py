"""What was changed about a row: how it differs from its source now, and the steps that made it so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets import Heading, button, quiet

if TYPE_CHECKING:
    from workbench.app.pages.data.editing import Editing
    from workbench.app.pages.data.rows import Rows
    from workbench.data.edits import RowEdit

MOST_STEPS = 8


class RowChanges(QWidget):
    """The part of the side panel about changes; hidden where nothing was changed."""

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.changes")
        self._editing, self._id = editing, ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        self.words = quiet("")
        self.words.setObjectName("data.changes.words")
        back = button("data.changes.back", tr("Take every change back"), lambda: self._editing.forget([self._id]), kind="link", parent=self,
                      tip=tr("The row is as in its source again; one undo brings the changes back"))
        for widget in (Heading(tr("Changes of this row")), self.words):
            layout.addWidget(widget)
        layout.addWidget(back, 0, Qt.AlignmentFlag.AlignLeft)
        self._back = back

    def show_row(self, rows: Rows, row: int) -> None:
        """Shows the changes of a row."""
        self._id = rows.id_of(row)
        edit = rows.edit_of(row)
        steps = self._editing.steps_of(self._id)[-MOST_STEPS:]
        now = differences(rows, row, edit)
        self.words.setText("\n".join([*now, *(f"· {label}" for label in reversed(steps))]))
        self._back.setVisible(not edit.empty)
        self.setVisible(bool(now or steps))


def differences(rows: Rows, row: int, edit: RowEdit) -> list[str]:
    """Returns how a row differs from its source, a sentence each."""
    from workbench.app.pages.data.rows import source_of

    found: list[str] = []
    original = source_of(rows.dataset)
    for field, label in edit.labels.items():
        item = original.field(field)
        code = int(original.column(field, np.asarray([row]))[0])
        before = item.categories[code] if 0 <= code < len(item.categories) else tr("none")
        found.append(tr("{field}: {before} in the source, {now} now", field=field, before=before, now=label))
    if edit.split:
        found.append(tr("moved to {split}", split=tr(edit.split)))
    if edit.excluded:
        found.append(tr("left out"))
    if edit.tags:
        found.append(tr("tags: {tags}", tags=", ".join(edit.tags)))
    if edit.note:
        found.append(tr("note: {note}", note=edit.note))
    return found
