"""Rows that are shorter or longer than the first one."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.data.base import DataProblem
from workbench.errors import Text

_LISTED = 1000


@dataclass(slots=True)
class Ragged:
    """Which lines hold rows of another width.

    Attributes:
        short, long: The lines, in words.
    """

    short: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)

    def problems(self) -> list[DataProblem]:
        """Returns what there is to tell."""
        problems: list[DataProblem] = []
        if self.short:
            problems.append(DataProblem(
                "ragged", Text("{count} rows have too few cells.", count=len(self.short)), tuple(self.short[:_LISTED]),
                Text("What is missing counts as empty."),
            ))
        if self.long:
            problems.append(DataProblem(
                "ragged", Text("{count} rows have too many cells and are left out.", count=len(self.long)), tuple(self.long[:_LISTED]),
                Text("Which cell belongs to which column cannot be told."),
            ))
        return problems


def fitted_row(row: list[str], width: int, line: int, ragged: Ragged) -> list[str] | None:
    """Returns a row with as many cells as there are columns; None where it is blank, or says more than fits.

    Args:
        row: Its cells.
        width: The number of columns.
        line: Where it ends, for the list of those that do not fit.
        ragged: Takes the line of a row that does not fit.
    """
    if not any(cell.strip() for cell in row):
        return None
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        ragged.long.append(f"line {line}")
        return None
    if len(row) < width:
        ragged.short.append(f"line {line}")
    return (row + [""] * width)[:width]
