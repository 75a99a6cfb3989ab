"""Local time of IANA zones. One row at a time, locally: the engine's own zones need an extension."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from lazulite.kql.functions.record import Function, function, local
from lazulite.kql.ticks import MAX_TICKS, TICKS_PER_DAY, TICKS_PER_MICROSECOND, TICKS_PER_SECOND

UTC: Final = dt.UTC


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _known(name: str) -> ZoneInfo:
    zone = _zone(name)
    if zone is None:
        raise ValueError(name)
    return zone


def _moment(ticks: int) -> dt.datetime:
    days, rest = divmod(ticks, TICKS_PER_DAY)
    return dt.datetime.fromordinal(days + 1) + dt.timedelta(microseconds=rest // TICKS_PER_MICROSECOND)


def _span(offset: dt.timedelta | None) -> int:
    assert offset is not None
    return (offset.days * 86_400 + offset.seconds) * TICKS_PER_SECOND


def _to_local(ticks: int, name: str) -> int:
    return ticks + _span(_moment(ticks).replace(tzinfo=UTC).astimezone(_known(name)).utcoffset())


def _to_utc(ticks: int, name: str) -> int:
    """Where clocks go forward (no such local time) or back (two of them), the earlier of both instants."""
    at = _moment(ticks)
    zone = _known(name)
    return ticks - max(_span(at.replace(tzinfo=zone, fold=fold).utcoffset()) for fold in (0, 1))


def _in_years(form: Callable[[int, str], int]) -> Callable[[int, str], int]:
    def checked(ticks: int, name: str) -> int:
        found = form(ticks, name)
        if not 0 <= found <= MAX_TICKS:
            raise OverflowError(found)
        return found

    return checked


def _names() -> list[Any]:
    return sorted(available_timezones())


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "datetime_utc_to_local",
        "A moment as the clocks of an IANA time zone show it.",
        local("datetime, string -> datetime", _in_years(_to_local)),
        null="null for null and for an unknown zone",
        example='print datetime_utc_to_local(datetime(2024-07-01), "Europe/Paris")',
    ),
    function(
        "datetime_local_to_utc",
        "The moment at which the clocks of an IANA time zone show this.",
        local("datetime, string -> datetime", _in_years(_to_utc)),
        null="null for null and for an unknown zone",
        example='print datetime_local_to_utc(datetime(2024-07-01), "Europe/Paris")',
    ),
    function(
        "datetime_list_timezones",
        "The names of all time zones.",
        local("-> dynamic", _names),
        example="print array_length(datetime_list_timezones()) > 100",
    ),
)
