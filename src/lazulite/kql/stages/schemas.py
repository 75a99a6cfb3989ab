"""schema_merge: several schemas, as getschema gives them one after another, as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from lazulite.kql.errors import runtime
from lazulite.kql.sql import Stage
from lazulite.kql.stages.record import Check, checked
from lazulite.kql.values import arrow_array, python_values

# Of all schemas together.
MOST_ROWS: Final = 100_000
DISORDER: Final = "ERROR(columns are out of order)"
UNKNOWN: Final = f"ERROR(unknown CSL type:{DISORDER})"


@dataclass
class _Column:
    """A column with the places that the schemas give it."""

    kinds: tuple[str, str]
    places: set[int] = field(default_factory=set)


def merged(stage: Stage, rows: Any, check: Check) -> Any:
    """A row for each column, as getschema gives it; -1 for one whose place differs, where the order is to be kept."""
    if rows.num_rows > MOST_ROWS:
        raise runtime(f"schema_merge takes at most {MOST_ROWS:,} rows of getschema")
    names, places, kinds, types = (python_values(ref.type, rows.column(at)) for at, ref in enumerate(stage.inputs))
    columns: dict[str, _Column] = {}
    for name, place, *kind in checked(zip(names, places, kinds, types, strict=True), check):
        column = columns.setdefault(name, _Column((kind[0], kind[1])))
        if column.kinds != (kind[0], kind[1]):
            raise runtime(f"The column '{name}' is of type {column.kinds[1]} and {kind[1]}: they do not merge")
        column.places.add(place)
    found = _kept(columns) if stage.arguments[0] else _laid_out(columns)
    values = [list(column) for column in zip(*found, strict=True)] or [[], [], [], []]
    arrays = [arrow_array(ref.type, one) for ref, one in zip(stage.columns, values, strict=True)]
    return pa.table(arrays, names=[f"c{ref.id}" for ref in stage.columns])


def _kept(columns: dict[str, _Column]) -> list[tuple[str, int, str, str]]:
    """Columns at their places; those that have several are in error."""
    found = []
    for name, column in _ordered(columns):
        one = len(column.places) == 1
        kinds = column.kinds if one else (UNKNOWN, DISORDER)
        found.append((name, max(column.places) if one else -1, *kinds))
    return found


def _laid_out(columns: dict[str, _Column]) -> list[tuple[str, int, str, str]]:
    ordered = _ordered(columns)
    ends = [max(column.places) for _, column in ordered]
    if len(set(ends)) < len(ends):
        raise runtime("The schemas put two columns at one place: schema_merge cannot say which of them comes first")
    return [(name, at, *column.kinds) for at, (name, column) in enumerate(ordered)]


def _ordered(columns: dict[str, _Column]) -> list[tuple[str, _Column]]:
    return sorted(columns.items(), key=lambda item: max(item[1].places))
