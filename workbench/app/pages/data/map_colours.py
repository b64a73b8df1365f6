"""What points of the map are coloured by: a class, a split, right or wrong, a tag, a number; told apart by their form too. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.filtering import Marks

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

PAINTS = ("#3B82F6", "#F59E0B", "#10B981", "#EC4899", "#8B5CF6", "#0EA5A4", "#EAB308", "#F97316", "#84A59D", "#94A3B8")
RAMP = ("#440154", "#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#84B92E", "#C7A60A")
DARK_RAMP = ("#6F5FB8", "#5A79C4", "#4396B8", "#2FAFA3", "#3FC488", "#7AD35F", "#BCDD3C", "#FDE725")
DISC, SQUARE, TRIANGLE, DIAMOND, CROSS = range(5)
_FACETS = ("label", "split", "verdict", "predicted", "tag", "changed")


@dataclass(frozen=True, slots=True)
class Paint:
    """How one kind of point looks.

    Attributes:
        name: In words.
        colour: Hex.
        form: One of the forms above.
    """

    name: str
    colour: str
    form: int = DISC


def choices_of(rows: Rows) -> list[tuple[str, str]]:
    """Returns what points can be coloured by: stable name and words."""
    facets = rows.selector.facets
    found = [(name, facets[name].label) for name in _FACETS if name in facets]
    return found + [(f"#{name}", words) for name, words in rows.number_names]


def painted(rows: Rows, places: np.ndarray, by: str) -> tuple[np.ndarray, list[Paint]]:
    """Returns the paint of each point, int64 `(n,)` and -1 for none, and what the paints are.

    Args:
        rows: The data.
        places: What the points stand for (dataset indices).
        by: A name of `choices_of`.
    """
    if by.startswith("#"):
        return _by_number(rows.numbers(by[1:])[places])
    facet = rows.selector.facets.get(by)
    if facet is None:
        return np.full(len(places), -1, np.int64), []
    colours = theme.current()
    if by == "verdict":
        # What the run is unsure of may be either: points say right or wrong.
        return facet.codes[places].astype(np.int64), [Paint(facet.names[0], colours.wrong, CROSS), Paint(facet.names[1], colours.good)]
    codes = _first_marks(facet, places) if isinstance(facet, Marks) else facet.codes[places].astype(np.int64)
    return codes, [Paint(name, PAINTS[number % len(PAINTS)], number % 4) for number, name in enumerate(facet.names)]


def _first_marks(facet: Marks, places: np.ndarray) -> np.ndarray:
    """Returns the first mark of each row that has one."""
    codes = np.full(len(places), -1, np.int64)
    for value in reversed(range(len(facet.names))):
        codes[facet.mask(value)[places]] = value
    return codes


def _by_number(values: np.ndarray) -> tuple[np.ndarray, list[Paint]]:
    """Returns steps of a ramp between the 2nd and the 98th percentile, so that one outlier does not take all colours."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.full(len(values), -1, np.int64), []
    low, high = (float(bound) for bound in np.percentile(finite, [2, 98]))
    if high <= low:
        low, high = float(finite.min()), float(finite.max()) + 1e-9
    steps = len(RAMP)
    share = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / (high - low)
    codes = np.where(np.isfinite(values), np.clip((share * steps).astype(np.int64), 0, steps - 1), -1)
    edges = np.linspace(low, high, steps + 1)
    names = [tr("up to {value}", value=f"{edges[1]:.3g}"), *(f"{edge:.3g}" for edge in edges[1:-1])]
    return codes, [Paint(name, colour) for name, colour in zip(names, DARK_RAMP if theme.current().dark else RAMP, strict=True)]
