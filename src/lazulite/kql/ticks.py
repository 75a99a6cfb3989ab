"""Time as Kusto counts it: 100 ns ticks, a datetime from 0001-01-01, a timespan from zero.

Parsing and printing of one value and of whole Arrow columns. Nothing here knows about SQL.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TICKS_PER_MICROSECOND: Final = 10
TICKS_PER_MILLISECOND: Final = 10_000
TICKS_PER_SECOND: Final = 10_000_000
TICKS_PER_MINUTE: Final = 60 * TICKS_PER_SECOND
TICKS_PER_HOUR: Final = 60 * TICKS_PER_MINUTE
TICKS_PER_DAY: Final = 24 * TICKS_PER_HOUR
UNIX_EPOCH_TICKS: Final = 719_162 * TICKS_PER_DAY
MAX_TICKS: Final = 3_652_059 * TICKS_PER_DAY - 1

UNITS: Final = {
    **dict.fromkeys(("d", "day", "days"), TICKS_PER_DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), TICKS_PER_HOUR),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), TICKS_PER_MINUTE),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), TICKS_PER_SECOND),
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), TICKS_PER_MILLISECOND),
    **dict.fromkeys(("micro", "micros", "microsecond", "microseconds"), TICKS_PER_MICROSECOND),
    **dict.fromkeys(("tick", "ticks"), 1),
}
_DATETIME: Final = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?"
    r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|GMT|UTC|[+-]\d{2}:?\d{2})?"
)
_YEAR: Final = re.compile(r"\d{4}")
_SLASHED: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?:\s+(.*))?")
_SPACED: Final = re.compile(r"(\d{4})\s*-\s*(\d{1,2})\s*-\s*(\d{1,2})")
_TIMESPAN: Final = re.compile(
    r"([+-])?(?:(\d{1,9})(?:\.|:(?=\d+:\d+:)))?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?"
)
# Sat, 8 Nov 14 15:05:02 GMT and 08-Nov-14 15:05.
_MAIL: Final = re.compile(r"(?:[A-Za-z]{3,9},\s*)?(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}|\d{2})(?:\s+(.*))?")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = re.compile(r"([+-])?(\d{1,19})")
_UNIT: Final = re.compile(r"([+-])?(\d{1,19}(?:\.\d{1,19})?)\s*([a-z]+)")


def from_unix_ns(nanoseconds: int) -> int:
    """Nanoseconds since 1970 -> ticks (below 100 ns is cut off)."""
    return UNIX_EPOCH_TICKS + nanoseconds // 100


def _fraction(digits: str | None) -> int:
    return int((digits or "").ljust(7, "0")[:7])


def _offset(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (minutes if zone[0] == "+" else -minutes) * TICKS_PER_MINUTE


def parse_datetime(text: str) -> int | None:
    """ISO 8601 (or a year, or month/day/year) -> ticks in UTC; None when it is not a datetime of years 1 to 9999."""
    text = text.strip()
    if spaced := _SPACED.fullmatch(text):
        text = "-".join(spaced.groups())
    if _YEAR.fullmatch(text):
        text += "-01-01"
    if (mail := _MAIL.fullmatch(text)) and mail[2].lower() in _MONTHS:
        text = _of_mail(mail)
    if slashed := _SLASHED.fullmatch(text):
        month, day, year, rest = slashed.groups()
        text = f"{year}-{month}-{day}" + (f" {rest}" if rest else "")
    match = _DATETIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        days = dt.date(int(year), int(month), int(day or 1)).toordinal() - 1
        dt.time(int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    seconds = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
    ticks = days * TICKS_PER_DAY + seconds * TICKS_PER_SECOND + _fraction(fraction) - _offset(zone)
    return ticks if 0 <= ticks <= MAX_TICKS else None


def _of_mail(match: re.Match[str]) -> str:
    """A year of two digits is of 1950 to 2049."""
    day, month, year, rest = match.groups()
    century = "" if len(year) == 4 else "20" if year < "50" else "19"
    return f"{century}{year}-{_MONTHS.index(month.lower()) + 1}-{day}" + (f" {rest}" if rest else "")


def format_datetime(ticks: int) -> str:
    """Ticks -> "2024-02-29T12:34:56.7891234Z", always seven digits."""
    days, rest = divmod(ticks, TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    date = dt.date.fromordinal(days + 1).isoformat()
    return f"{date}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:07d}Z"


def parse_timespan(text: str) -> int | None:
    """ "[-][d.]hh:mm[:ss[.fffffff]]", "3" (days) or "1.5h" -> ticks; None when it is none of them, or too long."""
    text = text.strip().lower()
    if match := _DAYS.fullmatch(text):
        return _signed(match[1], int(match[2]) * TICKS_PER_DAY)
    if (match := _UNIT.fullmatch(text)) and match[3] in UNITS:
        return _signed(match[1], scaled(match[2], UNITS[match[3]]))
    match = _TIMESPAN.fullmatch(text)
    if match is None or int(match[3]) > 23 or int(match[4]) > 59 or int(match[5] or 0) > 59:
        return None
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return _signed(sign, int(days or 0) * TICKS_PER_DAY + whole * TICKS_PER_SECOND + _fraction(fraction))


def scaled(number: str, unit: int) -> int:
    """A decimal number of units as ticks, exact: no float in between."""
    whole, _, digits = number.partition(".")
    return int(whole) * unit + (int(digits) * unit // 10 ** len(digits) if digits else 0)


def _signed(sign: str | None, ticks: int) -> int | None:
    if ticks >= 1 << 63:
        return None
    return -ticks if sign == "-" else ticks


def format_timespan(ticks: int) -> str:
    """Ticks -> "[-][d.]hh:mm:ss[.fffffff]"."""
    days, rest = divmod(abs(ticks), TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return ("-" if ticks < 0 else "") + (f"{days}." if days else "") + clock + (f".{fraction:07d}" if fraction else "")


def _ticks(column: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _digit_table(width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Row n holds the ASCII digits of n, zeros in front."""
    return np.array([list(f"{number:0{width}d}".encode()) for number in range(10**width)], np.uint8)


