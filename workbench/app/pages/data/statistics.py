"""What the rows that are shown hold, in figures: balance, sizes, lengths, values, missing, colours, tokens. Runs aside; no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import say_own, tr
from workbench.data.base import Field, FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

SAMPLED = 4000
"""Pictures, sounds and series are looked at in a sample of so many rows."""

_BINS, _MOST_BARS, _PART, _MOST_FIELDS = 30, 24, 256, 40


@dataclass(frozen=True, slots=True)
class Figure:
    """One card of statistics.

    Attributes:
        title: What it is about.
        bars: Names and counts, drawn as lying bars.
        edges, counts: A histogram, drawn as standing bars.
        facts: Names and values in words.
        facet: The facet whose values the bars are, or "".
        column: The number that a histogram counts, so that a press can narrow to a part of it, or "".
        dates: Whether the edges are days since 1970.
        chosen_by: What a press on each bar narrows the view to: `("facet", name, value)`, `("range", column, low, high)` or
            `("rows", rows, words)`; empty where nothing can be pressed.
    """

    title: str
    bars: tuple[tuple[str, float], ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    facet: str = ""
    column: str = ""
    dates: bool = False
    chosen_by: tuple[tuple[Any, ...], ...] = ()


def figures_of(rows: Rows, shown: np.ndarray, cancelled: Callable[[], bool]) -> list[Figure]:
    """Returns the figures of some rows (dataset indices); stops where nobody wants them any more."""
    found: list[Figure] = []
    for make in (_balance, _splits, _missing):
        found += make(rows, shown)
    for item in rows.dataset.fields[:_MOST_FIELDS]:
        if cancelled():
            return found
        found += _field_figures(rows, item, shown)
    return found + _tokens(rows)


def _balance(rows: Rows, shown: np.ndarray) -> list[Figure]:
    facet = rows.selector.facets.get("label")
    if facet is None:
        return []
    counts = np.bincount(facet.codes[shown][facet.codes[shown] >= 0], minlength=len(facet.names))
    there = counts[counts > 0]
    facts = [(tr("Classes"), f"{len(there):,}")]
    if len(there):
        facts.append((tr("Largest to smallest"), f"{there.max() / there.min():.3g} : 1"))
    best = np.argsort(-counts, kind="stable")[:_MOST_BARS] if len(counts) > _MOST_BARS else range(len(counts))
    bars = tuple((facet.names[index], float(counts[index])) for index in best)
    pressed = tuple(("facet", "label", int(index)) for index in best)
    return [Figure(tr("Class balance"), bars, facts=tuple(facts), facet="label", chosen_by=pressed)]


def _splits(rows: Rows, shown: np.ndarray) -> list[Figure]:
    facet = rows.selector.facets["split"]
    counts = np.bincount(facet.codes[shown], minlength=len(facet.names))
    bars = tuple((name, float(count)) for name, count in zip(facet.names, counts, strict=True))
    return [Figure(tr("Split"), bars, facet="split", chosen_by=tuple(("facet", "split", index) for index in range(len(bars))))]


def _missing(rows: Rows, shown: np.ndarray) -> list[Figure]:
    bars: list[tuple[str, float]] = []
    pressed: list[tuple[Any, ...]] = []
    known = 0
    for item in rows.dataset.fields:
        lacking = _lacking(rows, item, shown)
        known += lacking is not None
        if lacking is not None and lacking.any():
            bars.append((_label(item), float(np.count_nonzero(lacking))))
            pressed.append(("rows", tuple(shown[lacking].tolist()), tr("no value in {name}", name=_label(item))))
    facts = () if bars else ((tr("Missing values"), tr("none")),)
    return [Figure(tr("Missing values"), tuple(bars[:_MOST_BARS]), facts=facts, chosen_by=tuple(pressed[:_MOST_BARS]))] if known else []


def _lacking(rows: Rows, item: Field, shown: np.ndarray) -> np.ndarray | None:
    """Returns which of some rows have no value in a field, bool `(n,)`; None for fields that always have one."""
    if item.kind == FieldKind.NUMBER:
        return np.isnan(rows.numbers(item.name)[shown])
    if item.kind == FieldKind.CATEGORY:
        return np.asarray(rows.dataset.column(item.name))[shown] < 0
    if item.kind == FieldKind.TEXT and (item is rows.lead or rows.table):
        texts = rows.texts if item is rows.lead else rows.dataset.column(item.name)
        lengths = getattr(texts, "lengths", None)  # of texts without blanks around them
        return np.fromiter((not texts[row].strip() for row in shown), dtype=bool, count=len(shown)) if lengths is None else lengths[shown] == 0
    return None


def _field_figures(rows: Rows, item: Field, shown: np.ndarray) -> list[Figure]:
    if item.kind == FieldKind.NUMBER:
        return [_number_figure(rows, item, shown)]
    if item.kind == FieldKind.CATEGORY and item is not rows.label:
        return [_category_figure(rows, item, shown)]
    if item.kind == FieldKind.TEXT and item is rows.lead:
        lengths = rows.numbers(":length")[shown].astype(np.float64)
        return [replace(_histogram(tr("Length of {name}", name=_label(item)), lengths, tr("characters")), column=":length")]
    if item.kind == FieldKind.IMAGE:
        return _image_figures(rows, item, sampled(shown))
    if item.kind == FieldKind.MASK:
        return _mask_figures(rows, item, sampled(shown))
    if item.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return _series_figures(rows, item, sampled(shown))
    return []


def _number_figure(rows: Rows, item: Field, shown: np.ndarray) -> Figure:
    """Returns how a number is distributed; dates are said as dates."""
    values = rows.numbers(item.name)[shown]
    found = replace(_histogram(_label(item), values, "" if item.type == "date" else say_own(item.unit)), column=item.name)
    lacking = int(np.count_nonzero(np.isnan(values)))
    facts = found.facts
    if item.type == "date" and len(found.edges):
        finite = values[np.isfinite(values)]
        facts = tuple((name, date_words(float(value))) for name, value in ((tr("First"), finite.min()), (tr("Median"), np.median(finite)),
                                                                          (tr("Last"), finite.max())))
    return replace(found, facts=(*facts, (tr("Missing"), f"{lacking:,}")) if lacking else facts, dates=item.type == "date")


def _category_figure(rows: Rows, item: Field, shown: np.ndarray) -> Figure:
    """Returns how often each value of a further category stands."""
    codes = np.asarray(rows.dataset.column(item.name))[shown]
    counts = np.bincount(codes[codes >= 0], minlength=len(item.categories))
    best = np.argsort(-counts, kind="stable")[:_MOST_BARS]
    bars = tuple((item.categories[index], float(counts[index])) for index in best)
    pressed = tuple(("rows", tuple(shown[codes == index].tolist()), f"{_label(item)}: {item.categories[index]}") for index in best)
    facts = ((tr("Values"), f"{np.count_nonzero(counts):,}"), (tr("Missing"), f"{np.count_nonzero(codes < 0):,}"))
    return Figure(_label(item), bars, facts=facts, chosen_by=pressed)


def date_words(days: float) -> str:
    """Returns days since 1970 as a date."""
    return str(np.datetime64("1970-01-01", "D") + np.timedelta64(int(days), "D"))


def sampled(shown: np.ndarray, most: int = SAMPLED) -> np.ndarray:
    """Returns all of some rows, or an even sample of them, sorted."""
    return np.sort(shown if len(shown) <= most else shown[np.linspace(0, len(shown) - 1, most).astype(np.int64)])


def _parts(rows: Rows, item: Field, wanted: np.ndarray) -> Iterator[tuple[int, Any]]:
    """Returns rows and their values one by one, read a part at a time; a part that cannot be read is passed over."""
    for start in range(0, len(wanted), _PART):
        part = wanted[start:start + _PART]
        try:
            yield from zip(part.tolist(), rows.dataset.column(item.name, part), strict=True)
        # One damaged file must not keep the rest from being counted; findings name it.
        except Exception:
            continue


def _image_figures(rows: Rows, item: Field, wanted: np.ndarray) -> list[Figure]:
    sizes: dict[str, list[int]] = {}
    sums, squares, means = np.zeros(3), np.zeros(3), []
    for row, image in _parts(rows, item, wanted):
        channels = np.asarray(image, dtype=np.float32).reshape(-1, image.shape[-1]) / 255
        mean = channels.mean(0)
        size = f"{image.shape[1]} × {image.shape[0]}"
        sizes.setdefault(size, []).append(row)
        sums[:len(mean)] += mean
        squares[:len(mean)] += (channels**2).mean(0)
        means.append(float(mean.mean()))
    if not means:
        return []
    names = (tr("Red"), tr("Green"), tr("Blue")) if item.channels == 3 else (tr("Grey"),)
    mean = sums / len(means)
    spread = np.sqrt(np.maximum(squares / len(means) - mean**2, 0))
    facts = tuple((name, tr("mean {mean}, deviation {spread}", mean=f"{mean[at]:.3f}", spread=f"{spread[at]:.3f}")) for at, name in enumerate(names))
    often = sorted(sizes, key=lambda size: -len(sizes[size]))[:_MOST_BARS]
    bars = tuple((size, float(len(sizes[size]))) for size in often)
    pressed = tuple(("rows", tuple(sizes[size]), size) for size in often) if len(often) > 1 else ()
    brightness = _histogram(tr("Brightness of {name}", name=_label(item)), np.array(means), "")
    by_size = [Figure(tr("Sizes of {name}", name=_label(item)), bars, chosen_by=pressed)] if len(sizes) <= _MOST_BARS else _side_figures(item, sizes)
    return [*by_size, Figure(tr("Channels of {name}", name=_label(item)), facts=facts), brightness]


def _side_figures(item: Field, sizes: dict[str, list[int]]) -> list[Figure]:
    """Returns how wide and how high images are, where hardly two are of one size."""
    sides = np.array([[int(side) for side in size.split(" × ")] for size, rows in sizes.items() for _ in rows], dtype=np.float64)
    titles = (tr("Width of {name}", name=_label(item)), tr("Height of {name}", name=_label(item)))
    return [_histogram(title, values, tr("pixels")) for title, values in zip(titles, sides.T, strict=True)]


def _mask_figures(rows: Rows, item: Field, wanted: np.ndarray) -> list[Figure]:
    counts = np.zeros(max(len(item.categories), 256), np.int64)
    for _, mask in _parts(rows, item, wanted):
        counts += np.bincount(np.asarray(mask).ravel(), minlength=len(counts))[:len(counts)]
    total = max(int(counts.sum()), 1)
    bars = tuple((name, float(counts[at] * 100 / total)) for at, name in enumerate(item.categories))
    return [Figure(tr("Share of pixels in {name}, percent", name=_label(item)), bars)]


def _series_figures(rows: Rows, item: Field, wanted: np.ndarray) -> list[Figure]:
    lengths, values, missing = [], [], 0
    for _, series in _parts(rows, item, wanted):
        array = np.asarray(series, dtype=np.float32).reshape(-1)
        lengths.append(len(series))
        missing += int(np.count_nonzero(~np.isfinite(array)))
        values.append(array[:: max(1, len(array) // 200)])
    if not lengths:
        return []
    unit = tr("steps")
    lasting = np.array(lengths, dtype=np.float64)
    if item.kind == FieldKind.AUDIO and item.rate:
        lasting, unit = lasting / item.rate, tr("seconds")
    found = _histogram(tr("Values of {name}", name=_label(item)), np.concatenate(values), item.unit)
    facts = (*found.facts, (tr("Not a number"), f"{missing:,}"))
    length = _histogram(tr("Length of {name}", name=_label(item)), lasting, unit)
    return [length, Figure(found.title, found.bars, found.edges, found.counts, facts)]


def _tokens(rows: Rows) -> list[Figure]:
    """Returns what the tokeniser made of the training texts."""
    prepared = rows.prepared
    if prepared is None:
        return []
    names = [item.name for item in rows.dataset.fields if item.kind == FieldKind.TEXT and item.name in prepared.preprocessors]
    from workbench.data.token_facts import token_facts

    found = []
    for name in names:
        facts: Any = token_facts(prepared, name)
        said = (
            (tr("Vocabulary"), f"{facts.vocabulary:,}"), (tr("Used"), f"{facts.used:,}"), (tr("Known tokens"), f"{facts.coverage:.2%}"),
            (tr("Unknown tokens"), f"{facts.unknown:.2%}"), (tr("Rows with unknown tokens"), f"{facts.rows_with_unknown:,}"),
            (tr("As long as allowed"), tr("{count} rows of {most} tokens", count=f"{facts.at_limit:,}", most=facts.maximum_length)),
            (tr("Special tokens"), ", ".join(f"{text} {number}" for text, number in facts.special)),
        )
        frequent = tuple((token.text, float(token.count)) for token in facts.frequent[:_MOST_BARS])
        label = _label(rows.dataset.field(name))
        found += [
            Figure(tr("Tokens of {name}", name=label), facts=said),
            Figure(tr("Tokens per row of {name}", name=label), edges=tuple(facts.histogram_edges), counts=tuple(facts.histogram)),
            Figure(tr("Most frequent tokens of {name}", name=label), frequent),
        ]
    return found


def _histogram(title: str, values: np.ndarray, unit: str) -> Figure:
    finite = values[np.isfinite(values)].astype(np.float64)
    if not len(finite):
        return Figure(title, facts=((tr("Values"), tr("none")),))
    if finite.min() == finite.max():
        return Figure(title, facts=((tr("Always"), f"{float(finite[0]):.4g} {unit}".strip()),))
    counts, edges = np.histogram(finite, bins=_BINS)
    said = ((tr("Least"), finite.min()), (tr("Median"), np.median(finite)), (tr("Mean"), finite.mean()), (tr("Largest"), finite.max()))
    facts = tuple((name, f"{float(value):.4g} {unit}".strip()) for name, value in said)
    return Figure(title, edges=tuple(edges.tolist()), counts=tuple(counts.tolist()), facts=facts)


def _label(item: Field) -> str:
    return say_own(item.label) or item.name
