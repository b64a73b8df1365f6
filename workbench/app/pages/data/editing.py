"""What people change about rows: every action is one step of the history, for one row or for a thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.app.language import tr
from workbench.data import edits as changes

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.data.edits import Edits


class Editing:
    """Changes rows of the open project by their ids.

    Args:
        session: The open project.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def _take(self, label: str, edits: Edits) -> None:
        self._session.edit(label, replace(self._session.project, edits=edits))

    @property
    def _edits(self) -> Edits:
        return self._session.project.edits

    def relabel(self, ids: Sequence[str], field: str, label: str | None) -> None:
        """Gives rows another class; None gives back that of the source."""
        self._take(_of(ids, tr("Relabel a row"), tr("Relabel {count} rows", count=len(ids))), changes.relabelled(self._edits, ids, field, label))

    def exclude(self, ids: Sequence[str], out: bool) -> None:
        """Leaves rows out, or takes them in again."""
        leave = _of(ids, tr("Leave out a row"), tr("Leave out {count} rows", count=len(ids)))
        label = leave if out else _of(ids, tr("Take in a row"), tr("Take in {count} rows", count=len(ids)))
        self._take(label, changes.excluded(self._edits, ids, out))

    def toggle(self, ids: Sequence[str]) -> None:
        """Leaves rows out; where all of them are out already, takes them in."""
        self.exclude(ids, not all(self._edits.of(row).excluded for row in ids))

    def move(self, ids: Sequence[str], split: str) -> None:
        """Moves rows to a split; "" gives them back to the rule."""
        self._take(_of(ids, tr("Move a row"), tr("Move {count} rows", count=len(ids))), changes.moved(self._edits, ids, split))

    def tag(self, ids: Sequence[str], tag: str, on: bool = True) -> None:
        """Puts a tag on rows, or takes it off."""
        if tag.strip():
            self._take(_of(ids, tr("Tag a row"), tr("Tag {count} rows", count=len(ids))), changes.tagged(self._edits, ids, tag, on))

    def note(self, ids: Sequence[str], note: str) -> None:
        """Writes a note on rows."""
        self._take(_of(ids, tr("Note on a row"), tr("Note on {count} rows", count=len(ids))), changes.noted(self._edits, ids, note))

    def forget(self, ids: Sequence[str]) -> None:
        """Takes every change of rows back."""
        label = _of(ids, tr("Undo the changes of a row"), tr("Undo the changes of {count} rows", count=len(ids)))
        self._take(label, self._edits.changed(ids, lambda _edit: changes.NOTHING))

    def steps_of(self, row: str) -> list[str]:
        """Returns what was done to a row since the project was opened, the oldest first; what was undone is not among it."""
        return [label for label, before, after in self._session.history.past() if before.edits.of(row) != after.edits.of(row)]

    def export(self, owner: QWidget) -> None:
        """Asks for a file and writes all changes as a table."""
        path, _ = QFileDialog.getSaveFileName(owner, tr("Export edits as CSV..."), "edits.csv", "CSV (*.csv)")
        if path:
            self.write(Path(path))

    def write(self, path: Path) -> None:
        """Writes all changes as a table."""
        from workbench.project.atomic import write_atomically

        write_atomically(path, changes.to_csv(self._edits).encode("utf-8"))


def _of(ids: Sequence[str], one: str, many: str) -> str:
    """Returns how a step is called: in the singular for one row."""
    return one if len(ids) == 1 else many
