"""Numbers as the Build page writes them: thousands separated, three significant digits, units."""

from __future__ import annotations

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def counted(value: int) -> str:
    """Returns `31,946`; from ten million on `25.6 M`, as longer figures no longer fit a card."""
    return f"{value:,}" if abs(value) < 10_000_000 else shortened(value)


def shortened(value: float) -> str:
    """Returns three significant digits with a magnitude: `4.12 M`, `820`, `1.2 k`."""
    for step, letter in _STEPS:
        if abs(value) >= step:
            return f"{_three(value / step)} {letter}"
    return _three(value)


def sized(count: float) -> str:
    """Returns bytes as people read memory: `212 MiB`, `1.5 GiB`."""
    for step, unit in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= step:
            return f"{_three(count / step)} {unit}"
    return f"{int(count)} B"


def percent(share: float) -> str:
    """Returns a share between 0 and 1 as `39 %`; small ones as `< 1 %`."""
    return "< 1 %" if 0 < share < 0.01 else f"{share * 100:.0f} %"


def _three(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
