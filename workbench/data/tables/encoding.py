"""Which encoding a text file is in, found from its bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import DataError, Text

MAX_BYTES = 2 << 30
_BLOCK = 1 << 20
_SHARE = 0.5


def encoding_of(path: Path, wanted: str = "") -> str:
    """Returns the encoding of a text file: UTF-16 or UTF-8 by byte order mark, UTF-8, GB 18030 (which holds GBK), else Windows-1252 or Latin-1.

    Args:
        path: The file; all of it is read once.
        wanted: What somebody said; it is only checked.

    Raises:
        DataError: It cannot be read, is too large, or is no text in that encoding.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(Text("{path} is larger than 2 GiB.", path=str(path)), Text("Use a part of it."))
        with path.open("rb") as file:
            first = file.read(_BLOCK)
    except OSError as error:
        raise unreadable(path, error) from error
    if not wanted and _is_ascii(path):
        return "utf-8-sig"
    wide = "" if wanted.lower().startswith(("utf-16", "utf-32", "utf16", "utf32")) else _wide(first)
    if not wide and not wanted and _holds_zero(path):
        raise DataError(Text("{path} is no text table: it holds zero bytes.", path=str(path)), Text("Save it as CSV in UTF-8."))
    if not wide and not wanted and _decodes(path, "utf-8-sig"):
        return "utf-8-sig"
    candidates = [wanted] if wanted and not wide else candidates_for(first)
    found = next((name for name in candidates if _decodes(path, name)), "")
    if not found:
        raise DataError(
            Text("{path} is no text in the encoding {encoding}.", path=str(path), encoding=candidates[-1]),
            Text("Save it as UTF-8, or choose its encoding."),
        )
    return found


def candidates_for(first: bytes) -> list[str]:
    """Returns the encodings that bytes may be in, likeliest first; the first that decodes all of them is taken.

    Args:
        first: The beginning of the bytes, up to 1 MiB.
    """
    wide = _wide(first)
    return [wide] if wide else ["utf-8-sig", *_eastern_or_western(first), "latin-1"]


def unreadable(path: Path, error: OSError) -> DataError:
    """Returns that a file cannot be read, and why."""
    reason = error.strerror or str(error)
    return DataError(Text("{path} cannot be read: {reason}.", path=str(path), reason=reason), Text("Check the file."))


def _wide(first: bytes) -> str:
    """Returns the UTF-16 that a file is in, by its mark or by its zero bytes, or ""."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = first[: 4096 & ~1]
    half = len(sample) // 2
    if half > 4:
        zeros = [sample[start::2].count(0) / half for start in (0, 1)]
        if min(zeros) < 0.05 and max(zeros) > 0.6:
            return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return ""


def _is_ascii(path: Path) -> bool:
    """Whether a file holds ASCII alone, and no zero bytes."""
    return all(block.isascii() and b"\0" not in block for block in _blocks(path))


def _holds_zero(path: Path) -> bool:
    return any(b"\0" in block for block in _blocks(path))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _decodes(path: Path, name: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(name)()
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", True)
    except (UnicodeError, LookupError):
        return False
    return True


def _eastern_or_western(first: bytes) -> list[str]:
    """Returns GB 18030 and Windows-1252 in the likelier order. Chinese comes in pairs of high bytes; accents stand alone among ASCII."""
    pairs = inside = place = 0
    while place < len(first) - 1:
        if first[place] < 0x80:
            place += 1
            continue
        pairs += 1
        inside += first[place + 1] >= 0xA1 and not _between_letters(first, place)
        place += 2
    return ["gb18030", "cp1252"] if not pairs or inside >= _SHARE * pairs else ["cp1252", "gb18030"]


def _between_letters(data: bytes, place: int) -> bool:
    """Whether two high bytes stand in the middle of a word of ASCII letters, as in Größe."""
    return 0 < place < len(data) - 2 and chr(data[place - 1]).isascii() and chr(data[place - 1]).isalpha() and bytes([data[place + 2]]).isalpha()
