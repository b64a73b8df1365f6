"""What stands above the canvas while a file of own layers waits for the user: it is new, has changed, or does not load."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.layers.own import Listed, OwnState

_MOST = 3


class OwnLayersStrip(QWidget):
    """One row per file that waits, at most three; hidden while there is none.

    Signals:
        look_wanted, trust_wanted: A listed file whose code shall show, or which is trusted.
    """

    look_wanted = Signal(object)
    trust_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("build.own")
        theme.mark(self, "column")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.strip = FindingStrip("build.own.files", self)
        layout.addWidget(self.strip)
        self.put_off: set[tuple[Path, str]] = set()
        self._failures: dict[tuple[Path, str], tuple[str, str]] = {}
        self._busy: set[Path] = set()
        self._listed: tuple[Listed, ...] = ()
        self.setVisible(False)

    def show_files(self, listed: tuple[Listed, ...]) -> None:
        """Shows the files of the folder that want something."""
        self._listed = listed
        rows = [self._row(one) for one in listed if one.state is not OwnState.READY and (one.path, one.digest) not in self.put_off]
        self.strip.show_findings(rows[:_MOST])
        self.setVisible(bool(rows))

    def set_busy(self, path: Path, busy: bool) -> None:
        """Shows that a file is being tried, without its buttons."""
        (self._busy.add if busy else self._busy.discard)(path)
        self.show_files(self._listed)

    def set_failure(self, listed: Listed, message: str, hint: str) -> None:
        """Shows why a file was not trusted, for as long as it stays as it is."""
        self._failures[(listed.path, listed.digest)] = (message, hint)
        self.show_files(self._listed)

    def _row(self, listed: Listed) -> FindingRow:
        name, key = listed.path.name, (listed.path, listed.digest)
        look = Remedy(tr("Look at the code"), partial(self.look_wanted.emit, listed))
        later = Remedy(tr("Not now"), partial(self._put_off, listed), False)
        if listed.path in self._busy:
            return FindingRow(tr("{file} is tried in a process of its own…", file=name), severity="note", emphasis=(name,))
        if listed.state is OwnState.FAILED or key in self._failures:
            message, hint = self._failures.get(key, (listed.message, listed.hint))
            return FindingRow(message, hint, "error", (name,), (look, later))
        new = tr("{file} is new: it runs as a program on your machine.", file=name)
        changed = tr("{file} has changed since you trusted it: it runs as a program on your machine.", file=name)
        reason = tr("Trust it only if you know where it comes from. Until then nothing of it runs.")
        trust = Remedy(tr("Trust it"), partial(self.trust_wanted.emit, listed), False)
        return FindingRow(new if listed.state is OwnState.NEW else changed, reason, "warning", (name,), (look, trust, later))

    def _put_off(self, listed: Listed) -> None:
        self.put_off.add((listed.path, listed.digest))
        self.show_files(self._listed)
