"""Values: None is null, strings are never null, a datetime is ticks of 100 ns since 0001-01-01, a timespan is ticks."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

SECOND = 10_000_000
DAY = 86_400 * SECOND
LAST = 3_652_059 * DAY - 1
KEYWORDS = {"by", "on", "and", "or", "in", "let", "where", "project", "kind", "with", "of", "to", "asc", "desc"}


class Refused(Exception):
    """A value outside of its type: the engine must refuse it too."""


def whole(value: int) -> int:
    """A long, which has 64 bits; a timespan is one too."""
    if not -(1 << 63) <= value < 1 << 63:
        raise Refused
    return value


def moment(value: int) -> int:
    """A datetime within the years 1 to 9999."""
    if not 0 <= value <= LAST:
        raise Refused
    return value


# ---- literals


def literal(kind: str, value: Any) -> str:
    """The value as KQL text."""
    if kind == "string":
        return quoted(value)
    if value is None:
        return f"{kind}(null)"
    return LITERALS.get(kind, lambda v: f"{kind}({v})")(value)


def quoted(text: str) -> str:
    """A string literal."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def named(name: str) -> str:
    """A column's name as it must be written."""
    plain = name.isidentifier() and name.isascii() and name not in KEYWORDS
    return name if plain else f"[{quoted(name)}]"


def _real(value: float) -> str:
    if math.isfinite(value):
        return f"real({value!r})"
    return "real(nan)" if math.isnan(value) else "real(+inf)" if value > 0 else "real(-inf)"


def clock(ticks: int) -> str:
    """hh:mm:ss.fffffff"""
    seconds, rest = divmod(ticks, SECOND)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:07}"


def datetime_text(ticks: int) -> str:
    """As tostring() gives a datetime."""
    day = datetime.date.fromordinal(ticks // DAY + 1)
    return f"{day.isoformat()}T{clock(ticks % DAY)}Z"


def timespan_text(ticks: int) -> str:
    """As tostring() gives a timespan: days and fractions only where there are any."""
    days, rest = divmod(abs(ticks), DAY)
    text = clock(rest).removesuffix(".0000000")
    return ("-" if ticks < 0 else "") + (f"{days}." if days else "") + text


LITERALS = {
    "bool": lambda v: "true" if v else "false",
    "real": _real,
    "datetime": lambda v: f"datetime({datetime_text(v)})",
    "timespan": lambda v: f"timespan({timespan_text(v)})",
    "dynamic": lambda v: f"dynamic({json.dumps(v, ensure_ascii=False)})",
}


# ---- comparison and order


def equal(one: Any, two: Any) -> bool | None:
    """==: of two nulls null, of a null and a value false; NaN equals nothing."""
    if one is None and two is None:
        return None
    return one is not None and two is not None and one == two


def different(one: Any, two: Any) -> bool | None:
    """!=: of two nulls null, of a null and a value true."""
    same = equal(one, two)
    return None if same is None else not same


def strict(function: Any) -> Any:
    """A function that gives null when an argument is null."""
    return lambda *given: None if any(value is None for value in given) else function(*given)


def is_nan(value: Any) -> bool:
    """Whether it is the real that is not a number."""
    return isinstance(value, float) and math.isnan(value)


def before(one: Any, two: Any, descending: bool, nulls_first: bool) -> int:
    """The documented order: nulls at the end that was asked for, NaN beside them, then the values."""
    rank_one, rank_two = (2 if v is None else 1 if is_nan(v) else 0 for v in (one, two))
    if rank_one != rank_two:
        return (rank_two - rank_one) if nulls_first else (rank_one - rank_two)
    if rank_one or one == two:
        return 0
    return (-1 if one < two else 1) * (-1 if descending else 1)


def key(value: Any) -> Any:
    """What groups a value: nulls are one group, NaN too."""
    return ("NaN",) if is_nan(value) else (type(value).__name__, value)


# ---- arithmetic


def quotient(one: int, two: int) -> int | None:
    """Of longs: cut towards zero; by zero null."""
    if two == 0:
        return None
    return whole(abs(one) // abs(two) * (1 if (one < 0) == (two < 0) else -1))


def remainder(one: int, two: int) -> int | None:
    """Never negative; by zero null."""
    return None if two == 0 else one % abs(two)


def real_quotient(one: float, two: float) -> float:
    """IEEE: by zero infinite, or not a number."""
    if two != 0:
        return one / two
    if one == 0 or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, two)


def product(one: float, two: float) -> float:
    """IEEE; Python's own multiplication is."""
    return one * two


def floored(value: int, step: int) -> int:
    """bin of whole numbers, spans and moments, for a positive step."""
    return whole(value // step * step)


def day_of(ticks: int) -> datetime.date:
    """The day of a datetime."""
    return datetime.date.fromordinal(ticks // DAY + 1)


def month_start(ticks: int) -> int:
    """startofmonth."""
    return (day_of(ticks).replace(day=1).toordinal() - 1) * DAY


def year_start(ticks: int) -> int:
    """startofyear."""
    return (day_of(ticks).replace(month=1, day=1).toordinal() - 1) * DAY


def week_start(ticks: int) -> int:
    """startofweek: a week begins on Sunday."""
    day = day_of(ticks)
    return moment((day.toordinal() - 1 - day.isoweekday() % 7) * DAY)
