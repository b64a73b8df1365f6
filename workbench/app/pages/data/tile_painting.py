"""Draws rows as people read them, on any thread: pictures with their masks, texts with their tokens, sounds, curves, cells of a table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from workbench.app.pages.data.file_picture import reduced
from workbench.app.pages.data.thumbnails import Thumbnails, size_class
from workbench.app.pages.data.tile_curves import draw_series, draw_sound
from workbench.app.pages.data.tile_text import draw_cells, draw_pair, draw_text
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.theme import Theme

MASK_COLOURS = ("#00000000", "#3B82F6", "#F59E0B", "#10B981", "#EC4899", "#8B5CF6", "#0EA5A4", "#EAB308", "#F97316")
_SMALL_PX, _WORTH_KEEPING_BYTES = 64, 16 << 10


@dataclass(frozen=True, slots=True)
class TilePainter:
    """All that drawing needs, taken along by value: nothing here touches a widget.

    Attributes:
        rows: The data.
        size: Of a tile, in device-independent pixels.
        ratio: Device pixels per pixel.
        colours: The theme.
        font, small: Faces.
        kept: Where pictures of files are kept.
        masks: Whether masks are laid over pictures.
    """

    rows: Rows
    size: QSize
    ratio: float
    colours: Theme
    font: QFont
    small: QFont
    kept: Thumbnails | None = None
    masks: bool = True

    def paint(self, wanted: Sequence[int]) -> Iterator[tuple[int, QImage]]:
        """Draws rows; one that cannot be read is drawn as such."""
        lead = self.rows.lead
        if lead is not None and lead.kind == FieldKind.IMAGE:
            yield from self._pictures(wanted)
            return
        for row in wanted:
            yield row, self._guarded(row)

    def _guarded(self, row: int) -> QImage:
        image = self._blank()
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            self._draw(painter, row)
        # A damaged row raises whatever its decoder met; the grid shows it as unreadable and goes on.
        except Exception:
            painter.setPen(QColor(self.colours.wrong))
            painter.drawText(QRect(0, 0, self.size.width(), self.size.height()), Qt.AlignmentFlag.AlignCenter, "?")
        finally:
            painter.end()
        return image

    def _blank(self, ground: str = "") -> QImage:
        image = QImage(self.size * self.ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(self.ratio)
        image.fill(QColor(ground) if ground else Qt.GlobalColor.transparent)
        return image

    def _draw(self, painter: QPainter, row: int) -> None:
        lead = self.rows.lead
        if lead is None or self.rows.table:
            draw_cells(painter, self._box, self.rows, row, (self.font, self.small), self.colours)
        elif lead.kind == FieldKind.TEXT:
            self._draw_words(painter, row)
        elif lead.kind == FieldKind.AUDIO:
            draw_sound(painter, self._box, np.asarray(self.rows.raw(row)), lead, self.small, self.colours)
        else:
            draw_series(painter, self._box, np.asarray(self.rows.raw(row)), self.small, self.colours)

    def _pictures(self, wanted: Sequence[int]) -> Iterator[tuple[int, QImage]]:
        edge = round(self.size.width() * self.ratio)
        files = self._files(wanted)
        keys = self._keys(files, edge)
        found = self.kept.find(keys.values()) if self.kept is not None else {}
        for row in wanted:
            data = found.get(keys.get(row, b""))
            image = QImage.fromData(data) if data is not None else QImage()
            if image.isNull():
                image = self._decoded(row, size_class(edge) if row in keys else edge, files.get(row), keys.get(row))
            yield row, self._fitted(row, image, edge)

    def _files(self, wanted: Sequence[int]) -> dict[int, Path]:
        """Returns the files of the rows that are files of their own."""
        return {row: file for row in wanted if (file := self.rows.file_of(row)) is not None and file.name in self.rows.id_of(row)}

    def _keys(self, files: Mapping[int, Path], edge: int) -> dict[int, bytes]:
        """Returns the keys of files in the kept pictures; what lies in memory anyway is not kept twice."""
        if self.kept is None:
            return {}
        keys = {row: Thumbnails.key(file, size_class(edge)) for row, file in files.items()}
        return {row: key for row, key in keys.items() if key is not None}

    def _decoded(self, row: int, edge: int, file: Path | None, key: bytes | None) -> QImage:
        """Returns the picture of a row, at most twice as large as the edge, and has it kept where that is worth it; empty if unreadable."""
        # Decoders raise whatever they met in damaged bytes.
        try:
            pixels = reduced(file, edge) if file is not None else None
            pixels = np.asarray(self.rows.raw(row)) if pixels is None else pixels
        except Exception:
            return QImage()
        longest = max(pixels.shape[:2])
        if key is None or self.kept is None or (longest <= 2 * edge and (longest <= _SMALL_PX or not _large(file))):
            return qimage(pixels) if longest <= 2 * edge else _shrunk(pixels, edge)
        image = _shrunk(pixels, edge) if longest > edge else qimage(pixels)
        self.kept.keep_later(key, partial(_encoded, image))
        return image

    def _fitted(self, row: int, image: QImage, edge: int) -> QImage:
        if image.isNull():
            return self._unreadable()
        grow = max(image.width(), image.height()) < edge
        way = Qt.TransformationMode.FastTransformation if grow else Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio, way)
        if self.masks and self.rows.mask is not None:
            scaled = self._masked(row, scaled)
        scaled.setDevicePixelRatio(self.ratio)
        return scaled

    def _unreadable(self) -> QImage:
        image = self._blank()
        painter = QPainter(image)
        painter.setPen(QColor(self.colours.wrong))
        painter.drawText(QRect(0, 0, self.size.width(), self.size.height()), Qt.AlignmentFlag.AlignCenter, "?")
        painter.end()
        return image

    def _masked(self, row: int, image: QImage) -> QImage:
        assert self.rows.mask is not None
        with contextlib.suppress(OSError, ValueError, IndexError):
            overlay = mask_image(np.asarray(self.rows.dataset.column(self.rows.mask.name, np.asarray([row]))[0]))
            result = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
            painter = QPainter(result)
            painter.setOpacity(0.45)
            painter.drawImage(result.rect(), overlay)
            painter.end()
            return result
        return image

    def _draw_words(self, painter: QPainter, row: int) -> None:
        box, text, other = self._box, self.rows.text(row), self.rows.other_text()
        if other is None:
            draw_text(painter, box, text, self.font, self.colours, self._tokeniser())
        else:
            draw_pair(painter, box, (text, self.rows.worded(other, row)), self.font, self.colours, self._tokeniser())

    @property
    def _box(self) -> QRectF:
        return QRectF(0, 0, self.size.width(), self.size.height())

    def _tokeniser(self) -> Any:
        prepared, lead = self.rows.prepared, self.rows.lead
        found = prepared.preprocessors.get(lead.name) if prepared is not None and lead is not None else None
        return found if hasattr(found, "tokens") else None


def qimage(pixels: np.ndarray) -> QImage:
    """Returns uint8 `(H, W)`, `(H, W, 1)` or `(H, W, 3)` as a picture of its own."""
    array = _solid(pixels)
    return _seen(array).copy()


def _shrunk(pixels: np.ndarray, edge: int) -> QImage:
    """Returns a picture no larger than the edge."""
    # Dropping to twice the size by whole steps first keeps large photographs cheap; the smooth step does the rest.
    step = max(1, max(pixels.shape[:2]) // (edge * 2))
    array = _solid(pixels[::step, ::step])
    return _seen(array).scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _solid(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)


def _seen(array: np.ndarray) -> QImage:
    """Returns a picture of the memory of a contiguous array, which has to outlive it."""
    height, width = array.shape[:2]
    return QImage(array.data, width, height, array.strides[0], QImage.Format.Format_Grayscale8 if array.ndim == 2 else QImage.Format.Format_RGB888)


def _large(file: Path | None) -> bool:
    """Whether decoding a file takes clearly longer than finding and decoding its kept picture; mostly its bytes say so."""
    try:
        return file is not None and file.stat().st_size >= _WORTH_KEEPING_BYTES
    except OSError:
        return False


def mask_image(classes: np.ndarray) -> QImage:
    """Returns a colour per class of a mask, uint8 `(H, W)`; the first class is see-through."""
    height, width = classes.shape[:2]
    image = QImage(np.ascontiguousarray(classes.astype(np.uint8)).data, width, height, width, QImage.Format.Format_Indexed8).copy()
    paints = [QColor(MASK_COLOURS[0] if not number else MASK_COLOURS[1 + (number - 1) % (len(MASK_COLOURS) - 1)]) for number in range(256)]
    image.setColorTable([paint.rgba() for paint in paints])
    return image


def _encoded(image: QImage) -> bytes:
    """Returns a picture as PNG where it is small, as JPEG where that is much smaller."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if max(image.width(), image.height()) <= 48:
        image.save(buffer, "PNG")  # type: ignore[call-overload]
    else:
        image.save(buffer, "JPG", 88)  # type: ignore[call-overload]
    return bytes(data.data())
