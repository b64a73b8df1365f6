"""Made-up additions, written out digit by digit."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text


class SumsParams(Params):
    """How many additions, how long."""

    rows: int = param(8000, label="Rows", help="How many additions.", unit="rows", ge=10, le=1_000_000, log=True)
    digits: int = param(3, label="Digits", help="The longest number to be added.", unit="digits", ge=1, le=12)
    terms: int = param(2, label="Terms", help="How many numbers are added.", unit="numbers", ge=2, le=8)
    noise: float = param(0.0, label="Noise", help="The share of additions with a wrong result.", ge=0.0, le=0.5)
    seed: int = param(7, label="Seed", help="The same seed makes the same additions.", ge=0, le=2**31 - 1)


class SumsDataset(MemoryDataset):
    """Generated additions: every digit decides, the signs do not."""

    def deciding(self, row: int, field: str = "") -> tuple[int, ...]:
        """Returns the indices of the digits among the letters of the text."""
        return tuple(place for place, letter in enumerate(self._columns["text"][row]) if letter.isdigit())

    def word_spans(self, row: int) -> list[tuple[int, int]]:
        return [(place, place + 1) for place in range(len(self._columns["text"][row]))]


class Sums(Format):
    """Generated additions."""

    name = "sums"
    label = "Generated sums"
    category = "generator"
    summary = "Made-up additions such as 347+58 beside their results: what is carried must be remembered."
    aliases = ("addition", "arithmetic", "algorithmic", "seq2seq", "加法", "算术")
    Params = SumsParams

    def open(self, source: str, params: Any) -> Dataset:
        generator = np.random.default_rng(params.seed)
        longest = 10 ** generator.integers(1, params.digits + 1, (params.rows, params.terms))
        numbers = (generator.random((params.rows, params.terms)) * longest).astype(np.int64)
        results = numbers.sum(1) + (generator.random(params.rows) < params.noise) * generator.integers(1, 10, params.rows)
        fields = (Field("text", FieldKind.TEXT, Text("Addition")), Field("result", FieldKind.TEXT, Text("Result")))
        columns = {"text": ["+".join(map(str, row)) for row in numbers.tolist()], "result": [str(result) for result in results.tolist()]}
        return SumsDataset(
            format=self.name, source=source or "generated:sums", fields=fields, ids=NumberedIds(("sums", params.rows)), columns=columns,
            licence="CC0 1.0 (generated)",
        )
