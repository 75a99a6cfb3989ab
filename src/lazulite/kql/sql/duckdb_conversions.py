"""DuckDB's conversions between Kusto's types. Seen on DuckDB 2.0.1 unless said otherwise."""

from __future__ import annotations

from typing import Final

from lazulite.kql import ticks, types
from lazulite.kql.functions.record import REFUSAL

DAY: Final = f"{ticks.TICKS_PER_DAY}::BIGINT"
SECOND: Final = f"{ticks.TICKS_PER_SECOND}::BIGINT"
EPOCH: Final = f"{ticks.UNIX_EPOCH_TICKS}::BIGINT"

DATETIME_TEXT: Final = (
    f"coalesce(format('{{{{}}}}T{{{{:02d}}}}:{{{{:02d}}}}:{{{{:02d}}}}.{{{{:07d}}}}Z', "
    f"(DATE '0001-01-01' + ({{0}} // {DAY})::INTEGER)::VARCHAR, "
    f"({{0}} // {ticks.TICKS_PER_HOUR}::BIGINT) % 24, ({{0}} // {ticks.TICKS_PER_MINUTE}::BIGINT) % 60, "
    f"({{0}} // {SECOND}) % 60, {{0}} % {SECOND}), '')"
)
TIMESPAN_TEXT: Final = (
    "coalesce(CASE WHEN {0} < 0 THEN '-' ELSE '' END || "
    f"CASE WHEN abs({{0}}) >= {DAY} THEN (abs({{0}}) // {DAY})::VARCHAR || '.' ELSE '' END || "
    f"format('{{{{:02d}}}}:{{{{:02d}}}}:{{{{:02d}}}}', (abs({{0}}) // {ticks.TICKS_PER_HOUR}::BIGINT) % 24, "
    f"(abs({{0}}) // {ticks.TICKS_PER_MINUTE}::BIGINT) % 60, (abs({{0}}) // {SECOND}) % 60) || "
    f"CASE WHEN {{0}} % {SECOND} <> 0 THEN format('.{{{{:07d}}}}', abs({{0}}) % {SECOND}) ELSE '' END, '')"
)
# TIMESTAMP keeps microseconds, ignores an offset and refuses a T without seconds: so the seventh digit and the offset
# are read apart, and the clock is completed. Dates of mails (Sat, 8 Nov 14; 08-Nov-14) and 11/8/2014 become 2014-11-8.
MAIL: Final = r"'^\s*(?:[A-Za-z]{{3,9}},\s*)?(\d{{1,2}})[ -]([A-Za-z]{{3}})[ -](\d{{4}}|\d{{2}})(\s.*)?$'"
NAMED_MONTHS: Final = "['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']"
MAIL_DATE: Final = (
    f"list_transform([regexp_extract({{0}}, {MAIL}, ['d', 'm', 'y', 'r'])], lambda q: "
    "CASE WHEN length(q.y) = 4 THEN '' WHEN q.y < '50' THEN '20' ELSE '19' END || q.y || '-' || "
    f"coalesce(list_position({NAMED_MONTHS}, lower(q.m)), 0)::VARCHAR || '-' || q.d || q.r)[1]"
)
SLASHED_DATE: Final = r"regexp_replace({0}, '^\s*(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}})', '\3-\1-\2')"
NORMAL_DATE: Final = f"CASE WHEN regexp_matches({{0}}, {MAIL}) THEN {MAIL_DATE} ELSE {SLASHED_DATE} END"
DATETIME_PARTS: Final = (
    rf"regexp_extract({NORMAL_DATE}, '^\s*(\d{{{{4}}}})(-\d{{{{1,2}}}})?(-\d{{{{1,2}}}})?"
    r"(?:[T ]\s*((?:[01]?\d|2[0-3]):[0-5]\d)(:[0-5]\d)?(?:[.,](\d+))?)?"
    r"\s*(?:Z|z|UTC|GMT|([+-])(\d{{2}}):?(\d{{2}}))?\s*$', ['y', 'o', 'd', 'c', 's', 'f', 'g', 'h', 'm'])"
)
DATETIME_PARSED: Final = (
    f"list_transform(list_transform([{DATETIME_PARTS}], lambda p: "
    "epoch_us(TRY_CAST(p.y || coalesce(nullif(p.o, ''), '-01') || coalesce(nullif(p.d, ''), '-01') || ' ' || "
    "CASE WHEN p.c = '' THEN '00:00' ELSE p.c END || "
    "CASE WHEN p.s = '' THEN ':00' ELSE p.s END AS TIMESTAMP)) * 10 "
    f"+ {EPOCH} + rpad(p.f, 7, '0')[1:7]::BIGINT "
    f"- CASE p.g WHEN '+' THEN 1 WHEN '-' THEN -1 ELSE 0 END * "
    f"(coalesce(TRY_CAST(p.h AS BIGINT), 0) * 60 + coalesce(TRY_CAST(p.m AS BIGINT), 0)) "
    f"* {ticks.TICKS_PER_MINUTE}::BIGINT"
    f"), lambda t: CASE WHEN t BETWEEN 0 AND {ticks.MAX_TICKS} THEN t END)[1]"
)
# [-][d.]hh:mm[:ss[.f]], a number of days, or a number with a unit. Sums are HUGEINT: too long a span becomes null.
HOURS: Final = r"([01]?\d|2[0-3])"
SIXTY: Final = r"([0-5]?\d)"
TIMESPAN_PARTS: Final = (
    rf"regexp_extract({{0}}, '^\s*([+-])?(?:(?:(\d{{{{1,8}}}})[.:])?{HOURS}:{SIXTY}:{SIXTY}(?:\.(\d+))?"
    rf"|(?:(\d{{{{1,8}}}})\.)?{HOURS}:{SIXTY}|(\d{{{{1,8}}}}))\s*$', "
    "['g', 'd', 'h', 'm', 's', 'f', 'e', 'i', 'n', 't'])"
)
UNIT_PARTS: Final = r"'^\s*([+-])?(\d{{1,15}})(?:\.(\d{{1,15}}))?\s*([a-zA-Z]{{1,12}})\s*$'"
UNIT_TICKS: Final = (
    "CASE lower(q.u) " + " ".join(f"WHEN '{u}' THEN {t}::HUGEINT" for u, t in ticks.UNITS.items()) + " END"
)


