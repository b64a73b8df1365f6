"""The short way of reading JPEG files gives what Pillow's reader gives, and gives way to it wherever there is more to look at."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.data import decode as decoding
from workbench.data.decode import MAX_PIXELS, decode_bytes
from workbench.data.plain_jpeg import plain_jpeg
from workbench.errors import DataError


def picture(height: int = 21, width: int = 13, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(file, "JPEG", **options)
    return file.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def with_segment(data: bytes, added: bytes) -> bytes:
    """Puts a segment behind the first one."""
    place = 4 + int.from_bytes(data[4:6], "big")
    return data[:place] + added + data[place:]


def slowly(data: bytes) -> np.ndarray | None:
    """Decodes with Pillow's own reader; None where that refuses."""
    try:
        return decoding._decoded(data, "a.jpg")
    except DataError:
        return None


def either(data: bytes) -> np.ndarray | None:
    try:
        return decode_bytes(data, Path("a.jpg"))
    except DataError:
        return None


def same(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    return (first is None) == (second is None) and (first is None or second is None or np.array_equal(first, second))


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {}, "progressive": {"progressive": True}, "fine": {"quality": 100, "subsampling": 0}, "coarse": {"quality": 5},
    "tables": {"optimize": True},
    "profile": {"icc_profile": b"profile" * 20}, "long profile": {"icc_profile": bytes(70_000)}, "comment": {"comment": b"a comment"},
    "restarts": {"restart_marker_rows": 1}, "resolution": {"dpi": (300, 300)},
}


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (21, 13), (240, 320)], ids=str)
def test_ordinary_files_come_back_as_pillow_reads_them(name: str, channels: int, size: tuple[int, int]) -> None:
    data = jpeg(picture(*size, channels), **OPTIONS[name])
    found = plain_jpeg(data, MAX_PIXELS)
    assert found is not None and found.dtype == np.uint8 and found.shape == (*size, channels) and same(found, slowly(data))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(picture(), exif=exif)


ODD = {
    "turned": turned(), "cmyk": b"", "adobe": with_segment(jpeg(picture()), segment(0xEE, b"Adobe\0d\0\0\0\0\0")),
    "xmp": with_segment(jpeg(picture()), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b'tiff:Orientation="6"')),
    "several pictures": with_segment(jpeg(picture()), segment(0xE2, b"MPF\0" + bytes(30))), "second frame": b"",
    "short profile": with_segment(jpeg(picture()), segment(0xE2, b"ICC_PROFILE\0")),
    "wide table": with_segment(jpeg(picture()), segment(0xDB, bytes(129))),
    "short table": with_segment(jpeg(picture()), segment(0xDB, bytes(20))),
    "fifth table": with_segment(jpeg(picture()), segment(0xDB, b"\5" + bytes(64))),
    "padding": with_segment(jpeg(picture()), b"\xff\xff"), "junk": with_segment(jpeg(picture()), b"junk"),
    "arithmetic": jpeg(picture()).replace(b"\xff\xc0", b"\xff\xc9", 1),
    "twelve bits": jpeg(picture()).replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1),
    "empty": jpeg(picture()).replace(b"\xff\xc0\0\x11\x08\0\x15", b"\xff\xc0\0\x11\x08\0\0", 1), "no scan": jpeg(picture()).partition(b"\xff\xda")[0],
    "photoshop": with_segment(jpeg(picture()), segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0\0\0\0\x10" + bytes(16))),
}


def odd(name: str) -> bytes:
    if name == "cmyk":
        file = BytesIO()
        Image.fromarray(picture()).convert("CMYK").save(file, "JPEG")
        return file.getvalue()
    if name == "second frame":
        data = jpeg(picture())
        place = data.index(b"\xff\xc0")
        return data[:place] + data[place:place + 19] + data[place:]
    return ODD[name]


@pytest.mark.parametrize("name", ODD)
def test_what_is_out_of_the_ordinary_is_left_to_pillow(name: str) -> None:
    data = odd(name)
    assert plain_jpeg(data, MAX_PIXELS) is None and same(either(data), slowly(data))


def test_a_turned_photograph_is_turned() -> None:
    assert decode_bytes(ODD["turned"], Path("a.jpg")).shape == (13, 21, 3)


def test_too_many_pixels_are_not_even_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.plain_jpeg._unpacker", None)
    assert plain_jpeg(jpeg(picture(10, 10)), 99) is None
    monkeypatch.setattr(decoding, "MAX_PIXELS", 99)
    with pytest.raises(DataError, match="10 x 10"):
        decode_bytes(jpeg(picture(10, 10)), Path("a.jpg"))


def test_whatever_is_missing_behind_is_noticed() -> None:
    data = jpeg(picture(40, 40))
    for length in [*range(0, 700), *range(700, len(data), 7)]:
        assert same(either(data[:length]), slowly(data[:length])), length
    with pytest.raises(DataError, match="damaged"):
        decode_bytes(data[: len(data) * 2 // 3], Path("a.jpg"))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_judged_as_pillow_judges_it(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*OPTIONS, *ODD]))
    broken = bytearray(jpeg(picture(), **OPTIONS[name]) if name in OPTIONS else odd(name))
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(2, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    assert same(either(bytes(broken)), slowly(bytes(broken)))


LARGE = jpeg(picture(400, 500), quality=97)


@settings(max_examples=20, deadline=None)
@given(st.integers(700, len(LARGE) - 1), st.integers(1, 255))
def test_damage_deep_within_a_large_file_is_judged_as_pillow_judges_it(place: int, flip: int) -> None:
    broken = bytearray(LARGE)
    broken[place] ^= flip
    assert len(LARGE) > 2 * 65536 and same(either(bytes(broken)), slowly(bytes(broken)))


def test_a_thousand_empty_segments_end_the_short_way() -> None:
    data = with_segment(jpeg(picture()), segment(0xFE, b"") * 1000)
    assert plain_jpeg(data, MAX_PIXELS) is None and same(either(data), slowly(data))
