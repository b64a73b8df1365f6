"""What size an image file has, from its headers alone where those can be trusted; else by decoding it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from workbench.data.decode import MAX_FILE_BYTES, MAX_PIXELS, decode, decode_bytes
from workbench.errors import DataError

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_TAIL = 64
_MOST_CHUNKS = 100_000
_WHOLE = 1 << 16
_COLOUR_TYPES = {0: 1, 2: 3, 4: 1, 6: 3}
"""Channels by PNG colour type; palettes (3) may be grey or not and are decoded."""

Size = tuple[int, int, int]
"""Height, width and channels as `decode` would give them."""


def probe(path: Path | str) -> Size | DataError:
    """Returns the size of an image, or why it cannot be used.

    A PNG whose chunks are all there and a JPEG that is whole are taken at their word; palettes, rotated and odd ones are decoded. What
    passes can still be damaged inside: that shows when it is read.
    """
    try:
        with open(path, "rb") as file:
            found = _headers(file)
    except OSError:
        found = None
    return found or _decoded(lambda: decode(path))


def probe_bytes(data: bytes, called: Path) -> Size | DataError:
    """Returns the size of an image that lies in memory, or why it cannot be used; `called` is its name in sentences."""
    return _headers(BytesIO(data)) or _decoded(lambda: decode_bytes(data, called))


def _headers(file: BinaryIO) -> Size | None:
    """Returns what the headers say, None where they are not enough."""
    try:
        start = file.read(_WHOLE)
        found = _png(file, start) if start.startswith(_PNG) else _jpeg(file, start) if start.startswith(_JPEG) else None
    except (OSError, ValueError, struct.error):
        return None
    return found if found is not None and 0 < found[0] * found[1] <= MAX_PIXELS else None


def _decoded(decoded: Callable[[], np.ndarray]) -> Size | DataError:
    try:
        height, width, channels = decoded().shape
    except DataError as error:
        return error
    return height, width, channels


def _png(file: BinaryIO, start: bytes) -> Size | None:
    """Returns the size of a PNG file of which all chunks are there; None where it must be decoded."""
    width, height, _, colour = struct.unpack_from(">IIBB", start, 16)
    if start[12:16] != b"IHDR" or colour not in _COLOUR_TYPES:
        return None
    size = len(start) if len(start) < _WHOLE else file.seek(0, 2)
    if size > MAX_FILE_BYTES:
        return None
    place = len(_PNG)
    for _ in range(_MOST_CHUNKS):
        header = start[place:place + 8]
        if len(header) < 8 <= size - place:
            file.seek(place)
            header = file.read(8)
        if len(header) < 8 or header[4:] == b"eXIf":
            return None
        place += 12 + int.from_bytes(header[:4], "big")
        if place > size:
            return None
        if header[4:] == b"IEND":
            return height, width, _COLOUR_TYPES[colour]
    return None


def _jpeg(file: BinaryIO, start: bytes) -> Size | None:
    """Returns the size of a JPEG file that has an end and is not rotated; None where it must be decoded."""
    from PIL import Image

    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    if size > MAX_FILE_BYTES or b"\xff\xd9" not in file.read():
        return None
    file.seek(0)
    try:
        with Image.open(file, formats=("JPEG",)) as image:
            if image.getexif().get(0x0112, 1) != 1:
                return None
            return image.height, image.width, 1 if image.mode == "L" else 3
    except Exception:  # whatever Pillow meets in damaged bytes; decoding gives the reason
        return None
