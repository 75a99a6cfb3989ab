"""Aggregates that collect: lists, sets, bags, and the schema of many dynamics.

SQL collects; what it cannot say of the collection, a function of the row makes in a local stage (`finish`).
"""

from __future__ import annotations

import re
from typing import Final

from lazulite.kql.errors import runtime
from lazulite.kql.functions.aggregates import aggregate
from lazulite.kql.functions.json_values import LIMIT, Json, distinct
from lazulite.kql.functions.record import Function, function, local, sig

# What the deprecated names keep where no size is given.
OLD_LIMIT: Final = 128
EMPTY: Final = "[]::VARIANT[]"
LIST: Final = "list({0}{order}) FILTER (WHERE {0} IS NOT NULL{f})"
# In order, so that a limit cuts the same values every time.
SET: Final = "list(DISTINCT {0} ORDER BY {0}) FILTER (WHERE {0} IS NOT NULL{f})"
# The elements of arrays are members of the set, not the arrays.
FLAT_SET: Final = (
    "list_sort(list_distinct(flatten(list(CASE variant_type({0}) WHEN 'ARRAY' "
    "THEN TRY_CAST({0}::JSON AS JSON[])::VARIANT[] ELSE [{0}] END) FILTER (WHERE {0} IS NOT NULL{f}))))"
)
BAG: Final = (
    "map_entries(list_reduce(list(TRY_CAST({0}::JSON AS MAP(VARCHAR, JSON)){order}) "
    "FILTER (WHERE variant_type({0}) = 'OBJECT'{f}), lambda a, b: map_concat(a, b)))"
)


def _array(found: str, size: str) -> str:
    return f"list_slice(coalesce({found}, {EMPTY}), 1, least({size}, {LIMIT}))::VARIANT"


def _bag(found: str, size: str) -> str:
    """Of no bag at all an empty array, as the list and set of nothing."""
    kept = f"list_slice({found}, 1, least({size}, {LIMIT}))"
    return f"coalesce(to_json(map_from_entries({kept}))::VARIANT, {EMPTY}::VARIANT)"


_MAKERS: Final = {LIST: _array, SET: _array, FLAT_SET: _array, BAG: _bag}


def _collection(
    name: str, prefix: str, doc: str, *forms: tuple[str, str], size: int = LIMIT, condition: bool = True
) -> tuple[Function, ...]:
    """The aggregate, and its form with a predicate; both with a size, maybe."""

    def form(text: str, where: str, most: str) -> str:
        return _MAKERS[text](text.replace("{f}", where), most)

    plain = [
        one
        for kind, text in forms
        for one in (
            sig(f"{kind} -> dynamic", form(text, "", str(size)), total=False),
            sig(f"{kind}, long! -> dynamic", form(text, "", "{1}"), total=False),
        )
    ]
    where = [
        one
        for kind, text in forms
        for one in (
            sig(f"{kind}, bool -> dynamic", form(text, " AND {1}", str(size)), total=False),
            sig(f"{kind}, bool, long! -> dynamic", form(text, " AND {1}", "{2}"), total=False),
        )
    ]
    column = "x" if forms[0][0] != "dynamic" or text_of_list(forms) else "bag_pack(Key, x)"
    found = aggregate(name, doc, *plain, prefix=prefix, example=f"T | summarize {name}({column})")
    if not condition:
        return (found,)
    filtered = f"{doc} Of rows for which the second argument is true."
    example = f"T | summarize {name}_if({column}, x > 1)"
    return found, aggregate(f"{name}_if", filtered, *where, prefix=prefix, example=example)


def text_of_list(forms: tuple[tuple[str, str], ...]) -> bool:
    """Whether the forms take values of any type."""
    return forms[0][1] is not BAG


# ---- buildschema

INDEXER: Final = "`indexer`"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_UNKNOWN: Final = "buildschema() of empty arrays alone is not supported: the type of their elements is not known"
_TYPES: Final = {bool: "bool", int: "long", float: "double", str: "string"}


def _schema(values: Json) -> Json:
    """The least type that admits all values: a name, a bag of members, or an array of several of these."""
    given = [value for value in values or [] if value is not None]
    found: list[Json] = distinct([_name(value) for value in given if not isinstance(value, dict | list)])
    containers = [value for value in given if isinstance(value, dict | list)]
    if containers:
        found.append(_container(containers))
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def _name(value: Json) -> str:
    if isinstance(value, str) and _MOMENT.match(value):
        raise runtime("buildschema() of texts that may be moments is not supported: Kusto may read them as datetime")
    return _TYPES[type(value)]


def _container(values: list[Json]) -> dict[str, Json]:
    bags = [value for value in values if isinstance(value, dict)]
    arrays = [value for value in values if isinstance(value, list)]
    found: dict[str, Json] = {}
    for key in dict.fromkeys(key for one in bags for key in one):
        inner = _schema([one[key] for one in bags if key in one])
        if inner is not None:
            found[key] = inner
    if arrays:
        elements = _schema([element for one in arrays for element in one])
        if elements is None:
            raise runtime(_UNKNOWN)
        found[INDEXER] = elements
    return found


SCHEMA: Final[tuple[Function, ...]] = (
    aggregate(
        "buildschema",
        "The least schema that admits all values.",
        sig("dynamic -> dynamic", f"({LIST.replace('{f}', '')})::VARIANT", total=False),
        prefix="schema",
        finish="$schema",
        example="T | summarize buildschema(bag_pack(Key, x))",
    ),
    function("$schema", "The schema of an array's elements.", local("dynamic -> dynamic", _schema), kind="internal"),
)
_BAGS: Final = "All members of all bags; of equal names the last."
FUNCTIONS: Final[tuple[Function, ...]] = (
    *_collection("make_list", "list", "All values, as an array.", ("dynamic", LIST)),
    *_collection(
        "makelist", "list", "make_list under an older name.", ("dynamic", LIST), size=OLD_LIMIT, condition=False
    ),
    aggregate(
        "make_list_with_nulls",
        "All values, as an array, nulls among them.",
        sig("dynamic -> dynamic", _array("list({0}{order})", str(LIMIT)), total=False),
        prefix="list",
    ),
    *_collection("make_set", "set", "All different values, as an array.", ("boxed", SET), ("dynamic", FLAT_SET)),
    *_collection(
        "makeset",
        "set",
        "make_set under an older name.",
        ("boxed", SET),
        ("dynamic", FLAT_SET),
        size=OLD_LIMIT,
        condition=False,
    ),
    *_collection("make_bag", "bag", _BAGS, ("dynamic", BAG)),
    *_collection("make_dictionary", "dictionary", _BAGS, ("dynamic", BAG), size=OLD_LIMIT, condition=False),
    *SCHEMA,
)
