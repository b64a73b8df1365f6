"""Reading a file over its bytes gives what reading it row by row gives: names, types, values bit by bit, ids, problems."""

from __future__ import annotations

import json
import random
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.base import Dataset
from workbench.data.open import open_dataset
from workbench.data.tables import scan
from workbench.data.tables.cells import RawTable, layout_of, read_cells
from workbench.data.tables.digits import parse
from workbench.data.tables.file_cells import Coded, FileCells
from workbench.data.tables.quick import guess as quick_guess
from workbench.data.tables.types import guess
from workbench.errors import DataError

ODD = (
    "", " ", "NA", "-", "1_0", "inf", "nan", "=1+1", "=cmd|' /C calc'!A0", "1e5", "-1E-3", "12 %", "1,234.5", "１２",
    "\u3000x", "007", "+5", ".5", "5.",
)
WORDS = (
    "red", "blue", "Grün", "红", "a,b", 'say "yes"', "two\nlines", "tab\there", " padded ", "x" * 70, "2024-01-31", "31.1.2024", "true", "[1, 2]",
)


def opened(path: Path, at_once: bool, params: dict[str, Any] | None = None) -> Dataset | str:
    """Returns what opening gives: a dataset, or why it is refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "SHORT_BYTES", 0 if at_once else 1 << 60)
        try:
            return open_dataset(str(path), "table", params)
        except DataError as error:
            return str(error)


def assert_same(path: Path, params: dict[str, Any] | None = None) -> None:
    """Demands that both ways of reading agree."""
    quick, slow = opened(path, True, params), opened(path, False, params)
    if isinstance(slow, str) or isinstance(quick, str):
        assert quick == slow
        return
    assert quick.fields == slow.fields and quick.problems == slow.problems
    for field in slow.fields:
        one, two = quick.column(field.name), slow.column(field.name)
        if isinstance(two, np.ndarray):
            assert one.dtype == two.dtype and one.tobytes() == two.tobytes(), field
        else:
            assert list(map(str, one)) == list(map(str, two)), field
    assert list(quick.ids()) == list(slow.ids())
    given_quick, given_slow = quick.given_splits(), slow.given_splits()
    assert (given_quick is None) == (given_slow is None) and (given_slow is None or given_quick.tolist() == given_slow.tolist())


CELL = st.one_of(
    st.sampled_from(ODD), st.sampled_from(WORDS), st.integers(-(10**25), 10**25).map(str), st.floats(width=64).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda value: str(value).replace(".", ",")),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)


def written(rows: list[list[str]], mark: str, end: str, quote_all: bool) -> str:
    def cell(text: str) -> str:
        bare = not quote_all and not any(character in text for character in (mark, '"', "\n", "\r"))
        return text if bare else '"' + text.replace('"', '""') + '"'

    return "".join(mark.join(map(cell, row)) + end for row in rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=30), st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]), st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]), st.booleans(),
)
def test_well_formed_files(tmp_path_factory: pytest.TempPathFactory, rows, mark, end, quote_all, encoding, cut) -> None:
    text = written([["id", "label", "words"], *rows], mark, end, quote_all)
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes((text.removesuffix(end) if cut else text).encode(encoding))
    assert_same(path)


PIECE = st.sampled_from([
    ",", ",", ",", "\n", "\n", "\r\n", "\r", '"', '""', '"a"', '"a,b"', '"a\nb"', "1", "2.5", "-3", "x", " ", "", ";", "\t", "é", "\u3000", "0x1F",
    "1e400", "12345678901234567890", "0.12345678901234567", "\x1f", "\ufeff", "=1+1",
])


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECE, max_size=60), st.sampled_from(["", "\ufeff", "\n\n", "a,b,label\n", "a\n"]), st.sampled_from(["", "yes", "no"]))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], begin: str, header: str) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.csv"
    path.write_bytes((begin + "".join(pieces)).encode())
    assert_same(path, {"header": header} if header else None)
    assert_same(path, {"delimiter": ",", **({"header": header} if header else {})})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(data)
    assert_same(path)
    assert_same(path, {"encoding": "latin-1"})


def columns() -> dict[str, list[str]]:
    """Returns long columns of every kind that is told from bytes, each with what makes it hard."""
    draw, count = random.Random(3), 6000
    rare = lambda usual, odd, every: [odd if row % every == 7 else usual(row) for row in range(count)]  # noqa: E731
    number = lambda row: f"{draw.gauss(0, 100):.{row % 7}f}"  # noqa: E731
    return {
        "plain": [number(row) for row in range(count)],
        "long": [repr(draw.gauss(0, 1)) for _ in range(count)],
        "gaps": rare(number, "", 9),
        "marked": rare(number, "NA", 50),
        "dashes": rare(number, "-", 50),
        "powers": rare(number, "1e-07", 11),
        "mixed": rare(number, "unknown", 100),
        "infinite": rare(number, "inf", 100),
        "thousands": rare(number, "1,234.5", 100),
        "commas": [f"{draw.gauss(0, 100):.2f}".replace(".", ",") for _ in range(count)],
        "parted": [f"{draw.randrange(1, 999)},{row % 1000:03}" for row in range(count)],
        "comma_gaps": rare(lambda row: f"{row},5", "", 9),
        "bare_commas": rare(lambda row: f"{row},5", ",5", 9),
        "point_and_comma": rare(lambda row: f"{row},5", "1.234,5", 9),
        "id": [str(row * 7) for row in range(count)],
        "item_id": [f"{row:06}" for row in range(count)],
        "no": [str(row % 50) for row in range(count)],
        "column1": [str(row) for row in range(count)],
        "label": [str(row % 3) for row in range(count)],
        "target": [str(row) for row in range(count)],
        "same": ["5"] * count, "same_gaps": rare(lambda _row: "5", "", 9),
        "equal_numbers": rare(lambda _row: "5", "5.0", 9),
        "empty": [""] * count,
        "colour": [("red", "Grün", " blue", "blue ", "红")[row % 5] for row in range(count)],
        "flag": [("yes", "No", "")[row % 3] for row in range(count)],
        "text": [f"text {draw.random()} ü {row}" for row in range(count)],
        "short": [f"t{row % 2500}" for row in range(count)],
        "wide": [("x" * 61 + str(row % 4)) for row in range(count)],
        "late": ["7"] * (count - 1) + ["word"],
        "late_text": [f"w{row}" for row in range(count - 1)] + ["7"],
        "day": [f"2024-{row % 12 + 1:02}-{row % 28 + 1:02}" for row in range(count)],
        "euro_day": [f"{row % 28 + 1}.{row % 12 + 1}.2024" for row in range(count)],
        "uuid": [f"{row:08x}-0000-0000-0000-000000000000" for row in range(count)],
        "digits_uuid": [f"{row:032}" for row in range(count)],
        "padded": [f" {row} " for row in range(count)],
        "wide_blank": [f"\u3000{row}" for row in range(count)],
        "split": [("train", "Dev", "test")[row % 3] for row in range(count)],
        "quoted": [f'say "{row % 4}"' for row in range(count)],
        "lines": [f"a\nb{row % 4}" for row in range(count)],
        "huge": [str(10**30 + row) for row in range(count)],
        "picture": [f"p{row}.png" for row in range(count)],
        "list": [f"[{row}, 2]" for row in range(count)],
        "under": [f"1_{row}" for row in range(count)],
        "arabic": [f"{row}".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) for row in range(count)],
        "percent": [f"{row % 100} %" for row in range(count)],
    }


COLUMNS = columns()


@pytest.fixture(scope="module")
def every_column(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, held = tmp_path_factory.mktemp("columns") / "every.csv", COLUMNS
    path.write_text(written([list(held), *map(list, zip(*held.values(), strict=True))], ",", "\n", False), encoding="utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def table(every_column: Path) -> RawTable:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "SHORT_BYTES", 0)
        return read_cells(every_column, layout_of(every_column))


@pytest.mark.parametrize("name", list(COLUMNS))
def test_types_are_told_as_from_all_cells(table: RawTable, name: str) -> None:
    column = table.columns[table.names.index(name)]
    assert isinstance(column, FileCells) and list(column) == [cell.strip() for cell in COLUMNS[name]]
    for decimal in ("", ".", ","):
        assert quick_guess(name, column, decimal) == guess(name, list(column), decimal)
    coded = Coded.of(column)
    assert list(coded) == list(column) and coded.distinct == list(dict.fromkeys(column)) and coded.counts().sum() == len(column)


@pytest.mark.parametrize("params", [
    {}, {"decimal": "."}, {"decimal": ","}, {"missing": ["5", "red"]}, {"types": {"plain": "category", "id": "number", "text": "category"}},
])
def test_all_columns_hold_the_same(every_column: Path, params: dict[str, Any]) -> None:
    assert_same(every_column, {**params, "types": {**params.get("types", {}), "picture": "text"}})


def test_rows_of_another_width_and_blank_ones(tmp_path: Path) -> None:
    lines = [f"{row},text {row},{row % 3}" for row in range(300)]
    odd = {5: "1,2", 50: "1,2,3,4", 51: "1,2,3,,", 90: "", 120: ",,", 121: " , ,\u3000", 200: '"a\nb",c', 201: '"x,y",z,1', 299: "last"}
    for place, line in odd.items():
        lines[place] = line
    for end in ("\n", "\r\n"):
        (tmp_path / "t.csv").write_text(end.join(["n,text,label", *lines]), encoding="utf-8", newline="")
        assert_same(tmp_path / "t.csv")
        assert_same(tmp_path / "t.csv", {"header": "no"})


def test_equal_rows_are_told_apart_and_found_by_their_ids(tmp_path: Path) -> None:
    rows = [f"{row % 40},word {row % 40}" for row in range(500)]
    (tmp_path / "t.csv").write_text("\n".join(["n,w", *rows]), encoding="utf-8")
    dataset = opened(tmp_path / "t.csv", True)
    assert not isinstance(dataset, str)
    ids: Any = dataset.ids()
    assert len(set(ids)) == 500 and ids[460].endswith("-11")
    for words in ("3", "A", "-1", "x", ids[3].upper()):
        assert ids.holding(words).tolist() == [words.casefold() in name.casefold() for name in ids]
    assert ids.places([ids[3], ids[499], "0" * 16, "x", ids[3] + "-400", f"{ids[3]}-00"]) == {ids[3]: 3, ids[499]: 499}
    assert ids.joined(np.array([460, 2])) == f"{ids[460]}\0{ids[2]}\0".encode()
    assert ids.joined(np.arange(40)) == "".join(f"{name}\0" for name in ids[:40]).encode()


def test_files_that_need_every_row_are_left_to_the_reader() -> None:
    for text in ('a,b\nx"y,2\n', 'a,b\n"x"y,2\n', "a,b\r1,2\n", 'a,b\n"x,2\n', "a,b\n1,\0\n"):
        raw = text.encode()
        data = scan.padded(len(raw))
        data[scan.PAD:scan.PAD + len(raw)] = raw
        assert scan.scan(data, ",", True) is None, text


NUMBER = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers(0, 10**24).map(str),
    st.from_regex(r"[+-]?([0-9]{1,12}\.?[0-9]{0,12}|\.[0-9]{1,20})", fullmatch=True),
    st.floats(-1e6, 1e6).map(lambda value: f"{value:.18f}"), st.text("0123456789.-+e ,", max_size=26),
)
DIGITS = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBER, min_size=1, max_size=40), st.sampled_from(".,"))
def test_numbers_are_those_of_python(texts: list[str], mark: str) -> None:
    texts = [text.replace(",", "") if mark == "." else text.replace(",", "").replace(".", ",") for text in texts]
    raw = b" " * scan.PAD + b"".join(text.encode("ascii", "replace") + b";" for text in texts) + b" " * scan.PAD
    ends = scan.PAD + np.cumsum([len(text) + 1 for text in texts]) - 1
    starts = ends - [len(text) for text in texts]
    found = parse(np.frombuffer(raw, np.uint8), starts, ends, mark)
    for text, value, good in zip(texts, found.values.tolist(), found.good.tolist(), strict=True):
        plain = text.replace(mark, ".")
        if not good:
            assert np.isnan(value) and (not DIGITS.fullmatch(plain) or len(plain) > 16)
            continue
        assert DIGITS.fullmatch(plain) and np.float32(float(plain)).tobytes() == np.float32(value).tobytes()
        if sum(character.isdigit() for character in plain) <= 15:
            assert struct.pack("d", float(plain)) == struct.pack("d", value)


def test_numbers_between_two_of_float32() -> None:
    draw, texts = random.Random(5), []
    for _ in range(500):
        low = np.float32(abs(draw.gauss(0, 1)) + 0.1)
        middle = (float(low) + float(np.nextafter(low, np.float32(9)))) / 2
        texts += [f"{middle:.17f}", f"{middle:.18f}", f"{np.nextafter(middle, 9):.18f}", repr(middle)]
    raw = b" " * scan.PAD + b"".join(text.encode() + b"," for text in texts) + b" " * scan.PAD
    ends = scan.PAD + np.cumsum([len(text) + 1 for text in texts]) - 1
    found = parse(np.frombuffer(raw, np.uint8), ends - [len(text) for text in texts], ends)
    assert found.good.all() and found.values.astype(np.float32).tobytes() == np.array([float(text) for text in texts]).astype(np.float32).tobytes()


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=6), st.sampled_from(ODD), st.sampled_from(WORDS),
    st.lists(st.integers(0, 9), max_size=3), st.dictionaries(st.sampled_from("xy"), st.integers(0, 9), max_size=2),
    st.sampled_from(["\x1f", "\ud800", "\r"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["id", "label", "words", "more"]), VALUE, max_size=4), min_size=1, max_size=25))
def test_json_lines(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert_same(path)
