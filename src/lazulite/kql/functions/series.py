"""Series: what make-series is made of."""

from __future__ import annotations

from typing import Any, Final

from lazulite.kql import ticks
from lazulite.kql.functions.record import Function, function, local, sig

MAX_STEPS: Final = 1_048_576


def _steps(low: int, step: int, count: int) -> list[int]:
    return [low + at * step for at in range(min(count, MAX_STEPS))]


def _moments(*axis: int) -> list[Any]:
    return [ticks.format_datetime(tick) for tick in _steps(*axis)]


def _spans(*axis: int) -> list[Any]:
    return [ticks.format_timespan(tick) for tick in _steps(*axis)]


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "$steps",
        "How many steps lie from a low (with it) to a high (without it).",
        *(
            sig(
                f"{kind}, {kind}, {step} -> long",
                f"least(greatest(({{1}} - {{0}} + {{2}} - 1) // {{2}}, 0), {MAX_STEPS})",
            )
            for kind, step in (("datetime", "timespan"), ("timespan", "timespan"), ("long", "long"))
        ),
        kind="internal",
    ),
    function(
        "$steps_of",
        "From step to value.",
        sig("long, any -> map", "map_from_entries(list(struct_pack(k := {0}, v := {1})))"),
        kind="internal",
    ),
    function(
        "$filled",
        "An array of so many values, a default where a step has none.",
        sig("map, long, any -> dynamic", "list_transform(range({1}), lambda i: coalesce({0}[i], {2}))::VARIANT"),
        kind="internal",
    ),
    function(
        "$axis",
        "The steps as an array.",
        local("datetime, timespan, long -> dynamic", _moments),
        local("timespan, timespan, long -> dynamic", _spans),
        local("long, long, long -> dynamic", _steps),
        local("int, long, long -> dynamic", _steps),
        kind="internal",
    ),
)
