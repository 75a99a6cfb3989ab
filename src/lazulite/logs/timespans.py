"""The `timespan` of a log query: ISO 8601, as clients send it, to an interval of ticks.

PT86400.0S   P1D   P1DT2H30M   P2W      the time up to now
START/END    START/PT6H   PT6H/END      both ends given; START belongs to the interval, END does not
"""

from __future__ import annotations

import re

from lazulite.core import durations
from lazulite.core.errors import BadRequest
from lazulite.kql import ticks

MAX_LENGTH = 128
Interval = tuple[int | None, int | None]

_CALENDAR = re.compile(r"P[^T]*\d[YM]")


def parse(text: str | None, now: int) -> Interval | None:
    """[start, end) in ticks, or None when there is no bound; raises BadRequest saying what was expected."""
    if text is None or not text.strip():
        return None
    if len(text) > MAX_LENGTH:
        raise _wrong(text[:MAX_LENGTH], f"it is longer than {MAX_LENGTH} characters")
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 2:
        raise _wrong(text, "it has more than two parts")
    # A row stamped with this very instant belongs to the time up to now.
    interval = _pair(text, *parts) if len(parts) == 2 else (now - duration(text, parts[0]), now + 1)
    if interval[0] >= interval[1]:
        raise _wrong(text, "its end is not after its start")
    return max(interval[0], 0), min(interval[1], ticks.MAX_TICKS)


def duration(whole: str, part: str) -> int:
    """Ticks of an ISO 8601 duration without years and months, whose lengths vary."""
    if _CALENDAR.match(part.upper()):
        raise _wrong(whole, f"'{part}' counts years or months, whose lengths vary; count days")
    found = durations.parse(part)
    if found is None:
        raise _wrong(whole, f"'{part}' is not a duration")
    if found > ticks.MAX_TICKS:
        raise _wrong(whole, f"'{part}' is longer than time itself has been counted")
    return found


def _pair(text: str, first: str, second: str) -> tuple[int, int]:
    if first.upper().startswith("P"):
        end = _instant(text, second)
        return end - duration(text, first), end
    start = _instant(text, first)
    if second.upper().startswith("P"):
        return start, start + duration(text, second)
    return start, _instant(text, second)


def _instant(whole: str, part: str) -> int:
    found = ticks.parse_datetime(part) if re.match(r"\d{4}-", part) else None
    if found is None:
        raise _wrong(whole, f"'{part}' is not an ISO 8601 date and time")
    return found


def _wrong(text: str, why: str) -> BadRequest:
    return BadRequest(
        "BadArgumentError",
        f"The timespan '{text}' cannot be used: {why}. Expected an ISO 8601 duration (PT6H, P1D, P1DT12H), START/END,"
        " START/DURATION or DURATION/END, such as 2024-01-01T00:00:00Z/P1D.",
        target="timespan",
    )
