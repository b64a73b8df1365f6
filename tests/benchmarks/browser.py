"""The rows of the Data page at a million rows: open, jump, resize, scroll, filter with counts, sort, and what it holds in memory.

Times are CPU ms from the call to the finished paint (the 95th percentile where there are many calls), of a view of 1100 x 800. Pictures
are made on threads aside and arrive later; how many a second is a row of its own, beside what decoding alone gives.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROWS = 1_000_000
FRAME_MS = 16.0
CLASSES, ROUNDS = 10, 5


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
    """Compares tiles with decoding and scaling the same files alone, PNG and JPEG of 640 x 480 and small PNG, interleaved.

    Bare reads a JPEG as much reduced as the tile allows. CPU time, one thread each, says what a picture costs; elapsed time, with the
    threads of the grid against a thread per core that decodes its share, how many come in a second.
    """
    return [row for kind in (("jpg", 640, 480, 150), ("png", 640, 480, 60), ("png", 128, 128, 300)) for row in _of_kind(*kind)]


def _of_kind(suffix: str, width: int, height: int, count: int) -> list[dict[str, Any]]:
    import statistics
    import tempfile

    from PySide6.QtCore import QSize
    from PySide6.QtGui import QFont

    from workbench.app import theme
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.thumbnails import Thumbnails
    from workbench.app.pages.data.tile_painting import TilePainter
    from workbench.data.open import open_dataset

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _written(root / "pictures", suffix, width, height, count)
        data: Any = open_dataset(str(root / "pictures"))
        getattr(data, "_kept", {}).clear()
        data._room = 0
        rows, fresh, again, pace = Rows.of(data, None), [], [], []
        cores = min(os.cpu_count() or 1, 4)
        files = [file for row in range(count) if (file := rows.file_of(row)) is not None]
        for number in range(ROUNDS):
            kept = Thumbnails(root / f"thumbnails{number}.sqlite")
            painter = TilePainter(rows, QSize(84, 84), 1.0, theme.current(), QFont(), QFont(), kept)
            alone = _clocked(lambda: [_bare(file) for file in files])
            pace.append(_bare_seconds(files, cores) / _grid_seconds(painter, count))
            kept.close()
            kept = Thumbnails(root / f"thumbnails{number}b.sqlite")
            painter = TilePainter(rows, QSize(84, 84), 1.0, theme.current(), QFont(), QFont(), kept)
            fresh.append(alone / _clocked(lambda painter=painter: list(painter.paint(range(count)))))
            kept.catch_up(count)
            again.append(alone / _clocked(lambda painter=painter: list(painter.paint(range(count)))))
            kept.close()
    name = f"{suffix} of {width} x {height}"
    return [
        _row(f"new thumbnails, {name}: CPU, of bare scaled decoding", statistics.median(fresh), 0.8, "x", more=True),
        _row(f"new thumbnails, {name}: a second, of bare on {cores} cores", statistics.median(pace), 0.8, "x", more=True),
        _row(f"thumbnails again, {name}: CPU, of bare scaled decoding", statistics.median(again), 2.0, "x", more=True),
    ]


def _written(root: Path, suffix: str, width: int, height: int, count: int) -> None:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(count):
        file = root / f"c{number % 2}" / f"{number}.{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(random.integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(file, quality=90)


def _bare(file: Path) -> None:
    from PySide6.QtCore import Qt

    from workbench.app.pages.data.file_picture import reduced
    from workbench.app.pages.data.tile_painting import qimage
    from workbench.data.decode import decode

    pixels = reduced(file, 84)
    picture = qimage(decode(file) if pixels is None else pixels)
    picture.scaled(84, 84, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _clocked(act: Callable[[], object]) -> float:
    """Returns the CPU seconds of this thread."""
    used = time.thread_time()
    act()
    return time.thread_time() - used


def _bare_seconds(files: Sequence[Path], cores: int) -> float:
    """Returns how long bare decoding takes on so many threads, each with its share of the files."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(cores) as pool:
        start = time.perf_counter()
        list(pool.map(lambda share: [_bare(file) for file in files[share::cores]], range(cores)))
        return time.perf_counter() - start


def _grid_seconds(painter: Any, count: int) -> float:
    """Returns how long the threads of the grid take for so many tiles."""
    from workbench.app.pages.data.tiles import MOST_MADE, _Makers

    makers, made, start = _Makers(), 0, time.perf_counter()
    makers.made = type(makers.made)(maxlen=max(MOST_MADE, count))
    makers.ask(painter, range(count))
    while made < count:
        time.sleep(0.001)
        made = len(makers.made)
    seconds = time.perf_counter() - start
    makers.stop()
    return seconds
