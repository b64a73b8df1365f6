"""Sentences in two languages, from every form they are exchanged in: aligned files, tables of two columns, TMX, SGM."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.data.base import DataProblem
from workbench.data.texts.reading import CutOffError, blocks_of, plain_suffix, read_text
from workbench.data.texts.xml import BrokenXmlError, read_xml
from workbench.errors import DataError, Text

_CODES = """
af am ar as az be bg bn bs ca ceb cs cy da de el en eo es et eu fa fi fil fr ga gd gl gu ha he hi hr ht hu hy id ig is it ja jv ka kk km kn
ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no ny or pa pl ps pt ro ru rw sd si sk sl sn so sq sr su sv sw ta te tg th tk
tl tr tt ug uk ur uz vi wo xh yi yo zh zu src tgt trg source target
"""
_WORDS = """
input output question answer original translation english german french spanish chinese japanese russian italian
原文 译文 源语言 目标语言 输入 输出
"""
LANGUAGES = frozenset(_CODES.split())
_ALIGNED = re.compile(r"^(?P<stem>.+?)[._](?P<language>[a-z]{2,6}(?:[-_][A-Za-z]{2,4})?)(?:\.txt)?$")
_SGM = re.compile(r"^(?P<stem>.+?)-(?P<side>src|ref)[.-](?P<language>[a-z]{2,3})(?:[-_][A-Za-z]{2,4})?\.(?:sgm|sgml)$")
_SEGMENT = re.compile(r"<seg\b[^<>]*>((?:(?!</?seg\b).)*)</seg\s*>", re.S | re.I)
_TAG = re.compile(r"<[^<>]{1,200}>")
_WHITE = re.compile(r"\s+")
PAIR_NAMES = LANGUAGES | frozenset(_WORDS.split())
_SAMPLED = 200
_DISTINCT = 0.6


@dataclass(frozen=True, slots=True)
class Pairs:
    """Aligned sentences.

    Attributes:
        source, target: As many of each.
        languages: What the two are called, "" where unknown.
        problems: What was left out.
    """

    source: Sequence[str]
    target: Sequence[str]
    languages: tuple[str, str] = ("", "")
    problems: tuple[DataProblem, ...] = ()


def stem_of(path: Path) -> tuple[str, str, bool] | None:
    """Returns what aligned files have in common, the language of this one, and whether it is the source for certain; None for other files."""
    name = path.name
    for suffix in (".gz", ".bz2", ".xz"):
        name = name.removesuffix(suffix)
    sgm = _SGM.match(name)
    if sgm is not None:
        return f"{sgm['stem']}.sgm", sgm["language"], sgm["side"] == "src"
    found = _ALIGNED.match(name)
    if found is None or re.split("[-_]", found["language"])[0].lower() not in LANGUAGES:
        return None
    return found["stem"], found["language"], found["language"] in ("src", "source")


def aligned_files(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Returns the pairs of aligned files in a folder by what they have in common: the source first, else as their stem or the alphabet says."""
    groups: dict[str, list[tuple[bool, str, Path]]] = {}
    for path in sorted(folder.iterdir()):
        found = stem_of(path) if path.is_file() and not path.name.startswith(".") else None
        if found is not None:
            groups.setdefault(found[0], []).append((not found[2], found[1], path))
    return {stem: _in_order(stem, group) for stem, group in groups.items() if len({language for _, language, _ in group}) == 2 and len(group) == 2}


def _in_order(stem: str, group: list[tuple[bool, str, Path]]) -> tuple[Path, Path]:
    """Puts the source first: `src`, else the language that a name such as `train.de-en` says first, else by the alphabet."""
    named = re.search(r"(?<![a-z])([a-z]{2})-?([a-z]{2})(?![a-z])", stem)
    first = named[1] if named is not None else ""
    ordered = sorted(group, key=lambda item: (item[0], item[1] != first, item[1]))
    return ordered[0][2], ordered[1][2]


def read_aligned(source: Path, target: Path, encoding: str = "") -> Pairs:
    """Reads two files with one sentence per line, or per `<seg>` of SGM.

    Raises:
        DataError: They cannot be read, or have different numbers of lines: nothing says which belong together.
    """
    sides, problems = list[list[str]](), list[DataProblem]()
    for path in (source, target):
        read = read_text(path, encoding)
        problems.extend(read.problems)
        sides.append(_segments(read.text) if plain_suffix(path) in (".sgm", ".sgml") else read.text.removesuffix("\n").split("\n"))
    if len(sides[0]) != len(sides[1]):
        raise DataError(
            Text("{first} has {count} lines and {second} has {other}.", first=source.name, count=len(sides[0]),
                 second=target.name, other=len(sides[1])),
            Text("Line for line they must say the same; fetch both files again."),
        )
    languages = tuple((stem_of(path) or ("", "", False))[1] for path in (source, target))
    return Pairs(sides[0], sides[1], (languages[0], languages[1]), tuple(problems))


def _segments(text: str) -> list[str]:
    return [html.unescape(_TAG.sub("", match[1])) for match in _SEGMENT.finditer(text)]


