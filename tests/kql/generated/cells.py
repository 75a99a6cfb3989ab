"""Values and tables: small numbers that meet each other, the ends of every type, odd names, odd texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.kql.reference import relations as r
from tests.kql.reference import values as v

# Names that differ in case alone, that hold spaces and quotes, that are words of KQL and of SQL.
BASE = {
    "id": "long",
    "a": "long",
    "A": "long",
    "i": "int",
    "x": "real",
    "q": "real",
    "s": "string",
    "select": "string",
    "where": "bool",
    "the time": "datetime",
    'u"1': "datetime",
    "p": "timespan",
    "d": "dynamic",
}
KINDS = ("bool", "long", "real", "string", "datetime", "timespan")
LETTERS = "aAbBZ09 _-.%'\"\\\n\té☃"
EXTREMES = {
    "long": [-(1 << 63), -(1 << 63) + 1, (1 << 63) - 1, 1 << 53, -(1 << 53) - 1],
    "real": [math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324, 1e15, 0.1],
    "datetime": [0, v.LAST, v.DAY * 365, 621_355_968_000_000_000 - 1, 621_355_968_000_000_001],
    "timespan": [-(1 << 63) + 1, (1 << 63) - 1, 1, -1, v.DAY - 1],
}
JSON_LEAVES = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from(["", "a", "é"]))
VALUES: dict[str, Any] = {
    "bool": st.booleans(),
    "int": st.one_of(st.integers(-3, 3), st.sampled_from([-(1 << 31), (1 << 31) - 1])),
    "long": st.one_of(st.integers(-3, 3), st.integers(-1000, 1000), st.sampled_from(EXTREMES["long"])),
    "real": st.one_of(st.integers(-12, 12).map(lambda n: n / 4), st.sampled_from(EXTREMES["real"])),
    "string": st.one_of(st.sampled_from(["", "a", "A", "a b", "Ab é"]), st.text(LETTERS, max_size=6)),
    "datetime": st.one_of(
        st.integers(0, 20).map(lambda n: 638_000_000_000_000_000 + n * 12_345_678_901),
        st.sampled_from(EXTREMES["datetime"]),
    ),
    "timespan": st.one_of(st.integers(-8, 8).map(lambda n: n * 12_345_678_901), st.sampled_from(EXTREMES["timespan"])),
    "dynamic": st.one_of(
        JSON_LEAVES,
        st.lists(JSON_LEAVES, max_size=3),
        st.dictionaries(st.sampled_from(["k", "m"]), JSON_LEAVES, max_size=2),
    ),
}
QUARTERS = st.one_of(st.none(), st.integers(-40, 40).map(lambda n: n / 4))
Draw = Callable[[Any], Any]


def value_of(kind: str) -> Any:
    """A value of a type, sometimes null."""
    return VALUES[kind] if kind == "string" else st.one_of(VALUES[kind], VALUES[kind], VALUES[kind], st.none())


@st.composite
def table(draw: Draw, name: str = "T", most: int = 7) -> r.Rel:
    """A small table of all types; `id` counts its rows."""
    count = draw(st.integers(0, most))
    rows = [
        (at, *(draw(QUARTERS if column == "q" else value_of(kind)) for column, kind in list(BASE.items())[1:]))
        for at in range(count)
    ]
    return r.Rel(name, dict(BASE), rows)
