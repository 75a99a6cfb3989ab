"""Moments and spans. A moment is BIGINT ticks from 0001-01-01; its day is a DATE."""

from __future__ import annotations

from typing import Final

from lazulite.kql import ticks
from lazulite.kql.functions.record import Function, function, sig

DAY: Final = f"{ticks.TICKS_PER_DAY}::BIGINT"
SECOND: Final = f"{ticks.TICKS_PER_SECOND}::BIGINT"
DATE: Final = f"(DATE '0001-01-01' + ({{0}} // {DAY})::INTEGER)"


def ticks_of(date: str) -> str:
    """SQL: a DATE (or a midnight TIMESTAMP) as ticks."""
    return f"((({date})::DATE - DATE '0001-01-01')::BIGINT * {DAY})"


def _moved(date: str, unit: str, count: str) -> str:
    return f"({date} + to_{unit}({count}::INTEGER))"


# A week starts on Sunday in Kusto and on Monday in SQL: move one day on before and back after.
STARTS: Final = {
    "day": DATE,
    "week": f"(date_trunc('week', {DATE} + 1)::DATE - 1)",
    "month": f"date_trunc('month', {DATE})::DATE",
    "year": f"date_trunc('year', {DATE})::DATE",
}


def _start(unit: str, first: str) -> Function:
    return function(
        f"startof{unit}",
        f"The first instant of the {unit}, moved by that many {unit}s.",
        sig("datetime -> datetime", ticks_of(STARTS[unit])),
        sig("datetime, long -> datetime", ticks_of(_moved(STARTS[unit], f"{unit}s", "{1}"))),
        named=first,
        example=f"print startof{unit}(datetime(2023-05-17))",
    )


def _end(unit: str, first: str) -> Function:
    """The last tick (.9999999) of the unit: one before the next one starts."""
    return function(
        f"endof{unit}",
        f"The last tick of the {unit}, moved by that many {unit}s.",
        sig("datetime -> datetime", f"({ticks_of(_moved(STARTS[unit], f'{unit}s', '1'))} - 1)"),
        sig("datetime, long -> datetime", f"({ticks_of(_moved(STARTS[unit], f'{unit}s', '({1} + 1)'))} - 1)"),
        named=first,
        example=f"print endof{unit}(datetime(2023-05-17))",
    )


def _clock(unit: int, modulo: int) -> str:
    return f"(({{0}} // {unit}::BIGINT) % {modulo}::BIGINT)"


# datetime_part's words and what they take from {0}.
PARTS: Final = {
    "year": f"year({DATE})",
    "quarter": f"quarter({DATE})",
    "month": f"month({DATE})",
    "week_of_year": f"week({DATE})",
    "day": f"day({DATE})",
    "dayofyear": f"dayofyear({DATE})",
    "hour": _clock(ticks.TICKS_PER_HOUR, 24),
    "minute": _clock(ticks.TICKS_PER_MINUTE, 60),
    "second": _clock(ticks.TICKS_PER_SECOND, 60),
    "millisecond": _clock(ticks.TICKS_PER_MILLISECOND, 1000),
    "microsecond": _clock(ticks.TICKS_PER_MICROSECOND, 1_000_000),
    "nanosecond": f"(({{0}} % {SECOND}) * 100::BIGINT)",
}
SPANS: Final = {
    "week": 7 * ticks.TICKS_PER_DAY,
    "day": ticks.TICKS_PER_DAY,
    "hour": ticks.TICKS_PER_HOUR,
    "minute": ticks.TICKS_PER_MINUTE,
    "second": ticks.TICKS_PER_SECOND,
    "millisecond": ticks.TICKS_PER_MILLISECOND,
    "microsecond": ticks.TICKS_PER_MICROSECOND,
}
MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}


def _part(name: str, word: str, doc: str, returns: str = "long") -> Function:
    sql = f"{PARTS[word]}::{'INTEGER' if returns == 'int' else 'BIGINT'}"
    return function(name, doc, sig(f"datetime -> {returns}", sql), example=f"print {name}(datetime(2023-05-17))")


def _added_months(count: int) -> str:
    date = f"({DATE.replace('{0}', '{1}')} + to_months(({{0}} * {count})::INTEGER))"
    return f"({ticks_of(date)} + {{1}} % {DAY})"


def _months(position: int) -> str:
    date = DATE.replace("{0}", f"{{{position}}}")
    return f"(year({date}) * 12 + month({date}) - 1)"


def _difference(unit: str) -> str:
    """Boundaries crossed, not time passed: both sides are cut to the unit first."""
    if unit in MONTHS:
        return f"({_months(0)} // {MONTHS[unit]} - {_months(1)} // {MONTHS[unit]})::BIGINT"
    span = f"{SPANS[unit]}::BIGINT"
    # 0001-01-01 is a Monday and weeks start on Sunday.
    shift = f" + {DAY}" if unit == "week" else ""
    return f"(({{0}}{shift}) // {span} - ({{1}}{shift}) // {span})"


def _chosen(name: str, signature: str, forms: dict[str, str]) -> tuple[Function, ...]:
    """One record a word: the binder picks it by the constant first argument."""
    return tuple(
        function(f"{name} {word}", f"{name} for '{word}'.", sig(signature, form), kind="choice")
        for word, form in forms.items()
    )


