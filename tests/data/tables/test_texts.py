"""Columns of text are like lists of the same texts: values, search, lengths, whatever lies between and around them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.tables.texts import TextColumn

LETTERS = st.text(st.sampled_from(["a", "B", "b", "ß", "İ", "中", " ", '"', "\u3000", "é", ".", "\udc80"]), max_size=8)


def columns(texts: list[str], mark: str, doubled: bool) -> list[TextColumn]:
    """Returns the same texts with other things between them, packed, and as a list that was put together."""
    parts = [(text.replace('"', '""') if doubled else text).encode("utf-8", "surrogatepass") for text in texts]
    data = b"".join(part + mark.encode() for part in parts)
    ends = np.cumsum([len(part) + len(mark.encode()) for part in parts]).astype(np.int64) - len(mark.encode())
    apart = TextColumn(data, ends - np.array([len(part) for part in parts], np.int64), ends, doubled=doubled)
    packed = TextColumn(data, apart.starts, apart.ends, doubled=doubled)
    packed.packed()
    return [apart, packed, TextColumn.of([text.strip() for text in texts])]


@settings(max_examples=150, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=12), st.sampled_from([",", "", "ab", "中"]), st.booleans(), LETTERS)
def test_a_column_is_like_a_list(texts: list[str], mark: str, doubled: bool, words: str) -> None:
    expected = [text.strip() for text in texts]
    wanted = words.casefold()
    for column in columns(texts, mark, doubled):
        assert column == expected and list(column) == expected and [column[row] for row in range(-1, len(texts))] == [expected[-1], *expected]
        assert column.holding(words).tolist() == [wanted in text.casefold() for text in expected]
        assert column.lengths.tolist() == [len(text) for text in expected]
        assert column[1:3] == expected[1:3] and column[np.array([len(texts) - 1, 0])] == [expected[-1], expected[0]]


def test_searching_many() -> None:
    draw = np.random.default_rng(0)
    words = np.array(["River", "stone", "winter", "müde"])
    for count in (3, 4):
        texts = [" ".join(words[draw.integers(0, count, 5)]) + str(row) for row in range(70_000)]
        column = TextColumn.of(texts)
        for wanted in ("RIVER", "69999", "stone river", "er", "none", "", "9st"):
            assert column.holding(wanted).tolist() == [wanted.casefold() in text.casefold() for text in texts]
    assert TextColumn.of([]).holding("x").tolist() == [] and TextColumn.of([]).lengths.tolist() == []
