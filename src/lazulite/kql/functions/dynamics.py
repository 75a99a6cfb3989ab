"""Values of type dynamic: VARIANT inside a query, JSON text at its edges."""

from __future__ import annotations

from typing import Final

from lazulite.kql.errors import ARGUMENT_COUNT, semantic
from lazulite.kql.functions.record import Function, function, sig


def _bag(arguments: list[str]) -> str:
    if len(arguments) % 2:
        raise semantic("bag_pack() takes names and values in turn: the last name has no value", code=ARGUMENT_COUNT)
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    members = ", ".join(f"{key}, ({value})::JSON" for key, value in pairs)
    return f"json_object({members})::VARIANT"


def elements(value: str) -> str:
    """SQL: an array's elements as a list; null for anything else."""
    return f"CASE WHEN variant_type({value}) = 'ARRAY' THEN TRY_CAST({value}::JSON AS JSON[])::VARIANT[] END"


# A text that is not JSON is itself, as a string; an empty one is null. The engine parses nested brackets by recursion
# without a limit and would end the process: so many of them are refused, nested or not.
BRACKETS: Final = 5000
DEEP: Final = (
    f"strlen({{0}}) > {BRACKETS} AND "
    f"2 * length({{0}}) - length(replace({{0}}, '[', '')) - length(replace({{0}}, '{{{{', '')) > {BRACKETS} "
    f"THEN error('JSON text with more than {BRACKETS} brackets is not parsed')"
)
PARSED: Final = (
    f"CASE WHEN {DEEP} "
    "WHEN {0} = '' THEN NULL WHEN json_valid({0}) THEN TRY_CAST({0} AS JSON)::VARIANT ELSE {0}::VARIANT END"
)


# A decimal holds neither very large reals nor very small ones.
ORDINAL: Final = (
    "CASE WHEN variant_type({0}) IN ('ARRAY', 'OBJECT') THEN NULL "
    "WHEN variant_type({0}) <> 'DOUBLE' THEN TRY_CAST(TRY_CAST({0} AS VARCHAR) AS DECIMAL(38,17)) "
    "ELSE list_transform([TRY_CAST({0} AS DOUBLE)], lambda v: CASE WHEN abs(v) >= 1e20 THEN sign(v) * 1e20 "
    "WHEN v <> 0 AND abs(v) < 1e-17 THEN sign(v) * 1e-17 ELSE v END::DECIMAL(38,17))[1] END"
)


