"""Archives of data: unpacked once, never outside of their folder, within bounds; what is odd is skipped with a reason."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from workbench.data import extraction
from workbench.data.extraction import extract, is_archive
from workbench.data.open import open_dataset
from workbench.errors import DataError


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packed(folder: Path, target: Path) -> Path:
    """Packs a folder, under a folder of its own name, with the standard library."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, f"set/{path.relative_to(folder).as_posix()}")
    else:
        with tarfile.open(target, f"w:{target.suffix[1:] if target.suffix != '.tar' else ''}") as archive:
            archive.add(folder, "set")
    return target


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def test_a_packed_image_folder_is_that_folder(image_folder: Path, tmp_path: Path, name: str, cache: Path) -> None:
    path = packed(image_folder, tmp_path / name)
    plain, dataset = open_dataset(str(image_folder)), open_dataset(str(path))
    assert dataset.format == "archive" and dataset.source == str(path) and list(dataset.ids()) == list(plain.ids())
    assert np.array_equal(dataset.column("image"), plain.column("image")) and dataset.fields == plain.fields
    before = [file.stat().st_mtime_ns for file in sorted(cache.rglob("*.png"))]
    assert np.array_equal(open_dataset(str(path)).column("label"), plain.column("label"))
    assert [file.stat().st_mtime_ns for file in sorted(cache.rglob("*.png"))] == before


def test_a_cut_archive_is_refused_or_gives_what_is_whole(image_folder: Path, tmp_path: Path) -> None:
    path = packed(image_folder, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError):
        open_dataset(str(path))
    path = packed(image_folder, tmp_path / "b.tar")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    dataset = open_dataset(str(path))
    assert 0 < len(dataset) < 24 and any(problem.kind == "skipped-entry" for problem in dataset.problems)


def test_a_damaged_entry_is_left_out(image_folder: Path, tmp_path: Path) -> None:
    path = packed(image_folder, tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        about = archive.getinfo("set/cat/03.png")
    data[about.header_offset + 60] ^= 0xFF
    path.write_bytes(bytes(data))
    dataset = open_dataset(str(path))
    assert len(dataset) == 23 and [problem.rows for problem in dataset.problems] == [("set/cat/03.png",)]


HOSTILE = ["../out.png", "a/../../out.png", "/tmp/out.png", "C:\\out.png", "C:out.png", "..\\out.png", "a\\..\\..\\out.png", "nul.png", "a/CON",
           "a/tail.", "a/\u202egnp.exe", "/".join("d" * 20) + "/x.png", "n" * 300 + ".png", "a/b\nc.png", "file.png:stream"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_hostile_names_are_skipped_and_nothing_lands_outside(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "in" / f"a.{kind}"
    path.parent.mkdir()
    names = [*HOSTILE, "good/one.png", "good/one.png", "GOOD/ONE.png", "good/one.png/inside.png"]
    if kind == "zip":
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, name)
    else:
        with tarfile.open(path, "w") as archive:
            for name in names:
                about = tarfile.TarInfo(name)
                about.size = 3
                archive.addfile(about, BytesIO(b"abc"))
    found = extract(path, tmp_path / "in" / "out")
    written = [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()]
    assert sorted(written) == sorted([f"in/a.{kind}", "in/out/good/one.png"]) and found.files == 1
    assert len(found.skipped) >= len(HOSTILE) and all(found.skipped.values())


def test_links_and_devices_are_skipped(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("fifo", tarfile.FIFOTYPE), ("device", tarfile.CHRTYPE)):
            about = tarfile.TarInfo(name)
            about.type, about.linkname = kind, "/etc"
            archive.addfile(about)
        through = tarfile.TarInfo("link/passwd")
        through.size = 3
        archive.addfile(through, BytesIO(b"abc"))
    found = extract(tmp_path / "a.tar", tmp_path / "out")
    assert set(found.skipped) == {"link", "hard", "fifo", "device"} and (tmp_path / "out" / "link" / "passwd").read_bytes() == b"abc"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        about = zipfile.ZipInfo("link")
        about.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(about, "/etc")
        archive.writestr("good", "abc")
    assert set(extract(tmp_path / "a.zip", tmp_path / "zipped").skipped) == {"link"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_encrypted_entries_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("secret.png", "abc")
        archive.writestr("open.png", "abc")
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    path.write_bytes(bytes(data))
    found = extract(path, tmp_path / "out")
    assert set(found.skipped) == {"secret.png"} and found.files == 1 and "encrypted" in found.skipped["secret.png"]


def test_bombs_end_early_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_FREE_BYTES", 1 << 16)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 << 20))
    with pytest.raises(DataError, match="far more"):
        extract(tmp_path / "bomb.zip", tmp_path / "out")
    monkeypatch.setattr(extraction, "MAX_FILES", 10)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(11):
            archive.writestr(f"{number}", "")
    with pytest.raises(DataError, match="more than 10"):
        extract(tmp_path / "many.zip", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bomb.zip", "many.zip"]


def test_what_is_no_archive_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"nothing")
    (tmp_path / "a.tar.xz").write_bytes(b"\xfd7zXZ\0 nothing")
    assert not is_archive(tmp_path / "a.zip") and not is_archive(tmp_path / "a.tar.xz") and not is_archive(tmp_path / "missing.zip")
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("a", "b")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    with pytest.raises(DataError, match="another archive"):
        open_dataset(str(tmp_path / "outer.zip"))
