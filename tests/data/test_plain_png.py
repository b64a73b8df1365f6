"""The short way of reading PNG files gives what Pillow's reader gives, and gives way to it wherever there is more to look at."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from workbench.data import decode as decoding
from workbench.data.decode import MAX_PIXELS, decode, decode_bytes
from workbench.data.plain_png import plain_png
from workbench.errors import DataError

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes, checksum: int | None = None) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) if checksum is None else checksum)


def png(pixels: np.ndarray, *, before: bytes = b"", after: bytes = b"", parts: int = 1, rest: tuple[int, ...] = (0, 0, 0)) -> bytes:
    """Writes rows with every filter of the format in turn, the compressed pixels in so many chunks."""
    height, width, channels = pixels.shape
    packed = zlib.compress(filtered(pixels))
    cuts = np.linspace(0, len(packed), parts + 1).astype(int)
    body = b"".join(chunk(b"IDAT", packed[start:end]) for start, end in pairwise(cuts))
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, *rest)
    return SIGNATURE + chunk(b"IHDR", header) + before + body + after + chunk(b"IEND", b"")


def filtered(pixels: np.ndarray) -> bytes:
    """Returns the rows of a picture behind the filters None, Sub, Up, Average and Paeth in turn (PNG specification, section 9)."""
    channels, above, rows = pixels.shape[2], np.zeros(pixels[0].size, int), []
    for number, row in enumerate(pixels.reshape(len(pixels), -1).astype(int)):
        left, corner = (np.concatenate([np.zeros(channels, int), line[:-channels]]) for line in (row, above))
        guess = left + above - corner
        distances = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(distances.argmin(0), [left, above, corner])
        taken = (np.zeros_like(row), left, above, (left + above) // 2, paeth)[number % 5]
        rows.append(bytes([number % 5]) + ((row - taken) % 256).astype(np.uint8).tobytes())
        above = row
    return b"".join(rows)


def picture(channels: int = 3, seed: int = 0, height: int = 11, width: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3]), st.integers(1, 4))
def test_every_filter_and_any_number_of_chunks_come_back_bit_by_bit(height: int, width: int, channels: int, parts: int) -> None:
    pixels = picture(channels, height * 21 + width, height, width)
    found = plain_png(png(pixels, parts=parts), MAX_PIXELS)
    assert found is not None and found.dtype == np.uint8 and np.array_equal(found, pixels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (300, 217)], ids=str)
def test_what_pillow_writes_comes_back(tmp_path: Path, channels: int, size: tuple[int, int]) -> None:
    pixels = picture(channels, 1, *size)
    Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(tmp_path / "a.png", dpi=(72, 72))
    data = (tmp_path / "a.png").read_bytes()
    assert np.array_equal(plain_png(data, MAX_PIXELS), pixels) and np.array_equal(decode(tmp_path / "a.png"), pixels)  # type: ignore[arg-type]
    assert np.array_equal(decode(str(tmp_path / "a.png")), pixels)


def text(key: bytes, value: bytes) -> bytes:
    return chunk(b"tEXt", key + b"\0" + value)


HARMLESS = {
    "gamma": chunk(b"gAMA", struct.pack(">I", 45455)), "rendering": chunk(b"sRGB", b"\0"), "size": chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\x01"),
    "time": chunk(b"tIME", b"\x07\xe8\x01\x01\0\0\0"), "colours": chunk(b"cHRM", bytes(32)), "software": text(b"Software", b"a program"),
}
ODD = {
    "transparency": chunk(b"tRNS", b"\0\x01\0\x02\0\x03"),
    "turned": chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
    "animated": chunk(b"acTL", struct.pack(">II", 1, 0)), "exif text": text(b"exif", b""), "see-through text": text(b"transparency", b"\0"),
    "xmp": text(b"XML:com.adobe.xmp", b'tiff:Orientation="6"'), "old exif": text(b"Raw profile type exif", b"\nexif\n 4\n4d4d\n"),
    "short gamma": chunk(b"gAMA", b"\0"), "wrong checksum": chunk(b"gAMA", struct.pack(">I", 45455), 1), "long text": text(b"Comment", b"a" * 4000),
    "profile": chunk(b"iCCP", b"a\0\0" + zlib.compress(b"profile")),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_chunks_that_change_no_pixel_are_passed_over(name: str) -> None:
    pixels = picture()
    for data in (png(pixels, before=HARMLESS[name]), png(pixels, after=HARMLESS[name])):
        assert np.array_equal(plain_png(data, MAX_PIXELS), pixels)  # type: ignore[arg-type]


def slowly(data: bytes) -> np.ndarray | None:
    """Decodes with Pillow's own reader; None where that refuses."""
    try:
        return decoding._decoded(data, "a.png")
    except DataError:
        return None


