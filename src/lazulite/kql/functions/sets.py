"""Arrays taken as sets: what SQL cannot say of them, one row at a time in a local stage."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.json_values import Json, array, distinct, identity
from lazulite.kql.functions.record import Function, function, local


def _identities(values: Json) -> set[str]:
    return {identity(value) for value in array(values)}


def _union(*arrays: Json) -> list[Json]:
    return distinct([value for values in arrays for value in array(values)])


def _intersection(*arrays: Json) -> list[Json]:
    common = set.intersection(*map(_identities, arrays))
    return [value for value in distinct(array(arrays[0])) if identity(value) in common]


def _difference(first: Json, *others: Json) -> list[Json]:
    gone = set[str]().union(*map(_identities, others))
    return [value for value in distinct(array(first)) if identity(value) not in gone]


def _jaccard(one: Json, two: Json) -> float:
    return len(_intersection(one, two)) / len(_union(one, two))


def _has_element(values: Json, wanted: Json) -> bool:
    return identity(wanted) in _identities(values)


def _in_array(wanted: Json, values: Json) -> bool:
    """A value that is no array is compared itself; null is in nothing."""
    return wanted is not None and identity(wanted) in _identities(values if isinstance(values, list) else [values])


def _equals(one: Json, two: Json) -> bool:
    return _identities(one) == _identities(two)


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "set_union",
        "Each element that is in any array, once.",
        local("dynamic, dynamic+ -> dynamic", _union),
        example="print set_union(dynamic([1, 2]), dynamic([2, 3]))",
    ),
    function(
        "set_intersect",
        "Each element that is in all arrays, once.",
        local("dynamic, dynamic+ -> dynamic", _intersection),
        example="print set_intersect(dynamic([1, 2]), dynamic([2]))",
    ),
    function(
        "set_difference",
        "Each element of the first array that is in no other, once.",
        local("dynamic, dynamic+ -> dynamic", _difference),
        example="print set_difference(dynamic([1, 2]), dynamic([2]))",
    ),
    function(
        "set_has_element",
        "Whether the array has the element.",
        local("dynamic, dynamic -> bool", _has_element),
        example="print set_has_element(dynamic([1, 2]), 2)",
    ),
    function(
        "set_equals",
        "Whether two arrays have the same elements, whatever their order and however often.",
        local("dynamic, dynamic -> bool", _equals),
        example="print set_equals(dynamic([1, 2]), dynamic([2, 1, 1]))",
    ),
    function(
        "jaccard_index",
        "Shared elements as a part of all.",
        local("dynamic, dynamic -> real", _jaccard),
        example="print jaccard_index(dynamic([1, 2]), dynamic([2]))",
    ),
    function(
        "$in_array",
        "Whether a value is among the elements of an array.",
        *(local(f"{kind}, dynamic -> bool", _in_array) for kind in ("bool", "int", "long", "string")),
        kind="internal",
    ),
)
