"""ISO 8601 durations as ticks: P1D, PT5M, P1DT2H30M, P2W, PT86400.0S."""

from __future__ import annotations

import re

from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE, TICKS_PER_SECOND

_UNITS = (7 * TICKS_PER_DAY, TICKS_PER_DAY, 60 * TICKS_PER_MINUTE, TICKS_PER_MINUTE, TICKS_PER_SECOND)
# Bounded, so that no number is long to read; clients send a fraction of any unit, with a point or a comma.
_NUMBER = r"([0-9]{1,12}(?:[.,][0-9]{1,18})?)"
_DURATION = re.compile(rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")


def parse(text: str) -> int | None:
    """Ticks, of any size; None for what is no duration, or counts years or months, whose lengths vary."""
    match = _DURATION.fullmatch(text.upper())
    if match is None or not any(match.groups()) or text[-1] in "Tt":
        return None
    return sum(_scaled(number, unit) for number, unit in zip(match.groups(), _UNITS, strict=True) if number)


def _scaled(number: str, unit: int) -> int:
    """number * unit, exact in whole ticks: never through a float."""
    head, _, tail = number.replace(",", ".").partition(".")
    return int(head) * unit + (int(tail) * unit // 10 ** len(tail) if tail else 0)
