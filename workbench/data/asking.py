"""All that must be asked about a source, one question after the other, with what stands as the answer to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.base import Format, Question
from workbench.data.formats import FORMATS
from workbench.data.open import GENERATED, HUB, SAMPLE, recognise, resolve
from workbench.errors import DataError, Text, WorkbenchError

FORMAT = "format"
"""The name under which the answer to "how is it to be read?" goes; it is no parameter of a format."""

_MOST_QUESTIONS = 8
_MOST_FORMATS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the answer that stands now."""

    question: Question
    answer: Any


def candidates(path: Path) -> tuple[Format, ...]:
    """Returns every format that knows a file or folder, the likeliest first."""
    return tuple(entry for entry in sorted(FORMATS, key=lambda entry: -entry.priority) if entry.recognises(path))


def asked(source: str, format: str = "", params: Mapping[str, Any] | None = None, base: Path | None = None) -> tuple[Asked, ...]:
    """Returns all questions about a source with their answers; an answer that was not given is the default.

    A format asks about one thing at a time, because an answer may raise or settle the next question; here they are gone through.

    Args:
        source, format, params, base: As for `open_dataset`.

    Raises:
        DataError: There is nothing there, or no format knows it.
    """
    if source.startswith((SAMPLE, GENERATED, HUB)):
        return ()
    path, given = resolve(source, base), dict(params or {})
    entry = FORMATS[format] if format else recognise(path)
    return (*_how(candidates(path), entry), *_about(entry, path, given))


def _how(possible: tuple[Format, ...], chosen: Format) -> tuple[Asked, ...]:
    if len(possible) < 2:
        return ()
    choices = tuple((entry.name, Text("{name}: {what}", name=Text(entry.label), what=Text(entry.summary))) for entry in possible[:_MOST_FORMATS])
    return (Asked(Question(FORMAT, Text("How is it to be read?"), choices, possible[0].name), chosen.name),)


def _about(entry: Format, path: Path, given: Mapping[str, Any]) -> list[Asked]:
    found: list[Asked] = []
    params: dict[str, Any] = {}
    names = [question.param for question in _of(entry, path, given)]
    params = {name: value for name, value in given.items() if name not in names}
    for _ in range(_MOST_QUESTIONS):
        answered = {item.question.param for item in found}
        new = [question for question in _of(entry, path, _without(params, answered, given)) if question.param not in answered]
        if not new:
            break
        for question in new:
            answer = given.get(question.param, question.default)
            found.append(Asked(question, answer))
            params[question.param] = answer
    return found


def _without(params: Mapping[str, Any], answered: set[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters with what was answered but not yet asked left out, so that it is asked about, too."""
    return {name: value for name, value in params.items() if name in answered or name not in given}


def _of(entry: Format, path: Path, params: Mapping[str, Any]) -> tuple[Question, ...]:
    try:
        return entry.questions(path, entry.parse(dict(params)))
    except WorkbenchError:
        return ()


def gathered(paths: list[Path]) -> Path:
    """Returns the one file or folder that several dropped ones belong to.

    Raises:
        DataError: They do not belong together.
    """
    paths = list(dict.fromkeys(path for path in paths if not path.name.startswith(".")))
    if len(paths) == 1:
        return paths[0]
    folders = {path.parent for path in paths}
    if len(folders) == 1 and paths:
        folder = folders.pop()
        for path in sorted(paths):
            if path.is_file() and any(entry.name in _TOGETHER for entry in candidates(path)[:1]):
                return path
        beside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(beside) < 2 * len(paths) and candidates(folder):
            return folder
    raise DataError(
        Text("{count} files and folders were dropped that are not one set of data.", count=len(paths)),
        Text("Put them into one folder and drop that; or drop them one by one."),
    )


_TOGETHER = ("idx", "cifar", "parallel", "arrays")
"""Formats that find the other files of a set by themselves when they are given one of them."""
