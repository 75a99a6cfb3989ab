"""The tables that queries are checked against without a server: the catalog's, or those of a metadata answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from lazulite import kql
from lazulite.catalog import log_tables
from lazulite.catalog.tables import azure_tables
from lazulite.core.errors import BadRequest


class OfflineTables:
    """kql.Federation: tables without rows. Every workspace that a query names has the same ones."""

    def __init__(self, tables: Mapping[str, tuple[kql.Column, ...]]) -> None:
        self._tables = tables

    def table(self, name: str) -> kql.Table | None:
        columns = self._tables.get(name)
        return None if columns is None else kql.Table(name, columns, ())

    def names(self) -> Iterable[str]:
        return self._tables

    def other(self, kind: str, name: str) -> kql.Other:
        return kql.Other(self)

    def others(self, kind: str) -> Iterable[str]:
        return ("*",)


def catalog() -> dict[str, tuple[kql.Column, ...]]:
    """Every table of a new server."""
    return {table.name: _columns(table.all_columns) for table in log_tables()}


def azure_catalog() -> dict[str, tuple[kql.Column, ...]]:
    """The same as Azure has them: without the tables and columns that are lazulite's own."""
    return {table.name: _columns(table.all_columns) for table in azure_tables()}


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[kql.Column, ...]:
    return tuple(kql.Column(name, kind) for name, kind in pairs)


class _Column(msgspec.Struct, frozen=True):
    name: str
    type: str


class _Table(msgspec.Struct, frozen=True):
    name: str
    columns: tuple[_Column, ...] = ()


class _Metadata(msgspec.Struct, frozen=True):
    tables: tuple[_Table, ...]


def described(path: Path) -> dict[str, tuple[kql.Column, ...]]:
    """The tables of a file with the answer of `/v1/workspaces/ID/metadata`; raises BadRequest."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Metadata)
    except (OSError, msgspec.MsgspecError) as wrong:
        raise BadRequest(
            "SchemaFile",
            f"The schema file {path} cannot be read: {wrong}. It holds the answer of /v1/workspaces/ID/metadata.",
        ) from wrong
    return {table.name: _columns((column.name, column.type) for column in table.columns) for table in found.tables}
