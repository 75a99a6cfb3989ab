"""The queries that Azure publishes for machine-learning tables, and those of its dashboard template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lazulite.catalog import log_table
from lazulite.kql import Column, KqlError, Options, Table, run, ticks
from lazulite.kql import compile as compile_query
from tests.kql.reading import columns_of, rows_of, table

NOW = ticks.parse_datetime("2024-05-10T12:00:00") or 0


class Catalog:
    """Every table of the catalog, without rows."""

    def table(self, name: str) -> Table | None:
        found = log_table(name)
        return found and Table(name, tuple(Column(*column) for column in found.all_columns), ())

    def names(self) -> list[str]:
        return ["AmlComputeJobEvent"]


def published(shared: Path) -> list[dict[str, Any]]:
    return json.loads((shared / "reference" / "sample_queries.json").read_text())["queries"]


def test_all_published_queries_compile_but_the_one_with_an_unknown_column(shared: Path) -> None:
    refused = {}
    for query in published(shared):
        try:
            compile_query(query["kql"], Catalog(), Options(now=NOW))
        except KqlError as error:
            refused[query["name"]] = (error.code, error.token, error.line)
    assert refused == {"All WRITE events": ("SEM0100", "OperationType", 5)}


def rows(name: str, *given: dict[str, Any]) -> dict[str, pa.Table]:
    """Rows of a catalog table; what a row leaves out is null."""
    columns = dict(log_table(name).all_columns)
    return {name: table(columns, *([row.get(column) for column in columns] for row in given))}


JOBS = rows(
    "AmlComputeJobEvent",
    *(
        {"TimeGenerated": f"2024-05-{day:02d}T{hour:02d}:00:00", "EventType": kind, "OperationName": kind, "JobId": job}
        | {"ExperimentName": "exp", "WorkspaceName": "ws", "ClusterName": "cpu", "JobName": job, "NodeId": f"n-{job}"}
        for day, hour, kind, job in (
            (9, 8, "JobSubmitted", "one"),
            (9, 11, "JobSucceeded", "one"),
            (9, 9, "JobSubmitted", "two"),
            (10, 9, "JobSucceeded", "two"),
            (10, 10, "JobFailed", "three"),
        )
    ),
)
NODES = rows(
    "AmlComputeClusterEvent",
    *(
        {"TimeGenerated": f"2024-05-10T{hour:02d}:{minute:02d}:00", "ClusterName": name, "ClusterType": kind}
        | {"EventType": event, "RunningNodeCount": running, "IdleNodeCount": idle, "VmSize": "D1"}
        for hour, minute, name, kind, event, running, idle in (
            (8, 5, "cpu", "AmlCompute", "CreateOperationCompleted", 2, 1),
            (8, 55, "gpu", "AmlCompute", "CreateOperationCompleted", 5, 0),
            (9, 0, "cpu", "AmlCompute", "DeleteOperationCompleted", 0, 2),
            (9, 30, "box", "DSI", "CreateOperationCompleted", 1, 0),
        )
    ),
)
USE = rows(
    "AmlComputeCpuGpuUtilization",
    {"TimeGenerated": "2024-05-09T10:00:00", "NodeId": "n-one", "DeviceType": "CPU", "Utilization": "50.5"},
    {"TimeGenerated": "2024-05-09T10:30:00", "NodeId": "n-one", "DeviceType": "CPU", "Utilization": "20.5"},
    {"TimeGenerated": "2024-05-09T10:30:00", "NodeId": "n-two", "DeviceType": "GPU", "Utilization": "99"},
)
READS = rows(
    "AmlDataSetEvent",
    {"OperationName": "A/DATASETS/READ", "AmlDatasetId": "d1", "Identity": {"UserName": "ann"}},
    {"OperationName": "A/DATASETS/READ", "AmlDatasetId": "d1", "Identity": {"UserName": "ann"}},
    {"OperationName": "A/DATASETS/WRITE", "AmlDatasetId": "d1", "Identity": {"UserName": "bob"}},
    {"OperationName": "A/DATASETS/READ", "AmlDatasetId": "", "Identity": {"UserName": "bob"}},
)
DASHBOARD = {
    "jobs by day and kind": (
        JOBS,
        """// runs per day
