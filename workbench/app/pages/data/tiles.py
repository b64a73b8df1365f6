"""Drawn rows for the grid: made on threads aside, newest wanted first; what nobody looks at any more is never made."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

if TYPE_CHECKING:
    from workbench.app.pages.data.tile_painting import TilePainter

_LOG = logging.getLogger(__name__)
WORKERS, AT_ONCE, MOST_MADE = max(2, min(4, os.cpu_count() or 2)), 6, 200
LEAST_BYTES = 16 << 20
POLL_MS, TAKE_MS, IDLE_S = 8, 5, 1.0


class _Makers:
    """The threads and what they are asked for. Plain Python: nothing of Qt's object tree is touched from a thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._wanted: list[int] = []
        self._busy: set[int] = set()
        self._painter: TilePainter | None = None
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self.made: deque[tuple[TilePainter, int, QImage]] = deque(maxlen=MOST_MADE)

    @property
    def pending(self) -> bool:
        """Whether something is still to come."""
        return bool(self._wanted or self._busy or self.made)

    def ask(self, painter: TilePainter, wanted: Sequence[int]) -> None:
        """Replaces what is wanted; the first comes first."""
        with self._condition:
            if painter is not self._painter:
                self._painter = painter
                self._busy = set()
            self._wanted = [row for row in wanted if row not in self._busy]
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            for _ in range(WORKERS - len(self._threads) if self._wanted else 0):
                thread = threading.Thread(target=self._work, name="tiles", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._condition.notify_all()

    def stop(self) -> None:
        """Drops everything and waits for the tile that is being drawn."""
        with self._condition:
            self._stopped, self._wanted = True, []
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    def _behind(self) -> bool:
        return self._painter is not None and self._painter.kept is not None and self._painter.kept.behind

    def _next(self) -> tuple[TilePainter, list[int]] | None:
        """Returns rows to draw; none of them where there is time to keep pictures; None where the thread is to end."""
        with self._condition:
            while not self._wanted:
                if self._behind() and not self._stopped:
                    return self._painter, []  # type: ignore[return-value]
                if self._stopped or not self._condition.wait(IDLE_S):
                    self._threads = [thread for thread in self._threads if thread is not threading.current_thread()]
                    return None
            rows, self._wanted = self._wanted[:AT_ONCE], self._wanted[AT_ONCE:]
            self._busy |= set(rows)
            assert self._painter is not None
            return self._painter, rows

    def _work(self) -> None:
        while (work := self._next()) is not None:
            painter, rows = work
            try:
                if rows:
                    self._paint(painter, rows)
                elif painter.kept is not None:
                    painter.kept.catch_up()
            except Exception:
                _LOG.exception("rows could not be drawn: %s", rows)
            with self._condition:
                if self._painter is painter:
                    self._busy -= set(rows)

    def _paint(self, painter: TilePainter, rows: list[int]) -> None:
        for row, image in painter.paint(rows):
            self.made.append((painter, row, image))
            if self._stopped or self._painter is not painter:
                break


class Tiles(QObject):
    """Pixmaps of drawn rows, as many as a few screens hold.

    Signals:
        arrived: Tiles that were wanted are there.
    """

    arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._makers = makers = _Makers()
        self._painter: TilePainter | None = None
        self._pixmaps: OrderedDict[int, QPixmap] = OrderedDict()
        self._fresh: set[int] = set()
        self._bytes, self.most_bytes = 0, LEAST_BYTES
        self._poll = QTimer(self)
        self._poll.setSingleShot(True)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self.take)
        self.destroyed.connect(lambda: makers.stop())

    def set_painter(self, painter: TilePainter | None, *, stale: bool = False) -> None:
        """Changes how rows are drawn.

        Args:
            painter: Draws them from now on.
            stale: Whether the old pictures may stand until the new ones are there.
        """
        self._painter = painter
        if not stale:
            self._pixmaps.clear()
            self._bytes = 0
        self._fresh = set()

    def pixmap(self, row: int) -> QPixmap | None:
        """Returns the picture of a row if it is there."""
        found = self._pixmaps.get(row)
        if found is not None:
            self._pixmaps.move_to_end(row)
        return found

    def missing(self, row: int) -> bool:
        """Whether a row has no picture, or only an outdated one."""
        return row not in self._fresh

    def forget(self, rows: Sequence[int]) -> None:
        """Has rows drawn anew."""
        self._fresh -= set(rows)

    def want(self, rows: Sequence[int]) -> None:
        """Asks for rows, the most wanted first, instead of whatever was asked for before."""
        if self._painter is not None:
            self._makers.ask(self._painter, rows)
            if rows and not self._poll.isActive():
                self._poll.start()

    @property
    def pending(self) -> bool:
        """Whether pictures are still being made."""
        return self._makers.pending

    def take(self) -> None:
        """Turns what was made into pixmaps, for a third of a frame at most."""
        spent, took = QElapsedTimer(), False
        spent.start()
        while self._makers.made and spent.elapsed() < TAKE_MS:
            painter, row, image = self._makers.made.popleft()
            if painter is self._painter:
                self._put(row, image)
                took = True
        if took:
            self.arrived.emit()
        if self._makers.pending:
            self._poll.start()

    def _put(self, row: int, image: QImage) -> None:
        old = self._pixmaps.pop(row, None)
        self._bytes -= _size(old) if old is not None else 0
        self._pixmaps[row] = pixmap = QPixmap.fromImage(image)
        self._fresh.add(row)
        self._bytes += _size(pixmap)
        while self._bytes > self.most_bytes and len(self._pixmaps) > 1:
            gone, dropped = self._pixmaps.popitem(last=False)
            self._fresh.discard(gone)
            self._bytes -= _size(dropped)

    def close(self) -> None:
        """Ends the threads."""
        self._poll.stop()
        self._makers.stop()


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
