"""What the Data page says about sources, fields, filters and orders."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workbench.app.language import language, say_error, tr
from workbench.data.base import FieldKind
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.app.pages.data.filtering import Filter, Range
    from workbench.app.pages.data.rows import Rows

_MOST_NUMBERS = 30


def invitation() -> str:
    """Returns what an empty page says."""
    return tr("Here stand the rows that the model learns from. Drop a file or a folder on the window, or choose one.")


def sentence(error: Exception) -> str:
    """Returns why the data could not be opened."""
    if isinstance(error, WorkbenchError):
        return say_error(error)
    return tr("The data could not be read: {reason}", reason=str(error))


def short_source(source: str) -> str:
    """Returns the last part of a path, or the whole name of generated data."""
    return source if ":" in source[:12] and "/" not in source else source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def listed(names: Iterable[str]) -> str:
    """Returns several things one after the other."""
    return ("、" if language().startswith("zh") else ", ").join(names)


def field_words(item: Any) -> str:
    """Returns what a field holds."""
    if item.kind == FieldKind.IMAGE and item.width:
        return tr("images {width} × {height}", width=item.width, height=item.height)
    if item.kind == FieldKind.CATEGORY:
        return tr("category of {count}", count=len(item.categories))
    if item.kind == FieldKind.SERIES:
        return tr("series of {count} steps", count=item.length)
    if item.kind == FieldKind.AUDIO:
        return tr("sounds of {seconds} s", seconds=f"{item.length / max(item.rate, 1):.3g}")
    if item.kind == FieldKind.MASK:
        return tr("masks of {count} classes", count=len(item.categories))
    return {FieldKind.IMAGE: tr("images"), FieldKind.TEXT: tr("text"), FieldKind.NUMBER: tr("number {name}", name=item.label or item.name)}[item.kind]


def orders_of(rows: Rows) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Returns what rows can be sorted by and grouped by: stable name and words; "-" before a name is downwards."""
    orders = [("", tr("Sort: as in the data"))]
    if rows.verdicts is not None:
        orders += rows.verdicts.orders()
    if rows.label is not None:
        orders.append(("label", tr("Sort: {name}", name=tr("Class"))))
    for name, words in rows.number_names[:_MOST_NUMBERS]:
        if name not in (":mistake", ":confidence", ":loss", ":error", ":score"):
            orders += [(name, tr("Sort: {name} ↑", name=words)), (f"-{name}", tr("Sort: {name} ↓", name=words))]
    facets = {"label": tr("Class"), "split": tr("Split"), "predicted": tr("Predicted"), "verdict": tr("Right and wrong")}
    groups = [("", tr("No groups")), *((name, tr("Group: {name}", name=words)) for name, words in facets.items() if name in rows.selector.facets)]
    return orders, groups


def chips_of(rows: Rows, wanted: Filter) -> list[tuple[str, object]]:
    """Returns what a filter narrows the view to: words and what to let go of."""
    found: list[tuple[str, object]] = []
    for name, value in wanted.chosen:
        facet = rows.selector.facets.get(name)
        if facet is not None and value < len(facet.names):
            found.append((f"{facet.label}: {facet.names[value]}", ("facet", name)))
    names = dict(rows.number_names)
    found += [(_range_words(item, names.get(item.column, item.column)), ("range", item.column)) for item in wanted.ranges]
    if wanted.words:
        found.append((f"“{wanted.words}”", ("words",)))
    if wanted.rows is not None:
        found.append((wanted.origin or tr("chosen rows"), ("rows",)))
    return found


def _range_words(item: Range, name: str) -> str:
    if math.isinf(item.low):
        return f"{name} ≤ {item.high:g}"
    return f"{name} ≥ {item.low:g}" if math.isinf(item.high) else f"{item.low:g} ≤ {name} ≤ {item.high:g}"
