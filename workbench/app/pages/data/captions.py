"""What stands below a picture or beside a line: what a row answers, what a run makes of it, and what goes with it. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.app.language import say_own
from workbench.app.pages.data.verdicts import decimals_of, with_unit
from workbench.data.base import Field, FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

_KEPT, _LOOKED_AT = 4000, 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one row.

    Attributes:
        answer: What the row answers (its class, its number), and what a run says where that is something else.
        beside: What goes with it (the sentence of a picture, the class where the answer is a number), or "".
        tone: `good`, `wrong` or "": what the run made of it.
    """

    answer: str
    beside: str = ""
    tone: str = ""


class Captions:
    """The words of rows, worked out once each.

    Args:
        rows: The data.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._kept: dict[int, Said] = {}
        self._kept_decimals: dict[str, int] = {}
        self._answer = _answer_of(rows)
        self._beside = _beside_of(rows, self._answer)

    @property
    def lines(self) -> int:
        """How many lines a caption has: a sentence takes two of its own."""
        if self._beside is None:
            return 1
        return 3 if self._beside.kind == FieldKind.TEXT else 2

    def of(self, row: int) -> Said:
        """Returns the words of a row."""
        if row not in self._kept:
            if len(self._kept) > _KEPT:
                self._kept.clear()
            self._kept[row] = self._made(row)
        return self._kept[row]

    def _made(self, row: int) -> Said:
        answer = self._words(self._answer, row)
        says, tone = self._rows.verdicts.said(row) if self._rows.verdicts is not None else ("", "")
        both = f"{says} {answer}" if says == "✓" else f"{answer} {says}"
        return Said(both.strip(), self._words(self._beside, row), tone)

    def _decimals(self, field: Field) -> int:
        if field.name not in self._kept_decimals:
            self._kept_decimals[field.name] = decimals_of(self._rows.numbers(field.name)[:_LOOKED_AT])
        return self._kept_decimals[field.name]

    def _words(self, field: Field | None, row: int) -> str:
        rows = self._rows
        if field is None:
            return ""
        if field is rows.label:
            return rows.label_of(row)
        if field.kind == FieldKind.NUMBER:
            value = float(rows.numbers(field.name)[row])
            unit = "" if self._rows.verdicts is not None and field is rows.target else say_own(field.unit)
            return with_unit(value, unit, self._decimals(field)) if np.isfinite(value) else "–"
        return rows.worded(field, row)


def _answer_of(rows: Rows) -> Field | None:
    """Returns what a row is asked for: the target where it can be said in a word, else what names the row."""
    target = rows.target
    short = (FieldKind.CATEGORY, FieldKind.NUMBER) if not rows.pictures else (FieldKind.CATEGORY, FieldKind.NUMBER, FieldKind.TEXT)
    if target is not None and target.kind in short and target is not rows.lead:
        return target
    if rows.label is not None:
        return rows.label
    return next((item for item in rows.dataset.fields if item.kind == FieldKind.TEXT), None) if rows.pictures else None


def _beside_of(rows: Rows, answer: Field | None) -> Field | None:
    """Returns what goes with a picture: a sentence, or the class where the answer is something else."""
    if not rows.pictures:
        return None
    texts = [item for item in rows.dataset.fields if item.kind == FieldKind.TEXT and item is not answer]
    if texts:
        return texts[0]
    return rows.label if rows.label is not answer else None
