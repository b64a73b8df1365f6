"""One way out for all verbs: a JSON document or sentences on stdout, everything else on stderr, and the exit status."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import typer

FAILED, INTERRUPTED = 1, 130
_LONGEST_PATH, _LONGEST_CELL = 200, 120
_BREAKS = str.maketrans(dict.fromkeys("\n\r\t\v\f\u2028\u2029", " "))
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb found.

    Attributes:
        document: For programs: what `--json` prints.
        lines: For people.
        status: The exit status.
    """

    document: Any
    lines: Sequence[str] = ()
    status: int = 0


def guarded(module: str, verb: str, as_json: bool, **arguments: Any) -> None:
    """Runs a verb and ends the program as it asks.

    Args:
        module: The sibling module that holds the verb; imported now.
        verb: The function: `(**arguments) -> Answer`.
        as_json: Whether to print JSON.
        **arguments: Passed on.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=_LOG_FORMAT)
    with _stdout_kept() as out:
        answer = _answered(module, verb, arguments)
        _print(answer, as_json, out)
    raise typer.Exit(answer.status)


def _answered(module: str, verb: str, arguments: dict[str, Any]) -> Answer:
    from workbench.errors import WorkbenchError

    try:
        return getattr(importlib.import_module(f"workbench.cli.{module}"), verb)(**arguments)
    except WorkbenchError as error:
        return failure(error.message, error.hint)
    except KeyboardInterrupt:
        return failure("Interrupted.", "", INTERRUPTED)
    except MemoryError:
        return failure("There is not enough memory for this.", "Close other programs, or use less data or a smaller model.")
    except OSError as error:
        return _of_the_system(error)
    # A fault of the program still ends in the promised form.
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return failure(f"The program has a fault: {type(error).__name__}: {error}", "Please report it with the lines above.")


def _of_the_system(error: OSError) -> Answer:
    """Returns what is printed where the file system refuses: what it said, about which path."""
    path = str(error.filename2 or error.filename or "")
    path = path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}..."
    reason = error.strerror or str(error) or type(error).__name__
    hints = {
        errno.ENOSPC: "Free some space there and try again.", errno.EDQUOT: "Free some space there and try again.",
        errno.ENAMETOOLONG: "Use a shorter name.", errno.ENOENT: "Check the path.", errno.ENOTDIR: "Check the path.",
        errno.EISDIR: "Name a file, not a folder.",
    }
    hint = hints.get(error.errno or 0, "Check that the path exists and that you may write there.")
    return failure(f"{path}: {reason}." if path else f"{reason}.", hint)


def failure(message: str, hint: str, status: int = FAILED) -> Answer:
    """Returns what a failed verb prints."""
    return Answer({"error": {"message": str(message), "hint": str(hint)}}, (), status)


def _print(answer: Answer, as_json: bool, out: TextIO) -> None:
    with contextlib.suppress(BrokenPipeError):
        if as_json:
            from workbench.project.records import plain

            text = json.dumps(plain(answer.document), ensure_ascii=False, indent=2, allow_nan=False)
            out.write(text.encode("utf-8", "backslashreplace").decode() + "\n")  # half a pair becomes the escape that JSON has for it
        elif isinstance(answer.document, dict) and "error" in answer.document:
            error = answer.document["error"]
            sys.stderr.write(harmless("\n".join(part for part in (error["message"], error["hint"]) if part)) + "\n")
        else:
            out.write("".join(f"{harmless(line)}\n" for line in answer.lines))
        out.flush()


@contextlib.contextmanager
def _stdout_kept() -> Generator[TextIO]:
    """Keeps stdout for the answer alone: whatever libraries print meanwhile, also below Python, goes to stderr."""
    out = sys.stdout
    try:
        number = out.fileno()
        kept = os.dup(number)
    except (OSError, ValueError):
        with contextlib.redirect_stdout(sys.stderr):
            yield out
        return
    out.flush()
    os.dup2(sys.stderr.fileno(), number)
    with os.fdopen(kept, "w", encoding="utf-8", errors="surrogateescape") as own:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield own
        finally:
            own.flush()
            os.dup2(own.fileno(), number)


def progress(line: str) -> None:
    """Says on stderr how far things are."""
    sys.stderr.write(f"{harmless(line)}\n")
    sys.stderr.flush()


def harmless(line: str) -> str:
    """Returns a line without what a terminal would obey: control characters and marks that turn the direction are spelled out."""
    return line if line.isascii() and line.isprintable() else _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode(), line)


def table(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Returns rows of cells as aligned lines."""
    cells = [[in_one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(_columns(row[index]) for row in cells) for index in range(len(cells[0]))] if cells else []
    return ["  ".join(cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def in_one_line(name: str, longest: int = _LONGEST_CELL) -> str:
    """Returns a name without breaks, cut where it would push everything else off the screen."""
    name = name.translate(_BREAKS)
    return name if len(name) <= longest else f"{name[:longest]}..."


def _columns(text: str) -> int:
    """Returns how many columns a terminal needs for a text; Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def number(value: float | None) -> str:
    """Returns a number in few digits."""
    return "-" if value is None or value != value else f"{value:.4g}"


def counted(count: int, noun: str) -> str:
    """Returns a count with its noun, in the plural where it is not one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