def _whole(*names: str) -> str:
    """The sum of digits that may be absent: of alternatives one matched."""
    return "(" + " + ".join(f"coalesce(TRY_CAST({name} AS HUGEINT), 0)" for name in names) + ")"


TIMESPAN_OF_CLOCK: Final = (
    f"list_transform([{TIMESPAN_PARTS}], lambda p: CASE WHEN p.h || p.i || p.t <> '' THEN "
    f"TRY_CAST(CASE p.g WHEN '-' THEN -1 ELSE 1 END * ({_whole('p.d', 'p.e', 'p.t')} * {DAY} + "
    f"(({_whole('p.h', 'p.i')} * 60 + {_whole('p.m', 'p.n')}) * 60 + {_whole('p.s')}) * {SECOND} + "
    "rpad(p.f, 7, '0')[1:7]::BIGINT) AS BIGINT) END)[1]"
)
TIMESPAN_OF_UNIT: Final = (
    f"list_transform([regexp_extract({{0}}, {UNIT_PARTS}, ['g', 'w', 'f', 'u'])], lambda q: "
    f"TRY_CAST(CASE q.g WHEN '-' THEN -1 ELSE 1 END * ({_whole('q.w')} * {UNIT_TICKS} + "
    f"rpad(q.f, 15, '0')::HUGEINT * {UNIT_TICKS} // {10**15}::HUGEINT) AS BIGINT))[1]"
)
TIMESPAN_PARSED: Final = (
    f"CASE WHEN regexp_matches({{0}}, {UNIT_PARTS}) THEN {TIMESPAN_OF_UNIT} ELSE {TIMESPAN_OF_CLOCK} END"
)
REAL_WRITTEN: Final = (
    r"regexp_full_match(lower(trim({0})), '[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)')"
)
# The shortest text that is read as the same number, with an exponent as .NET writes it: 1E+15, 1E-05.
LONG_REAL: Final = "rtrim(replace(abs({0})::VARCHAR, '.', ''), '0')"
REAL_TEXT: Final = (
    "CASE WHEN {0} IS NULL THEN '' WHEN isnan({0}) THEN 'NaN' WHEN isinf({0}) THEN "
    "CASE WHEN {0} > 0 THEN 'Infinity' ELSE '-Infinity' END WHEN abs({0}) >= 1e15 AND abs({0}) < 1e16 THEN "
    f"CASE WHEN {{0}} < 0 THEN '-' ELSE '' END || left({LONG_REAL}, 1) || "
    f"CASE WHEN length({LONG_REAL}) > 1 THEN '.' || substring({LONG_REAL}, 2) ELSE '' END || 'E+15' "
    "ELSE upper({0}::VARCHAR) END"
)
# Zeros after the point say nothing; zeros before it do.
DECIMAL_TEXT: Final = (
    "CASE WHEN contains({0}::VARCHAR, '.') THEN rtrim(rtrim({0}::VARCHAR, '0'), '.') ELSE {0}::VARCHAR END"
)
# What is no number is null; a number that DECIMAL(38,17) would round or cannot hold is an error.
DECIMAL_PARTS: Final = (
    r"regexp_extract({0}, '^\s*[+-]?(\d*)(?:\.(\d*?)0*)?(?:[eE]([+-]?\d{{1,4}}))?\s*$', ['w', 'f', 'e'])"
)
DECIMAL_PARSED: Final = (
    r"CASE WHEN regexp_full_match({0}, '\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{{1,4}})?\s*') THEN "
    f"list_transform([{DECIMAL_PARTS}], lambda p: CASE "
    "WHEN length(p.f) - coalesce(TRY_CAST(p.e AS BIGINT), 0) <= 17 "
    "AND length(ltrim(p.w, '0')) + coalesce(TRY_CAST(p.e AS BIGINT), 0) <= 21 "
    "THEN CAST(trim({0}) AS DECIMAL(38,17)) "
    f"ELSE error('{REFUSAL}A decimal has at most 21 digits before the point and 17 after it') END)[1] END"
)


