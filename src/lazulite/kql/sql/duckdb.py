"""DuckDB's dialect table. Seen on DuckDB 2.0.1 unless said otherwise.

A string is VARCHAR without nulls, datetime and timespan BIGINT ticks, decimal DECIMAL(38,17), guid VARCHAR, dynamic
VARIANT. Every literal carries its type: a bare 43 would be an INTEGER, and overflow.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from lazulite.kql import types
from lazulite.kql.functions.record import Signature, Template
from lazulite.kql.literals import Value
from lazulite.kql.sql.dialect import Dialect
from lazulite.kql.sql.duckdb_conversions import CONVERSIONS, DECIMAL_TEXT, decimal_of

TYPES: Final = {
    types.BOOL: "BOOLEAN",
    types.INT: "INTEGER",
    types.LONG: "BIGINT",
    types.REAL: "DOUBLE",
    types.DECIMAL: "DECIMAL(38,17)",
    types.STRING: "VARCHAR",
    types.DATETIME: "BIGINT",
    types.TIMESPAN: "BIGINT",
    types.GUID: "VARCHAR",
    types.DYNAMIC: "VARIANT",
}
LONGS: Final = ("(-9223372036854775807::BIGINT - 1)", "9223372036854775807::BIGINT")
DECIMAL_END: Final = "9" * 21 + "." + "9" * 17
# The least and the greatest value of a type: a null is compared as if it were one of them.
BOUNDS: Final = {
    types.BOOL: ("false", "true"),
    types.INT: ("(-2147483647::INTEGER - 1)", "2147483647::INTEGER"),
    types.LONG: LONGS,
    types.DATETIME: LONGS,
    types.TIMESPAN: LONGS,
    types.REAL: ("'-Infinity'::DOUBLE", "'NaN'::DOUBLE"),
    types.DECIMAL: (f"'-{DECIMAL_END}'::DECIMAL(38,17)", f"'{DECIMAL_END}'::DECIMAL(38,17)"),
    types.STRING: ("''", "''"),
    types.GUID: ("''", "'~'"),
}
PAIR: Final = "json_extract({0}::JSON, '/' || replace(replace(k, '~', '~0'), '/', '~1'))"
JOINS: Final = {
    "inner": "({1}) AS l JOIN ({2}) AS r",
    "innerunique": "({1}) AS l JOIN ({2}) AS r",
    "leftouter": "({1}) AS l LEFT JOIN ({2}) AS r",
    "rightouter": "({1}) AS l RIGHT JOIN ({2}) AS r",
    "fullouter": "({1}) AS l FULL JOIN ({2}) AS r",
    "leftsemi": "({1}) AS l SEMI JOIN ({2}) AS r",
    "leftanti": "({1}) AS l ANTI JOIN ({2}) AS r",
    "rightsemi": "({2}) AS r SEMI JOIN ({1}) AS l",
    "rightanti": "({2}) AS r ANTI JOIN ({1}) AS l",
}
KEYS: Final = "json_keys({0}::JSON)"


def quoted_text(text: str) -> str:
    """A string literal: DuckDB knows no escapes in '...', a quote is doubled."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(kind: str, value: Value) -> str:
    """A constant with its type."""
    if value is None:
        return f"NULL::{TYPES[kind]}"
    if kind == types.DYNAMIC:
        return f"{quoted_text(str(value))}::JSON::VARIANT"
    if kind in (types.STRING, types.GUID):
        return quoted_text(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE" if value - value == 0 else f"'{value}'::DOUBLE"
    if isinstance(value, Decimal):
        return f"{quoted_text(format(value, 'f'))}::DECIMAL(38,17)"
    # -9223372036854775808 is read as minus 9223372036854775808, which no BIGINT holds.
    return (
        f"{value}::{TYPES[kind]}" if not str(value).startswith("-") else f"({quoted_text(str(value))}::{TYPES[kind]})"
    )


def template(signature: Signature) -> Template | None:
    """DuckDB's form of a signature."""
    return signature.duckdb


DUCKDB: Final = Dialect(
    engine="DuckDB",
    template=template,
    name=quoted_name,
    text=quoted_text,
    literal=literal,
    types=TYPES,
    conversions=CONVERSIONS,
    stored={types.DECIMAL: decimal_of("{0}::VARCHAR")},
    edge={types.DYNAMIC: "{0}::JSON::VARCHAR"},
    back={types.DYNAMIC: "TRY_CAST({0} AS JSON)::VARIANT"},
    shown={types.DYNAMIC: "{0}::JSON::VARCHAR", types.DECIMAL: DECIMAL_TEXT},
    same="({0} IS NOT DISTINCT FROM {1})",
    same_text="{0} = {1}",
    joins={kind: f"SELECT {{0}} FROM {sources} ON {{3}}" for kind, sources in JOINS.items()},
    one_row_each="SELECT DISTINCT ON ({0}) * FROM ({1})",
    not_a_number="isnan({0})",
    member="variant_extract({0}, {1})",
    element="variant_extract({0}, {1}::UINTEGER)",
    computed_member="json_extract({0}::JSON, {1})::VARIANT",
    named_member="CASE WHEN variant_type({0}) = 'OBJECT' THEN "
    "json_extract({0}::JSON, '/' || replace(replace({1}, '~', '~0'), '/', '~1'))::VARIANT END",
    unfolded_bag=f"list_transform({KEYS}, lambda k: json_object(k, {PAIR})::VARIANT)",
    unfolded_pair=f"list_transform({KEYS}, lambda k: json_array(k, {PAIR})::VARIANT)",
    # By way of JSON: a cast from VARIANT to VARIANT[] takes twenty times as long, and gives the same.
    unfolded="CASE variant_type({0}) WHEN 'ARRAY' THEN TRY_CAST({0}::JSON AS JSON[])::VARIANT[] "
    "WHEN 'OBJECT' THEN {1} ELSE [{0}] END",
    unfold="unnest({0})",
    places="unnest(range(greatest({*}, 0)))",
    length="coalesce(len({0}), 0)",
    first_of="{0}[1:{1}]",
    headed="list_concat([NULL], {0})",
    first_of_each="SELECT * FROM ({0}) QUALIFY row_number() OVER ({1}) <= {2}",
    sequence={
        "known": "SELECT {0} + n * {2} AS {4} FROM range({3}) AS t(n)",
        "computed": "SELECT {0} + n * {2} AS {4} FROM (SELECT *, unnest(range({3})) AS n FROM ({5}))",
        "count": "CASE WHEN {2} > 0 AND {1} >= {0} OR {2} < 0 AND {1} <= {0} THEN ({1} - {0}) // {2} + 1 ELSE 0 END",
        "real": "CASE WHEN {2} > 0 AND {1} >= {0} OR {2} < 0 AND {1} <= {0} "
        "THEN floor(({1} - {0}) / {2})::BIGINT + 1 ELSE 0 END",
    },
    bounds=BOUNDS,
    row="struct_pack({*})",
    picks={
        "max": "arg_max({0}, coalesce({1}, {2}))",
        "min": "arg_min({0}, coalesce({1}, {3}))",
        "any": "first({0})",
    },
)
