"""The time grains of metric answers, in ticks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE
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


def grain_text(interval: int) -> str:
    """`PT5M` for its ticks, `FULL` for FULL; the interval is one that `supported` gave."""
    return _TEXTS[interval]


def available(kept: Iterable[str]) -> list[str]:
    """The grains in which a metric kept in the grains `kept` can be had: those, and the larger ones as roll-ups."""
    least = min(GRAINS[grain] for grain in kept)
    return [grain for grain, length in GRAINS.items() if length >= least]


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