def decimal_of(text: str) -> str:
    """The template for a text that is an expression of {0}."""
    return DECIMAL_PARSED.replace("{0}", text)


DYNAMIC_TEXT: Final = (
    "CASE WHEN TRY_CAST({0} AS VARCHAR) IS NULL THEN '' WHEN left(TRY_CAST({0} AS VARCHAR), 1) IN ('{{', '[') THEN "
    "CASE WHEN variant_type({0}) IN ('ARRAY', 'OBJECT') THEN {0}::JSON::VARCHAR ELSE TRY_CAST({0} AS VARCHAR) END "
    "ELSE TRY_CAST({0} AS VARCHAR) END"
)
WHOLE: Final = r"regexp_full_match(trim({0}), '[+-]?\d+|0[xX][0-9a-fA-F]+')"
SCALAR_NUMBER: Final = "variant_type({0}) NOT IN ('ARRAY', 'OBJECT')"
GUID: Final = "[0-9a-fA-F]{{8}}-?[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{4}}-?[0-9a-fA-F]{{12}}"


TO_STRING: Final = {
    types.BOOL: "CASE WHEN {0} THEN 'True' WHEN NOT {0} THEN 'False' ELSE '' END",
    types.INT: "coalesce({0}::VARCHAR, '')",
    types.LONG: "coalesce({0}::VARCHAR, '')",
    types.REAL: REAL_TEXT,
    types.DECIMAL: f"coalesce({DECIMAL_TEXT}, '')",
    types.DATETIME: DATETIME_TEXT,
    types.TIMESPAN: TIMESPAN_TEXT,
    types.GUID: "coalesce({0}, '')",
    types.DYNAMIC: DYNAMIC_TEXT,
}
FROM_STRING: Final = {
    types.BOOL: "CASE WHEN lower(trim({0})) IN ('true', '1') THEN true "
    "WHEN lower(trim({0})) IN ('false', '0') THEN false END",
    types.INT: f"CASE WHEN {WHOLE} THEN TRY_CAST({{0}} AS INTEGER) END",
    types.LONG: f"CASE WHEN {WHOLE} THEN TRY_CAST({{0}} AS BIGINT) END",
    types.REAL: f"CASE WHEN {REAL_WRITTEN} THEN TRY_CAST({{0}} AS DOUBLE) END",
    types.DECIMAL: DECIMAL_PARSED,
    types.DATETIME: DATETIME_PARSED,
    types.TIMESPAN: TIMESPAN_PARSED,
    types.GUID: f"CASE WHEN regexp_full_match({{0}}, '{GUID}') THEN lower(TRY_CAST({{0}} AS UUID)::VARCHAR) END",
    types.DYNAMIC: "{0}::VARIANT",
}
NUMBERS: Final = {
    (types.INT, types.LONG): "{0}::BIGINT",
    (types.INT, types.REAL): "{0}::DOUBLE",
    (types.LONG, types.REAL): "{0}::DOUBLE",
    (types.DECIMAL, types.REAL): "{0}::DOUBLE",
    (types.INT, types.DECIMAL): "{0}::DECIMAL(38,17)",
    (types.LONG, types.DECIMAL): "{0}::DECIMAL(38,17)",
    (types.REAL, types.DECIMAL): f"CASE WHEN isfinite({{0}}) THEN {decimal_of('{0}::VARCHAR')} END",
    (types.LONG, types.INT): "TRY_CAST({0} AS INTEGER)",
    (types.REAL, types.INT): "TRY_CAST(trunc({0}) AS INTEGER)",
    (types.REAL, types.LONG): "TRY_CAST(trunc({0}) AS BIGINT)",
    (types.DECIMAL, types.INT): "TRY_CAST(trunc({0}) AS INTEGER)",
    (types.DECIMAL, types.LONG): "TRY_CAST(trunc({0}) AS BIGINT)",
    (types.BOOL, types.INT): "{0}::INTEGER",
    (types.BOOL, types.LONG): "{0}::BIGINT",
    (types.BOOL, types.REAL): "{0}::INTEGER::DOUBLE",
    (types.INT, types.BOOL): "({0} <> 0)",
    (types.LONG, types.BOOL): "({0} <> 0)",
    (types.REAL, types.BOOL): "({0} <> 0)",
    (types.DATETIME, types.LONG): "{0}",
    (types.TIMESPAN, types.LONG): "{0}",
    (types.LONG, types.DATETIME): "{0}",
    (types.LONG, types.TIMESPAN): "{0}",
}
DYNAMICS: Final = {
    (types.BOOL, types.DYNAMIC): "{0}::VARIANT",
    (types.INT, types.DYNAMIC): "{0}::BIGINT::VARIANT",
    (types.LONG, types.DYNAMIC): "{0}::VARIANT",
    (types.REAL, types.DYNAMIC): "CASE WHEN isfinite({0}) THEN {0}::VARIANT WHEN isnan({0}) THEN 'NaN'::VARIANT "
    "WHEN {0} > 0 THEN 'Infinity'::VARIANT WHEN {0} < 0 THEN '-Infinity'::VARIANT END",
    (types.DECIMAL, types.DYNAMIC): f"({DECIMAL_TEXT})::VARIANT",
    (types.DATETIME, types.DYNAMIC): f"nullif({DATETIME_TEXT}, '')::VARIANT",
    (types.TIMESPAN, types.DYNAMIC): f"nullif({TIMESPAN_TEXT}, '')::VARIANT",
    (types.GUID, types.DYNAMIC): "{0}::VARIANT",
    (types.DYNAMIC, types.BOOL): f"CASE WHEN {SCALAR_NUMBER} THEN TRY_CAST({{0}} AS BOOLEAN) END",
    (
        types.DYNAMIC,
        types.LONG,
    ): f"CASE WHEN variant_type({{0}}) = 'DOUBLE' THEN TRY_CAST(trunc(TRY_CAST({{0}} AS DOUBLE)) AS BIGINT) "
    f"WHEN {SCALAR_NUMBER} THEN TRY_CAST({{0}} AS BIGINT) END",
    (
        types.DYNAMIC,
        types.INT,
    ): f"CASE WHEN variant_type({{0}}) = 'DOUBLE' THEN TRY_CAST(trunc(TRY_CAST({{0}} AS DOUBLE)) AS INTEGER) "
    f"WHEN {SCALAR_NUMBER} THEN TRY_CAST({{0}} AS INTEGER) END",
    (types.DYNAMIC, types.REAL): f"CASE WHEN {SCALAR_NUMBER} THEN TRY_CAST({{0}} AS DOUBLE) END",
    (
        types.DYNAMIC,
        types.DECIMAL,
    ): f"CASE WHEN {SCALAR_NUMBER} THEN {decimal_of('TRY_CAST({0} AS VARCHAR)')} END",
}
CONVERSIONS: Final = {
    **{(kind, types.STRING): form for kind, form in TO_STRING.items()},
    **{(types.STRING, kind): form for kind, form in FROM_STRING.items()},
    **NUMBERS,
    **DYNAMICS,
}
