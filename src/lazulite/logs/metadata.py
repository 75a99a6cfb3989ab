"""What an editor wants to know of a workspace: its tables with their columns and descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.catalog import log_table
from lazulite.engine.interface import Schema
from lazulite.kql import Column
from lazulite.logs.database import WorkspaceDatabase
from lazulite.logs.workspaces import Workspace


@dataclass(frozen=True)
class DescribedTable:
    """A table; `resource_types` are those whose logs it holds."""

    name: str
    columns: tuple[Column, ...]
    description: str = ""
    resource_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class DescribedWorkspace:
    """A workspace and its tables by name: the catalog's, and those that it has besides."""

    workspace: Workspace
    tables: tuple[DescribedTable, ...]


def described(workspace: Workspace, schema: Schema) -> DescribedWorkspace:
    """The tables as a query of the workspace would see them now."""
    database = WorkspaceDatabase(schema, [workspace.customer_id])
    return DescribedWorkspace(workspace, tuple(_table(database, name) for name in sorted(database.names())))


def _table(database: WorkspaceDatabase, name: str) -> DescribedTable:
    found, known = database.table(name), log_table(name)
    columns = found.columns if found else ()
    if known is None:
        return DescribedTable(name, columns)
    return DescribedTable(name, columns, known.description, known.resource_types)
