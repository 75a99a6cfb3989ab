"""Time grains, and ISO 8601 durations as ticks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE, TICKS_PER_SECOND
from lazulite.core.errors import BadRequest

_TICKS_PER_HOUR = 60 * TICKS_PER_MINUTE

FULL = 0
"""The interval that is the whole time range: one point a series."""

GRAINS: Mapping[str, int] = {
    "PT1M": TICKS_PER_MINUTE,
    "PT5M": 5 * TICKS_PER_MINUTE,
    "PT15M": 15 * TICKS_PER_MINUTE,
    "PT30M": 30 * TICKS_PER_MINUTE,
    "PT1H": _TICKS_PER_HOUR,
    "PT6H": 6 * _TICKS_PER_HOUR,
    "PT12H": 12 * _TICKS_PER_HOUR,
    "P1D": TICKS_PER_DAY,
}
_TEXTS = {ticks: text for text, ticks in GRAINS.items()} | {FULL: "FULL"}

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,11})(?:\.(?P<part>\d{1,7})\d*)?S)?)?"
)
_PARTS = {
    "weeks": 7 * TICKS_PER_DAY,
    "days": TICKS_PER_DAY,
    "hours": _TICKS_PER_HOUR,
    "minutes": TICKS_PER_MINUTE,
    "seconds": TICKS_PER_SECOND,
}


def parse_duration(text: str) -> int | None:
    """Ticks of `PT5M`, `P1DT12H`, `PT0.5S`; None if it is no duration, or has years or months (of no fixed length)."""
    found = _DURATION.fullmatch(text.upper())
    if found is None or text[-1:].upper() in ("P", "T"):
        return None
    whole = sum(int(found[name] or 0) * ticks for name, ticks in _PARTS.items())
    return whole + int((found["part"] or "").ljust(7, "0"))


def grain_text(interval: int) -> str:
    """`PT5M` for its ticks, `FULL` for FULL; the interval is one that `supported` gave."""
    return _TEXTS[interval]


def supported(interval: int, adjust: bool = False) -> int:
    """The interval if it is a supported one, with `adjust` the closest; raises BadRequest naming the supported ones."""
    if interval in _TEXTS:
        return interval
    if adjust and interval > 0:
        return min(GRAINS.values(), key=lambda grain: (abs(grain - interval), grain))
    raise BadRequest(
        "BadRequest",
        f"The interval of {interval / TICKS_PER_MINUTE:g} minutes is not a time grain. Use one of"
        f" {', '.join(GRAINS)} or FULL, or AutoAdjustTimegrain=true.",
        target="interval",
    )
