"""Functions of a row's place among the others: the input must be in order (sort, serialize, range, ...)."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, function, sig

# {over} is the window: the order of the input rows.
FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "row_number",
        "The row's number, from 1 or from the argument.",
        sig("-> long", "(row_number() OVER ({over}))"),
        sig("long -> long", "(row_number() OVER ({over}) - 1 + {0})"),
        kind="window",
        example="range x from 5 to 7 step 1 | extend n = row_number()",
    ),
    function(
        "prev",
        "The value some rows before, else null or a default.",
        sig("any -> $0", "lag({0}) OVER ({over})", total=False),
        sig("any, long -> $0", "lag({0}, {1}) OVER ({over})", total=False),
        kind="window",
        example="range x from 1 to 3 step 1 | extend p = prev(x)",
    ),
    function(
        "next",
        "The value some rows after, else null.",
        sig("any -> $0", "lead({0}) OVER ({over})", total=False),
        sig("any, long -> $0", "lead({0}, {1}) OVER ({over})", total=False),
        kind="window",
        example="range x from 1 to 3 step 1 | extend n = next(x)",
    ),
    function(
        "row_cumsum",
        "The sum of the rows so far.",
        sig("integer -> long", "coalesce(sum({0}) OVER ({over} ROWS UNBOUNDED PRECEDING), 0)::BIGINT"),
        sig("timespan -> timespan", "coalesce(sum({0}) OVER ({over} ROWS UNBOUNDED PRECEDING), 0)::BIGINT"),
        sig("real -> real", "coalesce(sum({0}) OVER ({over} ROWS UNBOUNDED PRECEDING), 0)"),
        kind="window",
        example="range x from 1 to 3 step 1 | extend s = row_cumsum(x)",
    ),
)
