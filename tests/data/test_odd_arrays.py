"""Arrays that numpy can save and few expect: opened right or refused in one sentence, never unpickled, never larger than they are."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.data.base import FieldKind
from workbench.data.open import open_dataset
from workbench.errors import DataError

Y = np.arange(6) % 2
RNG = np.random.default_rng(0)
STRUCTURED = np.zeros(6, dtype=[("a", "f4"), ("b", "i4")])


def opened(folder: Path, x: np.ndarray, y: np.ndarray = Y, **params: Any) -> Any:
    np.savez(folder / "a.npz", x=x, y=y)
    return open_dataset(str(folder / "a.npz"), params=params)


@pytest.mark.parametrize(("x", "y", "sentence"), [
    (STRUCTURED, Y, "Arrays of type"), (RNG.random((6, 4)) + 1j, Y, "complex128"), (np.zeros((6, 2), "M8[D]"), Y, "datetime64"),
    (np.zeros((0, 4)), np.zeros(0), "no equal number of rows"), (np.float32(3), Y, "no equal number of rows"),
    (np.zeros((6, 4)), STRUCTURED, "Targets of type"),
    (np.zeros((6, 4)), np.zeros((6, 2, 2)), "Targets of shape"), (np.array(["a"] * 6), Y, "Only numbers|cannot be inputs"),
    (np.zeros((6, 0, 5, 3), np.uint8), Y, "cannot be used"), (np.zeros((6, 0)), Y, "cannot be used"),
], ids=["structured", "complex", "dates", "empty", "scalar", "structured-targets", "cubes", "words", "no-pixels", "no-numbers"])
def test_what_cannot_be_learned_from_is_one_sentence(tmp_path: Path, x: np.ndarray, y: np.ndarray, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        opened(tmp_path, x, y)
    assert caught.value.message.endswith(".") and caught.value.hint


@pytest.mark.parametrize("form", [">f8", "<f2", ">i2", "?", "<u4", "|i1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_form_are_the_same_numbers(tmp_path: Path, form: str, order: Any) -> None:
    x = (RNG.random((6, 4)) * 100).astype(form).copy(order)
    dataset = opened(tmp_path, x)
    assert all(np.array_equal(dataset.column(f"x{place}"), x[:, place].astype(np.float32)) for place in range(4))


def test_pixels_of_every_form_are_bytes(tmp_path: Path) -> None:
    bytes_ = RNG.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
    for x, wanted in (
        (bytes_, bytes_), (bytes_.astype(">u2"), bytes_), (bytes_.astype(np.float16), bytes_), (bytes_ / 255, bytes_),
        (bytes_ > 127, (bytes_ > 127) * 255),
        (np.where(bytes_ > 200, np.nan, bytes_ / 255), np.where(bytes_ > 200, 0, bytes_)), (np.full_like(bytes_, 0).astype(np.float32), bytes_ * 0),
    ):
        assert np.array_equal(opened(tmp_path, x).column("image"), wanted), x.dtype
    wide = opened(tmp_path, (bytes_.astype(np.uint16) * 257)).column("image")
    assert np.array_equal(wide, bytes_)
    assert not opened(tmp_path, np.full((6, 5, 4, 3), np.nan)).column("image").any()
    assert opened(tmp_path, np.full((6, 5, 4, 3), np.inf)).column("image").dtype == np.uint8


def test_numbers_that_are_none_are_missing(tmp_path: Path) -> None:
    x = np.array([[1, np.nan], [np.inf, 2]] * 3)
    dataset = opened(tmp_path, x, np.array([1.5, np.nan] * 3))
    assert np.isnan(dataset.column("x1")[0]) and dataset.field("target").kind == FieldKind.NUMBER


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_of_every_version(tmp_path: Path, version: tuple[int, int]) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name, values in (("x", RNG.random((6, 4))), ("y", Y)):
            stream = BytesIO()
            np.lib.format.write_array(stream, values, version)
            archive.writestr(f"{name}.npy", stream.getvalue())
    assert len(open_dataset(str(tmp_path / "a.npz"))) == 6


@pytest.mark.parametrize("header", [
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"{'descr': '|O', 'fortran_order': False, 'shape': (6, 4)}",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}", b"{'descr': '<f8', 'fortran_order': False, 'shape': (6, True)}",
    b"__import__('os').system('touch pwned')", b"{'descr': '<f8'}", b"[" * 5000, b"{'descr': '<U1000000000', 'fortran_order': False, 'shape': (6,)}",
    b"{'descr': [('a', '<f8', (100000, 100000))], 'fortran_order': False, 'shape': (6,)}", b"\xff\xfe",
], ids=["huge", "objects", "negative", "bool", "code", "short", "deep", "wide", "inside", "bytes"])
def test_hostile_headers_are_refused(tmp_path: Path, header: bytes) -> None:
    data = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n" + bytes(64)
    for name in ("x", "y"):
        (tmp_path / f"{name}.npy").write_bytes(data)
    with pytest.raises(DataError) as caught:
        open_dataset(str(tmp_path))
    assert caught.value.hint and not (tmp_path / "pwned").exists() and len(caught.value.message) < 500


def test_an_archive_of_arrays_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.formats.arrays.MAX_BYTES", 1 << 20)
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((6, 1 << 20), np.uint8), y=Y)
    with pytest.raises(DataError, match="claims"):
        open_dataset(str(tmp_path / "a.npz"))
