"""The tables that a query sees."""

from __future__ import annotations

import pytest

from lazulite.catalog import log_table, log_tables
from lazulite.core.errors import BadRequest
from lazulite.engine.interface import Schema, StoredTable
from lazulite.kql import Column, Relation
from lazulite.logs.database import WorkspaceDatabase

EMPTY = Schema(0, {})


def stored(space: str, table: str, **types: str) -> dict[tuple[str, str], StoredTable]:
    columns = tuple(Column(name, kind) for name, kind in types.items())
    relation = Relation(space, table, {name: f"c{index}" for index, name in enumerate(types)})
    return {(space, table): StoredTable(columns, relation)}


def test_a_catalog_table_binds_before_its_first_row() -> None:
    found = WorkspaceDatabase(EMPTY, ["one"]).table("AmlComputeJobEvent")
    known = log_table("AmlComputeJobEvent")
    assert found is not None
    assert known is not None
    assert found.relations == ()
    assert {column.name: column.type for column in found.columns} == known.types


def test_columns_stand_as_log_analytics_shows_them() -> None:
    found = WorkspaceDatabase(EMPTY, ["one"]).table("AmlComputeClusterEvent")
    assert found is not None
    names = [column.name for column in found.columns]
    assert names[:3] == ["TenantId", "TimeGenerated", "AllocationState"]
    assert names[-8:] == [
        "Type",
        "SourceSystem",
        "_ResourceId",
        "_SubscriptionId",
        "_IsBillable",
        "_BilledSize",
        "_ItemId",
        "_TimeReceived",
    ]
    assert len(set(names)) == len(names)


def test_names_compare_with_case() -> None:
    database = WorkspaceDatabase(EMPTY, ["one"])
    assert database.table("amlcomputejobevent") is None
    assert database.table("NoSuchTable") is None


def test_several_workspaces_are_one_table() -> None:
    tables = (
        stored("one", "T_CL", A="long") | stored("two", "T_CL", A="long", B="string") | stored("six", "T_CL", A="long")
    )
    found = WorkspaceDatabase(Schema(1, tables), ["one", "two", "one"]).table("T_CL")
    assert found is not None
    assert [(column.name, column.type) for column in found.columns] == [("A", "long"), ("B", "string")]
    assert [relation.schema for relation in found.relations] == ["one", "two"]


def test_a_workspace_sees_its_own_tables_only() -> None:
    database = WorkspaceDatabase(Schema(1, stored("two", "Secret_CL", A="long")), ["one"])
    assert database.table("Secret_CL") is None
    assert "Secret_CL" not in list(database.names())


def test_workspaces_that_disagree_on_a_type_are_refused_by_name() -> None:
    tables = stored("one", "T_CL", A="long") | stored("two", "T_CL", A="string")
    with pytest.raises(BadRequest, match="column 'A' of 'T_CL' is long in one workspace and string in another"):
        WorkspaceDatabase(Schema(1, tables), ["one", "two"]).table("T_CL")


def test_what_is_stored_wins_over_the_catalog() -> None:
    tables = stored("one", "AmlComputeJobEvent", JobName="string", Extra="real", TFWorkerCount="long")
    found = WorkspaceDatabase(Schema(1, tables), ["one"]).table("AmlComputeJobEvent")
    assert found is not None
    types = {column.name: column.type for column in found.columns}
    assert types["TFWorkerCount"] == "long"
    assert types["Extra"] == "real"


def test_names_are_the_catalogs_and_the_workspaces() -> None:
    names = list(WorkspaceDatabase(Schema(1, stored("one", "T_CL", A="long")), ["one"]).names())
    assert names == [*(table.name for table in log_tables()), "T_CL"]
