"""Arrays and property bags: what SQL cannot say of them, one row at a time in a local stage.

A value of the wrong shape gives null, as in Kusto: the forms raise, and the stage takes that for null.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, Final

from lazulite.kql.functions.record import Function, function, local

Json = Any
LIMIT: Final = 1_048_576


def array(value: Json) -> list[Json]:
    """The value, which must be an array."""
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def bag(value: Json) -> dict[str, Json]:
    """The value, which must be a property bag."""
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def identity(value: Json) -> str:
    """What two equal dynamics share: 1 and 1.0 are equal, true and 1 are not, keys have no order."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return "[" + ",".join(map(identity, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{identity(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(value)


def text_of(value: Json) -> str:
    """A dynamic as tostring() prints it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _slice(values: Json, start: int, end: int) -> list[Json]:
    found = array(values)
    count = len(found)
    first, last = (at + count if at < 0 else at for at in (start, end))
    return found[max(first, 0) : max(last, -1) + 1]


def _rotated(values: Json, places: int) -> list[Json]:
    found = array(values)
    shift = places % len(found) if found else 0
    return found[shift:] + found[:shift]


def _shifted(values: Json, places: int, fill: Json = None) -> list[Json]:
    found = array(values)
    count = len(found)
    return [found[at + places] if 0 <= at + places < count else fill for at in range(count)]


def _index_of(values: Json, wanted: Json, start: int = 0, length: int = -1, occurrence: int = 1) -> int:
    found = array(values)
    first = max(start + len(found), 0) if start < 0 else start
    last = len(found) if length < 0 else min(first + length, len(found))
    places = [at for at in range(first, last) if identity(found[at]) == identity(wanted)]
    return places[occurrence - 1] if 0 < occurrence <= len(places) else -1


def _split(values: Json, places: Json) -> list[list[Json]]:
    found = array(values)
    cuts = places if isinstance(places, list) else [places]
    bounds = [0, *(cut + len(found) if cut < 0 else cut for cut in cuts), len(found)]
    return [found[one:two] for one, two in pairwise(bounds)]


def _iff(conditions: Json, yes: Json, no: Json) -> list[Json]:
    found = array(conditions)

    def pick(values: Json, at: int) -> Json:
        if not isinstance(values, list):
            return values
        return values[at] if at < len(values) else None

    return [None if c is None else pick(yes if c else no, at) for at, c in enumerate(found)]


def _sorted(values: Json, descending: bool, nulls_last: bool = True) -> list[Json]:
    found = array(values)
    nulls = [value for value in found if value is None]
    rest = [value for value in found if value is not None]
    if not all(isinstance(value, str) for value in rest) and not all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in rest
    ):
        raise TypeError("an array of one kind")
    rest.sort(reverse=descending)
    return rest + nulls if nulls_last else nulls + rest


def _zipped(*arrays: Json) -> list[list[Json]]:
    found = [array(values) for values in arrays]
    longest = max(map(len, found))
    return [[values[at] if at < len(values) else None for values in found] for at in range(longest)]


def _distinct(values: list[Json]) -> list[Json]:
    return list({identity(value): value for value in reversed(values)}.values())[::-1]


def _union(*arrays: Json) -> list[Json]:
    return _distinct([value for values in arrays for value in array(values)])


def _intersection(*arrays: Json) -> list[Json]:
    common = set.intersection(*({identity(value) for value in array(values)} for values in arrays))
    return [value for value in _distinct(array(arrays[0])) if identity(value) in common]


def _difference(first: Json, *others: Json) -> list[Json]:
    gone = {identity(value) for values in others for value in array(values)}
    return [value for value in _distinct(array(first)) if identity(value) not in gone]


def _jaccard(one: Json, two: Json) -> float:
    return len(_intersection(one, two)) / len(_union(one, two))


def _has_element(values: Json, wanted: Json) -> bool:
    return identity(wanted) in {identity(value) for value in array(values)}


def _range(start: float, stop: float, step: float = 1) -> list[Json]:
    if not step:
        raise ValueError(step)
    count = min(int((stop - start) / step + 1e-9) + 1, LIMIT) if (stop - start) / step >= 0 else 0
    return [start + at * step for at in range(count)]


def _merged(*bags: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in bags:
        for key, value in (bag(one) if one is not None else {}).items():
            found.setdefault(key, value)
    return found


def _without(value: Json, keys: Json) -> dict[str, Json]:
    if any(str(key).startswith("$") for key in array(keys)):
        raise ValueError(keys)
    return {key: member for key, member in bag(value).items() if key not in keys}


def steps(path: str) -> list[str]:
    """A key, or a path such as $.a.b, as the keys to follow."""
    return path[2:].split(".") if path.startswith("$.") else [path]


def _has_key(value: Json, path: str) -> bool:
    found = bag(value)
    for step in steps(path):
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return True


def _with_key(value: Json, path: str, member: Json) -> dict[str, Json]:
    found = bag(value)
    first, *rest = steps(path)
    inner = found.get(first)
    under = inner if isinstance(inner, dict) else {}
    return {**found, first: _with_key(under, "$." + ".".join(rest), member) if rest else member}


def _bag_of(keys: Json, values: Json) -> dict[str, Json]:
    given = values if isinstance(values, list) else []
    found: dict[str, Json] = {}
    for at, key in enumerate(array(keys)):
        if isinstance(key, str):
            found.setdefault(key, given[at] if at < len(given) else None)
    return found


def _sum(values: Json) -> float:
    found = array(values)
    if not all(isinstance(value, int | float) for value in found):
        raise TypeError(values)
    return float(sum(found))


def _joined(values: Json, delimiter: str) -> str:
    return delimiter.join(text_of(value) for value in array(values))


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "array_slice",
        "Elements from a place to a place, both included.",
        local("dynamic, long, long -> dynamic", _slice),
        example="print array_slice(dynamic([1, 2, 3]), 1, 2)",
    ),
    function(
        "array_rotate_left",
        "Elements moved round to the left.",
        local("dynamic, long -> dynamic", _rotated),
        example="print array_rotate_left(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_rotate_right",
        "Elements moved round to the right.",
        local("dynamic, long -> dynamic", lambda v, n: _rotated(v, -n)),
        example="print array_rotate_right(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_shift_left",
        "Elements moved to the left, the gap filled.",
        local("dynamic, long -> dynamic", _shifted),
        local("dynamic, long, dynamic -> dynamic", _shifted),
        example="print array_shift_left(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_shift_right",
        "Elements moved to the right, the gap filled.",
        local("dynamic, long -> dynamic", lambda v, n: _shifted(v, -n)),
        local("dynamic, long, dynamic -> dynamic", lambda v, n, fill: _shifted(v, -n, fill)),
        example="print array_shift_right(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_index_of",
        "The place of an element, or -1.",
        local("dynamic, dynamic, long?, long?, long? -> long", _index_of),
        example='print array_index_of(dynamic(["a", "b"]), "b")',
    ),
    function(
        "array_split",
        "The array cut at places.",
        local("dynamic, dynamic -> dynamic", _split),
        example="print array_split(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_iff",
        "For each condition an element of the one or of the other array.",
        local("dynamic, dynamic, dynamic -> dynamic", _iff),
        aliases=("array_iif",),
        example='print array_iff(dynamic([true, false]), "a", "b")',
    ),
    function(
        "array_sort_asc",
        "The elements (numbers or texts) in order, nulls last.",
        local("dynamic -> dynamic", lambda v: _sorted(v, False)),
        local("dynamic, bool -> dynamic", lambda v, last: _sorted(v, False, last)),
        example="print array_sort_asc(dynamic([2, 1]))",
    ),
    function(
        "array_sort_desc",
        "The elements (numbers or texts) in falling order, nulls last.",
        local("dynamic -> dynamic", lambda v: _sorted(v, True)),
        local("dynamic, bool -> dynamic", lambda v, last: _sorted(v, True, last)),
        example="print array_sort_desc(dynamic([2, 1]))",
    ),
    function(
        "array_sum",
        "The sum of the elements.",
        local("dynamic -> real", _sum),
        example="print array_sum(dynamic([1, 2]))",
    ),
    function(
        "zip",
        "Arrays of the first elements, the second, and so on.",
        local("dynamic, dynamic+ -> dynamic", _zipped),
        example="print zip(dynamic([1, 2]), dynamic([3, 4]))",
    ),
    function(
        "set_union",
        "Each element that is in any array, once.",
        local("dynamic+ -> dynamic", _union),
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
        "jaccard_index",
        "Shared elements as a part of all.",
        local("dynamic, dynamic -> real", _jaccard),
        example="print jaccard_index(dynamic([1, 2]), dynamic([2]))",
    ),
    function(
        "range",
        "Numbers from a first, by a step, to a last.",
        local("long, long -> dynamic", _range),
        local("long, long, long -> dynamic", _range),
        local("real, real, real -> dynamic", _range),
        example="print range(1, 5, 2)",
    ),
    function(
        "strcat_array",
        "The elements as text, with a text between.",
        local("dynamic, text -> string", _joined),
        example='print strcat_array(dynamic([1, "b"]), ";")',
        aliases=("array_strcat",),
    ),
    function(
        "bag_merge",
        "All members; of equal names the first.",
        local("dynamic, dynamic+ -> dynamic", _merged),
        example='print bag_merge(dynamic({"a": 1}), dynamic({"a": 2, "b": 3}))',
    ),
    function(
        "bag_remove_keys",
        "The bag without some names.",
        local("dynamic, dynamic -> dynamic", _without),
        example='print bag_remove_keys(dynamic({"a": 1, "b": 2}), dynamic(["a"]))',
    ),
    function(
        "bag_has_key",
        "Whether the bag has a name, or a path $.a.b.",
        local("dynamic, string -> bool", _has_key),
        example='print bag_has_key(dynamic({"a": 1}), "a")',
    ),
    function(
        "bag_set_key",
        "The bag with a member set, by a name or a path $.a.b.",
        local("dynamic, string, dynamic -> dynamic", _with_key),
        example='print bag_set_key(dynamic({"a": 1}), "b", 2)',
    ),
    function(
        "bag_zip",
        "A bag of names and values from two arrays.",
        local("dynamic, dynamic -> dynamic", _bag_of),
        example='print bag_zip(dynamic(["a"]), dynamic([1]))',
    ),
)