CHOICES: Final[tuple[Function, ...]] = (
    *_chosen("datetime_part", "datetime -> long", {word: f"{form}::BIGINT" for word, form in PARTS.items()}),
    *_chosen(
        "datetime_add",
        "long, datetime -> datetime",
        {
            **{word: _added_months(count) for word, count in MONTHS.items()},
            **{word: f"({{1}} + {{0}} * {span}::BIGINT)" for word, span in SPANS.items()},
            "nanosecond": "({1} + {0} // 100)",
        },
    ),
    *_chosen(
        "datetime_diff",
        "datetime, datetime -> long",
        {
            **{word: _difference(word) for word in (*MONTHS, *SPANS)},
            "nanosecond": "(({0} - {1}) * 100::BIGINT)",
        },
    ),
)
CHOOSERS: Final[tuple[Function, ...]] = (
    function(
        "datetime_part",
        "A part of a moment, by name.",
        kind="chooser",
        example='print datetime_part("year", now())',
        aliases=("datepart",),
    ),
    function(
        "datetime_add",
        "A moment moved by a number of units.",
        kind="chooser",
        example='print datetime_add("month", 1, now())',
    ),
    function(
        "datetime_diff",
        "How many unit boundaries lie between two moments.",
        kind="chooser",
        example='print datetime_diff("day", now(), ago(3d))',
    ),
)
UNIX: Final = f"{ticks.UNIX_EPOCH_TICKS}::BIGINT"
IN_YEARS: Final = "{0} BETWEEN 1 AND 9999"
MADE_DATE: Final = ticks_of("TRY(make_date({0}, {1}, {2}))")


def _in_day(hour: int, minute: int, second: int | None = None) -> str:
    """Whether the arguments at these places are a time of day."""
    clock = f"{{{hour}}} BETWEEN 0 AND 23 AND {{{minute}}} BETWEEN 0 AND 59"
    return clock if second is None else f"{clock} AND {{{second}}} >= 0 AND {{{second}}} < 60"


def _unix(name: str, factor: int) -> Function:
    low, high = -(ticks.UNIX_EPOCH_TICKS // factor), (ticks.MAX_TICKS - ticks.UNIX_EPOCH_TICKS) // factor
    within = f"{{0}} BETWEEN {low} AND {high}"
    sql = f"CASE WHEN {within} THEN {UNIX} + {{0}} * {factor}::BIGINT END"
    real = f"CASE WHEN {within} THEN {UNIX} + TRY_CAST(round({{0}} * {factor}) AS BIGINT) END"
    return function(
        f"unixtime_{name}_todatetime",
        f"The moment that many {name} after 1970.",
        sig("long -> datetime", sql, total=False),
        sig("real -> datetime", real, total=False),
        null="null for null and outside of the years 1 to 9999",
        example=f"print unixtime_{name}_todatetime(0)",
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    *(_start(unit, "first") for unit in STARTS),
    *(_end(unit, "first") for unit in STARTS),
    _part("getyear", "year", "The year."),
    _part("getmonth", "month", "The month, 1 to 12."),
    _part("monthofyear", "month", "The month, 1 to 12."),
    _part("dayofmonth", "day", "The day, 1 to 31.", "int"),
    _part("dayofyear", "dayofyear", "The day, 1 to 366.", "int"),
    _part("hourofday", "hour", "The hour, 0 to 23."),
    _part("week_of_year", "week_of_year", "The ISO week, 1 to 53."),
    function(
        "dayofweek",
        "Days since Sunday, as a span.",
        sig("datetime -> timespan", f"((({{0}} // {DAY}) + 1) % 7 * {DAY})"),
        example="print dayofweek(now())",
    ),
    _unix("seconds", ticks.TICKS_PER_SECOND),
    _unix("milliseconds", ticks.TICKS_PER_MILLISECOND),
    _unix("microseconds", ticks.TICKS_PER_MICROSECOND),
    function(
        "unixtime_nanoseconds_todatetime",
        "The moment that many nanoseconds after 1970.",
        sig("long -> datetime", f"({UNIX} + {{0}} // 100)"),
        example="print unixtime_nanoseconds_todatetime(0)",
    ),
    function(
        "make_datetime",
        "A moment from its parts.",
        sig("long, long, long -> datetime", f"CASE WHEN {IN_YEARS} THEN {MADE_DATE} END", total=False),
        sig(
            "long, long, long, long, long -> datetime",
            f"CASE WHEN {IN_YEARS} AND {_in_day(3, 4)} THEN {MADE_DATE} + ({{3}} * 60 + {{4}}) * 60 * {SECOND} END",
            total=False,
        ),
        sig(
            "long, long, long, long, long, real -> datetime",
            f"CASE WHEN {IN_YEARS} AND {_in_day(3, 4, 5)} THEN {MADE_DATE} + ({{3}} * 60 + {{4}}) * 60 * {SECOND} "
            f"+ round({{5}} * {SECOND})::BIGINT END",
            total=False,
        ),
        null="null for what is no date",
        example="print make_datetime(2017, 10, 1)",
    ),
    function(
        "make_timespan",
        "A span from hours, minutes and seconds (and days before them).",
        sig("long, long -> timespan", f"CASE WHEN {_in_day(0, 1)} THEN ({{0}} * 60 + {{1}}) * 60 * {SECOND} END"),
        sig(
            "long, long, real -> timespan",
            f"CASE WHEN {_in_day(0, 1, 2)} THEN ({{0}} * 60 + {{1}}) * 60 * {SECOND} "
            f"+ round({{2}} * {SECOND})::BIGINT END",
        ),
        sig(
            "long, long, long, real -> timespan",
            f"CASE WHEN {_in_day(1, 2, 3)} AND {{0}} BETWEEN -10675198 AND 10675198 THEN "
            f"{{0}} * {DAY} + ({{1}} * 60 + {{2}}) * 60 * {SECOND} + round({{3}} * {SECOND})::BIGINT END",
        ),
        null="null for null and for parts out of their range",
        example="print make_timespan(1, 30)",
    ),
    *CHOOSERS,
    *CHOICES,
)
