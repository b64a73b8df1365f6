"""Taking archives apart without trusting them: nothing leaves the folder, caps hold, what is odd is skipped and said.

Neither `zipfile` nor `tarfile` writes anything here: names are checked by us, bytes are copied by us, and counted while they come.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from workbench.data.progress import report
from workbench.data.spelling import decoded
from workbench.errors import DataError, Text

MAX_BYTES = 64 << 30
MAX_FILES = 2_000_000
MAX_RATIO = 200
"""Unpacked bytes per packed byte of the whole archive; images hardly shrink, tables by ten, bombs by thousands."""

MAX_DEPTH = 12
_FREE_BYTES = 64 << 20
_MOST_SKIPPED = 1000
_TOLD = 20
_COPY = 1 << 18
_LARGEST_HEADER = 1 << 20
_MOST_GLOBALS = 1000
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
_TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_BAD_CHARACTERS = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069]')


@dataclass(slots=True)
class Extracted:
    """What came out of an archive.

    Attributes:
        files: How many files were written.
        bytes: How large they are together.
        skipped: Why an entry was left out, by its name (the first thousand).
    """

    files: int = 0
    bytes: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


class _Entry(Protocol):
    """One entry of an archive, whatever kind of archive it is."""

    name: str
    reason: str

    def open(self) -> IO[bytes]: ...


@dataclass(slots=True)
class _Item:
    name: str
    reason: str
    archive: Any
    about: Any

    def open(self) -> IO[bytes]:
        found = self.archive.open(self.about) if isinstance(self.archive, zipfile.ZipFile) else self.archive.extractfile(self.about)
        if found is None:
            raise OSError("no file")
        return found


@dataclass(slots=True)
class _Alone:
    """The only file in a packed one, such as `table.csv.gz`."""

    name: str
    path: Path
    reason: str = ""

    def open(self) -> IO[bytes]:
        opener = _opener(self.path)
        if opener is None:
            raise EOFError("unknown packing")
        return opener(self.path, "rb")  # pyright: ignore[reportReturnType]


def _packed_table(path: Path) -> bool:
    """Whether a file is called like a packed table."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return len(suffixes) == 2 and suffixes[0] in _TABLES and suffixes[1] in (".gz", ".bz2", ".xz")


