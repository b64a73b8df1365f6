"""Texts as the standard library writes them: books packed by bz2, dumps and memories by ElementTree, pairs by csv, folders of files."""

from __future__ import annotations

import bz2
import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from tests.data.formats.registry import Damaged, Writer, Written

ENGLISH = [f"The {colour} fox number {number} isn't here." for number in range(20) for colour in ("red", "grey")]
CHINESE = [f"这里没有第{number}只狐狸，屏幕很好。" for number in range(40)]
LINES = {"unit": "line", "length": 1}


def book(pack: Callable[[bytes], bytes], ending: str) -> Callable[[Path], Written]:
    """Returns a writer of one long text."""

    def write(folder: Path) -> Written:
        path = folder / f"book.txt{ending}"
        path.write_bytes(pack("\n".join(CHINESE).encode()))
        return Written(path, {"text": CHINESE})

    return write


def words(folder: Path) -> Written:
    """Writes a text whose every row is forty-eight words."""
    rows = [" ".join(f"word{(row * 7 + place) % 40}" for place in range(48)) for row in range(24)]
    (folder / "words.txt.bz2").write_bytes(bz2.compress(" ".join(rows).encode()))
    return Written(folder / "words.txt.bz2", {"text": rows})


def no_text(sample: Written) -> Damaged:
    """Writes bytes that are no text."""
    sample.source.write_bytes(b"\0\1\2\3" * 100)
    return Damaged(refused="no text|is damaged")


def torn_book(sample: Written) -> Damaged:
    """Cuts the last line in half, within a character."""
    data = gzip.decompress(sample.source.read_bytes())
    whole = gzip.compress(data[: data.rindex(b"\n") + 1], 0)
    sample.source.write_bytes(whole[:-8])
    return Damaged(lost=(39,), told="is damaged after")


def wiki(folder: Path) -> Written:
    """Writes a dump of a wiki, packed, with pages that are no articles."""
    root = ElementTree.Element("mediawiki", xmlns="http://www.mediawiki.org/xml/export-0.11/")
    pages = [(f"Fox {number}", "0", f"'''Fox''' & [[animal|beast]] {text}") for number, text in enumerate(CHINESE)]
    for title, namespace, text in [*pages, ("Talk:Fox", "1", "hello"), ("Reynard", "0", "#REDIRECT [[Fox]]")]:
        page = ElementTree.SubElement(root, "page")
        ElementTree.SubElement(page, "title").text = title
        ElementTree.SubElement(page, "ns").text = namespace
        if text.startswith("#"):
            ElementTree.SubElement(page, "redirect", title="Fox")
        ElementTree.SubElement(ElementTree.SubElement(page, "revision"), "text").text = text
    path = folder / "wiki-pages-articles.xml.bz2"
    path.write_bytes(bz2.compress(ElementTree.tostring(root, "utf-8", xml_declaration=True)))
    return Written(path, {"text": [f"Fox & beast {text}" for text in CHINESE]}, [f"Fox {number}@0" for number in range(40)])


def broken_wiki(sample: Written) -> Damaged:
    """Leaves an element open after the tenth page."""
    data = bz2.decompress(sample.source.read_bytes())
    end = data.index(b"<title>Fox 10<")
    sample.source.write_bytes(bz2.compress(data[:end] + b"</oops>"))
    return Damaged(lost=tuple(range(10, 40)), told="is damaged")


def trapped_wiki(sample: Written) -> Damaged:
    """Declares an entity, as billion-laughs files do."""
    data = bz2.decompress(sample.source.read_bytes())
    head, _, rest = data.partition(b"?>")
    sample.source.write_bytes(bz2.compress(head + b"?><!DOCTYPE m [<!ENTITY a \"aaaa\">]>" + rest))
    return Damaged(refused="declares entities")


def pair_table(folder: Path) -> Written:
    """Writes pairs side by side."""
    path = folder / "pairs.tsv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, "excel-tab").writerows(zip(ENGLISH, CHINESE, strict=True))
    return Written(path, {"source": ENGLISH, "target": CHINESE})