def _of_text(text: str) -> str:
    return PARSED.replace("{0}", text)


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "parse_json",
        "Text as JSON; what is no JSON stays text. A dynamic that holds text is parsed likewise.",
        sig("string -> dynamic", PARSED),
        sig(
            "dynamic -> dynamic",
            f"CASE WHEN variant_type({{0}}) = 'VARCHAR' THEN {_of_text('TRY_CAST({0} AS VARCHAR)')} ELSE {{0}} END",
        ),
        sig("any -> dynamic", "({0})::VARIANT"),
        named="first",
        null="null for null and for an empty text",
        example="print parse_json('{\"a\": 1}').a",
        aliases=("todynamic", "parsejson", "toobject"),
    ),
    function(
        "split",
        "The parts of a text between delimiters; one of them, alone, with an index.",
        sig("text, string -> dynamic", "string_split({0}, {1})::VARIANT"),
        sig("text, string, long -> dynamic", "list_slice(string_split({0}, {1}), {2} + 1, {2} + 1)::VARIANT"),
        named="first",
        example='print split("a/b", "/")',
    ),
    *(
        function(name, doc, kind="special", example=f"print a = 1, b = 2 | project {name}({given})")
        for name, doc, given in (
            ("pack_all", "All columns, as a property bag; with true those that are neither null nor empty.", ""),
            ("bag_pack_columns", "Some columns, as a property bag.", "a, b"),
        )
    ),
    function(
        "array_length",
        "How many elements; null for what is no array.",
        sig("dynamic -> long", "CASE WHEN variant_type({0}) = 'ARRAY' THEN variant_array_length({0})::BIGINT END"),
        example="print array_length(dynamic([1, 2]))",
    ),
    function(
        "bag_keys",
        "The names in a property bag; null for anything else.",
        sig("dynamic -> dynamic", "CASE WHEN variant_type({0}) = 'OBJECT' THEN json_keys({0}::JSON)::VARIANT END"),
        example='print bag_keys(dynamic({"a": 1}))',
    ),
    function(
        "pack_array",
        "The arguments, or with * all columns, as an array.",
        sig("dynamic* -> dynamic", "[{*}]::VARIANT[]::VARIANT"),
        null="null stays as an element",
        example="print pack_array(1, 2)",
    ),
    function(
        "bag_pack",
        "A property bag of names and values in turn.",
        sig("text+, dynamic+ -> dynamic", _bag),
        null="null stays as a value",
        example='print bag_pack("a", 1)',
        aliases=("pack", "pack_dictionary"),
    ),
    function(
        "array_concat",
        "The elements of all arrays, in order.",
        sig("dynamic+ -> dynamic", lambda a: "list_concat(" + ", ".join(elements(x) for x in a) + ")::VARIANT"),
        example="print array_concat(dynamic([1]), dynamic([2]))",
    ),
    function(
        "array_reverse",
        "The elements backwards; null for what is no array.",
        sig("dynamic -> dynamic", f"list_reverse({elements('{0}')})::VARIANT"),
        example="print array_reverse(dynamic([1, 2]))",
    ),
    function(
        "dynamic_to_json",
        "The dynamic as JSON text, keys in order and without spaces.",
        sig(
            "dynamic -> string",
            "CASE variant_type({0}) WHEN 'VARCHAR' THEN TRY_CAST({0} AS VARCHAR) ELSE {0}::JSON::VARCHAR END",
            total=False,
        ),
        null="an empty text for null",
        example='print dynamic_to_json(dynamic({"b": 1, "a": 2}))',
    ),
    function(
        "gettype",
        "The type by name; of a dynamic that of its value.",
        sig("bool -> string", "'bool'"),
        sig("int -> string", "'int'"),
        sig("long -> string", "'long'"),
        sig("real -> string", "'real'"),
        sig("decimal -> string", "'decimal'"),
        sig("string -> string", "'string'"),
        sig("datetime -> string", "'datetime'"),
        sig("timespan -> string", "'timespan'"),
        sig("guid -> string", "'guid'"),
        sig(
            "dynamic -> string",
            "CASE variant_type({0}) WHEN 'ARRAY' THEN 'array' WHEN 'OBJECT' THEN 'dictionary' "
            "WHEN 'VARCHAR' THEN 'string' WHEN 'BOOL_TRUE' THEN 'bool' WHEN 'BOOL_FALSE' THEN 'bool' "
            "WHEN 'DOUBLE' THEN 'double' "
            "WHEN 'UINT64' THEN 'long' WHEN 'INT64' THEN 'long' WHEN 'INT32' THEN 'int' ELSE 'null' END",
        ),
        null="'null' for a null dynamic",
        named="prefix",
        prefix="type",
        example="print gettype(1)",
    ),
    function(
        "$ordinal",
        "A dynamic number as a decimal that lies as it does among whole numbers.",
        sig("dynamic -> decimal", ORDINAL),
        kind="internal",
    ),
    function(
        "$no_text",
        "A dynamic that is no text; of a text null.",
        sig("dynamic -> dynamic", "CASE WHEN variant_type({0}) <> 'VARCHAR' THEN {0} END"),
        kind="internal",
    ),
    function(
        "$scalar_text",
        "The text of a dynamic that is neither array nor object; of those, something that starts as they do.",
        sig("dynamic -> string", "TRY_CAST({0} AS VARCHAR)", total=False),
        kind="internal",
    ),
)
