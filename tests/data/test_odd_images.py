"""Every odd image that perf tests of other programs died of, in one folder: decoded to the same shape, or listed with a reason."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.test_images import bomb
from workbench.data.decode import decode
from workbench.data.open import open_dataset
from workbench.data.probe import probe
from workbench.errors import DataError

ACROSS, DOWN = np.meshgrid(np.linspace(0, 255, 20), np.linspace(0, 255, 16))
COLOUR = np.stack([ACROSS, DOWN, np.full_like(ACROSS, 90)], -1).round().astype(np.uint8)


def saved(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    stream = BytesIO()
    (image or Image.fromarray(COLOUR)).save(stream, kind, **options)
    return stream.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}
    image = Image.fromarray(COLOUR)
    image = image.transpose(Image.Transpose[turn[orientation]]) if orientation in turn else image
    return saved("PNG", image, exif=exif)


def several(kind: str, **options: object) -> bytes:
    return saved(kind, save_all=True, append_images=[Image.new("RGB", (20, 16), "red")], **options)


def sixteen_bits() -> bytes:
    """A PNG of three channels of 16 bits, which Pillow cannot write."""
    rows = b"".join(b"\0" + (COLOUR[row].astype(">u2") * 257).tobytes() for row in range(16))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20, 16, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


GOOD: dict[str, Callable[[], bytes]] = {
    **{f"turned{number}.png": lambda number=number: turned(number) for number in range(1, 9)},
    "odd-turn.png": lambda: turned(99), "sixteen.png": sixteen_bits,
    "interlaced.jpg": lambda: saved("JPEG", progressive=True, quality=98, subsampling=0),
    "cmyk.jpg": lambda: saved("JPEG", Image.fromarray(COLOUR).convert("CMYK"), quality=98), "gif-as.png": lambda: saved("GIF"),
    "moving.gif": lambda: several("GIF"), "moving.png": lambda: several("PNG", default_image=False), "pages.tif": lambda: several("TIFF"),
    "moving.webp": lambda: several("WEBP", lossless=True),
    "clear.webp": lambda: saved("WEBP", Image.fromarray(COLOUR).convert("RGBA"), lossless=True),
    "webp-as.jpg": lambda: saved("WEBP", lossless=True), "packed.tif": lambda: saved("TIFF", compression="tiff_lzw"),
    "cmyk.tif": lambda: saved("TIFF", Image.fromarray(COLOUR).convert("CMYK")), "two.mpo.jpg": lambda: several("MPO", quality=98),
    "profile.png": lambda: saved("PNG", icc_profile=b"no profile at all"), "behind.png": lambda: saved("PNG") + b"PK\x03\x04 something else",
}
BAD: dict[str, Callable[[], bytes]] = {
    "bomb.png": bomb, "cut.jpg": lambda: saved("JPEG")[:300], "cut.webp": lambda: saved("WEBP")[:60], "cut.tif": lambda: saved("TIFF")[:90],
    "empty.png": lambda: b"", "fits.png": lambda: b"SIMPLE  =                    T" + b" " * 5000,
    "gd.png": lambda: b"\xff\xff\0\x05\0\x05" + bytes(99),
    "dcx.png": lambda: b"\xb1\x68\xde\x3a" + bytes(99), "spider.png": lambda: np.array([1, 4, 4, 0, 1, *[0] * 22], ">f4").tobytes() + bytes(400),
    "eps.png": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) run\n", "psd.png": lambda: b"8BPS\0\x01" + bytes(60),
    "svg.png": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "page.jpg": lambda: b"<!doctype html><title>404</title>",
    "pointer.png": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "pickle.png": lambda: b"\x80\x04\x95\x10",
    "tga.png": lambda: saved("TGA"), "ico.png": lambda: saved("ICO"), "pcx.png": lambda: saved("PCX"),
    "jp2.png": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99),
    "heic.jpg": lambda: b"\0\0\0\x18ftypheic" + bytes(99), "exe.png": lambda: b"MZ" + bytes(200),
}


def text_bomb() -> bytes:
    """A PNG whose comment unpacks to 100 MB."""
    whole = saved("PNG")
    data = b"Comment\0\0" + zlib.compress(bytes(100 << 20), 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return whole[:33] + chunk + whole[33:]


@pytest.mark.parametrize("name", GOOD)
def test_odd_images_are_the_same_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD[name]())
    image = decode(tmp_path / name)
    assert image.shape == (16, 20, 3) == probe(tmp_path / name) and image.dtype == np.uint8
    assert np.abs(image.astype(int) - COLOUR).max() <= (60 if "gif" in name else 30), name


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_image_has_a_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name]())
    with pytest.raises(DataError) as caught:
        decode(tmp_path / name)
    assert name in caught.value.message and caught.value.message.endswith(".") and caught.value.hint
    assert isinstance(probe(tmp_path / name), DataError)


def test_a_comment_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(text_bomb())
    tracemalloc.start()
    try:
        assert decode(tmp_path / "a.png").shape == (16, 20, 3)
    except DataError as error:
        assert "too large" in error.message
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 << 20


def test_all_of_them_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    for number, (name, make) in enumerate({**GOOD, **BAD}.items()):
        path = tmp_path / "in" / "ab"[number % 2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
    dataset = open_dataset(str(tmp_path / "in"))
    assert dataset.column("image").shape == (len(GOOD), 16, 20, 3)
    assert {row.partition("/")[2] for problem in dataset.problems for row in problem.rows} == set(BAD)