def odd_pairs(sample: Written) -> Damaged:
    """Takes the tab out of one line."""
    lines = sample.source.read_text("utf-8").splitlines()
    sample.source.write_text("\n".join([lines[0].replace("\t", " "), *lines[1:]]), "utf-8")
    return Damaged(lost=(0,), told="line")


def aligned(folder: Path) -> Written:
    """Writes two aligned files, packed by gzip."""
    for language, texts in (("en", ENGLISH), ("zh", CHINESE)):
        (folder / f"corpus.{language}.gz").write_bytes(gzip.compress(("\n".join(texts) + "\n").encode()))
    return Written(folder, {"source": ENGLISH, "target": CHINESE})


def uneven(sample: Written) -> Damaged:
    """Takes the last line of one side away."""
    (sample.source / "corpus.en.gz").write_bytes(gzip.compress("\n".join(ENGLISH[:-1]).encode()))
    return Damaged(refused="lines")


def memory(folder: Path) -> Written:
    """Writes a translation memory."""
    root = ElementTree.Element("tmx", version="1.4")
    ElementTree.SubElement(root, "header", srclang="en")
    body = ElementTree.SubElement(root, "body")
    for first, second in zip(ENGLISH, CHINESE, strict=True):
        unit = ElementTree.SubElement(body, "tu")
        for language, text in (("zh", second), ("en", first)):
            ElementTree.SubElement(ElementTree.SubElement(unit, "tuv", {"xml:lang": language}), "seg").text = text
    path = folder / "memory.tmx"
    path.write_bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True))
    return Written(path, {"source": ENGLISH, "target": CHINESE})


def broken_memory(sample: Written) -> Damaged:
    """Cuts the file within the last unit but four."""
    data = sample.source.read_bytes()
    sample.source.write_bytes(data[: data.index(ENGLISH[35].encode())])
    return Damaged(lost=tuple(range(35, 40)), told="is damaged")


def classes(folder: Path) -> Written:
    """Writes class folders of texts."""
    ids = [f"{split}/{label}/{number}.txt" for split, count in (("train", 14), ("test", 6)) for label in ("bad", "good") for number in range(count)]
    texts = [f"{name.split('/')[1]} film {number}: {CHINESE[number]}" for number, name in enumerate(ids)]
    for name, text in zip(ids, texts, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return Written(folder, {"text": texts, "label": [name.split("/")[1] for name in ids]}, ids, [name.split("/")[0] for name in ids])


def binary_texts(sample: Written) -> Damaged:
    """Writes bytes that are no text into two files."""
    assert sample.ids is not None
    for row in (1, 5):
        (sample.source / sample.ids[row]).write_bytes(b"\0\0\0binary")
    return Damaged(lost=(1, 5), told="no text")


WRITERS = [
    Writer("plain_text", "words", "bz2", words, {"binary": no_text}, trains=True),
    Writer("plain_text", "bz2", "bz2", book(bz2.compress, ".bz2"), {"binary": no_text}, LINES),
    Writer("plain_text", "gzip", "gzip", book(lambda data: gzip.compress(data, 0), ".gz"), {"binary": no_text, "torn": torn_book}, LINES),
    Writer("plain_text", "marked", "encodings", book(lambda data: data.decode().encode("utf-8-sig"), ""), {"binary": no_text}, LINES),
    Writer("mediawiki", "etree", "xml", wiki, {"broken": broken_wiki, "trapped": trapped_wiki}, {"length": 1000}, trains=True),
    Writer("parallel", "csv", "csv", pair_table, {"odd": odd_pairs}, trains=True),
    Writer("parallel", "gzip", "gzip", aligned, {"uneven": uneven}),
    Writer("parallel", "etree-tmx", "xml", memory, {"broken": broken_memory}),
    Writer("text_folder", "pathlib", "pathlib", classes, {"binary": binary_texts}, trains=True),
]
