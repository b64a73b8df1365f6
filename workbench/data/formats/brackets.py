"""Made-up rows of brackets: do they all close as they opened?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_OPEN, _CLOSE = "([{<", ")]}>"


class BracketsParams(Params):
    """How many rows, how long, of how many kinds."""

    rows: int = param(6000, label="Rows", help="How many rows of brackets.", unit="rows", ge=10, le=1_000_000, log=True)
    pairs: int = param(8, label="Pairs", help="At most so many pairs in a row.", unit="pairs", ge=2, le=64)
    kinds: int = param(3, label="Kinds", help="How many kinds of brackets.", unit="kinds", ge=1, le=4)
    noise: float = param(0.0, label="Noise", help="The share of rows that carry the wrong label.", ge=0.0, le=0.5)
    seed: int = param(7, label="Seed", help="The same seed makes the same rows.", ge=0, le=2**31 - 1)


class BracketsDataset(MemoryDataset):
    """Generated brackets that know where they break.

    Args:
        decisive: Of every row, the brackets that do not belong together, or all where all do.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, decisive: Sequence[tuple[int, ...]], **rest: Any) -> None:
        super().__init__(**rest)
        self._decisive = decisive

    def deciding(self, row: int, field: str = "") -> tuple[int, ...]:
        """Returns the indices of the deciding brackets."""
        return self._decisive[row]

    def word_spans(self, row: int) -> list[tuple[int, int]]:
        return [(place, place + 1) for place in range(len(self._columns["text"][row]))]


class Brackets(Format):
    """Generated brackets."""

    name = "brackets"
    label = "Generated brackets"
    category = "generator"
    summary = "Made-up rows of brackets: in half of them one bracket closes what it should not; which one is known."
    aliases = ("parentheses", "Dyck", "balanced", "stack", "括号", "匹配")
    Params = BracketsParams

    def open(self, source: str, params: Any) -> Dataset:
        generator = np.random.default_rng(params.seed)
        broken = generator.permutation(np.arange(params.rows) % 2).astype(bool)
        rows = [_row(draws, params, bool(bad)) for draws, bad in zip(generator.random((params.rows, 4 * params.pairs + 4)), broken, strict=True)]
        labels = (~broken ^ (generator.random(params.rows) < params.noise)).astype(np.int64)
        fields = (Field("text", FieldKind.TEXT, Text("Brackets")), Field("label", FieldKind.CATEGORY, Text("Balanced"), categories=("no", "yes")))
        return BracketsDataset(
            [deciding for _, deciding in rows], format=self.name, source=source or "generated:brackets", fields=fields,
            ids=NumberedIds(("brackets", params.rows)), columns={"text": [text for text, _ in rows], "label": labels}, licence="CC0 1.0 (generated)",
        )


def _row(draws: np.ndarray, params: BracketsParams, broken: bool) -> tuple[str, tuple[int, ...]]:
    """Returns brackets and which of them decide.

    Args:
        draws: Uniform random numbers, enough for the longest row.
        params: Lengths and kinds.
        broken: Whether one closing bracket shall be of the wrong kind, or (where there is one kind only) turned round.
    """
    numbers = iter(draws.tolist())
    pairs = 2 + int(next(numbers) * (params.pairs - 1))
    text, stack, partner = "", list[int](), dict[int, int]()
    opened = 0
    while len(text) < 2 * pairs:
        if opened < pairs and (not stack or next(numbers) < 0.5):
            stack.append(len(text))
            text += _OPEN[int(next(numbers) * params.kinds)]
            opened += 1
        else:
            begin = stack.pop()
            partner[len(text)] = begin
            text += _CLOSE[_OPEN.index(text[begin])]
    if not broken:
        return text, tuple(range(len(text)))
    place = sorted(partner)[int(next(numbers) * len(partner))]
    kind = _CLOSE.index(text[place])
    wrong = _CLOSE[(kind + 1) % params.kinds] if params.kinds > 1 else _OPEN[kind]
    return f"{text[:place]}{wrong}{text[place + 1:]}", (partner[place], place)