def _opener(path: Path) -> Any:
    """Returns what unpacks a file, by its first bytes; None where nothing does."""
    with path.open("rb") as file:
        first = file.read(8)
    return next((opener for magic, opener in _PACKED if first.startswith(magic)), None)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, or one packed table, by its name and its first bytes; never raises."""
    name = path.name.lower()
    try:
        if name.endswith(".zip"):
            return path.is_file() and zipfile.is_zipfile(path)
        if _packed_table(path):
            return path.is_file() and _opener(path) is not None
        endings = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
        return name.endswith(endings) and path.is_file() and tarfile.is_tarfile(path)
    except (OSError, EOFError, LZMAError, zlib.error):
        return False


def extract(path: Path, target: Path) -> Extracted:
    """Writes the files of an archive below a folder that does not exist yet, all or nothing.

    Args:
        path: A zip or tar archive.
        target: The folder to make.

    Raises:
        DataError: It is damaged from the start, larger than allowed, or the disk is full; nothing is left behind.
    """
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(parents=True)
        found = _write_all(path, scratch)
        if not found.files:
            first = next(iter(found.skipped.values()), Text("it is empty"))
            raise _refused(path, Text("no file in it can be used ({reason})", reason=first))
        os.replace(scratch, target)
        return found
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, RuntimeError, NotImplementedError) as error:
        raise _refused(path, Text("it is damaged ({reason})", reason=str(error)[:120] or type(error).__name__)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_all(path: Path, root: Path) -> Extracted:
    found, seen, left = Extracted(), set[str](), _allowance(path, root)
    for count, entry in enumerate(_entries(path, found, 2 * left)):
        if count >= MAX_FILES:
            raise _refused(path, Text("it has more than {count} entries", count=MAX_FILES))
        inside, reason = _place(entry)
        key = unicodedata.normalize("NFC", str(inside)).casefold()
        if not reason and key in seen:
            reason = Text("another entry has the same name")
        if reason:
            _skip(found, entry.name, reason)
            continue
        seen.add(key)
        if count % _TOLD == 0:
            report(_share(entry, count), Text("{count} files unpacked", count=f"{found.files:,}"))
        left -= _copy(path, entry, root / inside, left, found)
        if left < 0:
            raise _refused(path, Text("it unpacks to far more than its own size"))
    return found


def _share(entry: _Entry, count: int) -> float:
    """Returns how much of an archive is unpacked; of a tar archive nobody knows before its end."""
    archive = entry.archive if isinstance(entry, _Item) else None
    return count / max(len(archive.infolist()), 1) if isinstance(archive, zipfile.ZipFile) else -1.0


def _allowance(path: Path, root: Path) -> int:
    """Returns how many bytes an archive may unpack to below a folder."""
    return min(MAX_BYTES, max(path.stat().st_size * MAX_RATIO, _FREE_BYTES), max(shutil.disk_usage(root).free, _FREE_BYTES))


def _entries(path: Path, found: Extracted, limit: int) -> Iterator[_Entry]:
    """Returns the entries that are no folders; a tar archive that breaks off gives what came before.

    Args:
        path: The archive.
        found: Is told where it breaks off.
        limit: How many bytes a tar archive may have when it is unpacked.
    """
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for about in archive.infolist():
                if not about.is_dir():
                    yield _Item(_zip_name(about), _zip_reason(about), archive, about)
        return
    if _packed_table(path):
        yield _Alone(path.stem, path)
        return
    with _tar_stream(path, limit) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            while (about := archive.next()) is not None:
                archive.members.clear()  # nothing looks back, and millions of them are heavy
                if len(archive.pax_headers) > _MOST_GLOBALS:
                    raise tarfile.ReadError("too many global headers")
                if not about.isdir():
                    yield _Item(decoded(about.name.encode("utf-8", "surrogateescape")), _tar_reason(about), archive, about)
        except (tarfile.TarError, EOFError, zlib.error, LZMAError, OSError) as error:
            _skip(found, path.name, Text("the archive breaks off: {reason}", reason=str(error)[:120]))


def _tar_stream(path: Path, limit: int) -> _Bounded:
    """Returns the bytes of a tar archive, unpacked while they are read."""
    opener = _opener(path)
    return _Bounded(path.open("rb") if opener is None else opener(path, "rb"), limit)


class _Bounded:
    """A stream that refuses what no honest tar archive asks for: to read a huge header at once, or to go on for ever.

    Args:
        file: What is read from.
        limit: How many bytes there may be.
    """

    def __init__(self, file: Any, limit: int) -> None:
        self._file, self._limit = file, limit

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError("a header is too large")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        if whence == 0 and place > self._limit:
            raise tarfile.ReadError("it unpacks to far more than its own size")
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


def _tar_reason(about: tarfile.TarInfo) -> str:
    if not about.isreg():
        return Text("it is a link or a device")
    return "" if about.size else Text("the file is empty")


def _zip_reason(about: zipfile.ZipInfo) -> str:
    if about.flag_bits & 0x1:
        return Text("it is encrypted")
    kind = (about.external_attr >> 16) & 0o170000
    if kind not in (0, 0o100000):
        return Text("it is a link or a device")
    return "" if about.file_size else Text("the file is empty")


def _zip_name(about: zipfile.ZipInfo) -> str:
    """Returns the name of an entry; many that do not say so are UTF-8 or in the encoding of Chinese systems."""
    name = about.orig_filename.split("\0")[0]
    return name if about.flag_bits & 0x800 or name.isascii() else decoded(name.encode("cp437", "replace"), name)


def _place(entry: _Entry) -> tuple[PurePosixPath, str]:
    """Returns where an entry goes below the folder, and why it must not be written ("" where it may)."""
    name = entry.name.replace("\\", "/")
    place = PurePosixPath(name)
    if entry.reason:
        return place, entry.reason
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in place.parts:
        return place, Text("its path leads out of the archive")
    if len(place.parts) > MAX_DEPTH:
        return place, Text("it lies more than {count} folders deep", count=MAX_DEPTH)
    if not place.parts or any(_BAD_CHARACTERS.search(part) or _RESERVED.match(part) or len(part.encode("utf-8", "replace")) > 240
                              or part[-1] in ". " for part in place.parts):
        return place, Text("its name cannot be used")
    return place, ""


def _copy(path: Path, entry: _Entry, target: Path, left: int, found: Extracted) -> int:
    """Writes one entry and returns its size; stops where it grows beyond what is left, leaves out what is damaged."""
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with entry.open() as source, open(target, "xb") as file:
            while chunk := source.read(_COPY):
                size += len(chunk)
                if size > left:
                    raise _refused(path, Text("it unpacks to far more than its own size"))
                file.write(chunk)
    except (EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, RuntimeError, NotImplementedError, FileExistsError,
            NotADirectoryError) as error:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        _skip(found, entry.name, Text("it is damaged ({reason})", reason=str(error)[:120] or type(error).__name__))
        return size
    found.files, found.bytes = found.files + 1, found.bytes + size
    return size


def _skip(found: Extracted, name: str, reason: str) -> None:
    if len(found.skipped) < _MOST_SKIPPED:
        found.skipped[name[:300]] = reason


def _refused(path: Path, reason: str) -> DataError:
    return DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), Text("Unpack it yourself and open the folder."))
