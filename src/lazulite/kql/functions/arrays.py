"""Arrays: what SQL cannot say of them, one row at a time in a local stage.

A value of the wrong shape gives null, as in Kusto: the forms raise, and the stage takes that for null.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from lazulite.kql import ticks
from lazulite.kql.functions.json_values import LIMIT, Json, array, bag, identity, is_number, text_of
from lazulite.kql.functions.record import Function, function, local


def _slice(values: Json, start: int, end: int) -> list[Json]:
    found = array(values)
    count = len(found)
    first, last = (at + count if at < 0 else at for at in (start, end))
    return found[max(first, 0) : max(last, -1) + 1]


def _rotated(values: Json, places: int) -> list[Json]:
    found = array(values)
    shift = places % len(found) if found else 0
    return found[shift:] + found[:shift]


def _shifted(values: Json, places: int) -> list[Json]:
    """An array of texts is filled with empty texts, any other with nulls."""
    texts = all(isinstance(value, str) for value in array(values))
    return _shifted_with(values, places, "" if texts else None)


def _shifted_with(values: Json, places: int, fill: Json) -> list[Json]:
    found = array(values)
    count = len(found)
    return [found[at + places] if 0 <= at + places < count else fill for at in range(count)]


def _index_of(values: Json, wanted: Json, start: int = 0, length: int = -1, occurrence: int = 1) -> int:
    found = array(values)
    if length < -1 or occurrence < 0:
        raise ValueError(length, occurrence)
    first = max(start + len(found), 0) if start < 0 else start
    last = len(found) if length < 0 else min(first + length, len(found))
    places = [at for at in range(first, last) if identity(found[at]) == identity(wanted)]
    return places[occurrence - 1] if 0 < occurrence <= len(places) else -1


def _split(values: Json, places: Json) -> list[list[Json]]:
    found = array(values)
    count = len(found)
    cuts = places if isinstance(places, list) else [places]
    if not all(isinstance(cut, int) and not isinstance(cut, bool) for cut in cuts):
        raise TypeError(places)
    bounds = [0, *(max(cut + count, 0) if cut < 0 else cut for cut in cuts), count]
    return [found[one:two] for one, two in pairwise(bounds)]


def _iff(conditions: Json, yes: Json, no: Json) -> list[Json]:
    def pick(values: Json, at: int) -> Json:
        if not isinstance(values, list):
            return values
        return values[at] if at < len(values) else None

    return [
        pick(yes if condition else no, at) if isinstance(condition, bool | int | float) else None
        for at, condition in enumerate(array(conditions))
    ]


def _sum(values: Json) -> float:
    found = array(values)
    if not all(map(is_number, found)):
        raise TypeError(values)
    return float(sum(found))


def _zipped(*arrays: Json) -> list[list[Json]]:
    found = [array(values) for values in arrays]
    longest = max(map(len, found))
    return [[values[at] if at < len(values) else None for values in found] for at in range(longest)]


def _joined(values: Json, delimiter: str) -> str:
    return delimiter.join(text_of(value) for value in array(values))


def _range(start: float, stop: float, step: float = 1) -> list[Json]:
    if not step:
        raise ValueError(step)
    if isinstance(step, int):
        count = max((stop - start) // step + 1, 0)
    else:
        count = int((stop - start) / step + 1e-9) + 1 if (stop - start) / step >= 0 else 0
    return [start + at * step for at in range(int(min(count, LIMIT)))]


def _moments(start: int, stop: int, step: int = ticks.TICKS_PER_HOUR) -> list[Json]:
    return [ticks.format_datetime(tick) for tick in _range(start, stop, step)]


def _spans(start: int, stop: int, step: int = ticks.TICKS_PER_HOUR) -> list[Json]:
    return [ticks.format_timespan(tick) for tick in _range(start, stop, step)]


def _repeated(value: Json, count: int) -> list[Json]:
    """Of a negative count null; of a null value nulls."""
    if count < 0:
        raise ValueError(count)
    return [value] * min(count, LIMIT)


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
        local("dynamic, long, dynamic -> dynamic", _shifted_with),
        example="print array_shift_left(dynamic([1, 2, 3]), 1)",
    ),
    function(
        "array_shift_right",
        "Elements moved to the right, the gap filled.",
        local("dynamic, long -> dynamic", lambda v, n: _shifted(v, -n)),
        local("dynamic, long, dynamic -> dynamic", lambda v, n, fill: _shifted_with(v, -n, fill)),
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
        "range",
        "Values from a first, by a step (1 or an hour unless said), to a last.",
        local("long, long, long? -> dynamic", _range),
        local("real, real, real? -> dynamic", _range),
        local("datetime, datetime, timespan? -> dynamic", _moments),
        local("timespan, timespan, timespan? -> dynamic", _spans),
        example="print range(1, 5, 2)",
    ),
    function(
        "repeat",
        "An array of a value, so many times.",
        local("dynamic, long -> dynamic", _repeated),
        named="name_first",
        example="print repeat(1, 3)",
    ),
    function(
        "strcat_array",
        "The elements as text, with a text between.",
        local("dynamic, text -> string", _joined),
        example='print strcat_array(dynamic([1, "b"]), ";")',
        aliases=("array_strcat",),
    ),
)
__all__ = ["FUNCTIONS", "LIMIT", "array", "bag", "identity", "text_of"]