AmlComputeJobEvent
| where EventType in ("JobSubmitted", "JobFailed", "JobSucceeded")
| summarize count=count() by EventType, Hourly=bin(TimeGenerated,1day)
| order by Hourly asc, EventType asc""",
        "EventType:string, Hourly:datetime, count:long",
        [
            ["JobSubmitted", "2024-05-09", 2],
            ["JobSucceeded", "2024-05-09", 1],
            ["JobFailed", "2024-05-10", 1],
            ["JobSucceeded", "2024-05-10", 1],
        ],
    ),
    "jobs by experiment": (
        JOBS,
        "AmlComputeJobEvent | summarize Count=count() by ExperimentName",
        "ExperimentName:string, Count:long",
        [["exp", 5]],
    ),
    "clusters that still exist": (
        NODES,
        """AmlComputeClusterEvent // all that were made
| where TimeGenerated > ago(1days) and EventType == "CreateOperationCompleted"
| summarize arg_max(TimeGenerated, *) by ClusterName
| join kind=leftouter (AmlComputeClusterEvent
    | where TimeGenerated > ago(1days) and EventType == "DeleteOperationCompleted"
    | project ClusterName, Deleted=TimeGenerated) on ClusterName
| where isnull(Deleted)
| project ClusterName, ClusterType, TimeGenerated
| order by ClusterName asc""",
        "ClusterName:string, ClusterType:string, TimeGenerated:datetime",
        [["box", "DSI", "2024-05-10T09:30:00"], ["gpu", "AmlCompute", "2024-05-10T08:55:00"]],
    ),
    "reads by user": (
        READS,
        """AmlDataSetEvent
| where split(OperationName, "/")[-1]=="READ" and AmlDatasetId !=""
| extend Identity=(parse_json(Identity))
| project AmlDatasetId, UserName=Identity.UserName
| summarize Count=count() by AmlDatasetId, UserName=tostring(UserName)""",
        "AmlDatasetId:string, UserName:string, Count:long",
        [["d1", "ann", 2]],
    ),
    "longest jobs": (
        JOBS,
        """AmlComputeJobEvent
| where OperationName == "JobSubmitted"
| join kind = inner (AmlComputeJobEvent
    | where OperationName == "JobSucceeded"
    | project StopTime=TimeGenerated, JobId) on JobId
| project Duration=(StopTime-TimeGenerated)/1hour, JobName
| top 10 by Duration desc nulls last""",
        "Duration:real, JobName:string",
        [[24.0, "two"], [3.0, "one"]],
    ),
    "utilization by cluster": (
        USE | JOBS,
        """AmlComputeCpuGpuUtilization
| where DeviceType == "CPU"
| summarize Utilization=avg(todecimal(Utilization)) by NodeId, Hourly=bin(TimeGenerated, 1hour)
| join kind=inner (AmlComputeJobEvent | where NodeId != "" | summarize by NodeId, ClusterName) on NodeId
| summarize Utilization=avg(Utilization) by ClusterName, Hourly""",
        "ClusterName:string, Hourly:datetime, Utilization:decimal",
        [["cpu", "2024-05-09T10:00:00", "35.5"]],
    ),
    "running and idle nodes": (
        NODES,
        """AmlComputeClusterEvent
| summarize round(sum(RunningNodeCount),1), round(sum(IdleNodeCount),1) by Hourly=bin(TimeGenerated, 60m)
| order by Hourly asc
| render timechart""",
        "Hourly:datetime, sum_RunningNodeCount:long, sum_IdleNodeCount:long",
        [["2024-05-10T08:00:00", 7, 1], ["2024-05-10T09:00:00", 1, 2]],
    ),
    "newest cluster events": (
        NODES,
        """AmlComputeClusterEvent
| where ClusterType != 'DSI'
| project TimeGenerated, ClusterName
| sort by TimeGenerated
| limit 2""",
        "TimeGenerated:datetime, ClusterName:string",
        [["2024-05-10T09:00:00", "cpu"], ["2024-05-10T08:55:00", "gpu"]],
    ),
}


@pytest.mark.parametrize("name", DASHBOARD)
def test_dashboard_part(name: str) -> None:
    tables, query, columns, expected = DASHBOARD[name]
    answer = run(query, tables, now=NOW)
    assert columns_of(answer) == columns
    assert rows_of(answer) == expected
