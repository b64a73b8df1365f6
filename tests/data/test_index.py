"""The index of a folder of images: sizes without decoding, brought up to date, never trusted blindly."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.data import index as index_module
from workbench.data import probe as probe_module
from workbench.data.base import UnreadableRowsError
from workbench.data.decode import decode
from workbench.data.index import index_path, indexed
from workbench.data.open import open_dataset
from workbench.data.probe import probe
from workbench.data.progress import reporting
from workbench.errors import DataError, Text

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def lazily(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("workbench.data.image_files.EAGER_FILES", 0)
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were probed."""
    seen: list[str] = []

    def noted(path: str) -> object:
        seen.append(Path(path).name)
        return probe(path)

    monkeypatch.setattr(index_module, "probe", noted)
    return seen


def aged(folder: Path) -> Path:
    """Makes everything below a folder an hour old, as it is in life."""
    for number, path in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    os.utime(folder, ns=(10**18, 10**18))
    return folder


def test_only_what_changed_is_looked_at_again(image_folder: Path, looked_at: list[str]) -> None:
    aged(image_folder)
    first = indexed(image_folder)
    assert len(looked_at) == 24 and set(first.heights) == {10} and set(first.widths) == {12} and set(first.channels) == {1}
    looked_at.clear()
    assert indexed(image_folder).names == first.names and looked_at == []
    Image.fromarray(RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)).save(image_folder / "dog" / "03.png")
    changed = indexed(image_folder)
    place = changed.names.index("dog/03.png")
    assert looked_at == ["03.png"] and (changed.heights[place], changed.widths[place], changed.channels[place]) == (5, 6, 3)
    aged(image_folder)
    looked_at.clear()
    (image_folder / "cat" / "00.png").unlink()
    (image_folder / "new").mkdir()
    Image.fromarray(RNG.integers(0, 256, (4, 4), dtype=np.uint8)).save(image_folder / "new" / "one.png")
    names = indexed(image_folder).names
    assert "cat/00.png" not in names and "new/one.png" in names and "one.png" in looked_at and len(names) == 24


def test_fresh_files_are_not_trusted(image_folder: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_RACE_NS", 10**15)
    indexed(image_folder)
    looked_at.clear()
    indexed(image_folder)
    assert len(looked_at) == 24


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nonsense", None])
def test_a_damaged_index_is_made_again(image_folder: Path, damage: bytes | None) -> None:
    names = indexed(aged(image_folder)).names
    path = index_path(image_folder)
    path.write_bytes(path.read_bytes()[:500] if damage is None else damage)
    assert indexed(image_folder).names == names


def test_a_folder_that_cannot_be_kept_in_the_cache_still_opens(image_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (image_folder / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(image_folder / "file"))
    assert len(open_dataset(str(image_folder))) == 24


def test_work_is_told_and_can_be_cancelled(image_folder: Path, monkeypatch: pytest.MonkeyPatch, looked_at: list[str]) -> None:
    monkeypatch.setattr(index_module, "_PART", 5)
    aged(image_folder)
    shares: list[float] = []
    with reporting(lambda share, _: shares.append(share), lambda: len(shares) >= 2), pytest.raises(DataError, match="cancelled"):
        indexed(image_folder)
    assert shares == [pytest.approx(5 / 24), pytest.approx(10 / 24)] and len(looked_at) == 10
    assert len(indexed(image_folder).names) == 24 and len(looked_at) == 24


def test_slow_files_are_looked_at_side_by_side_with_the_same_result(image_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (image_folder / "cat" / "05.png").write_bytes(b"no image")
    quick = indexed(image_folder)
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "other"))
    monkeypatch.setattr(index_module, "_PART", 5)
    monkeypatch.setattr(index_module, "_LIGHT_SECONDS", 0.0)
    seen: set[str] = set()
    monkeypatch.setattr(index_module, "probe", lambda path: (seen.add(threading.current_thread().name), probe(path))[1])
    slow = indexed(image_folder)
    assert slow.names == quick.names and slow.reasons == quick.reasons and np.array_equal(slow.channels, quick.channels)
    assert np.array_equal(slow.heights, quick.heights) and len(seen) > 1


def test_what_changes_while_it_is_listed_is_not_trusted(image_folder: Path) -> None:
    aged(image_folder)
    now = time.time_ns()
    os.utime(image_folder / "cat" / "00.png", ns=(now, now))
    names, _, times, _ = index_module.listing(image_folder)
    assert {name for name, changed in zip(names, times, strict=True) if not changed} == {"cat/00.png"}
    assert index_module._trusted_times(np.array([now - 10**9, now - 1, now + 1]), now - 10**6).tolist() == [now - 10**9, 0, 0]


def test_a_long_png_is_walked_to_its_end(tmp_path: Path) -> None:
    noise = RNG.integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "long.png")
    data = (tmp_path / "long.png").read_bytes()
    assert len(data) > 1 << 17 and probe(tmp_path / "long.png") == (300, 300, 3) == probe(str(tmp_path / "long.png"))
    (tmp_path / "cut.png").write_bytes(data[:-20])
    (tmp_path / "turned.png").write_bytes(data[:-12] + b"\0\0\0\0eXIf\0\0\0\0" + data[-12:])
    with (tmp_path / "long.png").open("rb") as file:
        assert probe_module._png(file, file.read(1 << 16)) == (300, 300, 3)
    for name in ("cut.png", "turned.png"):
        with (tmp_path / name).open("rb") as file:
            assert probe_module._png(file, file.read(1 << 16)) is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp", "gif", "tif"])
