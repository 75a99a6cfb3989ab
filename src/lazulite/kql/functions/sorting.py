"""array_sort_asc and array_sort_desc: one array in order, others in the order that it takes."""

from __future__ import annotations

import re
from typing import Final

from lazulite.kql import ticks
from lazulite.kql.errors import runtime
from lazulite.kql.functions.json_values import Json, array, is_number
from lazulite.kql.functions.record import Function, function, local

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SPAN: Final = re.compile(r"-?(\d+\.)?\d\d:\d\d:\d\d(\.\d{7})?")


def _places(values: list[Json], descending: bool, nulls_last: bool) -> list[int]:
    """The places of the values in their order: numbers, then texts, then the rest; each kind by itself."""
    nulls = [at for at, value in enumerate(values) if value is None]
    numbers = [at for at, value in enumerate(values) if is_number(value)]
    texts = [at for at, value in enumerate(values) if isinstance(value, str)]
    rest = [at for at in range(len(values)) if at not in {*nulls, *numbers, *texts}]
    kinds = [kind for kind in (numbers, texts, rest) if kind]
    if (len(kinds) > 1 and descending) or len(rest) > 1:
        raise runtime("The order of an array's elements is only known for numbers and texts")
    _check_texts([values[at] for at in texts], bool(numbers))
    for kind in (numbers, texts):
        kind.sort(key=lambda at: values[at], reverse=descending)
    found = [*numbers, *texts, *rest]
    return found + nulls if nulls_last else nulls + found


def _check_texts(texts: list[str], numbers: bool) -> None:
    """Kusto may hold a text as a guid or a timespan, which have another order than their texts."""
    guids = sum(bool(_GUID.fullmatch(text)) for text in texts)
    spans = [ticks.parse_timespan(text) or 0 for text in texts if _SPAN.fullmatch(text)]
    plain = len(texts) - len(spans)
    by_text = [ticks.parse_timespan(text) or 0 for text in sorted(texts) if _SPAN.fullmatch(text)]
    if (guids and guids < len(texts)) or (spans and (plain or numbers or by_text != sorted(spans))):
        raise runtime("The order of guids and timespans inside an array is not known; sort rows by them instead")


def _ordered(descending: bool, nulls_last: bool, which: int, *arrays: Json) -> list[Json]:
    """The array at a place, in the order of the first."""
    first, chosen = array(arrays[0]), array(arrays[which])
    if len(chosen) != len(first):
        raise ValueError("arrays of one length")
    return [chosen[at] for at in _places(first, descending, nulls_last)]


def _sort(name: str, word: str, descending: bool) -> Function:
    return function(
        name,
        f"The elements {word}: numbers, texts, others; nulls last unless said. More arrays follow the first.",
        local("dynamic -> dynamic", lambda values: _ordered(descending, True, 0, values)),
        local("dynamic, bool -> dynamic", lambda values, last: _ordered(descending, last, 0, values)),
        named="sorted",
        example=f"print {name}(dynamic([2, 1]))",
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    _sort("array_sort_asc", "in order", descending=False),
    _sort("array_sort_desc", "in falling order", descending=True),
    function(
        "$sorted",
        "One of several arrays, in the order of the first: falling or not, nulls last or not, which.",
        local("bool, bool, long, dynamic, dynamic* -> dynamic", _ordered),
        kind="internal",
    ),
)
