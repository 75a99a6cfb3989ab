"""Functions of a row's place among the others: the input must be in order (sort, serialize, range, ...)."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, Signature, function, sig

# {over} is the order of the input rows. A parameter of class `restart` arrives as a number that grows where it is true.
ROWS: Final = "{over} ROWS UNBOUNDED PRECEDING"
PART: Final = "PARTITION BY {1} {over} ROWS UNBOUNDED PRECEDING"


def _window(name: str, doc: str, *signatures: Signature, example: str) -> Function:
    return function(name, doc, *signatures, kind="window", example=f"range x from 1 to 3 step 1 | extend n = {example}")


FUNCTIONS: Final[tuple[Function, ...]] = (
    _window(
        "row_number",
        "The row's number, from 1 or from the argument; it starts again where the second is true.",
        sig("-> long", "(row_number() OVER ({over}))"),
        sig("long -> long", "(row_number() OVER ({over}) - 1 + {0})"),
        sig("long, restart -> long", "(row_number() OVER (PARTITION BY {1} {over}) - 1 + {0})"),
        example="row_number()",
    ),
    _window(
        "prev",
        "The value some rows before, else null or a default.",
        sig("any -> $0", "lag({0}) OVER ({over})", total=False),
        sig("any, long -> $0", "lag({0}, {1}) OVER ({over})", total=False),
        sig("any, long, any! -> common", "lag({0}, {1}, {2}) OVER ({over})", total=False),
        example="prev(x)",
    ),
    _window(
        "next",
        "The value some rows after, else null or a default.",
        sig("any -> $0", "lead({0}) OVER ({over})", total=False),
        sig("any, long -> $0", "lead({0}, {1}) OVER ({over})", total=False),
        sig("any, long, any! -> common", "lead({0}, {1}, {2}) OVER ({over})", total=False),
        example="next(x)",
    ),
    _window(
        "row_cumsum",
        "The sum of the rows so far; it starts again where the second argument is true.",
        sig("int -> int", f"coalesce(sum({{0}}) OVER ({ROWS}), 0)::INTEGER"),
        sig("long -> long", f"coalesce(sum({{0}}) OVER ({ROWS}), 0)::BIGINT"),
        sig("timespan -> timespan", f"coalesce(sum({{0}}) OVER ({ROWS}), 0)::BIGINT"),
        sig("real -> real", f"coalesce(sum({{0}}) OVER ({ROWS}), 0)"),
        sig("int, restart -> int", f"coalesce(sum({{0}}) OVER ({PART}), 0)::INTEGER"),
        sig("long, restart -> long", f"coalesce(sum({{0}}) OVER ({PART}), 0)::BIGINT"),
        sig("timespan, restart -> timespan", f"coalesce(sum({{0}}) OVER ({PART}), 0)::BIGINT"),
        sig("real, restart -> real", f"coalesce(sum({{0}}) OVER ({PART}), 0)"),
        example="row_cumsum(x)",
    ),
    function(
        "row_rank_dense",
        "How often the value has changed so far, from 1; it starts again where the second argument is true.",
        kind="special",
        example="range x from 1 to 3 step 1 | extend n = row_rank_dense(x)",
    ),
    function(
        "row_rank_min",
        "The number of the first row of those with the same value; it starts again where the second argument is true.",
        kind="special",
        example="range x from 1 to 3 step 1 | extend n = row_rank_min(x)",
    ),
    function(
        "$changes",
        "How many values there were so far.",
        sig("bool -> long", f"(sum(CASE WHEN {{0}} THEN 1 ELSE 0 END) OVER ({ROWS}) + 1)::BIGINT"),
        sig(
            "bool, restart -> long",
            f"(sum(CASE WHEN {{0}} THEN 1 ELSE 0 END) OVER ({PART})"
            " - first_value(CASE WHEN {0} THEN 1 ELSE 0 END) OVER (PARTITION BY {1} {over}) + 1)::BIGINT",
        ),
        kind="internal",
    ),
    function(
        "$latest",
        "The number of the latest row where the value changed.",
        sig("bool, long -> long", f"coalesce(max(CASE WHEN {{0}} THEN {{1}} END) OVER ({ROWS}), 1)"),
        sig(
            "bool, long, restart -> long",
            "coalesce(max(CASE WHEN {0} THEN {1} END) OVER (PARTITION BY {2} {over} ROWS UNBOUNDED PRECEDING), 1)",
        ),
        kind="internal",
    ),
    function(
        "$changed",
        "Whether the value differs from that of the row before.",
        sig("any -> bool", "({0} IS DISTINCT FROM lag({0}) OVER ({over}) AND row_number() OVER ({over}) > 1)"),
        kind="internal",
    ),
    function(
        "$shared",
        "The value that all rows of a group have.",
        sig("any -> $0", "first({0})"),
        kind="internal",
    ),
    function(
        "$restart",
        "How often the argument was true so far.",
        sig("bool -> long", f"sum(CASE WHEN {{0}} THEN 1 ELSE 0 END) OVER ({ROWS})"),
        kind="internal",
    ),
)
