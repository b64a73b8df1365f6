"""XML read as a stream, without anything that expands or reaches out: no entities, nothing external."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from xml.parsers import expat

from workbench.errors import DataError, Text


class StopReadingError(Exception):
    """Raised by a handler that has enough."""


class BrokenXmlError(DataError):
    """XML that is not well formed; what came before is good."""


def read_xml(
    blocks: Iterable[bytes], path: Path, start: Callable[[str, Mapping[str, str]], None], end: Callable[[str], None],
    text: Callable[[str], None], doctype: bool = False,
) -> None:
    """Reads XML and calls `start(name, attributes)`, `end(name)` and `text(characters)`.

    Args:
        blocks: The bytes, in order.
        path: Where they are from, for messages.
        start, end, text: What to call.
        doctype: Whether a document type that declares nothing itself is let pass; what it refers to is never read.

    Raises:
        BrokenXmlError: It is not well formed.
        DataError: It declares entities or a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise DataError(
            Text("{path} declares entities or a document type and is refused.", path=str(path)),
            Text("Such files can grow without end when they are read. Remove the declaration if you trust the file."),
        )

    def declared(_name: str, _system: str | None, _public: str | None, inside: bool) -> None:
        if inside or not doctype:
            refuse()

    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = declared, refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except StopReadingError:
        return
    except expat.ExpatError as error:
        raise BrokenXmlError(
            Text("{path} is damaged: {reason}.", path=str(path), reason=str(error)), Text("What comes before is used.")
        ) from error
