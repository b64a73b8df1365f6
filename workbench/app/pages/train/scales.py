"""Round numbers for axes: ranges that change seldom while a curve grows, ticks where people expect them, and how ticks are written."""

from __future__ import annotations

import math

ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
LOG_TICKS = (1.0, 2.0, 5.0)
LONGEST = 7


def round_step(span: float, parts: int) -> float:
    """Returns the smallest round step (1, 2, 2.5 or 5 times a power of ten) that divides `span` into at most about `parts`."""
    if not span > 0 or not math.isfinite(span):
        return 1.0
    rough = span / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor for factor in ROUND if factor * power >= rough * (1 - 1e-9)) * power


def value_range(low: float, high: float) -> tuple[float, float]:
    """Returns a range a little wider than the values in it, ending on round numbers, so that a growing curve moves the axis seldom."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    if low == high == 0:
        return -0.03, 1.03
    if high - low < 1e-12 * max(abs(high), abs(low), 1e-300):
        room = abs(high) * 0.5
        return low - room, high + room
    step = round_step(high - low, 8)
    bottom, top = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if 0 < bottom <= 2 * step:
        bottom = 0.0
    room = 0.03 * (top - bottom)
    return bottom - room, top + room


def step_range(last: float) -> tuple[float, float]:
    """Returns the range of steps that shows a run up to its last step; it grows by a few per cent at a time."""
    if not last > 0 or not math.isfinite(last):
        return 0.0, 1.0
    unit = 10.0 ** math.floor(math.log10(last)) / 4
    end = math.ceil(last / unit - 1e-9) * unit
    return -0.01 * end, 1.01 * end


def linear_ticks(low: float, high: float, parts: int) -> tuple[float, list[float]]:
    """Returns the step between ticks and the ticks inside a range."""
    step = round_step(high - low, parts)
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return step, [number * step for number in range(first, min(last, first + 50) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Returns ticks of a logarithmic axis as exponents: powers of ten, and 2 and 5 times those where there are few."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    stride = max(1, len(powers) // 6)
    whole = [float(power) for power in powers if low <= power <= high and power % stride == 0]
    if len(whole) > 2:
        return whole
    return [place for power in powers for factor in LOG_TICKS if low <= (place := power + math.log10(factor)) <= high]


def tick_words(value: float, step: float) -> str:
    """Returns a tick as people write it: no more places than the step needs, thousands separated, tiny ones as 2e-5."""
    if abs(value) < step * 1e-6:
        return "0"
    if step < 1e-4 or abs(value) >= 1e7:
        digits = max(2, math.ceil(math.log10(abs(value) / step) + 1e-9) + 1)
        words = f"{value:.{digits}g}"
        words = words if len(words) <= LONGEST else f"{value:.{digits - 1}e}"
        return words.replace("e-0", "e-").replace("e+0", "e")
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step * 10**places, 6) != round(step * 10**places):
        places += 1
    return f"{value:,.{places}f}"
