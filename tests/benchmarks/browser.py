"""The rows of the Data page at a million rows: open, jump, resize, scroll, filter with counts, sort, and what it holds in memory.

Times are CPU ms from the call to the finished paint (the 95th percentile where there are many calls), of a view of 1100 x 800. Pictures
are made on threads aside and arrive later; how many a second is a row of its own, beside what decoding alone gives.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROWS = 1_000_000
FRAME_MS = 16.0
CLASSES = 10


def percentile_95(act: Callable[[int], object], count: int = 30) -> float:
    """Returns the 95th percentile of `count` calls, in ms of this thread's CPU time."""
    spent = []
    for step in range(count):
        start = time.thread_time()
        act(step)
        spent.append((time.thread_time() - start) * 1000)
    return sorted(spent)[int(len(spent) * 0.95) - 1]


def dataset(rows: int) -> Any:
    """Returns that many grey images of 28 x 28, made up when asked for, of ten classes."""
    import numpy as np

    from workbench.data.base import Dataset, Field, FieldKind

    names = tuple(f"class {number}" for number in range(CLASSES))
    labels = (np.arange(rows) * 7 + np.arange(rows) // 13) % CLASSES

    class Large(Dataset):
        fields = (Field("image", FieldKind.IMAGE, channels=1, height=28, width=28), Field("label", FieldKind.CATEGORY, categories=names))
        source = "generated:large"

        def __len__(self) -> int:
            return rows

        def ids(self) -> Sequence[str]:
            return range(rows)  # type: ignore[return-value]

        def column(self, name: str, wanted: Any = None) -> Any:
            places = np.asarray(wanted)
            if name == "label":
                return labels if wanted is None else labels[places]
            return np.repeat((places % 251).astype(np.uint8), 784).reshape(-1, 28, 28, 1)

    return Large()


class Divided:
    """Enough of prepared data for the grid."""

    def __init__(self, rows: int) -> None:
        import numpy as np

        places = np.arange(rows)
        cuts = np.split(places, [rows * 7 // 10, rows * 85 // 100])
        self.splits = dict(zip(("train", "validation", "test"), cuts, strict=True))
        self.preprocessors: dict[str, Any] = {}


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _row(name: str, value: float, hold: float, unit: str = "ms", *, more: bool = False) -> dict[str, Any]:
    bound = f"{'>=' if more else '<='} {hold:g} {unit}"
    return {"name": name, "value": f"{value:.1f} {unit}", "hold": bound, "ok": value >= hold if more else value <= hold}


def run() -> list[dict[str, Any]]:
    """Returns one row per figure: name, value, hold, ok."""
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from workbench.app import theme
    from workbench.app.pages.data.filtering import Filter
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.sample_view import SampleView

    app = QApplication.instance() or QApplication([])
    theme.set_theme("light")
    data, divided = dataset(ROWS), Divided(ROWS)
    view = SampleView()
    view.resize(1100, 800)
    view.show()
    small = Rows.of(dataset(1000), Divided(1000), "label")  # type: ignore[arg-type]
    view.set_rows(small, small.select(Filter()))
    view.grab()
    _settle(app, view)
    before, start = _resident_mb(), time.thread_time()
    rows = Rows.of(data, divided, "label")  # type: ignore[arg-type]
    view.set_rows(rows, rows.select(Filter()))
    rows.selector.counts(Filter())
    view.grab()
    opened = (time.thread_time() - start) * 1000
    found = [_row("open 1,000,000 rows, with counts", opened, 50.0)]
    _settle(app, view)
    places = np.random.default_rng(0).integers(0, ROWS, 100)

    def resize(step: int) -> None:
        view.resize(1100 - 7 * (step % 9), 800)
        view.grab()

    def jump(step: int) -> None:
        view.go_to(int(places[step]))
        view.grab()

    def scroll(step: int) -> None:
        view.verticalScrollBar().setValue(view.verticalScrollBar().value() + 40)
        view.grab()

    wanted = [Filter().choosing("label", number % CLASSES).choosing("split", number % 3) for number in range(30)]

    def narrow(step: int) -> None:
        shown = rows.select(wanted[step])
        rows.selector.counts(wanted[step])
        view.set_rows(rows, shown)

    for name, act in (("jump to a row", jump), ("resize", resize), ("scroll a line", scroll), ("filter by class and split, with counts", narrow)):
        found.append(_row(name, percentile_95(act), FRAME_MS))
    rows.selector.order("label", True)
    found.append(_row("filter in sorted order", percentile_95(lambda step: rows.select(wanted[step], "label", True)), FRAME_MS))
    _settle(app, view)
    found.append(_row("memory beyond the dataset", _resident_mb() - before, 50.0, "MB"))
    view.tiles.close()
    view.close()
    return [*found, *_pictures()]


def _settle(app: Any, view: Any) -> None:
    until = time.monotonic() + 10
    while view.tiles.pending and time.monotonic() < until:
        app.processEvents()
        time.sleep(0.002)


def _pictures() -> list[dict[str, Any]]:
    """Compares tiles made from JPEG files of 640 x 480 with decoding and scaling them alone, both on one thread, interleaved."""
    import tempfile
    from pathlib import Path

    import numpy as np
    from PIL import Image
    from PySide6.QtCore import QSize, Qt
    from PySide6.QtGui import QFont

    from workbench.app import theme
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.thumbnails import Thumbnails
    from workbench.app.pages.data.tile_painting import TilePainter, qimage
    from workbench.data.decode import decode
    from workbench.data.open import open_dataset

    with tempfile.TemporaryDirectory() as folder:
        random, root = np.random.default_rng(0), Path(folder)
        for number in range(120):
            file = root / f"c{number % 2}" / f"{number}.jpg"
            file.parent.mkdir(exist_ok=True)
            coarse = Image.fromarray(random.integers(0, 255, (24, 32, 3), dtype=np.uint8))
            coarse.resize((640, 480), Image.Resampling.BICUBIC).save(file, quality=90)
        data: Any = open_dataset(folder)
        getattr(data, "_kept", {}).clear()
        rows, kept = Rows.of(data, None), Thumbnails(root / "thumbnails.sqlite")
        painter = TilePainter(rows, QSize(84, 84), 1.0, theme.current(), QFont(), QFont(), kept)
        files = [file for row in range(120) if (file := rows.file_of(row)) is not None]

        def bare(file: Path) -> None:
            qimage(decode(file)).scaled(84, 84, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)

        start = time.thread_time()
        for file in files:
            bare(file)
        alone = time.thread_time() - start
        start = time.thread_time()
        list(painter.paint(range(120)))
        fresh = time.thread_time() - start
        start = time.thread_time()
        list(painter.paint(range(120)))
        again = time.thread_time() - start
        kept.close()
    return [
        _row("new thumbnails, of the pace of decoding alone", alone / fresh, 0.8, "x", more=True),
        _row("kept thumbnails, of the pace of decoding alone", alone / again, 2.0, "x", more=True),
    ]
