"""The dumps of wikis: pages-articles.xml, also packed, read as a stream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.catalogue import param
from workbench.data.base import DataProblem, Dataset, Format
from workbench.data.texts.markup import plain_text
from workbench.data.texts.reading import CutOffError, blocks_of, plain_suffix
from workbench.data.texts.windows import Document, WindowParams, windows
from workbench.data.texts.xml import BrokenXmlError, StopReadingError, read_xml
from workbench.errors import DataError, Text

_MOST_BYTES = 1 << 40
_LONGEST_PAGE = 2_000_000
_MOST_CHARACTERS = 1 << 29


class WikiParams(WindowParams):
    """Which pages, and how they become rows."""

    pages: int = param(5000, label="Pages", help="Reads so many articles from the beginning.", unit="pages", ge=1, le=10_000_000, log=True)


class MediaWiki(Format):
    """A dump of a wiki."""

    name = "mediawiki"
    label = "MediaWiki dump"
    category = "file"
    summary = "The XML dump of a wiki such as Wikipedia (also .bz2): its articles without markup, cut into rows."
    aliases = ("Wikipedia", "pages-articles", "XML", "维基百科", "语料")
    priority = 30
    Params = WikiParams

    def recognises(self, path: Path) -> bool:
        if not path.is_file() or plain_suffix(path) != ".xml":
            return False
        try:
            return b"<mediawiki" in next(iter(blocks_of(path)), b"")[:4096]
        except DataError:
            return False

    def open(self, source: str, params: Any) -> Dataset:
        path, reader, problems = Path(source), _Pages(params.pages), list[DataProblem]()
        try:
            read_xml(blocks_of(path, _MOST_BYTES), path, reader.start, reader.end, reader.text)
        except (BrokenXmlError, CutOffError) as error:
            if not reader.documents:
                raise
            problems.append(DataProblem("cut-off", error.message, (), error.hint))
        if reader.long:
            problems.append(DataProblem(
                "long-page", Text("{count} pages are longer than {limit} characters and are left out.", count=len(reader.long), limit=_LONGEST_PAGE),
                tuple(reader.long[:1000]), Text("Such pages are lists, hardly ever texts."),
            ))
        return windows(reader.documents, params, self.name, source, problems)


class _Pages:
    """Gathers articles while XML is read: pages of the first namespace that lead nowhere else."""

    def __init__(self, most: int) -> None:
        self.documents: list[Document] = []
        self.long: list[str] = []
        self._most, self._characters, self._names = most, 0, set[str]()
        self._parts: list[str] | None = None
        self._size, self._page = 0, dict[str, str]()

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if name == "page":
            self._page = {}
        elif name == "redirect":
            self._page["redirect"] = "yes"
        if name in ("title", "ns", "text"):
            self._parts, self._size = [], 0

    def text(self, characters: str) -> None:
        if self._parts is not None:
            self._size += len(characters)
            if self._size <= _LONGEST_PAGE:
                self._parts.append(characters)

    def end(self, name: str) -> None:
        if name in ("title", "ns", "text") and self._parts is not None:
            self._page[name] = "".join(self._parts)
            if self._size > _LONGEST_PAGE:
                self._page["long"] = "yes"
            self._parts = None
        elif name == "page":
            self._take(self._page)

    def _take(self, page: Mapping[str, str]) -> None:
        title = page.get("title", "").strip()
        if page.get("ns", "0").strip() != "0" or "redirect" in page or title in self._names:
            return
        if "long" in page:
            self.long.append(title)
            return
        text = plain_text(page.get("text", ""))
        if text:
            self._names.add(title)
            self.documents.append(Document(title, text))
            self._characters += len(text)
        if len(self.documents) >= self._most or self._characters > _MOST_CHARACTERS:
            raise StopReadingError
