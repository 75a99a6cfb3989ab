"""Functions of what surrounds a call: columns, settings, chance. `binder.surroundings` binds the special ones."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, function, sig

FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "bin_auto",
        "bin_at() with the size and the fixed point that `set query_bin_auto_size` and `query_bin_auto_at` give.",
        kind="special",
        named="first",
        example="set query_bin_auto_size = 5; print bin_auto(7)",
    ),
    function(
        "assert",
        "True; where the condition is not, the query fails with the message.",
        kind="special",
        example='print assert(1 < 2, "never")',
    ),
    function(
        "iscolumnexists",
        "Whether the rows have a column of this name.",
        kind="special",
        example='print a = 1 | project iscolumnexists("a")',
    ),
    function(
        "ingestion_time",
        "When the row was received.",
        kind="special",
        named="alone",
        prefix="$IngestionTime",
        example="print _TimeReceived = now() | project ingestion_time()",
    ),
    function(
        "estimate_data_size",
        "How many bytes the values of columns (or of all: *) take; a dynamic or a decimal is not measured.",
        kind="special",
        example="print a = 1 | project estimate_data_size(a)",
    ),
    function(
        "extract_json",
        "The element at a path of a JSON text, as text or as the type that typeof() names.",
        kind="special",
        aliases=("extractjson",),
        example='print extract_json("$.a[0]", \'{"a": [1]}\', typeof(long))',
    ),
    function(
        "rand",
        "A random number from 0 to 1, or a whole one from 0 to below the argument.",
        sig("-> real", "random()"),
        sig("long -> real", "floor(random() * {0})"),
        named="first",
        example="print rand() < 1",
    ),
    function(
        "new_guid",
        "A random guid.",
        sig("-> guid", "gen_random_uuid()::VARCHAR"),
        example="print isnotnull(new_guid())",
    ),
    function(
        "$assert",
        "Whether the condition holds, or an error.",
        sig("bool, string! -> bool", "CASE WHEN {0} THEN true ELSE error({1}) END", total=False),
        kind="internal",
    ),
    function(
        "$size",
        "Bytes of a value.",
        sig("string -> long", "strlen({0})"),
        sig("int -> long", "4::BIGINT"),
        sig("bool -> long", "1::BIGINT"),
        sig("guid -> long", "16::BIGINT"),
        sig("long -> long", "8::BIGINT"),
        sig("real -> long", "8::BIGINT"),
        sig("datetime -> long", "8::BIGINT"),
        sig("timespan -> long", "8::BIGINT"),
        kind="internal",
    ),
)
