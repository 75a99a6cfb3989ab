"""Log Analytics tables: Azure's 27 and lazulite's own, with columns and Kusto types.

Names are compared with case, as KQL does. Every table has the standard columns besides its own.
"""

from __future__ import annotations

from functools import cache, cached_property

import msgspec

from lazulite.catalog.packaged import read

ColumnType = tuple[str, str]


class LogTable(msgspec.Struct, frozen=True, dict=True):
    """One table: `columns` are its own (name, Kusto type) pairs, `all_columns` add the standard ones behind them."""

    name: str
    description: str
    resource_types: tuple[str, ...]
    columns: tuple[ColumnType, ...]

    @cached_property
    def all_columns(self) -> tuple[ColumnType, ...]:
        return self.columns + STANDARD_COLUMNS

    @cached_property
    def types(self) -> dict[str, str]:
        """Kusto type by column name."""
        return dict(self.all_columns)


class _OwnColumn(msgspec.Struct, frozen=True, array_like=True):
    table: str
    name: str
    type: str


class _Column(msgspec.Struct, frozen=True, array_like=True):
    name: str
    type: str


STANDARD_COLUMNS: tuple[ColumnType, ...] = tuple(
    (column.name, column.type) for column in read("standard_columns.json", _Column)
)


@cache
def _by_name() -> dict[str, LogTable]:
    added: dict[str, list[ColumnType]] = {}
    for column in read("own_columns.json", _OwnColumn):
        added.setdefault(column.table, []).append((column.name, column.type))
    tables = read("tables.json", LogTable) + read("own_tables.json", LogTable)
    return {
        table.name: msgspec.structs.replace(table, columns=table.columns + tuple(added.get(table.name, ())))
        for table in tables
    }


def azure_tables() -> tuple[LogTable, ...]:
    """The tables as Azure has them, without what is lazulite's own."""
    return read("tables.json", LogTable)


def log_tables() -> tuple[LogTable, ...]:
    """All tables, Azure's first."""
    return tuple(_by_name().values())


def log_table(name: str) -> LogTable | None:
    return _by_name().get(name)
