"""Small pictures of files: made from as little decoding as suffices, kept where that is worth it, and when there is time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont

from workbench.app import theme
from workbench.app.pages.data.file_picture import reduced
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.data.thumbnails import Thumbnails, size_class
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.app.pages.data.tiles import Tiles


def picture_folder(folder: Path, sizes: dict[str, tuple[int, int]]) -> Rows:
    """Writes pictures of these sizes (smooth, so that JPEG keeps them) and opens them, nothing kept in memory."""
    from PIL import Image

    from workbench.data.open import open_dataset

    for number, (name, (width, height)) in enumerate(sizes.items()):
        path = folder / "ab"[number % 2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(number).integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(path, quality=95)
    return Rows.of(open_dataset(str(folder)), None)


def painter_of(rows: Rows, kept: Thumbnails | None) -> TilePainter:
    return TilePainter(rows, QSize(84, 84), 1.0, theme.current(), QFont(), QFont(), kept)


def pixels_of(image: Any) -> np.ndarray:
    picture = image.convertToFormat(image.Format.Format_RGB888)
    lines = np.frombuffer(bytes(picture.constBits()), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return lines[:, : picture.width() * 3].reshape(picture.height(), picture.width(), 3).astype(int)


SIZES = {"large.png": (768, 576), "small.png": (32, 32), "photograph.jpg": (640, 480), "tall.jpg": (100, 900), "middle.png": (100, 100)}


def test_pictures_worth_keeping_are_kept_when_there_is_time_and_look_the_same(qapp: Any, tmp_path: Path) -> None:
    rows = picture_folder(tmp_path / "pictures", SIZES)
    kept = Thumbnails(tmp_path / "kept.sqlite")
    plain = {row: pixels_of(image) for row, image in painter_of(rows, None).paint(range(len(SIZES)))}
    fresh = {row: pixels_of(image) for row, image in painter_of(rows, kept).paint(range(len(SIZES)))}
    files = {row: rows.file_of(row) for row in range(len(SIZES))}
    keys = {file.name: Thumbnails.key(file, size_class(84)) for file in files.values() if file is not None}
    assert kept.behind and kept.find([key for key in keys.values() if key]) == {}
    kept.catch_up(2)
    assert len(kept.find([key for key in keys.values() if key])) == 2
    kept.catch_up()
    found = kept.find([key for key in keys.values() if key])
    assert not kept.behind and {name for name, key in keys.items() if key in found} == {"large.png", "photograph.jpg", "tall.jpg"}
    again = {row: pixels_of(image) for row, image in painter_of(rows, kept).paint(range(len(SIZES)))}
    for row, file in files.items():
        assert file is not None and fresh[row].shape == again[row].shape == plain[row].shape and max(fresh[row].shape) == 84
        assert np.abs(fresh[row] - again[row]).mean() < 20 and np.abs(fresh[row] - plain[row]).mean() < 20, file.name  # others: 60
    kept.close()


def test_what_waits_is_kept_on_closing_and_by_idle_threads(qapp: Any, qtbot: Any, tmp_path: Path) -> None:
    rows = picture_folder(tmp_path / "pictures", SIZES)
    first = Thumbnails(tmp_path / "first.sqlite")
    list(painter_of(rows, first).paint(range(len(SIZES))))
    first.close()
    key = Thumbnails.key(rows.file_of(0) or Path(), size_class(84))
    assert key is not None and key in Thumbnails(tmp_path / "first.sqlite").find([key])
    second, tiles = Thumbnails(tmp_path / "second.sqlite"), Tiles()
    tiles.set_painter(painter_of(rows, second))
    tiles.want(range(len(SIZES)))
    qtbot.waitUntil(lambda: not tiles.pending and not second.behind and len(second.find([key])) == 1)
    assert all(tiles.pixmap(row) is not None for row in range(len(SIZES)))
    tiles.close()
    second.close()


def test_too_many_pictures_that_wait_are_forgotten_oldest_first(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "kept.sqlite")
    for number in range(600):
        kept.keep_later(number.to_bytes(2, "big"), lambda: b"picture")
    kept.catch_up(1000)
    found = kept.find([number.to_bytes(2, "big") for number in range(600)])
    assert set(found) == {number.to_bytes(2, "big") for number in range(88, 600)}
    kept.close()
    kept.keep_later(b"k", lambda: b"v")
    assert not kept.behind


def test_a_photograph_is_read_at_the_smallest_size_that_suffices(tmp_path: Path) -> None:
    rows = picture_folder(tmp_path / "pictures", {"wide.jpg": (1600, 300), "other.jpg": (20, 20)})
    wide = next(file for row in range(2) if (file := rows.file_of(row)) is not None and file.name == "wide.jpg")
    small = reduced(wide, 128)
    assert small is not None and small.shape == (38, 200, 3)
    assert reduced(wide, 2000) is not None and (reduced(wide, 2000).shape[:2]) == (300, 1600)  # type: ignore[union-attr]
    (tmp_path / "cut.jpg").write_bytes(wide.read_bytes()[:300])
    assert reduced(tmp_path / "cut.jpg", 128) is None
