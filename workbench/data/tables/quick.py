"""What a column of a file holds, told from its bytes where that gives the same answer as looking at every cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import numpy as np

from workbench.data.base import FieldKind
from workbench.data.decode import SUFFIXES
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables import types
from workbench.data.tables.file_cells import FileCells, Floats
from workbench.data.tables.numbers import decimal_of, is_date, localised, plain
from workbench.data.tables.texts import TextColumn
from workbench.data.tables.types import ColumnType, Guess, is_named_label, is_uuid, may_tell_apart, present, solid

_HEAD, _LOOKED_AT, _ODD = 3000, 200, 50


def guess(name: str, cells: Sequence[str], decimal: str = "", missing: frozenset[str] = frozenset()) -> Guess:
    """Returns what `types.guess` returns, sooner where the cells are those of a file. The arguments are the same."""
    if isinstance(cells, TextColumn) and not missing and len(cells):
        return _text(name, cells, decimal) or types.guess(name, cells, decimal, missing)
    if isinstance(cells, FileCells) and not missing and len(cells):
        found = _number(name, cells, decimal) or _text(name, cells, decimal)
        if found is not None:
            return found
        cells = cells.coded or cells
    return types.guess(name, cells, decimal, missing)


def _number(name: str, cells: FileCells, decimal: str) -> Guess | None:
    """Returns that a column holds numbers, None where that takes a closer look."""
    if is_uuid(cells[0]):
        return None
    for sign in (".", ","):
        floats = cells.floats(sign) if decimal in ("", sign) else None
        if floats is not None and _is_certain(name, cells, floats, sign, decimal):
            kind = FieldKind.NUMBER
            return Guess(ColumnType.ID if _tells_apart(name, cells, floats) else ColumnType.NUMBER, kind, sign)
    return None


def _is_certain(name: str, cells: FileCells, floats: Floats, sign: str, decimal: str) -> bool:
    values, parsed = floats.values, floats.parsed
    if not np.fmin.reduce(values) < np.fmax.reduce(values):
        return False
    if sign == "," and (not parsed.pointed or parsed.bare or not (decimal or parsed.parted)):
        return False
    if parsed.whole and is_named_label(name) and len(np.unique(values[:_HEAD])) <= types.MOST_CATEGORIES:
        return False
    return parsed.canonical or floats.gaps or not may_tell_apart(name)


def _tells_apart(name: str, cells: FileCells, floats: Floats) -> bool:
    """Whether the numbers of a column called like an id are different in every row."""
    if not may_tell_apart(name) or floats.gaps or len(np.unique(floats.values)) < len(floats.values):
        return False
    return types.is_id(name, cells, cells)


def _text(name: str, cells: FileCells | TextColumn, decimal: str) -> Guess | None:
    """Returns that a column holds texts, where its first cells rule out everything else; None where they do not."""
    head = present(list(islice(cells, _HEAD)))
    if len(head) <= _LOOKED_AT or name in types.SPLIT_COLUMNS or decimal == ",":
        return None
    words = solid(head)
    first = words[:_LOOKED_AT]
    if any(math.isfinite(plain(cell)) for cell in first) or all(np.isfinite(localised(cell, decimal or ".")) for cell in words):
        return None
    odd = [cell for cell in words if not math.isfinite(plain(cell))][:_ODD]
    if len(odd) < _ODD or decimal_of(odd) or all(is_date(cell) for cell in words):
        return None
    if any(sum(cell.lower().endswith(endings) for cell in head[:_LOOKED_AT]) >= types.MIXED * _LOOKED_AT for endings in (SUFFIXES, SOUND_SUFFIXES)):
        return None
    if all(cell.startswith("[") for cell in head) or may_tell_apart(name) or all(is_uuid(cell) for cell in head[:100]):
        return None
    return Guess(ColumnType.TEXT, FieldKind.TEXT)
