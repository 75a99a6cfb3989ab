"""Conversions: `to...()` functions, and tests for null and emptiness."""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.functions.record import Function, function, sig


def _to(target: str, *aliases: str, example: str) -> Function:
    """The printer knows how to convert each type to each: {0} arrives converted."""
    return function(
        f"to{target}",
        f"The value as {target}.",
        sig(f"any -> {target}", "{0}"),
        named="first",
        null="null (or an empty string) where it cannot be",
        aliases=aliases,
        example=example,
    )


TO: Final = (
    _to(types.STRING, example="print tostring(12)"),
    _to(types.LONG, example='print tolong("12")'),
    _to(types.INT, example='print toint("12")'),
    _to(types.REAL, "todouble", example='print toreal("1.5")'),
    _to(types.DECIMAL, example='print todecimal("1.5")'),
    _to(types.BOOL, "toboolean", example='print tobool("true")'),
    _to(types.DATETIME, example='print todatetime("2024-02-29")'),
    _to(types.TIMESPAN, "totime", example='print totimespan("01:00:00")'),
    _to(types.GUID, example='print toguid("74be27de-1e4e-49d9-b579-fe0b331d3642")'),
)
NULLS: Final[tuple[Function, ...]] = (
    function(
        "isnull",
        "Whether the value is null; a string never is.",
        sig("string -> bool", "false"),
        sig("any -> bool", "({0} IS NULL)"),
        null="true for null",
        example="print isnull(long(null))",
    ),
    function(
        "isnotnull",
        "Whether the value is not null; a string never is.",
        sig("string -> bool", "true"),
        sig("any -> bool", "({0} IS NOT NULL)"),
        null="false for null",
        example="print isnotnull(1)",
        aliases=("notnull",),
    ),
    function(
        "isempty",
        "Whether the value, as text, is empty.",
        sig("text -> bool", "({0} = '')"),
        null="true for null",
        example='print isempty("")',
    ),
    function(
        "isnotempty",
        "Whether the value, as text, is not empty.",
        sig("text -> bool", "({0} <> '')"),
        null="false for null",
        example='print isnotempty("a")',
        aliases=("notempty",),
    ),
)
FUNCTIONS: Final[tuple[Function, ...]] = (*TO, *NULLS)