def read_columns(path: Path, encoding: str = "") -> Pairs:
    """Reads a file with two texts per line and a tab between them; a first line with known names is no pair, further columns are ignored."""
    read, source, target, odd = read_text(path, encoding), list[str](), list[str](), list[str]()
    languages = ("", "")
    for number, line in enumerate(read.text.split("\n"), 1):
        cells = line.split("\t")
        if number == 1 and named(cells):
            languages = (cells[0].strip(), cells[1].strip())
        elif len(cells) > 1:
            source.append(_unquoted(cells[0]))
            target.append(_unquoted(cells[1]))
        elif line.strip():
            odd.append(f"{path.name}:{number}")
    problems = [DataProblem(
        "odd-line", Text("{count} lines hold no tab and are left out.", count=len(odd)), tuple(odd[:1000]), Text("A tab must part the two texts."),
    )] if odd else []
    return Pairs(source, target, languages, (*read.problems, *problems))


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell.startswith('"') and cell.endswith('"')
    return cell[1:-1].replace('""', '"') if whole else cell


def named(cells: Sequence[str]) -> bool:
    """Whether the first line of a table names two sides of a translation."""
    return len(cells) > 1 and all(cell.strip().lower() in PAIR_NAMES for cell in cells[:2])


def looks_like_pairs(path: Path, most_columns: int) -> bool:
    """Whether a file seems to hold two texts per line: no names above them (but those of languages), no numbers, hardly any repetition."""
    try:
        text = next(iter(blocks_of(path)), b"")[: 1 << 16].decode("utf-8", "replace")
    except DataError:
        return False
    rows = [line.rstrip("\r").split("\t") for line in text.split("\n")[:_SAMPLED] if line.strip()]
    rows = rows[:-1] if len(text) >= 1 << 16 else rows
    if len(rows) < 2 or not all(2 <= len(row) <= most_columns for row in rows):
        return False
    if named(rows[0]):
        return True
    return _unlike_a_table(rows)


def _unlike_a_table(rows: list[list[str]]) -> bool:
    for column in (0, 1):
        cells = [row[column].strip() for row in rows]
        different = len(set(cells)) >= _DISTINCT * len(cells)
        numbers = sum(cell.replace(".", "", 1).lstrip("-").isdigit() for cell in cells)
        digits = [any(letter.isdigit() for letter in cell) for cell in cells]
        named_above = not digits[0] and sum(digits[1:]) > 0.8 * len(digits[1:])
        spaced = sum(" " in cell for cell in cells[1:]) > 0.8 * len(cells[1:]) and re.fullmatch(r"[A-Za-z_]\w*", cells[0]) is not None
        if not different or numbers > 0.5 * len(cells) or named_above or spaced:
            return False
    return len(rows) > 7


def read_tmx(path: Path) -> Pairs:
    """Reads a translation memory: of every unit the first two languages of the file.

    Raises:
        DataError: It cannot be read, or declares entities.
    """
    reader, problems = _Units(), list[DataProblem]()
    try:
        read_xml(blocks_of(path), path, reader.start, reader.end, reader.text, doctype=True)
    except (BrokenXmlError, CutOffError) as error:
        if not reader.units:
            raise
        problems.append(DataProblem("cut-off", error.message, (path.name,), error.hint))
    languages = reader.languages[:2]
    if len(languages) < 2:
        raise DataError(Text("{path} holds fewer than two languages.", path=str(path)), Text("Choose a file with translations."))
    first, second = (languages[1], languages[0]) if languages[1] == reader.source else (languages[0], languages[1])
    both = [unit for unit in reader.units if first in unit and second in unit]
    return Pairs([unit[first] for unit in both], [unit[second] for unit in both], (first, second), tuple(problems))


class _Units:
    """Gathers the units of a TMX file; what stands inside formatting marks of other programs is left out."""

    def __init__(self) -> None:
        self.units: list[dict[str, str]] = []
        self.languages: list[str] = []
        self.source = ""
        self._language, self._parts, self._inside = "", list[str](), list[str]()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._inside.append(name)
        if name == "header":
            self.source = attributes.get("srclang", "").lower()
        elif name == "tu":
            self.units.append({})
        elif name == "tuv":
            self._language = (attributes.get("xml:lang") or attributes.get("lang") or "").lower()
            if self._language not in self.languages:
                self.languages.append(self._language)
        elif name == "seg":
            self._parts = []

    def text(self, characters: str) -> None:
        if "seg" in self._inside and not {"bpt", "ept", "ph", "it", "ut"} & set(self._inside):
            self._parts.append(characters)

    def end(self, name: str) -> None:
        self._inside.pop()
        if name == "seg" and self.units:
            self.units[-1][self._language] = "".join(self._parts)


def cleaned(pairs: Pairs, where: str) -> Pairs:
    """Returns the pairs with single spaces, without those that lack one side."""
    source, target, empty = list[str](), list[str](), list[str]()
    for number, (first, second) in enumerate(_trimmed(pairs), 1):
        if first and second:
            source.append(first)
            target.append(second)
        else:
            empty.append(f"{where}:{number}")
    problem = DataProblem(
        "empty-text", Text("{count} pairs lack one side and are left out.", count=len(empty)), tuple(empty[:1000]),
        Text("There is nothing to translate."),
    )
    return Pairs(source, target, pairs.languages, (*pairs.problems, *([problem] if empty else [])))


def _trimmed(pairs: Pairs) -> Iterator[tuple[str, str]]:
    for first, second in zip(pairs.source, pairs.target, strict=True):
        yield _WHITE.sub(" ", first).strip(), _WHITE.sub(" ", second).strip()
