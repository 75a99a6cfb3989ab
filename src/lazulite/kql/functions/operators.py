"""Arithmetic and string operators. Comparison, and, or, in and between are plan nodes of their own."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.decimals import product, quotient
from lazulite.kql.functions.record import Function, function, local, sig

# SQL's remainder has the sign of {0}; the divisor is added by its own sign, since the least number has no abs().
REMAINDER: Final = (
    "CASE WHEN {0} % nullif({1}, 0) >= 0 THEN {0} % {1} "
    "WHEN {1} < 0 THEN {0} % {1} - {1} WHEN {1} > 0 THEN {0} % {1} + {1} END"
)
# Terms are runs of letters and digits (an underscore separates); a needle's own edge counts only where it is a term's.
EDGE: Final = r"'[^\p{{L}}\p{{N}}]'"
STARTS: Final = (
    rf"CASE WHEN regexp_matches({{1}}, '^[\p{{{{L}}}}\p{{{{N}}}}]') THEN '(?:^|' || {EDGE} || ')' ELSE '' END"
)
ENDS: Final = rf"CASE WHEN regexp_matches({{1}}, '[\p{{{{L}}}}\p{{{{N}}}}]$') THEN '(?:' || {EDGE} || '|$)' ELSE '' END"


def _term(before: str, after: str) -> tuple[str, str]:
    """The form that ignores case and the one that does not: a search for the plain text leaves few rows to the pattern.

    A CASE, because both sides of an AND are computed for all rows where it is no filter.
    """
    pattern = " || ".join(part for part in ("'(?s)'", before, "regexp_escape({1})", after) if part)
    exact = f"CASE WHEN contains({{0}}, {{1}}) THEN regexp_matches({{0}}, {pattern}) ELSE false END"
    return exact.replace("{0}", "lower({0})").replace("{1}", "lower({1})"), exact


def _pair(name: str, doc: str, insensitive: str, sensitive: str) -> tuple[Function, ...]:
    """An operator, its _cs form and the negation of both."""
    found = []
    for word, template, note in ((name, insensitive, "ignoring case"), (f"{name}_cs", sensitive, "with case")):
        for negation in ("", "!"):
            form = f"(NOT {template})" if negation else template
            meaning = f"Whether the text does not {doc}" if negation else f"Whether the text does {doc}"
            example = f'print "Alpha beta" {negation}{word} "alpha"'
            found.append(
                function(negation + word, f"{meaning}, {note}.", sig("text, text -> bool", form), example=example)
            )
    return tuple(found)


OPERATORS: Final[tuple[Function, ...]] = (
    function(
        "+",
        "Sum; a moment and a span give a moment.",
        sig("number, number -> widest", "({0} + {1})"),
        sig("datetime, timespan -> datetime", "({0} + {1})"),
        sig("timespan, datetime -> datetime", "({0} + {1})"),
        sig("timespan, timespan -> timespan", "({0} + {1})"),
        example="print 1 + 2",
    ),
    function(
        "-",
        "Difference; of two moments a span.",
        sig("number, number -> widest", "({0} - {1})"),
        sig("datetime, datetime -> timespan", "({0} - {1})"),
        sig("datetime, timespan -> datetime", "({0} - {1})"),
        sig("timespan, timespan -> timespan", "({0} - {1})"),
        example="print 3 - 2",
    ),
    function(
        "*",
        "Product; a span may be scaled.",
        sig("integer, integer -> widest", "({0} * {1})"),
        sig("real, real -> real", "({0} * {1})"),
        local("decimal, decimal -> decimal", product),
        sig("timespan, long -> timespan", "({0} * {1})"),
        sig("long, timespan -> timespan", "({0} * {1})"),
        sig("timespan, real -> timespan", "TRY_CAST(trunc({0} * {1}) AS BIGINT)"),
        sig("real, timespan -> timespan", "TRY_CAST(trunc({0} * {1}) AS BIGINT)"),
        example="print 3 * 2",
    ),
    function(
        "/",
        "Quotient; of two integers an integer, cut towards zero; of two spans a real.",
        sig("integer, integer -> widest", "({0} // nullif({1}, 0))", total=False),
        sig("real, real -> real", "({0} / {1})"),
        local("decimal, decimal -> decimal", quotient),
        sig("timespan, timespan -> real", "({0}::DOUBLE / {1}::DOUBLE)"),
        sig("datetime, timespan -> real", "({0}::DOUBLE / {1}::DOUBLE)"),
        sig("timespan, long -> timespan", "({0} // nullif({1}, 0))", total=False),
        sig("timespan, real -> timespan", "TRY_CAST(trunc({0} / nullif({1}, 0)) AS BIGINT)", total=False),
        null="null for null; an integer by zero is null",
        example="print 7 / 2",
    ),
    function(
        "%",
        "Remainder, never negative.",
        sig("integer, integer -> widest", REMAINDER, total=False),
        sig("real, real -> real", "((({0} % {1}) + abs({1})) % abs({1}))"),
        sig(
            "decimal, decimal -> decimal",
            REMAINDER,
            total=False,
        ),
        sig("datetime, timespan -> timespan", "({0} % nullif({1}, 0))", total=False),
        sig("timespan, timespan -> timespan", REMAINDER, total=False),
        null="null for null; by zero is null",
        example="print -7 % 3",
    ),
    function(
        "negate",
        "Minus.",
        sig("int -> long", "(-{0}::BIGINT)"),
        # Of a constant the engine makes a wider number, where that of a column overflows.
        sig("long -> long", "(-{0})::BIGINT"),
        sig("timespan -> timespan", "(-{0})::BIGINT"),
        sig("number -> $0", "(-{0})"),
        example="print -(1 + 2)",
    ),
    function(
        "=~",
        "Equal, ignoring case.",
        sig("text, text -> bool", "(lower({0}) = lower({1}))"),
        example='print "A" =~ "a"',
    ),
    function(
        "!~",
        "Not equal, ignoring case.",
        sig("text, text -> bool", "(lower({0}) <> lower({1}))"),
        example='print "A" !~ "b"',
    ),
    *_pair("contains", "hold this text", "contains(lower({0}), lower({1}))", "contains({0}, {1})"),
    *_pair("startswith", "start with this text", "starts_with(lower({0}), lower({1}))", "starts_with({0}, {1})"),
    *_pair("endswith", "end with this text", "ends_with(lower({0}), lower({1}))", "ends_with({0}, {1})"),
    *_pair("has", "hold this term", *_term(STARTS, ENDS)),
    *_pair("hasprefix", "hold a term that starts so", *_term(STARTS, "")),
    *_pair("hassuffix", "hold a term that ends so", *_term("", ENDS)),
    function(
        "matches regex",
        "Whether the regular expression (RE2) is found in the text.",
        sig("text, string -> bool", "regexp_matches({0}, {1})"),
        example='print "abc" matches regex "b."',
    ),
)
