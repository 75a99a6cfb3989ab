"""The parts of format_datetime() and format_timespan(): one record a part, chosen by the constant format."""

from __future__ import annotations

from typing import Final

from lazulite.kql import ticks
from lazulite.kql.functions.calendar import DATE, DAY, SECOND
from lazulite.kql.functions.record import Function, function, sig


def _clock(unit: int, modulo: int) -> str:
    return f"((abs({{0}}) // {unit}::BIGINT) % {modulo})"


HOUR: Final = _clock(ticks.TICKS_PER_HOUR, 24)
MINUTE: Final = _clock(ticks.TICKS_PER_MINUTE, 60)
TWELVE: Final = f"(({HOUR} + 11) % 12 + 1)"


def _digits(number: str, width: int) -> str:
    text = f"({number})::VARCHAR"
    return f"lpad({text}, greatest(length({text}), {width})::INTEGER, '0')" if width > 1 else text


def _fraction(width: int) -> str:
    return f"left(lpad((abs({{0}}) % {SECOND})::VARCHAR, 7, '0'), {width})"


CLOCK: Final = {
    **{"m" * width: _digits(MINUTE, width) for width in (1, 2)},
    **{"s" * width: _digits(_clock(ticks.TICKS_PER_SECOND, 60), width) for width in (1, 2)},
    **{"H" * width: _digits(HOUR, width) for width in (1, 2)},
    **{"f" * width: _fraction(width) for width in range(1, 8)},
    **{"F" * width: f"rtrim({_fraction(width)}, '0')" for width in range(1, 8)},
}
DATETIME: Final = {
    **CLOCK,
    **{"h" * width: _digits(TWELVE, width) for width in (1, 2)},
    **{"d" * width: _digits(f"day({DATE})", width) for width in (1, 2)},
    **{"M" * width: _digits(f"month({DATE})", width) for width in (1, 2)},
    **{"y" * width: _digits(f"year({DATE}) % 100", width) for width in (1, 2)},
    "yyyy": _digits(f"year({DATE})", 4),
    "tt": f"CASE WHEN {HOUR} < 12 THEN 'AM' ELSE 'PM' END",
}
TIMESPAN: Final = {
    **CLOCK,
    **{"h" * width: _digits(HOUR, width) for width in (1, 2)},
    **{"d" * width: _digits(f"abs({{0}}) // {DAY}", width) for width in range(1, 9)},
}


def _parts(name: str, kind: str, forms: dict[str, str]) -> tuple[Function, ...]:
    return tuple(
        function(f"{name} {part}", f"{name}: '{part}'.", sig(f"{kind} -> string", form), kind="choice")
        for part, form in forms.items()
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "format_datetime",
        "A moment in a format.",
        kind="special",
        named="first",
        example='print format_datetime(now(), "yyyy-MM-dd")',
    ),
    function(
        "format_timespan",
        "A span in a format.",
        kind="special",
        named="first",
        example='print format_timespan(90m, "hh:mm")',
    ),
    *_parts("format_datetime", "datetime", DATETIME),
    *_parts("format_timespan", "timespan", TIMESPAN),
)
