"""Which field of a dataset people most likely want to learn."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.prose import is_prose

UNTELLING = ("id", "constant")
"""Types of columns that nothing can be learned from."""

TARGET_NAMES = ("label", "target", "class", "category", "sentiment", "y", "answer", "digit", "steering")


_ANSWERS = re.compile(
    r"survived|churn(ed)?|exited|attrition|outcome|diagnosis|species|variety|(is_)?(fraud|spam|default(ed)?)|clicked|purchased|converted|(sale_?)?price|"
    r"medv|quality|rating|stars|(final_)?(grade|score)|salary|revenue|sales|mpg|charges|default_payment_next_month|income"
)
_WIDE_ANSWERS = re.compile(r"标签|类别|分类|目标|结果|情感|是否.+|.*(房价|价格|评分|等级|销量|销售额)")


def likely_target(dataset: Dataset, without: Iterable[str] = ()) -> Field | None:
    """Returns the field that is most likely meant to be learned: one that is called so, else one that often is the answer.

    Else, in a table of numbers and categories, its last column; beside images, sounds, series and texts the last category or number.
    What tells rows apart (ids), says when (dates) or never changes is learned only where there is nothing else.
    """
    left_out = set(without)
    fields = [field for field in dataset.fields if field.name not in left_out]
    categories, numbers = ([field for field in fields if field.kind == kind] for kind in (FieldKind.CATEGORY, FieldKind.NUMBER))
    plain = [field for field in fields if field.kind in (FieldKind.CATEGORY, FieldKind.NUMBER)]
    named = [field for field in (*categories, *numbers) if field.name.casefold().rstrip("_") in TARGET_NAMES]
    called = [field for field in reversed(plain) if _ANSWERS.fullmatch(field.name.casefold()) or _WIDE_ANSWERS.fullmatch(str(field.label))]
    likely = [*named, *called, *_last_of_a_table(dataset, plain), *reversed(categories), *reversed(numbers)]
    return next(iter([*(field for field in likely if field.type not in (*UNTELLING, "date")), *likely]), None)


def _last_of_a_table(dataset: Dataset, plain: list[Field]) -> list[Field]:
    """Returns the columns of a table from the last one on, where the table is all there is to read; its only category goes first."""
    if any(field.kind not in (FieldKind.CATEGORY, FieldKind.NUMBER) and (field.kind != FieldKind.TEXT or is_prose(dataset, field))
           for field in dataset.fields):
        return []
    categories = [field for field in plain if field.kind == FieldKind.CATEGORY]
    first = plain[0] if plain and categories == plain[:1] else None
    return [*([first] if first is not None else []), *reversed(plain)]
