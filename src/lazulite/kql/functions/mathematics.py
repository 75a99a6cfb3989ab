"""Numbers, branches and comparisons of several values."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, function, local, sig


def _real(name: str, doc: str, template: str, example: str = "1", named: str = "first") -> Function:
    return function(name, doc, sig("real -> real", template), example=f"print {name}({example})", named=named)


def _case(arguments: list[str]) -> str:
    pairs = zip(arguments[:-1:2], arguments[1::2], strict=True)
    branches = " ".join(f"WHEN {condition} THEN {value}" for condition, value in pairs)
    return f"CASE {branches} ELSE {arguments[-1]} END"


def _floor_to(value: str, step: str) -> str:
    """The greatest multiple of a positive step not above the value: `//` cuts towards zero, so the rest is mended."""
    return f"({value} - (({value} % {step}) + {step}) % {step})"


def _shifted_left(value: int, places: int) -> int | None:
    found = (value << (places % 64)) & ((1 << 64) - 1)
    return None if places < 0 else found - (1 << 64) if found >> 63 else found


BRANCHES: Final[tuple[Function, ...]] = (
    function(
        "iff",
        "The second argument where the first is true, else (null counts as false) the third.",
        sig("bool, any, any -> common", "CASE WHEN {0} THEN {1} ELSE {2} END"),
        null="null condition is false",
        example='print iff(1 < 2, "yes", "no")',
        aliases=("iif",),
    ),
    function(
        "case",
        "The value after the first true condition, else the last argument.",
        sig("bool, any, any+ -> case", _case),
        null="null condition is false",
        example='print case(1 > 2, "a", 2 > 1, "b", "c")',
    ),
    function(
        "coalesce",
        "The first argument that is not null (for strings: not empty).",
        sig("string, string+ -> string", lambda a: "coalesce(" + ", ".join(f"nullif({x}, '')" for x in a) + ", '')"),
        sig("any, any+ -> common", "coalesce({*})"),
        null="the first that is not",
        example="print coalesce(long(null), 2)",
    ),
    function(
        "max_of",
        "The greatest argument.",
        sig("ordinal, ordinal+ -> common", "greatest({*})"),
        sig("string, string+ -> string", "greatest({*})"),
        null="nulls are passed over",
        example="print max_of(1, 3, 2)",
    ),
    function(
        "min_of",
        "The least argument.",
        sig("ordinal, ordinal+ -> common", "least({*})"),
        sig("string, string+ -> string", "least({*})"),
        null="nulls are passed over",
        example="print min_of(3, 1, 2)",
    ),
    function("not", "The opposite.", sig("bool -> bool", "(NOT {0})"), example="print not(1 > 2)"),
)
ROUNDING: Final[tuple[Function, ...]] = (
    function(
        "abs",
        "The distance from zero.",
        sig("int -> long", "abs({0}::BIGINT)"),
        sig("number -> $0", "abs({0})"),
        sig("timespan -> timespan", "abs({0})"),
        named="first",
        example="print abs(-5)",
    ),
    function(
        "round",
        "Rounded to that many digits, halves away from zero.",
        sig("integer, integer? -> $0", "{0}"),
        sig("real -> real", "round({0})"),
        sig("real, long -> real", "round({0}, {1}::INTEGER)"),
        named="first",
        example="print round(2.567, 2)",
    ),
    function(
        "ceiling",
        "The least whole number not below.",
        sig("integer -> $0", "{0}"),
        sig("real -> real", "ceil({0})"),
        named="first",
        example="print ceiling(-1.1)",
    ),
    function(
        "bin",
        "Rounded down to a multiple of the second argument; moments count from 0001-01-01, a Monday.",
        sig("datetime, timespan -> datetime", "({0} - {0} % nullif({1}, 0))", total=False),
        sig("timespan, timespan -> timespan", _floor_to("{0}", "nullif({1}, 0)"), total=False),
        sig("integer, integer -> widest", _floor_to("{0}", "nullif({1}, 0)"), total=False),
        sig("real, real -> real", "(floor({0} / {1}) * {1})"),
        sig("decimal, decimal -> decimal", _floor_to("{0}", "nullif({1}, 0)"), total=False),
        named="first",
        null="null for null; by zero is null",
        example="print bin(datetime(2023-05-17 13:47), 1h)",
        aliases=("floor",),
    ),
    function(
        "bin_at",
        "Rounded down to a multiple of the second argument counted from the third.",
        sig(
            "datetime, timespan, datetime -> datetime",
            f"({_floor_to('({0} - {2})', 'nullif({1}, 0)')} + {{2}})",
            total=False,
        ),
        sig(
            "timespan, timespan, timespan -> timespan",
            f"({_floor_to('({0} - {2})', 'nullif({1}, 0)')} + {{2}})",
            total=False,
        ),
        sig(
            "integer, integer, integer -> widest",
            f"({_floor_to('({0} - {2})', 'nullif({1}, 0)')} + {{2}})",
            total=False,
        ),
        sig("real, real, real -> real", "(floor(({0} - {2}) / {1}) * {1} + {2})"),
        named="first",
        example="print bin_at(6.5, 2.5, 7)",
    ),
    function("sign", "-1, 0 or 1.", sig("real -> real", "sign({0})::DOUBLE"), example="print sign(-3)"),
)
REALS: Final[tuple[Function, ...]] = (
    _real(
        "sqrt", "Square root; of a negative number NaN.", "CASE WHEN {0} < 0 THEN 'NaN'::DOUBLE ELSE sqrt({0}) END", "9"
    ),
    _real("exp", "e to that power.", "exp({0})"),
    _real("exp2", "2 to that power.", "pow(2.0::DOUBLE, {0})"),
    _real("exp10", "10 to that power.", "pow(10.0::DOUBLE, {0})"),
    _real("log", "Natural logarithm.", "ln({0})"),
    _real("log2", "Logarithm to base 2.", "log2({0})"),
    _real("log10", "Logarithm to base 10.", "log10({0})"),
    _real("sin", "Sine.", "sin({0})"),
    _real("cos", "Cosine.", "cos({0})"),
    _real("tan", "Tangent.", "tan({0})"),
    _real("cot", "Cotangent.", "cot({0})", named=""),
    _real("asin", "Arc sine.", "CASE WHEN abs({0}) > 1 THEN 'NaN'::DOUBLE ELSE asin({0}) END"),
    _real("acos", "Arc cosine.", "CASE WHEN abs({0}) > 1 THEN 'NaN'::DOUBLE ELSE acos({0}) END"),
    _real("atan", "Arc tangent.", "atan({0})"),
    _real("radians", "Degrees as radians.", "radians({0})", named=""),
    _real("degrees", "Radians as degrees.", "degrees({0})", named=""),
    _real("gamma", "The gamma function.", "gamma({0})", "5"),
    _real("loggamma", "The logarithm of the gamma function.", "lgamma({0})", "5"),
    function("pow", "A power.", sig("real, real -> real", "pow({0}, {1})"), named="first", example="print pow(2, 3)"),
    function(
        "atan2",
        "The angle of a point.",
        sig("real, real -> real", "atan2({0}, {1})"),
        named="first",
        example="print atan2(1, 1)",
    ),
    function("pi", "The ratio of circumference to diameter.", sig("-> real", "pi()"), example="print pi()"),
)
TESTS: Final[tuple[Function, ...]] = (
    function(
        "isnan", "Whether it is not a number.", sig("real -> bool", "isnan({0})"), example="print isnan(0.0 / 0.0)"
    ),
    function("isinf", "Whether it is infinite.", sig("real -> bool", "isinf({0})"), example="print isinf(1.0 / 0.0)"),
    function("isfinite", "Whether it is finite.", sig("real -> bool", "isfinite({0})"), example="print isfinite(1.0)"),
)
BITS: Final[tuple[Function, ...]] = (
    function(
        "binary_and",
        "Bits set in both.",
        sig("long, long -> long", "({0} & {1})"),
        named="first",
        example="print binary_and(6, 3)",
    ),
    function(
        "binary_or",
        "Bits set in either.",
        sig("long, long -> long", "({0} | {1})"),
        named="first",
        example="print binary_or(5, 3)",
    ),
    function(
        "binary_xor",
        "Bits set in one.",
        sig("long, long -> long", "xor({0}, {1})"),
        named="first",
        example="print binary_xor(5, 3)",
    ),
    function(
        "binary_not", "Bits turned over.", sig("long -> long", "(~{0})"), named="first", example="print binary_not(5)"
    ),
    function(
        "binary_shift_left",
        "Bits moved up, by that number modulo 64; what leaves 64 bits is lost.",
        local("long, long -> long", _shifted_left),
        null="null for null and for a negative shift",
        named="first",
        example="print binary_shift_left(1, 2)",
    ),
    function(
        "binary_shift_right",
        "Bits moved down, by that number modulo 64; the sign stays.",
        sig("long, long -> long", "CASE WHEN {1} >= 0 THEN {0} >> ({1} % 64) END", total=False),
        null="null for null and for a negative shift",
        named="first",
        example="print binary_shift_right(4, 2)",
    ),
    function(
        "bitset_count_ones",
        "How many bits are set.",
        sig("long -> long", "bit_count({0})::BIGINT"),
        named="first",
        example="print bitset_count_ones(42)",
    ),
)
FUNCTIONS: Final[tuple[Function, ...]] = (
    *BRANCHES,
    *ROUNDING,
    *REALS,
    *TESTS,
    *BITS,
)
