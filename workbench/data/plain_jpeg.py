"""The JPEG files that most photographs are stored as, with no more steps than they need: 8 bits, grey or colour, not turned, not from Adobe.

As with `plain_png`, Pillow decompresses; what is left out is reading the headers piece by piece and copying, which take longer than
decompressing a small picture. Whatever is out of the ordinary or damaged is handed to Pillow's own reader.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

START = b"\xff\xd8\xff"
_MOST_SEGMENTS = 1000
_MODES = {1: "L", 3: "RGB"}
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
"""Baseline, extended and progressive frames."""

_SCAN, _TABLES, _SETTINGS, _PROFILE = 0xDA, 0xDB, 0xE0, 0xE2
_HARMLESS = frozenset((0xC4, 0xDD, 0xFE))
"""Huffman tables, restart intervals, comments: the decoder reads what it needs of them."""

_TABLE_BYTES, _FRAME_BYTES, _COMPONENT_BYTES = 65, 6, 3


def plain_jpeg(data: bytes, most_pixels: int) -> np.ndarray | None:
    """Decodes a plain JPEG file exactly as Pillow's reader does.

    Args:
        data: The whole file.
        most_pixels: Larger pictures are not decoded.

    Returns:
        uint8 `(H, W, 1)` or `(H, W, 3)`; None where the file is no plain JPEG, is damaged or too large, which the caller then has to look into.
    """
    found = _frame(data) if data.startswith(START) else None
    if found is None or not 0 < found[0] * found[1] <= most_pixels:
        return None
    height, width, channels = found
    mode = _MODES[channels]
    try:
        pixels = _unpacker()(mode, (width, height), data, "jpeg", mode, "").tobytes()
    except (ValueError, MemoryError):
        return None
    return np.frombuffer(pixels, np.uint8).reshape(height, width, channels)


@cache
def _unpacker() -> Callable[..., Image]:
    from PIL import Image as Pillow

    return Pillow.frombytes


def _frame(data: bytes) -> tuple[int, int, int] | None:
    """Returns height, width and channels; None where something before the pixels is odd, damaged, or could turn or alter them."""
    place, size, found = 2, len(data), None
    for _ in range(_MOST_SEGMENTS):
        if place + 4 > size or data[place] != 0xFF:
            return None
        marker, body = data[place + 1], place + 4
        end = place + 2 + int.from_bytes(data[place + 2:body], "big")
        if not body <= end <= size:
            return None
        if marker == _SCAN:
            return found
        if marker in _FRAMES and found is None:
            found = _size(data, body, end)
            if found is None:
                return None
        elif not (marker in _HARMLESS or _known(data, marker, body, end)):
            return None
        place = end
    return None


def _size(data: bytes, body: int, end: int) -> tuple[int, int, int] | None:
    if end - body < _FRAME_BYTES or data[body] != 8:
        return None
    channels = data[body + 5]
    if channels not in _MODES or end - body != _FRAME_BYTES + _COMPONENT_BYTES * channels:
        return None
    return int.from_bytes(data[body + 1:body + 3], "big"), int.from_bytes(data[body + 3:body + 5], "big"), channels


def _known(data: bytes, marker: int, body: int, end: int) -> bool:
    """Whether a segment of tables, of the file's own settings or of a colour profile is as it should be."""
    if marker == _TABLES:
        return (end - body) % _TABLE_BYTES == 0 and all(data[place] < 4 for place in range(body, end, _TABLE_BYTES))
    if marker == _SETTINGS:
        return end - body >= 14 and data.startswith(b"JFIF\0", body)
    return marker == _PROFILE and end - body >= 14 and data.startswith(b"ICC_PROFILE\0", body)