def either(data: bytes) -> np.ndarray | None:
    try:
        return decode_bytes(data, Path("a.png"))
    except DataError:
        return None


def same(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    return (first is None) == (second is None) and (first is None or second is None or np.array_equal(first, second))


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("place", ["before", "after"])
def test_chunks_that_could_change_pixels_are_left_to_pillow(name: str, place: str) -> None:
    data = png(picture(), **{place: ODD[name]})
    assert plain_png(data, MAX_PIXELS) is None
    assert same(either(data), slowly(data))


def test_a_turned_picture_is_turned() -> None:
    assert np.array_equal(decode_bytes(png(picture(), before=ODD["turned"]), Path("a.png")), np.rot90(picture(), -1))


@pytest.mark.parametrize("rest", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["packing", "filters", "interlaced"])
def test_other_ways_of_packing_are_left_to_pillow(rest: tuple[int, ...]) -> None:
    data = png(picture(), rest=rest)
    assert plain_png(data, MAX_PIXELS) is None and same(either(data), slowly(data))


def test_other_modes_are_left_to_pillow(tmp_path: Path) -> None:
    wide = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)
    colour = Image.fromarray(picture())
    for number, image in enumerate([wide, colour.quantize(8), colour.convert("1"), colour.convert("RGBA"), colour.convert("LA")]):
        image.save(tmp_path / f"{number}.png")
        assert plain_png((tmp_path / f"{number}.png").read_bytes(), MAX_PIXELS) is None
        assert decode(tmp_path / f"{number}.png").dtype == np.uint8


def test_too_many_pixels_are_not_even_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    data = png(picture(3, 0, 10, 10))
    monkeypatch.setattr("workbench.data.plain_png._unpacker", None)
    assert plain_png(data, 99) is None
    monkeypatch.setattr(decoding, "MAX_PIXELS", 99)
    with pytest.raises(DataError, match="10 x 10"):
        decode_bytes(data, Path("a.png"))


def test_whatever_is_missing_behind_is_noticed() -> None:
    data = png(picture(), parts=3)
    for length in range(len(data)):
        assert plain_png(data[:length], MAX_PIXELS) is None
        assert same(either(data[:length]), slowly(data[:length]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_judged_as_pillow_judges_it(data: st.DataObject) -> None:
    extra = data.draw(st.sampled_from([b"", *HARMLESS.values(), *ODD.values()]))
    broken = bytearray(png(picture(), before=extra, parts=data.draw(st.integers(1, 3))))
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(8, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    assert same(either(bytes(broken)), slowly(bytes(broken)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 3))
def test_compressed_pixels_of_any_kind_are_judged_as_pillow_judges_them(packed: bytes, kind: int) -> None:
    body = [packed, zlib.compress(packed), zlib.compress(filtered(picture())[: len(packed)]), zlib.compress(filtered(picture()) + packed)][kind]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 11, 8, 2, 0, 0, 0))
    data = SIGNATURE + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    assert same(either(data), slowly(data))


def test_a_million_empty_chunks_end_the_short_way() -> None:
    data = png(picture(), before=chunk(b"IDAT", b"") * 20_000)
    assert plain_png(data, MAX_PIXELS) is None and same(either(data), slowly(data))


def test_info_of_pillow_is_written_and_passed_over(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "a program")
    info.add_itxt("Title", "ein Titel")
    Image.fromarray(picture()).save(tmp_path / "a.png", pnginfo=info)
    assert np.array_equal(decode(tmp_path / "a.png"), picture())
