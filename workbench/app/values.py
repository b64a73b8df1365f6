"""Between what a person types and the raw values of parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from workbench.app.language import tr


def read_int(text: str) -> int:
    """Reads a whole number; separators of thousands and 6e4 are fine.

    Raises:
        ValueError: It is none.
    """
    number = float(text.replace(",", "").replace("\N{THIN SPACE}", "")) if any(mark in text for mark in ".eE") else int(text.replace(",", ""))
    if number != int(number):
        raise ValueError(tr("A whole number is needed."))
    return int(number)


def read_float(text: str) -> float:
    """Reads a finite number.

    Raises:
        ValueError: It is none.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(tr("A finite number is needed."))
    return number


def reader_of(kind: Any) -> Callable[[str], Any]:
    """Returns what reads the text of a field of any other type: several numbers become a list, words stay words."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    several = any(get_origin(item) in (tuple, list) for item in kinds)
    words = several and all(part is str for item in kinds for part in get_args(item) if part is not Ellipsis)
    alone = any(item in (int, float) for item in kinds)

    def read(text: str) -> Any:
        if words:
            return [part for part in text.replace(",", " ").replace(";", " ").split() if part]
        parts = [part for part in text.replace("×", " ").replace("x", " ").replace(",", " ").replace(";", " ").split() if part]
        numbers = [_read_number(part) for part in parts]
        if not numbers and not several:
            raise ValueError(tr("A number is needed."))
        return numbers[0] if len(numbers) == 1 and (alone or not several) else numbers

    return read


def _read_number(text: str) -> int | float | str:
    for reader in (int, read_float):
        try:
            return reader(text)
        except ValueError:
            continue
    return text


def show_value(value: Any) -> str:
    """Returns a raw value as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        words = any(isinstance(item, str) for item in value)
        return (", " if words else " × ").join(show_value(item) for item in value)
    return str(value)


def out_of_range(value: Any, limits: Mapping[str, Any]) -> str:
    """Returns why a value is outside the limits of its field, or ""."""
    for number in value if isinstance(value, (list, tuple)) else (value,):
        if not isinstance(number, (int, float)):
            continue
        if ("ge" in limits and number < limits["ge"]) or ("gt" in limits and number <= limits["gt"]):
            return tr("It must be above {low}." if "gt" in limits else "It must be at least {low}.", low=limits.get("ge", limits.get("gt")))
        if ("le" in limits and number > limits["le"]) or ("lt" in limits and number >= limits["lt"]):
            return tr("It must be below {high}." if "lt" in limits else "It must be at most {high}.", high=limits.get("le", limits.get("lt")))
    return ""


def step_value(value: float, direction: int, large: bool, log: bool) -> float:
    """Returns the neighbour of a value: the next on a 1-2-5 scale for log fields, else one step (ten where large)."""
    if isinstance(value, int):
        return value + direction * (10 if large else 1)
    if log and value > 0:
        factor = 10.0 if large else 2.0
        return float(f"{value * factor**direction:.3g}")
    step = 10.0 ** math.floor(math.log10(abs(value)) if value else -1)
    return float(f"{value + direction * step * (1 if large else 0.1):.6g}")
