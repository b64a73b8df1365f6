"""File names as text that can be written anywhere: a disk may hold names whose bytes are no UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from workbench.data.base import DataProblem, Field
from workbench.errors import Text

S = TypeVar("S", bound=str)


def decoded(name: bytes, otherwise: str = "") -> str:
    """Returns a name in UTF-8 or in an encoding of Chinese systems, whichever it can be; short ones can be both, and letters decide.

    Args:
        name: The bytes.
        otherwise: What it is called where it is neither; "" writes the bytes that are no text as `\\xff`.
    """
    wide, common, rare = (_tried(name, encoding) for encoding in ("utf-8", "gb2312", "gbk"))
    spelled_out = any(letter.isascii() and letter.isalpha() for part in PurePosixPath(common or rare).parts for letter in PurePosixPath(part).stem)
    if wide and not (common and not spelled_out and all(letter < "\u0800" for letter in wide)):
        return wide
    return common or (rare if not spelled_out else "") or otherwise or name.decode("utf-8", "backslashreplace")


def _tried(name: bytes, encoding: str) -> str:
    try:
        return name.decode(encoding)
    except UnicodeDecodeError:
        return ""


def spelled(name: S) -> S | str:
    """Returns a name as it is where it is text, else as people may read it; sentences keep their template."""
    if isinstance(name, Text) and not _writable(name):
        return Text(name.template, **{key: spelled(value) if isinstance(value, str) else value for key, value in name.values.items()})
    if _writable(name):
        return name
    try:
        return "/".join(decoded(part.encode("utf-8", "surrogateescape")) for part in name.split("/"))
    except UnicodeEncodeError:  # half of a pair that never was a byte
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def spelled_names(names: Sequence[str]) -> Sequence[str]:
    """Returns all names as `spelled` does: the very same list where nothing needs to change."""
    return names if not isinstance(names, list) or _writable("".join(names)) else [spelled(name) for name in names]


def spelled_field(field: Field) -> Field:
    """Returns a field whose name and classes are text."""
    changed = tuple(spelled(name) for name in field.categories)
    return field if changed == field.categories and _writable(field.label) else replace(field, label=spelled(field.label), categories=changed)


def spelled_problem(problem: DataProblem) -> DataProblem:
    """Returns a problem whose sentences and rows are text."""
    if _writable("".join((problem.message, problem.reason, *problem.rows))):
        return problem
    return replace(problem, message=spelled(problem.message), reason=spelled(problem.reason), rows=tuple(spelled(row) for row in problem.rows))


def _writable(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
