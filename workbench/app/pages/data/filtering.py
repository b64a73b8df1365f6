"""Which rows pass, in which order, and how many would pass each further choice: index arrays over a million rows within a frame. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

KEPT_MASKS = 8
_SEPARATE = 40
"""Up to this many values are counted one by one over bytes, which is faster than a histogram."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number that must lie between two bounds, both included."""

    column: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person narrowed the view to; empty means everything.

    Attributes:
        chosen: The chosen value of each facet, by name, as its number.
        words: Text that a row must hold, case ignored.
        ranges: Bounds of numbers.
        rows: Rows that were asked for one by one (of a finding, of a lasso), or None.
        origin: Where `rows` come from, in words, translated.
    """

    chosen: tuple[tuple[str, int], ...] = ()
    words: str = ""
    ranges: tuple[Range, ...] = ()
    rows: tuple[int, ...] | None = None
    origin: str = ""

    def of(self, facet: str) -> int:
        """Returns the chosen value of a facet, or -1."""
        return dict(self.chosen).get(facet, -1)

    def choosing(self, facet: str, value: int) -> Filter:
        """Returns the filter with another value of a facet; -1 lets go of it."""
        others = tuple(item for item in self.chosen if item[0] != facet)
        return replace(self, chosen=others if value < 0 else tuple(sorted((*others, (facet, value)))))

    def within(self, column: str, low: float, high: float) -> Filter:
        """Returns the filter with these bounds of a number; unbounded on both sides lets go of it."""
        others = tuple(item for item in self.ranges if item.column != column)
        free = low == -np.inf and high == np.inf
        return replace(self, ranges=others if free else (*others, Range(column, low, high)))


class Facet:
    """Something every row has one value of (a class, a split), as small integers.

    Args:
        name: Stable.
        label: Translated.
        names: Of the values, in the order of their numbers.
        codes: The value of every row; negative for none.
    """

    def __init__(self, name: str, label: str, names: Sequence[str], codes: np.ndarray) -> None:
        self.name, self.label, self.names = name, label, tuple(names)
        self.codes = codes.astype(np.int8 if len(names) < 127 else np.int16 if len(names) < 32767 else np.int32)
        self._totals: np.ndarray | None = None

    def mask(self, value: int) -> np.ndarray:
        """Returns which rows have a value, bool `(n,)`."""
        return self.codes == value

    def counts(self, passing: np.ndarray | None) -> np.ndarray:
        """Returns how many rows have each value, int64; of those that pass only, where a mask is given."""
        if passing is None:
            if self._totals is None:
                self._totals = self._counted(None)
            return self._totals
        return self._counted(passing)

    def _counted(self, passing: np.ndarray | None) -> np.ndarray:
        if len(self.names) <= _SEPARATE:
            masks = (self.codes == value for value in range(len(self.names)))
            return np.array([np.count_nonzero(mask if passing is None else mask & passing) for mask in masks], dtype=np.int64)
        codes = self.codes if passing is None else self.codes[passing]
        return np.bincount(codes[codes >= 0], minlength=len(self.names)).astype(np.int64)


class Marks(Facet):
    """Something a row may have several values of, or none (tags, what was changed): the rows of every value.

    Args:
        name: Stable.
        label: Translated.
        rows: The rows of every value, by its name.
        count: How many rows there are.
    """

    def __init__(self, name: str, label: str, rows: Mapping[str, np.ndarray], count: int) -> None:
        super().__init__(name, label, list(rows), np.zeros(0, dtype=np.int8))
        self._rows, self._count = list(rows.values()), count

    def mask(self, value: int) -> np.ndarray:
        found = np.zeros(self._count, dtype=bool)
        found[self._rows[value]] = True
        return found

    def counts(self, passing: np.ndarray | None) -> np.ndarray:
        sizes = [len(rows) if passing is None else int(np.count_nonzero(passing[rows])) for rows in self._rows]
        return np.array(sizes, dtype=np.int64)


class Selector:
    """Filters, counts and sorts the rows of one dataset. What was worked out is kept, so that the next click costs little.

    Args:
        count: How many rows there are.
        facets: What can be chosen.
        columns: Gives the values of a number by its name, float `(n,)`.
        holding: Gives the rows that hold some words, bool `(n,)`.
    """

    def __init__(
        self, count: int, facets: Sequence[Facet], columns: Callable[[str], np.ndarray], holding: Callable[[str], np.ndarray],
    ) -> None:
        self._count, self._columns, self._holding = count, columns, holding
        self.facets = {facet.name: facet for facet in facets}
        self._masks: OrderedDict[object, np.ndarray] = OrderedDict()
        self._orders: dict[tuple[str, bool, str], np.ndarray] = {}

    def knows(self, wanted: Filter) -> bool:
        """Whether the slow part of a filter, its words, has been worked out already."""
        return not wanted.words or ("words", wanted.words) in self._masks

    def knows_order(self, key: str, down: bool, group: str = "") -> bool:
        """Whether an order has been worked out already."""
        return (not key and not group) or (key, down, group) in self._orders

    def passing(self, wanted: Filter, without: str = "") -> np.ndarray | None:
        """Returns which rows pass, bool `(n,)`, or None where all do.

        Args:
            wanted: The filter.
            without: A facet whose choice is left aside.
        """
        keys: list[object] = [("facet", *item) for item in wanted.chosen if item[0] != without and item[0] in self.facets]
        keys += [("range", item) for item in wanted.ranges]
        keys += [("words", wanted.words)] if wanted.words else []
        keys += [("rows", wanted.rows)] if wanted.rows is not None else []
        masks = [self._mask(key) for key in keys]
        if not masks:
            return None
        found = masks[0]
        for mask in masks[1:]:
            found = found & mask
        return found

    def _mask(self, key: object) -> np.ndarray:
        if key not in self._masks:
            self._masks[key] = self._made(key)
            if len(self._masks) > KEPT_MASKS:
                self._masks.popitem(last=False)
        self._masks.move_to_end(key)
        return self._masks[key]

    def _made(self, key: object) -> np.ndarray:
        match key:
            case ("facet", str(name), int(value)):
                return self.facets[name].mask(value) if value < len(self.facets[name].names) else np.zeros(self._count, dtype=bool)
            case ("range", Range(column, low, high)):
                values = self._columns(column)
                return (values >= low) & (values <= high)
            case ("words", str(words)):
                return self._holding(words)
            case ("rows", tuple(rows)):
                found = np.zeros(self._count, dtype=bool)
                found[np.asarray(rows, dtype=np.int64)] = True
                return found
            case _:
                raise ValueError(key)

    def counts(self, wanted: Filter) -> dict[str, np.ndarray]:
        """Returns for every facet how many rows each of its values would leave, the other choices as they are."""
        whole = self.passing(wanted)
        return {
            name: facet.counts(self.passing(wanted, without=name) if wanted.of(name) >= 0 else whole) for name, facet in self.facets.items()
        }

    def select(self, wanted: Filter, key: str = "", down: bool = False, group: str = "") -> np.ndarray:
        """Returns the rows that pass, int64, sorted.

        Args:
            wanted: The filter.
            key: The number or facet to sort by; "" for the order of the data.
            down: Whether the largest comes first.
            group: The facet whose values stay together, or "".
        """
        passing = self.passing(wanted)
        if not key and not group:
            return np.arange(self._count) if passing is None else np.flatnonzero(passing)
        order = self.order(key, down, group)
        return (order if passing is None else order[passing[order]]).astype(np.int64)

    def order(self, key: str, down: bool, group: str = "") -> np.ndarray:
        """Returns all rows in an order, int32; rows without a value come last. Kept, because sorting a million takes longer than a frame."""
        wanted = (key, down, group)
        if wanted not in self._orders:
            order = self._sorted(key, down) if key else np.arange(self._count, dtype=np.int32)
            if group:
                codes = self._codes(group)[order]
                order = order[np.argsort(codes, kind="stable")]
            self._orders[wanted] = order.astype(np.int32)
        return self._orders[wanted]

    def _sorted(self, key: str, down: bool) -> np.ndarray:
        values = self.facets[key].codes if key in self.facets else self._columns(key)
        values = values.astype(np.float32) if values.dtype.kind in "iu" else values
        return np.argsort(-values if down else values, kind="stable")

    def _codes(self, group: str) -> np.ndarray:
        codes = self.facets[group].codes
        return np.where(codes < 0, len(self.facets[group].names), codes)

    def groups(self, shown: np.ndarray, group: str) -> list[tuple[str, int]]:
        """Returns the names and sizes of the groups that stand in `shown`, in order; rows without a value are called ""."""
        names = (*self.facets[group].names, "")
        sizes = np.bincount(self._codes(group)[shown], minlength=len(names))
        return [(names[value], int(size)) for value, size in enumerate(sizes) if size]
