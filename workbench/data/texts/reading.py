"""Text files: plain, gzip or bzip2, in the encoding that their bytes show, never larger than memory allows."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from workbench.data.base import DataProblem
from workbench.data.tables.encoding import MAX_BYTES, candidates_for, unreadable
from workbench.errors import DataError, Text

PACKED = (".gz", ".bz2", ".xz")
_BLOCK = 1 << 20
_RATIO, _FREE_BYTES = 200, 32 << 20
_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)
_USUAL = ("utf-8-sig", "utf-8", "ascii")


class BombError(DataError):
    """A packed file that grows beyond all measure."""


class CutOffError(DataError):
    """A packed file that breaks off or is damaged; what came before is good."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """What stands in a file.

    Attributes:
        text: With `\\n` at the end of lines.
        encoding: What it was read as.
        problems: A damaged end, or an encoding that was guessed.
    """

    text: str
    encoding: str
    problems: tuple[DataProblem, ...] = ()


def plain_suffix(path: Path) -> str:
    """Returns the ending of a file without that of its packing, in lower case: `.txt` of `book.txt.bz2`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def blocks_of(path: Path, most: int = MAX_BYTES) -> Iterator[bytes]:
    """Yields the unpacked bytes of a file, block by block.

    Args:
        path: The file; packed or not.
        most: More than so many bytes are refused.

    Raises:
        BombError: It unpacks to more than that, or to far more than texts ever do.
        CutOffError: It is damaged; the blocks before were good.
        DataError: It cannot be opened.
    """
    try:
        size = path.stat().st_size
        file = _opened(path)
    except OSError as error:
        raise unreadable(path, error) from error
    done = 0
    with file:
        while True:
            try:
                block = file.read1(_BLOCK)  # what is good comes before the error that follows it
            except _DAMAGED as error:
                raise CutOffError(
                    Text("{path} is damaged after {count} bytes: {reason}.", path=str(path), count=done, reason=str(error)[:200]),
                    Text("What comes before is used; fetch the file again for the rest."),
                ) from error
            if not block:
                return
            done += len(block)
            if done > most or (done > _FREE_BYTES and done > _RATIO * max(size, 1)):
                raise BombError(
                    Text("{path} unpacks to more than {count} bytes and is refused.", path=str(path), count=done),
                    Text("Unpack it yourself if you trust it, and use a part of it."),
                )
            yield block


def _opened(path: Path) -> BufferedReader | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path, "rb")
    if suffix == ".bz2":
        return bz2.open(path, "rb")
    return lzma.open(path, "rb") if suffix == ".xz" else path.open("rb")


def read_text(path: Path, encoding: str = "", most: int = MAX_BYTES) -> TextFile:
    """Reads a text file: UTF-16 or UTF-8 by byte order mark, UTF-8, GB 18030, Windows-1252 or Latin-1.

    Args:
        path: The file; packed or not.
        encoding: What somebody said it is; "" finds it out.
        most: Larger ones are refused.

    Raises:
        DataError: It cannot be read, is no text, or none in that encoding.
    """
    data, problems = bytearray(), list[DataProblem]()
    try:
        for block in blocks_of(path, most):
            data += block
    except CutOffError as error:
        if not data:
            raise
        problems.append(DataProblem("cut-off", error.message, (path.name,), error.hint))
    text, found = decode(bytes(data), path, encoding, torn=bool(problems))
    if found not in _USUAL and not encoding:
        problems.append(DataProblem(
            "encoding", Text("{path} was read as {encoding}.", path=path.name, encoding=found), (path.name,),
            Text("If letters look wrong, choose the encoding."),
        ))
    return TextFile(text.replace("\r\n", "\n").replace("\r", "\n"), found, tuple(problems))


def decode(data: bytes, path: Path, encoding: str = "", torn: bool = False) -> tuple[str, str]:
    """Returns bytes as text, and the encoding they were in.

    Args:
        data: The bytes.
        path: Where they are from, for messages.
        encoding: What somebody said; "" finds it out.
        torn: Whether the last character may be cut in half.

    Raises:
        DataError: They are no text, or none in that encoding.
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    wide = "" if encoding or marked or b"\0" not in data[:_BLOCK] else _unmarked_wide(data[:_BLOCK])
    candidates = [encoding] if encoding else [wide] if wide else candidates_for(data[:_BLOCK])
    if b"\0" in data and not any(name.lower().startswith(("utf-16", "utf-32", "utf16", "utf32")) for name in candidates):
        raise DataError(Text("{path} is no text: it holds zero bytes.", path=str(path)), Text("Save it as text in UTF-8."))
    for name in candidates:
        for end in range(len(data), len(data) - (4 if torn else 1), -1):
            try:
                return data[:end].decode(name), name
            except (UnicodeError, LookupError):
                continue
    raise DataError(
        Text("{path} is no text in the encoding {encoding}.", path=str(path), encoding=candidates[-1]),
        Text("Save it as UTF-8, or choose its encoding."),
    )


def _unmarked_wide(first: bytes) -> str:
    """Returns the UTF-16 that bytes without a mark are in, or "": nearly all characters must be ASCII or Chinese, Japanese or Korean."""
    even = first[: len(first) & ~1]
    for name in ("utf-16-le", "utf-16-be"):
        text = even.decode(name, "replace")
        usual = sum(letter in "\n\r\t" or " " <= letter < "\x7f" or "\u3000" <= letter < "\ua000" or letter >= "\uff00" for letter in text)
        if text and "\0" not in text and "\ufffd" not in text and usual > 0.9 * len(text):
            return name
    return ""
