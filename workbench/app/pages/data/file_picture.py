"""A small picture of a photograph without decoding all of it: JPEG can be read at a half, a quarter or an eighth of its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.data.decode import FORMATS, MAX_FILE_BYTES, MAX_PIXELS


def reduced(file: Path, edge: int) -> np.ndarray | None:
    """Returns a picture whose longer side has at least `edge` pixels, uint8 `(H, W, C)`, or None where the file must be decoded in full.

    Anything but a plain JPEG is left to the one decoder of the data room.
    """
    if file.suffix.lower() not in (".jpg", ".jpeg"):
        return None
    from PIL import Image, ImageOps

    # Decoders raise whatever they met in damaged bytes; the full decoder then says what is wrong.
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            return None
        with Image.open(file, formats=FORMATS) as image:
            if image.format != "JPEG" or image.mode not in ("RGB", "L") or image.width * image.height > MAX_PIXELS:
                return None
            longest = max(image.size)
            image.draft(image.mode, (max(1, image.width * edge // longest), max(1, image.height * edge // longest)))
            pixels = np.asarray(ImageOps.exif_transpose(image))
    except Exception:
        return None
    return pixels if pixels.ndim == 3 else pixels[..., None]
