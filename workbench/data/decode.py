"""Decoding image files: Pillow for a short list of formats, a pixel cap before anything is decoded, always uint8 grey or RGB."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.data.plain_jpeg import plain_jpeg
from workbench.data.plain_png import plain_png
from workbench.errors import DataError, Text

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF")
"""The only formats that Pillow is asked to try; the others of its list have been ways in for hostile files."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
MAX_PIXELS = 64 << 20
MAX_FILE_BYTES = 256 << 20
_GREY = ("1", "L", "LA", "La", "I", "F")


def decode(path: Path | str) -> np.ndarray:
    """Decodes one image file (of an animation, the first frame).

    EXIF rotation is applied; palettes, CMYK and the like become RGB; 16 bits become 8; transparency is laid on white.

    Args:
        path: The file.

    Returns:
        uint8 `(H, W, 1)` or `(H, W, 3)`.

    Raises:
        DataError: It cannot be decoded, or has too many pixels.
    """
    try:
        return decode_bytes(_read(path), path)
    except OSError as error:
        raise _refused(path, _reason(error)) from error


def _read(path: Path | str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_FILE_BYTES:
            raise _refused(path, Text("the file is larger than 256 MiB"))
        data = file.read(size)
        return data if len(data) == size else data + file.readall()  # a read may return less than was asked for


def decode_bytes(data: bytes, path: Path | str) -> np.ndarray:
    """Decodes the bytes of an image file, as `decode` does.

    Args:
        data: The bytes.
        path: What it is called in messages.

    Raises:
        DataError: It cannot be decoded, or has too many pixels.
    """
    pixels = plain_png(data, MAX_PIXELS) if data.startswith(b"\x89") else plain_jpeg(data, MAX_PIXELS)
    return _decoded(data, path) if pixels is None else pixels


def _decoded(data: bytes, path: Path | str) -> np.ndarray:
    """Decodes with Pillow's own readers, which know every kind of file and say what is wrong with one."""
    from PIL import Image

    try:
        if not data:
            raise _refused(path, Text("the file is empty"))
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _refused(path, Text("it has {width} x {height} pixels", width=image.width, height=image.height))
            return _pixels(image)
    except DataError:
        raise
    # Decoders raise whatever they meet in damaged bytes (SyntaxError, struct.error, IndexError, ...).
    except Exception as error:
        raise _refused(path, _reason(error)) from error


def _pixels(image: Image) -> np.ndarray:
    from PIL import Image as Pillow
    from PIL import ImageOps

    ImageOps.exif_transpose(image, in_place=True)  # the other way it copies even what needs no turning
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(np.asarray(image))[..., None]
    grey = image.mode in _GREY or (image.mode == "P" and _grey_palette(image))
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(ground, image)
    mode = "L" if grey else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None])


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Returns wide grey values as bytes: 16 bits scaled down, floats up to 1 scaled up, other floats cut off."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
        scale = 255.0 if values.max(initial=0) <= 1 else 1.0
        return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
    wide = np.clip(values.astype(np.int64), 0, 65535)
    return ((wide * 255 + 32767) // 65535).astype(np.uint8)


def _grey_palette(image: Image) -> bool:
    palette = np.asarray(image.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
    return len(palette) > 0 and bool(np.all(palette == palette[:, :1]))


def _refused(path: Path | str, reason: str) -> DataError:
    return DataError(Text("{path} cannot be used: {reason}.", path=str(Path(path)), reason=reason), Text("Remove or replace it."))


def _reason(error: Exception) -> Text:
    name = type(error).__name__
    if name == "UnidentifiedImageError":
        return Text("it is no image in a known format")
    if name == "DecompressionBombError":
        return Text("it has too many pixels")
    return Text("it is damaged ({reason})", reason=str(error)[:120] or name)
