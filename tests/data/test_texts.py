"""Formats of texts: written by other libraries, read back, and their damaged twins."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from workbench.data.open import open_dataset, recognise
from workbench.data.texts.markup import plain_text
from workbench.errors import DataError

ENGLISH = [f"The {colour} fox number {number} isn't here." for number in range(40) for colour in ("red", "grey")]
GERMAN = [f"Der {colour} Fuchs Nummer {number} ist nicht hier: Größe." for number in range(40) for colour in ("rote", "graue")]
CHINESE = [f"这里没有第{number}只狐狸，屏幕很好。" for number in range(80)]


def _messages(dataset: Any) -> str:
    return " ".join(str(problem.message) for problem in dataset.problems)


@pytest.mark.parametrize(("encoding", "shown"), [
    ("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("gb18030", "gb18030"),
])
@pytest.mark.parametrize("packed", ["", ".bz2", ".gz", ".xz"])
def test_plain_text_in_any_encoding_and_packing(encoding: str, shown: str, packed: str, tmp_path: Path) -> None:
    path, text = tmp_path / f"book.txt{packed}", "\r\n".join(CHINESE)
    pack = {"": bytes, ".bz2": bz2.compress, ".gz": gzip.compress, ".xz": lzma.compress}[packed]
    path.write_bytes(pack(text.encode(encoding)))
    dataset = open_dataset(str(path), params={"unit": "line", "length": 1})
    assert dataset.format == "plain_text" and dataset.column("text") == CHINESE
    assert (f"was read as {shown}" in _messages(dataset)) if shown else not dataset.problems


def test_western_letters_are_told_from_chinese_ones(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(GERMAN), "cp1252")
    dataset = open_dataset(str(tmp_path / "a.txt"), params={"unit": "line", "length": 1})
    assert dataset.column("text") == GERMAN and "cp1252" in _messages(dataset)
    with pytest.raises(DataError, match="ascii"):
        open_dataset(str(tmp_path / "a.txt"), params={"encoding": "ascii"})


@pytest.mark.parametrize(("unit", "length", "stride"), [("word", 12, 0), ("word", 12, 5), ("character", 50, 20), ("line", 2, 1), ("paragraph", 1, 0)])
def test_rows_cover_the_text_and_splits_do_not_overlap(unit: str, length: int, stride: int, tmp_path: Path) -> None:
    text = "\n\n".join(f"{first} {number}\n{second}" for number, (first, second) in enumerate(zip(ENGLISH, CHINESE, strict=True)))
    (tmp_path / "book.txt").write_text(text, "utf-8")
    dataset = open_dataset(str(tmp_path / "book.txt"), params={"unit": unit, "length": length, "stride": stride})
    rows, ids, splits = dataset.column("text"), dataset.ids(), dataset.given_splits()
    assert len(set(ids)) == len(rows) == len(dataset) and splits is not None
    spans = [(int(name.rpartition("@")[2]), int(name.rpartition("@")[2]) + len(row)) for name, row in zip(ids, rows, strict=True)]
    assert all(text[start:end] == row for (start, end), row in zip(spans, rows, strict=True))
    ends = {split: (min(s for (s, _), own in zip(spans, splits, strict=True) if own == split),
                    max(e for (_, e), own in zip(spans, splits, strict=True) if own == split)) for split in ("train", "validation", "test")}
    assert ends["train"][1] <= ends["validation"][0] and ends["validation"][1] <= ends["test"][0]
    if not stride:
        assert sum(len("".join(row.split())) for row in rows) > 0.95 * len("".join(text.split()))


def test_a_folder_of_books_leaves_bad_files_out(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text("\n".join(ENGLISH), "utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01\x02" * 100)
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "plain_text" and [problem.rows for problem in dataset.problems] == [("bad.txt",)]
    books = [name.partition("@")[0] for name in dataset.ids()]
    assert all(len({split for own, split in zip(books, dataset.given_splits(), strict=True) if own == book}) == 1 for book in set(books))


@pytest.mark.parametrize("content", [b"", b"  \n\n ", b"\x00" * 50, bytes(range(256)) * 4])
def test_what_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError):
        open_dataset(str(tmp_path / "a.txt"))


@pytest.mark.parametrize("pack", [(".bz2", bz2.compress), (".gz", gzip.compress)])
def test_bombs_are_refused_and_torn_files_used_as_far_as_they_go(pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.texts.reading._FREE_BYTES", 1 << 20)
    (tmp_path / f"bomb.txt{pack[0]}").write_bytes(pack[1](b"a " * (1 << 20)))
    with pytest.raises(DataError, match="unpacks to more"):
        open_dataset(str(tmp_path / f"bomb.txt{pack[0]}"))
    generator = np.random.default_rng(0)
    words = " ".join(str(number) for number in generator.integers(0, 10**9, 400_000))
    data = pack[1](words.encode())
    (tmp_path / f"torn.txt{pack[0]}").write_bytes(data[: len(data) * 3 // 4])
    dataset = open_dataset(str(tmp_path / f"torn.txt{pack[0]}"), params={"length": 1000})
    assert "is damaged after" in _messages(dataset) and words.startswith(dataset.column("text", np.array([0]))[0]) and len(dataset) > 100
    (tmp_path / f"none.txt{pack[0]}").write_bytes(b"no archive at all")
    with pytest.raises(DataError, match="damaged"):
        open_dataset(str(tmp_path / f"none.txt{pack[0]}"))


def test_a_text_folder(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label, texts in (("good", ENGLISH), ("bad", GERMAN)):
            (tmp_path / split / label).mkdir(parents=True)
            for number, text in enumerate(texts[:6]):
                (tmp_path / split / label / f"{number}.txt").write_text(text, "utf-8")
    (tmp_path / "train" / "bad" / "9.txt").write_bytes(b"\0\0\0binary")
    (tmp_path / "train" / "bad" / "8.txt").write_text("Größe und Übel über alles", "latin-1")
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "text_folder" and len(dataset) == 25 and dataset.field("label").categories == ("bad", "good")
    assert {problem.kind: problem.rows for problem in dataset.problems} == {
        "unreadable": ("train/bad/9.txt",), "encoding": ("train/bad/8.txt",),
    }
    row = list(dataset.ids()).index("test/good/3.txt")
    assert dataset.column("text", np.array([row])) == [ENGLISH[3]] and dataset.column("label")[row] == 1 and dataset.given_splits()[row] == "test"


def _dump(pages: list[tuple[str, str, str]]) -> bytes:
    root = ElementTree.Element("mediawiki", xmlns="http://www.mediawiki.org/xml/export-0.11/")
    for title, namespace, text in pages:
        page = ElementTree.SubElement(root, "page")
        ElementTree.SubElement(page, "title").text = title
        ElementTree.SubElement(page, "ns").text = namespace
        if text.startswith("#REDIRECT"):
            ElementTree.SubElement(page, "redirect", title="x")
        ElementTree.SubElement(ElementTree.SubElement(page, "revision"), "text").text = text
    return ElementTree.tostring(root, "utf-8", xml_declaration=True)


PAGES = [(f"Fox {number}", "0", f"'''Fox''' <{number}> & [[animal|beast]] {text}") for number, text in enumerate(CHINESE)]


@pytest.mark.parametrize("packed", ["", ".bz2"])
def test_a_wiki_is_its_articles(packed: str, tmp_path: Path) -> None:
    path = tmp_path / f"wiki.xml{packed}"
    data = _dump([*PAGES, ("Talk:Fox", "1", "hello"), ("Reynard", "0", "#REDIRECT [[Fox]]")])
    path.write_bytes(bz2.compress(data) if packed else data)
    dataset = open_dataset(str(path), params={"length": 1000})
    assert dataset.format == "mediawiki" and len(dataset) == 80 and list(dataset.ids())[1] == "Fox 1@0"
    assert dataset.column("text", np.array([3])) == [f"Fox  & beast {CHINESE[3]}"]
    assert len(open_dataset(str(path), params={"length": 1000, "pages": 7})) == 7
    (tmp_path / f"torn.xml{packed}").write_bytes(path.read_bytes()[: len(path.read_bytes()) * 2 // 3])
    if not packed:
        torn = open_dataset(str(tmp_path / "torn.xml"), params={"length": 1000})
        assert 20 < len(torn) < 80 and "is damaged" in _messages(torn)


@pytest.mark.parametrize("head", [
    '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>', '<!DOCTYPE m SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
])
def test_traps_of_xml_are_refused(head: str, tmp_path: Path) -> None:
    text = "<page><title>A</title><ns>0</ns><revision><text>&b;</text></revision></page>"
    (tmp_path / "wiki.xml").write_text(f"<?xml version='1.0'?>{head}<mediawiki>{text}</mediawiki>", "utf-8")
    with pytest.raises(DataError, match="declares entities"):
        open_dataset(str(tmp_path / "wiki.xml"))


@pytest.mark.parametrize(("markup", "text"), [
    ("a{{b|{{c}}}}d", "ad"), ("[[A|b]] [[c]]", "b c"), ("== H ==\n* x", "H\nx"), ("a<ref name=x>n</ref><ref name=y/>b", "ab"),
    ("{| class=x\n|-\n| {{y}} || {|\n|z\n|}\n|}t", "t"), ("[[File:a.png|thumb|of [[b]]]]c", "c"), ("[http://x.y label] [http://z]", "label"),
    ("a&nbsp;b &amp; c<!-- d -->", "a b & c"), ("'''''x''''' __TOC__", "x"), ("[[分类:动物]]狐狸", "狐狸"),
])
def test_markup_is_taken_off(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize("markup", ["{{" * 50_000, "[[" * 50_000, "<ref>" * 30_000, "{|" * 50_000, "<!--" * 50_000, "'" * 100_000, "<" * 100_000])
def test_endless_markup_ends(markup: str) -> None:
    assert isinstance(plain_text(markup), str)


def _check(dataset: Any, source: list[str], target: list[str]) -> None:
    assert dataset.format == "parallel" and [field.name for field in dataset.fields] == ["source", "target"]
    assert dataset.column("source") == source and dataset.column("target") == target and len(set(dataset.ids())) == len(source)


@pytest.mark.parametrize("names", [("train.en", "train.de"), ("x.src", "x.tgt"), ("corpus.de-en.de.gz", "corpus.de-en.en.gz")])
def test_aligned_files(names: tuple[str, str], tmp_path: Path) -> None:
    sides = (GERMAN, ENGLISH) if names[0].endswith((".src", ".gz")) else (ENGLISH, GERMAN)
    for name, texts in zip(names, sides, strict=True):
        data = ("\n".join(texts) + "\n").encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    first, second = (GERMAN, ENGLISH)
    for source in (tmp_path / names[0], tmp_path / names[1], tmp_path):
        _check(open_dataset(str(source)), first, second)
    _check(open_dataset(str(tmp_path), params={"reverse": True}), second, first)
    (tmp_path / names[0]).write_text("one line", "utf-8") if not names[0].endswith(".gz") else (tmp_path / names[0]).write_bytes(gzip.compress(b"x"))
    with pytest.raises(DataError, match="lines"):
        open_dataset(str(tmp_path))


def test_a_folder_as_wmt_has_it(tmp_path: Path) -> None:
    for stem, texts in (("train", (GERMAN, ENGLISH)), ("newstest2014", (GERMAN[:9], ENGLISH[:9]))):
        if stem == "train":
            (tmp_path / "train.de-en.de").write_text("\n".join(texts[0]), "utf-8")
            (tmp_path / "train.de-en.en").write_text("\n".join(texts[1]), "utf-8")
            continue
        for side, language, lines in (("src", "de", texts[0]), ("ref", "en", texts[1])):
            segments = "\n".join(f'<seg id="{number}">{line.replace("&", "&amp;")}</seg>' for number, line in enumerate(lines, 1))
            (tmp_path / f"{stem}-deen-{side}.{language}.sgm").write_text(f'<refset setid="x"><doc docid="d">\n{segments}\n</doc></refset>', "utf-8")
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "parallel" and dataset.field("source").label == "de" and sorted(dataset.column("source")) == sorted(GERMAN + GERMAN[:9])
    assert (dataset.given_splits() == "test").sum() == 9
    single = open_dataset(str(tmp_path / "newstest2014-deen-src.de.sgm"))
    _check(single, GERMAN[:9], ENGLISH[:9])


def test_a_table_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, "excel-tab").writerows(zip(ENGLISH, CHINESE, strict=True))
    _check(open_dataset(str(path)), ENGLISH, CHINESE)
    path.write_text("en\tzh\n" + path.read_text("utf-8") + "odd line\n\t空\n", "utf-8")
    damaged = open_dataset(str(path), format="parallel")
    _check(damaged, ENGLISH, CHINESE)
    assert {problem.kind for problem in damaged.problems} == {"odd-line", "empty-text"} and damaged.field("target").label == "zh"


@pytest.mark.parametrize("content", [
    "text\tlabel\n" + "".join(f"{text}\t{number % 2}\n" for number, text in enumerate(ENGLISH)),
    "name\tbirthday\n" + "".join(f"Person {number}\t1990-01-{number + 1:02}\n" for number in range(28)),
    "a\tb\n" + "".join(f"{number}\t{number * number}\n" for number in range(40)),
])
def test_other_tables_stay_tables(content: str, tmp_path: Path) -> None:
    (tmp_path / "table.tsv").write_text(content, "utf-8")
    assert recognise(tmp_path / "table.tsv").name == "table"


def _memory(pairs: list[tuple[str, str]], head: str = "") -> str:
    root = ElementTree.Element("tmx", version="1.4")
    ElementTree.SubElement(root, "header", srclang="en")
    body = ElementTree.SubElement(root, "body")
    for first, second in pairs:
        unit = ElementTree.SubElement(body, "tu")
        for language, text in (("de", second), ("en", first)):
            segment = ElementTree.SubElement(ElementTree.SubElement(unit, "tuv", {"xml:lang": language}), "seg")
            segment.text = text
            ElementTree.SubElement(segment, "ph").text = "<b>"
    return f'<?xml version="1.0" encoding="utf-8"?>{head}{ElementTree.tostring(root, "unicode")}'


def test_a_translation_memory(tmp_path: Path) -> None:
    pairs, path = list(zip(ENGLISH, GERMAN, strict=True)), tmp_path / "memory.tmx"
    path.write_text(_memory(pairs, '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'), "utf-8")
    _check(open_dataset(str(path)), ENGLISH, GERMAN)
    path.write_text(_memory(pairs)[:-3000], "utf-8")
    assert 10 < len(open_dataset(str(path))) < 80 and "is damaged" in _messages(open_dataset(str(path)))
    path.write_text(_memory(pairs, '<!DOCTYPE tmx [<!ENTITY a "b">]>'), "utf-8")
    with pytest.raises(DataError, match="declares entities"):
        open_dataset(str(path))


def test_projects_of_writers_fit_the_texts(tmp_path: Path) -> None:
    from workbench.project.new import make_project

    codes = [f"{number:05d}-{number * 7919 % 10007}" for number in range(80)]
    (tmp_path / "pairs.tsv").write_text("".join(f"{text}\t{code}\n" for text, code in zip(CHINESE, codes, strict=True)), "utf-8")
    project = make_project("dates-transformer", str(tmp_path / "pairs.tsv"))
    assert project.objectives[0].target == "target" and project.data.preprocessing["target"]["tokenizer"] == "character"
    assert project.data.preprocessing["source"]["tokenizer"] == "character"
    (tmp_path / "book.txt").write_text("\n".join(ENGLISH * 3), "utf-8")
    project = make_project("text-gpt", str(tmp_path / "book.txt"))
    assert project.objectives[0].target == "text" and project.data.preprocessing["text"]["maximum_length"] >= 48
    from workbench.project.check import check

    assert check(project, open_dataset(str(tmp_path / "book.txt"))).ok
