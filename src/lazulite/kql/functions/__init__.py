"""The function table: every function, operator and aggregate that a query can name, as records.

Adding one is adding a record to one of the tables below; the binder, the printer, the documentation and the
completion list all read it from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lazulite.kql.functions import (
    aggregates,
    arrays,
    bags,
    calendar,
    collecting,
    conversions,
    distinct_counts,
    dynamics,
    encodings,
    formats,
    hashing,
    key_values,
    lookups,
    mathematics,
    network,
    operators,
    parsing,
    percentiles,
    series,
    series_arithmetic,
    series_decomposing,
    series_filling,
    series_filters,
    series_fitting,
    series_outliers,
    sessions,
    sets,
    sorting,
    statistics,
    strings,
    surroundings,
    texts,
    units,
    windows,
    zones,
)
from lazulite.kql.functions.record import Function, Parameter, Signature

TABLES: Final = (
    conversions.FUNCTIONS,
    mathematics.FUNCTIONS,
    strings.FUNCTIONS,
    calendar.FUNCTIONS,
    dynamics.FUNCTIONS,
    arrays.FUNCTIONS,
    sorting.FUNCTIONS,
    sets.FUNCTIONS,
    bags.FUNCTIONS,
    texts.FUNCTIONS,
    encodings.FUNCTIONS,
    network.FUNCTIONS,
    lookups.FUNCTIONS,
    key_values.FUNCTIONS,
    formats.FUNCTIONS,
    series.FUNCTIONS,
    series_arithmetic.FUNCTIONS,
    series_filling.FUNCTIONS,
    series_fitting.FUNCTIONS,
    series_filters.FUNCTIONS,
    series_outliers.FUNCTIONS,
    series_decomposing.FUNCTIONS,
    aggregates.FUNCTIONS,
    percentiles.FUNCTIONS,
    distinct_counts.FUNCTIONS,
    collecting.FUNCTIONS,
    windows.FUNCTIONS,
    hashing.FUNCTIONS,
    parsing.FUNCTIONS,
    statistics.FUNCTIONS,
    surroundings.FUNCTIONS,
    units.FUNCTIONS,
    zones.FUNCTIONS,
    sessions.FUNCTIONS,
)


def _index(tables: Iterable[Iterable[Function]]) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for record in (record for table in tables for record in table):
        for name in (record.name, *record.aliases):
            if name in found:
                raise ValueError(f"two records are called {name}")
            found[name] = record
    return found


FUNCTIONS: Final = _index(TABLES)
OPERATORS: Final = _index((operators.OPERATORS,))


def record_of(name: str) -> Function:
    """The record of an operator or a function that a plan names."""
    return OPERATORS.get(name) or FUNCTIONS[name]


__all__ = ["FUNCTIONS", "OPERATORS", "Function", "Parameter", "Signature", "record_of"]
