"""The PNG files that most sets of pictures consist of, with no more steps than they need: 8 bits, grey or RGB, nothing in them that alters pixels.

Pillow decompresses here as everywhere; what is left out is looking for a format and reading the file piece by piece, which take longer than
decompressing a small picture. Anything out of the ordinary is not judged here but handed to Pillow's own reader.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_FIRST_CHUNK, _MOST_CHUNKS, _LONGEST_TEXT = 33, 10_000, 2000
_MODES = {0: ("L", 1), 2: ("RGB", 3)}
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
"""Chunks that change no pixel, with their only valid length."""

_TEXTS = frozenset((
    b"Title", b"Author", b"Description", b"Copyright", b"Creation Time", b"Software", b"Disclaimer", b"Warning", b"Source", b"Comment",
    b"date:create", b"date:modify", b"date:timestamp",
))
"""Keywords of texts that say nothing about pixels; others can (`Raw profile type exif` turns the picture)."""


def plain_png(data: bytes, most_pixels: int) -> np.ndarray | None:
    """Decodes a plain PNG file exactly as Pillow's reader does.

    Args:
        data: The whole file.
        most_pixels: Larger pictures are not decoded.

    Returns:
        uint8 `(H, W, 1)` or `(H, W, 3)`; None where the file is no plain PNG, is damaged or too large, which the caller then has to look into.
    """
    if not data.startswith(START) or len(data) < _FIRST_CHUNK:
        return None
    width, height, bits, colour, *ways = struct.unpack_from(">IIBBBBB", data, 16)
    if bits != 8 or colour not in _MODES or any(ways) or not 0 < width * height <= most_pixels or not _sound(data, 12, 13):
        return None
    packed = _packed(data)
    if packed is None:
        return None
    mode, channels = _MODES[colour]
    try:
        pixels = _unpacker()(mode, (width, height), packed, "zip", mode).tobytes()
    except (ValueError, MemoryError):
        return None
    return np.frombuffer(pixels, np.uint8).reshape(height, width, channels)


@cache
def _unpacker() -> Callable[..., Image]:
    """Returns what decompresses pixels; importing it anew for every picture takes a tenth of the time of a small one."""
    from PIL import Image as Pillow

    return Pillow.frombytes


def _packed(data: bytes) -> bytes | None:
    """Returns the compressed pixels; None where a chunk is odd, damaged or missing, or could alter them."""
    parts: list[bytes] = []
    place, size, done = _FIRST_CHUNK, len(data), False
    for _ in range(_MOST_CHUNKS):
        length, name = int.from_bytes(data[place:place + 4], "big"), data[place + 4:place + 8]
        end = place + 12 + length
        if end > size:
            return None
        if name == b"IDAT" and not done:
            parts.append(data[place + 8:end - 4])
        elif name == b"IEND":
            return parts[0] if len(parts) == 1 else b"".join(parts) or None
        elif not _harmless(data, place, length, name):
            return None
        else:
            done = bool(parts)
        place = end
    return None


def _harmless(data: bytes, place: int, length: int, name: bytes) -> bool:
    if name == b"tEXt":
        known = length <= _LONGEST_TEXT and data[place + 8:place + 8 + length].partition(b"\0")[0] in _TEXTS
    else:
        known = _LENGTHS.get(name) == length
    return known and _sound(data, place + 4, length)


def _sound(data: bytes, place: int, length: int) -> bool:
    """Whether the checksum behind a chunk is that of its name and body."""
    end = place + 4 + length
    return zlib.crc32(data[place:end]) == int.from_bytes(data[end:end + 4], "big")
