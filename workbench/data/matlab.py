"""Reading the numbers, letters and structs of a MATLAB 5 file, without trusting its lengths.

Format: "MAT-File Format", MathWorks, 2023: a header of 128 bytes, then elements with a tag (type, bytes) and data padded to 8 bytes.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import DataError, Text

MAX_BYTES = 64 << 20
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8", 16: "u1", 17: "u2", 18: "u4"}
_LETTERS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_DEEPEST = 8


def read_matlab(path: Path) -> dict[str, Any]:
    """Returns the variables of a file by name: structs as lists of dicts, cells as lists, letters as str, numbers as flat arrays.

    Args:
        path: A file of MATLAB 5 to 7.2 (later ones are HDF5 and refused).

    Raises:
        DataError: It is none, is damaged, or too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(path, Text("the file is larger than 64 MiB"))
        data = path.read_bytes()
        if len(data) < 128 or data[126:128] not in (b"IM", b"MI"):
            raise _refused(path, Text("it is no MATLAB 5 file"))
        return _variables(_Reader(data, "<" if data[126:128] == b"IM" else ">", 128))
    except (OSError, ValueError, IndexError, KeyError, struct.error, zlib.error, UnicodeError) as error:
        raise _refused(path, Text("it is damaged ({reason})", reason=str(error)[:120] or type(error).__name__)) from error


def _refused(path: Path, reason: str) -> DataError:
    return DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), Text("Remove or replace it."))


class _Reader:
    """Elements one after the other.

    Args:
        data: The bytes.
        order: `<` or `>`.
        place: Where to begin.
    """

    def __init__(self, data: bytes, order: str, place: int = 0) -> None:
        self.data, self.order, self.place = data, order, place

    def more(self) -> bool:
        return self.place + 8 <= len(self.data)

    def element(self) -> tuple[int, bytes]:
        """Returns type and data of the next element; small ones keep their data in the tag.

        Raises:
            ValueError: It is cut off.
        """
        kind, size = struct.unpack_from(f"{self.order}II", self.data, self.place)
        start = self.place + 8
        if kind >> 16:
            kind, size, start = kind & 0xFFFF, kind >> 16, self.place + 4
            self.place += 8
        else:
            self.place = start + size if kind == _COMPRESSED else start + -(-size // 8) * 8
        if start + size > len(self.data):
            raise ValueError("cut off")
        return kind, self.data[start:start + size]


def _variables(reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while reader.more():
        kind, data = reader.element()
        if kind == _COMPRESSED:
            unpacker = zlib.decompressobj()
            inner = unpacker.decompress(data, MAX_BYTES)
            if unpacker.unconsumed_tail:
                raise ValueError("too large")
            kind, data = _Reader(inner, reader.order).element()
        if kind == _MATRIX:
            name, value = _matrix(_Reader(data, reader.order), 0)
            found[name] = value
    return found


def _matrix(reader: _Reader, depth: int) -> tuple[str, Any]:
    """Returns name and value of one array.

    Raises:
        ValueError: It is nested too deeply, or claims more than there is.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if not reader.more():  # an empty field of a struct
        return "", np.zeros(0)
    form = struct.unpack_from(f"{reader.order}I", reader.element()[1])[0] & 0xFF
    sizes = [max(int(side), 0) for side in np.frombuffer(reader.element()[1], f"{reader.order}i4")]
    name = reader.element()[1].decode("ascii", "replace")
    count = int(np.prod(sizes, dtype=object))
    if count > len(reader.data):
        raise ValueError("claims more than there is")
    if form == _CELL:
        return name, [_inner(reader, depth) for _ in range(count)]
    if form == _STRUCT:
        width = int.from_bytes(reader.element()[1][:4], "little" if reader.order == "<" else "big")
        names = reader.element()[1]
        fields = [names[start:start + width].split(b"\0")[0].decode("ascii", "replace") for start in range(0, len(names), max(width, 1))]
        return name, [{field: _inner(reader, depth) for field in fields} for _ in range(count)]
    kind, data = reader.element()
    if form == _CHAR and kind in _LETTERS:
        return name, data.decode(_LETTERS[kind] if kind == 16 else f"{_LETTERS[kind]}-{'le' if reader.order == '<' else 'be'}")
    values = np.frombuffer(data, f"{reader.order}{_NUMBERS[kind]}")
    return name, "".join(map(chr, values.tolist())) if form == _CHAR else values


def _inner(reader: _Reader, depth: int) -> Any:
    kind, data = reader.element()
    if kind != _MATRIX:
        raise ValueError("no array")
    return _matrix(_Reader(data, reader.order), depth + 1)[1]
