"""Archives of data: unpacked once, never outside of their folder, within bounds; what is odd is skipped with a reason."""

from __future__ import annotations

import gzip
import os
import stat
import struct
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from workbench.data import extraction
from workbench.data.extraction import extract, is_archive
from workbench.data.open import open_dataset
from workbench.data.unpacked import prune, unpacked
from workbench.errors import DataError, Text


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
    assert 0 < len(dataset) < 24 and any("breaks off" in problem.message and problem.kind == "unreadable" for problem in dataset.problems)


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


def write_tar(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w", format=tarfile.GNU_FORMAT) as archive:
        for about, data in entries:
            about.size = len(data)
            archive.addfile(about, BytesIO(data))
    return path


def test_a_tar_archive_cannot_fill_the_memory_by_a_header(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 3 << 30
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT))
        file.write(bytes(4 << 20))
    with pytest.raises(DataError, match="header is too large"):
        extract(tmp_path / "a.tar.gz", tmp_path / "out")


def test_holes_count_as_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_FREE_BYTES", 1 << 16)
    sparse = tarfile.TarInfo("big.png")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 512
    block = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    block[386:398], block[398:410], block[483:495] = b"00000000000\0", b"00000001000\0", b"77777777777\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (tmp_path / "a.tar").write_bytes(bytes(block) + bytes(512 * 20))
    with pytest.raises(DataError, match="far more"):
        extract(tmp_path / "a.tar", tmp_path / "out")


def test_a_skipped_giant_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_FREE_BYTES", 1 << 16)
    path = write_tar(tmp_path / "a.tar.gz", (tarfile.TarInfo("../big"), bytes(16 << 20)), (tarfile.TarInfo("good"), b"abc"))
    with pytest.raises(DataError, match="leads out"):
        extract(path, tmp_path / "out")


def test_entries_that_share_their_bytes_do_not_multiply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand entries of the directory point at the same packed bytes (Fifield, A better zip bomb, 2019)."""
    monkeypatch.setattr(extraction, "_FREE_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0000", bytes(1 << 20))
    data = (tmp_path / "one.zip").read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry[:46] + b"%04d" % number for number in range(1000))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1000, 1000, len(entries), start, 0)
    (tmp_path / "bomb.zip").write_bytes(data[:start] + entries + tail)
    found = extract(tmp_path / "bomb.zip", tmp_path / "out")
    assert found.files == 1 and found.bytes == 1 << 20 and len(found.skipped) == 999


def test_a_link_cannot_be_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("door")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(outside))
        archive.writestr("door/inside.png", "abc")
    extract(tmp_path / "a.zip", tmp_path / "out")
    assert not list(outside.iterdir()) and (tmp_path / "out" / "door" / "inside.png").read_bytes() == b"abc"


@pytest.mark.parametrize(("raw", "utf8", "name"), [
    ("猫/一.png".encode("gbk"), False, "猫/一.png"), ("猫/一.png".encode(), False, "猫/一.png"), ("猫/一.png".encode(), True, "猫/一.png"),
    ("café/ö.png".encode("cp437"), False, "café/ö.png"), ("鷗/鷲.png".encode("gbk"), False, "鷗/鷲.png"),
    ("café/ö1.png".encode(), False, "café/ö1.png"), ("кот/один.png".encode(), False, "кот/один.png"),
])
def test_names_of_other_systems_are_read(tmp_path: Path, raw: bytes, utf8: bool, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x" * len(raw), "abc")
    data = (tmp_path / "a.zip").read_bytes().replace(b"x" * len(raw), raw)
    if utf8:
        data = bytearray(data)
        data[7], data[data.index(b"PK\1\2") + 9] = 8, 8
    (tmp_path / "a.zip").write_bytes(data)
    extract(tmp_path / "a.zip", tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")] == [name]


def test_empty_entries_cost_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number}.png", b"")
        archive.writestr("good.png", b"abc")
    found = extract(tmp_path / "a.zip", tmp_path / "out")
    assert found.files == 1 and len(list((tmp_path / "out").iterdir())) == 1 and len(found.skipped) == 1000


def test_why_entries_were_left_out_is_remembered_in_both_languages(image_folder: Path, tmp_path: Path) -> None:
    path = packed(image_folder, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../out.png", b"abc")
        archive.writestr("../more.png", b"abc")
    for _ in range(2):
        problem, = open_dataset(str(path)).problems
        assert isinstance(problem.message, Text) and isinstance(problem.message.values["reason"], Text)
        assert problem.rows == ("../out.png", "../more.png") and "2 entries" in problem.message


def test_the_cache_of_archives_has_an_end(image_folder: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [unpacked(packed(image_folder, tmp_path / f"{number}.zip"))[0] for number in range(3)]
    assert prune(0) == [] and all(folder.is_dir() for folder in folders), "what this process opened stays"
    monkeypatch.setattr("workbench.data.unpacked._runs", lambda user: False)
    each = sum(file.stat().st_size for file in folders[0].rglob("*.png"))
    unpacked(tmp_path / "0.zip")
    assert prune(2 * each) == [folders[1]] and prune(2 * each) == []
    for folder in (folders[0], folders[2]):
        folder.with_suffix(".json").write_text("[]")
    assert sorted(prune(0)) == sorted([folders[0], folders[2]]) and not list((cache / "archives").iterdir())
    assert unpacked(tmp_path / "1.zip")[0].is_dir() and os.listdir(folders[1])


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
def test_a_packed_table_is_one_file(ending: str, tmp_path: Path) -> None:
    import bz2
    import lzma

    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[ending]
    path = tmp_path / f"table.csv{ending}"
    path.write_bytes(pack(b"size,kind\n" + b"1.5,a\n2.5,b\n" * 20))
    dataset = open_dataset(str(path))
    assert len(dataset) == 40 and [field.name for field in dataset.fields] == ["size", "kind"]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DataError, match=r"cannot be used|was not unpacked"):
        open_dataset(str(path))
    path.write_bytes(b"size,kind\n1,a\n")
    with pytest.raises(DataError):
        open_dataset(str(path))
    path.write_bytes(pack(b"0" * (200 << 20)))
    with pytest.raises(DataError, match="far more than its own size"):
        open_dataset(str(path))