def test_headers_say_what_decoding_finds(tmp_path: Path, mode: str, suffix: str) -> None:
    image = Image.fromarray(RNG.integers(0, 256, (7, 5, 3), dtype=np.uint8)).convert(mode if mode != "I;16" else "I").convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, extra in (("plain", {}), ("turned", {"exif": exif})):
        path = tmp_path / f"{name}.{suffix}"
        try:
            image.save(path, **extra)
        except (OSError, KeyError, ValueError):
            continue  # this format does not know the mode
        assert probe(path) == decode(path).shape, path.name


def test_hostile_files_are_listed_and_never_decoded(tmp_path: Path, image_folder: Path) -> None:
    from tests.data.test_images import bomb

    good = (image_folder / "cat" / "00.png").read_bytes()
    bad = {
        "bomb.png": bomb(), "cut.png": good[:60], "zero.jpg": b"", "eps.png": b"%!PS-Adobe-3.0 EPSF-3.0\n", "psd.png": b"8BPS\0\x01" + b"\0" * 60,
        "fits.jpg": b"SIMPLE  =                    T" + b" " * 5000, "gd.png": b"\xff\xff\0\x05\0\x05" + b"\0" * 99,
        "dcx.png": b"\xb1\x68\xde\x3a" + b"\0" * 99, "pickle.png": b"\x80\x04\x95\x10",
    }
    for name, data in bad.items():
        (image_folder / "dog" / name).write_bytes(data)
    dataset = open_dataset(str(image_folder))
    assert len(dataset) == 24 and dataset.column("image").shape == (24, 10, 12, 1)
    assert {row for problem in dataset.problems for row in problem.rows} == {f"dog/{name}" for name in bad}
    assert all(problem.kind == "unreadable" and problem.message.endswith(".") for problem in dataset.problems)


def test_damage_inside_shows_when_it_is_read(image_folder: Path) -> None:
    path = image_folder / "dog" / "02.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    dataset = open_dataset(str(image_folder))
    row = list(dataset.ids()).index("dog/02.png")
    with pytest.raises(UnreadableRowsError) as caught:
        dataset.column("image", np.array([0, row, 3]))
    assert set(caught.value.rows) == {row} and "02.png" in caught.value.rows[row]


def test_lazy_and_eager_folders_are_the_same_data(image_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lazy = open_dataset(str(image_folder))
    monkeypatch.setattr("workbench.data.image_files.EAGER_FILES", 100)
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "other"))
    eager = open_dataset(str(image_folder))
    assert lazy.ids() == eager.ids() and lazy.fields == eager.fields
    assert np.array_equal(lazy.column("image"), eager.column("image")) and np.array_equal(lazy.column("label"), eager.column("label"))


def test_a_file_that_changes_while_open_is_a_damaged_row(image_folder: Path) -> None:
    dataset = open_dataset(str(image_folder))
    Image.fromarray(RNG.integers(0, 256, (5, 6), dtype=np.uint8)).save(image_folder / "cat" / "05.png")
    with pytest.raises(UnreadableRowsError, match="changed"):
        dataset.column("image", np.array([5]))


def test_why_files_cannot_be_read_is_remembered_in_every_language(image_folder: Path) -> None:
    (image_folder / "dog" / "bad.png").write_bytes(b"no picture")
    for _ in range(2):
        reason, = indexed(image_folder).reasons.values()
        assert isinstance(reason, Text) and reason.translated(lambda template: {"{path} cannot be used: {reason}.": "{reason}"}.get(
            template, "nichts")) == "nichts"