_TWO, _THREE, _FOUR = _digit_table(2), _digit_table(3), _digit_table(4)
_TEMPLATE = np.frombuffer(b"0000-00-00T00:00:00.0000000Z", np.uint8)


def format_datetime_column(column: Any) -> Any:
    """`format_datetime` of an Arrow int64 column: strings, null stays null.

    Digits are looked up into a matrix of characters, one row a datetime, which is the text buffer of the result:
    five times as fast as Arrow's strftime and padding.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    characters = _datetime_characters(_ticks(column))
    count, width = characters.shape
    offsets = np.arange(0, width * (count + 1), width, dtype=np.int32)
    text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(characters))
    return pc.if_else(pc.is_null(column), pa.scalar(None, pa.string()), text) if column.null_count else text


def _datetime_characters(ticks: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    since, clock = np.divmod(ticks, TICKS_PER_DAY)
    days = (since - UNIX_EPOCH_TICKS // TICKS_PER_DAY).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    seconds, fraction = np.divmod(clock, TICKS_PER_SECOND)
    found = np.tile(_TEMPLATE, (len(ticks), 1))
    found[:, 0:4] = _FOUR[years.astype(np.int64) + 1970]
    found[:, 5:7] = _TWO[(months - years).astype(np.int64) + 1]
    found[:, 8:10] = _TWO[(days - months).astype(np.int64) + 1]
    found[:, 11:13] = _TWO[seconds // 3600]
    found[:, 14:16] = _TWO[seconds // 60 % 60]
    found[:, 17:19] = _TWO[seconds % 60]
    found[:, 20:24] = _FOUR[fraction // 1000]
    found[:, 24:27] = _THREE[fraction % 1000]
    return found


def format_timespan_column(column: Any) -> Any:
    """`format_timespan` of an Arrow int64 column: strings, null stays null."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    # Few columns hold timespans and their values repeat: formatting the distinct ones is enough.
    encoded = pc.dictionary_encode(column)
    words = pa.array([format_timespan(value.as_py()) for value in encoded.dictionary], pa.string())
    return pc.take(words, encoded.indices)
