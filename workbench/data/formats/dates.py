"""Made-up dates as people write them, and the same dates as ISO 8601 writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIGITS, _WEEK = "〇一二三四五六七八九", "一二三四五六日"
_PATTERNS = {
    "en": (
        "*{day} *{month} *{year}", "*{month} *{day}, *{year}", "*{short} *{day}, *{year}", "the *{nth} of *{month} *{year}",
        "{weekday}, *{day} *{month} *{year}", "*{day}.*{number}.*{year}", "*{day} *{short} *{year}", "{weekday} the *{nth} of *{short} *{year}",
    ),
    "zh": (
        "*{year}年*{number}月*{day}日", "*{read_year}年*{read_month}月*{read_day}日", "*{year}年*{number}月*{day}号",
        "星期{week}，*{year}年*{number}月*{day}日",
        "*{year}.*{number}.*{day}", "*{read_year}年*{read_month}月*{read_day}日，星期{week}",
    ),
}


class DatesParams(Params):
    """How many dates, in which language."""

    language: Literal["en", "zh"] = param("en", label="Language", help="English or Chinese.", choices=("en", "zh"))
    rows: int = param(6000, label="Rows", help="How many dates.", unit="rows", ge=10, le=200_000, log=True)
    noise: float = param(0.0, label="Noise", help="The share of dates with one wrong letter in what a person wrote.", ge=0.0, le=1.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same dates.", ge=0, le=2**31 - 1)


class DatesDataset(MemoryDataset):
    """Generated dates that know which words hold day, month and year.

    Args:
        spans: Of every row, where its words stand.
        decisive: Of every row, the indices of the deciding words.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, spans: Sequence[list[tuple[int, int]]], decisive: Sequence[tuple[int, ...]], **rest: Any) -> None:
        super().__init__(**rest)
        self._spans, self._decisive = spans, decisive

    def deciding(self, row: int, field: str = "") -> tuple[int, ...]:
        """Returns the indices of the words for day, month and year among `word_spans(row)`."""
        return self._decisive[row]

    def word_spans(self, row: int) -> list[tuple[int, int]]:
        return self._spans[row]


class Dates(Format):
    """Generated dates."""

    name = "dates"
    label = "Generated dates"
    category = "generator"
    summary = "Made-up dates as people write them, English or Chinese, beside the same dates as 2026-11-23."
    aliases = ("ISO 8601", "translation", "seq2seq", "normalisation", "日期", "翻译", "格式转换")
    Params = DatesParams

    def open(self, source: str, params: Any) -> Dataset:
        generator = np.random.default_rng((params.seed, 0 if params.language == "en" else 1))
        count = (_LAST - _FIRST).days + 1
        days = generator.choice(count, params.rows, replace=params.rows > count)
        patterns = generator.integers(0, len(_PATTERNS[params.language]), params.rows)
        written = [_written(_FIRST + timedelta(int(day)), _PATTERNS[params.language][pattern]) for day, pattern in zip(days, patterns, strict=True)]
        texts = _misspelt(generator, [text for text, _, _ in written], params.noise)
        fields = (Field("text", FieldKind.TEXT, Text("Written")), Field("iso", FieldKind.TEXT, Text("As ISO 8601")))
        return DatesDataset(
            [spans for _, spans, _ in written], [deciding for _, _, deciding in written], format=self.name,
            source=source or "generated:dates", fields=fields, ids=NumberedIds((f"dates-{params.language}", params.rows)),
            columns={"text": texts, "iso": [(_FIRST + timedelta(int(day))).isoformat() for day in days]}, licence="CC0 1.0 (generated)",
        )


def _written(day: date, pattern: str) -> tuple[str, list[tuple[int, int]], tuple[int, ...]]:
    """Returns a date in words, where its parts stand, and which of them decide (those marked with `*`)."""
    values = {
        "day": str(day.day), "month": _MONTHS[day.month - 1], "short": _MONTHS[day.month - 1][:3], "year": str(day.year), "number": str(day.month),
        "nth": f"{day.day}{_ending(day.day)}", "weekday": _DAYS[day.weekday()], "week": _WEEK[day.weekday()],
        "read_year": "".join(_DIGITS[int(digit)] for digit in str(day.year)), "read_month": _read(day.month), "read_day": _read(day.day),
    }
    text, spans, deciding = "", [], []
    for piece in _pieces(pattern):
        word = piece.lstrip("*").format(**values)
        if word.strip():
            deciding += [len(spans)] if piece.startswith("*") else []
            spans.append((len(text), len(text) + len(word)))
        text += word
    return text, spans, tuple(deciding)


def _pieces(pattern: str) -> list[str]:
    """Returns a pattern cut into placeholders, each with its mark, words, and what stands between them."""
    import re

    return re.findall(r"\*?\{\w+\}|\s+|[^\W\d_]+|[^\w\s{}*]", pattern)


def _ending(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _read(number: int) -> str:
    """Returns a number up to 99 as it is read in Chinese."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")


def _misspelt(generator: np.random.Generator, texts: list[str], share: float) -> list[str]:
    """Returns the texts, some with one letter of words in the place of another; digits stay."""
    chosen, places = generator.random(len(texts)) < share, generator.random(len(texts))
    found = list(texts)
    for row in np.flatnonzero(chosen):
        letters = [place for place, letter in enumerate(texts[row]) if letter.isascii() and letter.isalpha()]
        if letters:
            place = letters[int(places[row] * len(letters))]
            found[row] = f"{texts[row][:place]}{'aeiou'[place % 5]}{texts[row][place + 1:]}"
    return found
