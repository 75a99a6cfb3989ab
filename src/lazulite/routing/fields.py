"""Which fields of a record make which columns of a table: flat, or in Azure's exported form.

A flat record names the table's columns. An exported one names some of them in the envelope (`operationName`) and the
rest in `properties`, where a different casing is accepted. Both forms may stand in one body, even in one record; the
first that has a value wins: the column's own name, the envelope's, then `properties`. The mapping is
`data/exported.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from lazulite.catalog import LogTable

TIME = "TimeGenerated"


class _Exported(msgspec.Struct, frozen=True):
    columns: dict[str, str]
    envelope: tuple[str, ...]
    tables: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Sources:
    """Where a column's values stand: `top` in the record itself, `inner` in its `properties`, each in order."""

    top: tuple[str, ...]
    inner: tuple[str, ...]

    def values(self, records: Sequence[Mapping[str, Any]], inner: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The column's value of each record, None where there is none."""
        values: list[Any] = []
        for places, names in ((records, self.top), (inner, self.inner)):
            for name in names:
                values = _filled(values, [place.get(name) for place in places])
        return values


@dataclass(frozen=True)
class Fields:
    """The columns that a set of records gives, in the table's order, and the field names that no column takes."""

    columns: dict[str, Sources]
    ignored: frozenset[str]


@cache
def _exported() -> _Exported:
    text = resources.files("lazulite.routing").joinpath("data", "exported.json").read_bytes()
    return msgspec.json.decode(text, type=_Exported)


@cache
def aliases(table: LogTable) -> dict[str, str]:
    """Envelope field -> column of this table."""
    named = _exported().columns | _exported().tables.get(table.name, {})
    types = dict(table.columns) | {TIME: "datetime"}
    return {field: column for field, column in named.items() if column in types}


def spreads_properties(table: LogTable) -> bool:
    """Whether `properties` holds columns, and is not a column itself."""
    return "properties" not in aliases(table)


def resolve(table: LogTable, top: Iterable[str], inner: Iterable[str]) -> Fields:
    """Match the field names seen in records and in their `properties` with the table's columns."""
    columns = (TIME, *(name for name, _ in table.columns if name != TIME))
    known = frozenset(columns)
    alias = aliases(table)
    folded = {name.lower(): name for name in columns}
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    ignored = set()
    for field in sorted(top):
        column = field if field in known else alias.get(field)
        if column is not None:
            above.setdefault(column, []).insert(0 if field == column else len(above.get(column, ())), field)
        elif field not in _exported().envelope:
            ignored.add(field)
    for field in sorted(inner, key=lambda name: (name not in known, name)):
        column = field if field in known else folded.get(field.lower())
        if column is not None:
            below.setdefault(column, []).append(field)
        else:
            ignored.add(f"properties.{field}")
    found = {name: Sources(tuple(above.get(name, ())), tuple(below.get(name, ()))) for name in columns}
    return Fields({name: at for name, at in found.items() if at.top or at.inner}, frozenset(ignored))


def _filled(values: list[Any], more: list[Any]) -> list[Any]:
    if not values:
        return more
    return [other if value is None else value for value, other in zip(values, more, strict=True)]
