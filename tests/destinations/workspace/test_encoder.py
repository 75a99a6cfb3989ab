"""Rows of a Log Analytics workspace: own columns as sent, standard columns filled, the same however often encoded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lazulite.catalog import categories, log_table
from lazulite.core.batch import ALL_METRICS, REJECTED, StoredBatch
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.destinations.workspace.encoder import table_of

EPOCH = "0123456789abcdef-0000-0000-0000-000000000000"
ML = "/subscriptions/s1/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w"
ENCODER = WorkspaceEncoder(EPOCH)


def batch(category: str, sequence: int = 26, **columns: pa.Array) -> StoredBatch:
    return StoredBatch(sequence, ML, category, 99, "me", "records", pa.table(columns))


def ints(*values: int | None) -> pa.Array:
    return pa.array(values, pa.int64())


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def encoded(stored: StoredBatch, workspace: str = "c1") -> list[dict[str, Any]]:
    (append,) = ENCODER.encode(stored, (workspace,))
    rows: list[dict[str, Any]] = append.rows.to_pylist()
    return rows


def test_every_standard_column_is_filled() -> None:
    rows = encoded(batch("AmlComputeJobEvent", TimeGenerated=ints(5, 6), JobName=texts("a", "ü")))
    assert rows[0] == {
        "TimeGenerated": 5,
        "JobName": "a",
        "TenantId": "c1",
        "Type": "AmlComputeJobEvent",
        "SourceSystem": "Azure",
        "_ResourceId": ML,
        "_SubscriptionId": "s1",
        "_IsBillable": "True",
        "_BilledSize": 9.0,
        "_ItemId": "0123456789abcdef-1a-0",
        "_TimeReceived": 99,
    }
    assert (rows[1]["_BilledSize"], rows[1]["_ItemId"]) == (10.0, "0123456789abcdef-1a-1")


def test_each_workspace_gets_its_own_tenant_id_and_the_same_items() -> None:
    appends = ENCODER.encode(batch("RunEvent", TimeGenerated=ints(5), RunId=texts("r")), ("c1", "c2"))
    assert [(append.space, append.table) for append in appends] == [("c1", "AmlRunEvent"), ("c2", "AmlRunEvent")]
    assert [append.rows["TenantId"].to_pylist() for append in appends] == [["c1"], ["c2"]]
    assert appends[0].rows["_ItemId"] == appends[1].rows["_ItemId"]


def test_all_columns_of_the_table_are_declared() -> None:
    (append,) = ENCODER.encode(batch("RunEvent", TimeGenerated=ints(5)), ("c1",))
    table = log_table("AmlRunEvent")
    assert table is not None
    assert [(column.name, column.type) for column in append.columns] == list(table.all_columns)
    assert set(append.rows.column_names) <= set(table.types)


def test_metric_dimensions_stay_behind() -> None:
    (row,) = encoded(batch("RunEvent", TimeGenerated=ints(5), RunId=texts("r"), _metricDimensions=texts('{"a":1}')))
    assert "_metricDimensions" not in row
    assert row["_BilledSize"] == 9.0


def test_the_billed_size_counts_text_in_bytes_other_values_as_eight_and_nulls_not_at_all() -> None:
    rows = encoded(
        batch(
            "AmlComputeClusterEvent",
            TimeGenerated=ints(1, 1),
            ClusterName=texts("four", ""),
            CoreCount=pa.array([7, None], pa.int32()),
        )
    )
    assert [row["_BilledSize"] for row in rows] == [8 + 4 + 8, 8]


def test_points_become_rows_of_azure_metrics_with_their_dimensions() -> None:
    points = batch(
        ALL_METRICS,
        t=ints(600_000_000),
        namespace=texts("Microsoft.MachineLearningServices/workspaces"),
        metric=texts("Active Nodes"),
        dimensions=texts('{"ClusterName":"c"}'),
        **{
            name: pa.array([value])
            for name, value in (("count", 2.0), ("sum", 6.0), ("min", 1.0), ("max", 5.0), ("last", 5.0))
        },
    )
    (row,) = encoded(points)
    expected = {
        "TimeGenerated": 600_000_000,
        "MetricName": "Active Nodes",
        "Total": 6.0,
        "Count": 2.0,
        "Minimum": 1.0,
        "Maximum": 5.0,
        "Average": 3.0,
        "UnitName": "Count",
        "TimeGrain": "PT1M",
        "Dimensions": '{"ClusterName":"c"}',
        "Resource": "W",
        "ResourceGroup": "G",
        "ResourceProvider": "MICROSOFT.MACHINELEARNINGSERVICES",
        "ResourceId": ML.upper(),
        "SubscriptionId": "S1",
        "Type": "AzureMetrics",
    }
    assert {name: row[name] for name in expected} == expected


def test_rejected_records_get_their_sequence_and_cost_nothing() -> None:
    (row,) = encoded(batch(REJECTED, TimeGenerated=ints(5), Code=texts("InvalidValue"), Record=texts("{}")))
    assert (row["Sequence"], row["Type"], row["_IsBillable"]) == (26, "LazuliteRejected", "False")


def test_without_a_workspace_or_a_row_there_is_nothing_to_append() -> None:
    assert ENCODER.encode(batch("RunEvent", TimeGenerated=ints(5)), ()) == []
    assert ENCODER.encode(batch("RunEvent", TimeGenerated=ints()), ("c1",)) == []


@pytest.mark.parametrize("name", [*(found.name for found in categories()), ALL_METRICS, REJECTED, "Administrative"])
def test_every_category_has_its_table(name: str) -> None:
    assert table_of(name).columns


def test_a_category_without_a_table_is_named() -> None:
    with pytest.raises(LookupError, match="'Foo' has no table"):
        table_of("Foo")


@given(some.lists(some.text(some.characters(codec="utf-8")), min_size=1), some.integers(1, 2**40))
def test_encoding_again_gives_the_same_and_items_are_unique(names: list[str], sequence: int) -> None:
    stored = batch("RunEvent", sequence, TimeGenerated=ints(*([5] * len(names))), RunId=texts(*names))
    first, second = (ENCODER.encode(stored, ("c1",))[0].rows for _ in range(2))
    assert first.equals(second)
    assert len(set(first["_ItemId"].to_pylist())) == len(names)
    assert first["RunId"].to_pylist() == names
    other = ENCODER.encode(replace(stored, sequence=sequence + 1), ("c1",))[0].rows
    assert set(other["_ItemId"].to_pylist()).isdisjoint(first["_ItemId"].to_pylist())
