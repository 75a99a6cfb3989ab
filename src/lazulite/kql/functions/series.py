"""Series: what make-series is made of. A place is a step's number, counted from where the axis starts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from lazulite.kql import ticks, types
from lazulite.kql.errors import runtime
from lazulite.kql.functions.json_values import LIMIT
from lazulite.kql.functions.record import Function, Signature, function, local, sig

MAX_STEPS: Final = LIMIT
TOO_MANY: Final = f"a series of make-series has more than {MAX_STEPS} values"
# An axis is of one of these types, its step of the other.
AXES: Final = {
    types.DATETIME: types.TIMESPAN,
    types.TIMESPAN: types.TIMESPAN,
    types.LONG: types.LONG,
    types.REAL: types.REAL,
}
POSITIVE: Final = "CASE WHEN {0} > 0 THEN {0} ELSE error('the step of make-series is not greater than zero') END"


def _places(low: int, step: int, count: int) -> Any:
    if count > MAX_STEPS:
        raise runtime(TOO_MANY)
    return low + step * np.arange(count, dtype=np.int64)


def _moments(low: int, step: int, count: int) -> list[Any]:
    return list(ticks.format_datetime_column(pa.array(_places(low, step, count))).to_pylist())


def _spans(low: int, step: int, count: int) -> list[Any]:
    return list(ticks.format_timespan_column(pa.array(_places(low, step, count))).to_pylist())


def _numbers(low: Any, step: Any, count: int) -> list[Any]:
    if count > MAX_STEPS:
        raise runtime(TOO_MANY)
    return [low + at * step for at in range(count)]


def _form(whole: str, real: str, parameters: str, returns: str = "long") -> tuple[Signature, ...]:
    """A signature for each type of axis: whole numbers (ticks too) are exact, reals are what they are."""
    return tuple(
        sig(f"{parameters.replace('axis', axis).replace('step', step)} -> {returns.replace('axis', axis)}", form)
        for axis, step in AXES.items()
        for form in [real if axis == types.REAL else whole]
    )


def _counted(text: str) -> str:
    return f"CASE WHEN {text} > {MAX_STEPS} THEN error('{TOO_MANY}') ELSE greatest({text}, 0) END"


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "$place",
        "The number of the step that a value falls in, counted from a start that is not after it.",
        *_form("({0} - {1}) // {2}", "floor(({0} - {1}) / {2})::BIGINT", "axis, axis, step"),
        kind="internal",
    ),
    function(
        "$signed_place",
        "The same counted from zero, where values may lie below.",
        *_form("({0} - (({0} % {1}) + {1}) % {1}) // {1}", "floor({0} / {1})::BIGINT", "axis, step"),
        kind="internal",
    ),
    function(
        "$steps",
        "How many steps start from a low (with it) to a high (without it).",
        *_form(
            _counted("({1} - {0} + {2} - 1) // {2}"), _counted("ceil(({1} - {0}) / {2})::BIGINT"), "axis, axis, step"
        ),
        kind="internal",
    ),
    function(
        "$steps_through",
        "How many steps start from a low to a high, both with it.",
        *_form(
            _counted("({1} - {0} + {2}) // {2}"), _counted("floor(({1} - {0}) / {2} + 1)::BIGINT"), "axis, axis, step"
        ),
        kind="internal",
    ),
    function(
        "$places",
        "How many places there are from a first to a last.",
        sig("long, long -> long", _counted("{1} - {0} + 1")),
        kind="internal",
    ),
    function(
        "$start",
        "Where the step of a place starts.",
        *_form("({0} + {1} * {2})", "({0} + {1} * {2})", "axis, step, long", "axis"),
        kind="internal",
    ),
    function(
        "$positive",
        "A step, which must be greater than zero.",
        *(
            sig(f"{step} -> {step}", POSITIVE.replace("{s}", "{0}"))
            for step in (types.TIMESPAN, types.LONG, types.REAL)
        ),
        kind="internal",
    ),
    function(
        "$aligned",
        "A start, which must be a multiple of the step.",
        *_form(
            "CASE WHEN {0} % {1} = 0 THEN {0} ELSE error('make-series in range() starts between two steps') END",
            "{0}",
            "axis, step",
            "axis",
        ),
        kind="internal",
    ),
    function(
        "$steps_of",
        "From place to value.",
        sig("long, any -> map", "map_from_entries(list(struct_pack(k := {0}, v := {1})))"),
        kind="internal",
    ),
    function(
        "$filled",
        "The values of so many places from a first, a default where a place has none.",
        sig(
            "map, long, long, any -> dynamic",
            "list_transform(range({1}, {1} + {2}), "
            "lambda i: CASE WHEN map_contains({0}, i) THEN {0}[i] ELSE {3} END)::VARIANT",
        ),
        kind="internal",
    ),
    function(
        "$axis",
        "The starts of the steps as an array.",
        local("datetime, timespan, long -> dynamic", _moments),
        local("timespan, timespan, long -> dynamic", _spans),
        local("long, long, long -> dynamic", _numbers),
        local("real, real, long -> dynamic", _numbers),
        kind="internal",
    ),
)
