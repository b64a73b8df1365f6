"""How numbers, durations and dates are said: three significant digits, thousands separated, in the language in use."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

from workbench.app.language import tr


def number(value: float | int | None, digits: int = 3) -> str:
    """Returns a number for people: whole numbers with separators, others with three significant digits, tiny ones as 8.3e-7."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–" if value is None or math.isnan(value) else ("∞" if value > 0 else "-∞")
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    size = abs(value)
    if size < 1e-3 or size >= 1e7:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e")
    places = max(digits - 1 - math.floor(math.log10(size)), 0)
    return f"{value:,.{places}f}"


def percent(share: float | None) -> str:
    """Returns a share between 0 and 1 as `93.4 %`."""
    return "–" if share is None or not math.isfinite(share) else f"{share * 100:.1f} %"


def short_count(value: float) -> str:
    """Returns a large count as `4.1 M`."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{int(value):,}"


def size(count_bytes: float) -> str:
    """Returns a number of bytes as `1.26 MB`."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count_bytes >= limit:
            return f"{count_bytes / limit:.3g} {unit}"
    return f"{int(count_bytes)} B"


def duration(seconds: float | None) -> str:
    """Returns a duration as `6.4 s`, `2 min 10 s` or `3 h 5 min`."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return tr("{n} s", n=f"{seconds:.1f}")
    if seconds < 60:
        return tr("{n} s", n=round(seconds))
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return tr("{m} min {s} s", m=minutes, s=rest)
    return tr("{h} h {m} min", h=minutes // 60, m=minutes % 60)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Returns how long ago something was, as people say it."""
    seconds = max(((now or datetime.now(moment.tzinfo)) - moment).total_seconds(), 0)
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return tr("{n} min ago", n=int(seconds // 60))
    if seconds < 86_400:
        return tr("{n} h ago", n=int(seconds // 3600))
    if seconds < 172_800:
        return tr("yesterday")
    return tr("{n} days ago", n=int(seconds // 86_400)) if seconds < 604_800 else f"{moment:%Y-%m-%d}"


def short_path(path: Path) -> str:
    """Returns a path with the home folder as ~."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)
