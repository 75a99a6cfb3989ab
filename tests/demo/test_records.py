"""Every record the demo makes fits the catalog: known categories, known columns, known metrics and dimensions."""

from __future__ import annotations

import msgspec
import pytest

from lazulite import catalog
from lazulite.core import resource_id
from lazulite.core.clock import UNIX_EPOCH_TICKS
from lazulite.demo.facts import ClusterState, DatasetRead, Fact, GpuLoad, Job, ModelRegistered, ProcessLoad, RunChanged
from lazulite.demo.platform_metrics import RUN_METRICS, event_metrics, gauges
from lazulite.demo.records import LogRecords, Machine
from lazulite.routing.records import decode

WORKSPACE = "/subscriptions/s/resourceGroups/lazulite/providers/Microsoft.MachineLearningServices/workspaces/demo"
MACHINE = Machine(resource_id.parse(WORKSPACE), "tenant", cores_per_node=1, quota=4)
JOB = Job("guid", "sweep_1", "sweep", "train", "ada")
AT = UNIX_EPOCH_TICKS
BUSY = ClusterState(AT, target=2, maximum=2, idle=1, preparing=0, running=1, leaving=0)
FACTS: list[Fact] = [
    *(RunChanged(AT, JOB, status, "node-0", "Traceback:\nValueError: no") for status in RUN_METRICS),
    DatasetRead(AT, JOB, "id", "customer-churn", 10),
    ModelRegistered(AT, JOB, "churn-mlp", 1, 99),
    BUSY,
    ProcessLoad(AT, JOB, "node-0", 97.25, 50_000_000),
    GpuLoad(AT, "0", 12.0, 34.0),
]
RECORDS = LogRecords(MACHINE)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{type(fact).__name__}-{getattr(fact, 'status', '')}")
def test_records_have_the_columns_of_their_table(fact: Fact) -> None:
    made = list(RECORDS.of(fact))
    assert made
    for name, record in made:
        category = catalog.category(name)
        assert category is not None, name
        table = catalog.log_table(category.table)
        assert table is not None
        assert set(record) <= set(table.types)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{type(fact).__name__}-{getattr(fact, 'status', '')}")
def test_metrics_have_the_names_and_dimensions_of_the_catalog(fact: Fact) -> None:
    for record in event_metrics(fact):
        metric = catalog.metric(MACHINE.workspace.type, record["metricName"])
        assert metric is not None, record
        assert metric.name == record["metricName"]
        assert set(record["dimensions"]) <= set(metric.dimensions)


def test_gauges_are_in_the_catalog_and_add_up() -> None:
    values = {record["metricName"]: record["value"] for record in gauges(BUSY, MACHINE)}
    assert all(catalog.metric(MACHINE.workspace.type, name) for name in values)
    assert (values["Active Nodes"], values["Idle Nodes"], values["Total Nodes"]) == (1, 1, 2)
    assert values["Unusable Nodes"] == 0
    assert values["Quota Utilization Percentage"] == 25.0


@pytest.mark.parametrize(
    ("status", "event"), [("Queued", "JobSubmitted"), ("Running", "JobRunning"), ("Completed", "JobSucceeded")]
)
def test_operation_and_event_have_one_name(status: str, event: str) -> None:
    records = dict(RECORDS.of(RunChanged(AT, JOB, status)))
    assert records["AmlComputeJobEvent"]["EventType"] == records["AmlComputeJobEvent"]["OperationName"] == event


def test_a_failure_carries_the_whole_traceback_and_its_last_line() -> None:
    records = dict(RECORDS.of(RunChanged(AT, JOB, "Failed", "node-0", "Traceback:\n  line\nValueError: no")))
    assert records["AmlComputeJobEvent"]["JobErrorMessage"] == "Traceback:\n  line\nValueError: no"
    assert records["AmlComputeJobEvent"]["ErrorDetails"] == "ValueError: no"


def test_cancellation_is_told_by_the_run_status_alone() -> None:
    assert [name for name, _ in RECORDS.of(RunChanged(AT, JOB, "Canceled"))] == ["AmlRunStatusChangedEvent"]


def test_the_records_door_takes_everything_and_ignores_nothing() -> None:
    bodies: dict[str, list[object]] = {"AllMetrics": list(gauges(BUSY, MACHINE))}
    for fact in FACTS:
        bodies["AllMetrics"].extend(event_metrics(fact))
        for name, record in RECORDS.of(fact):
            bodies.setdefault(name, []).append(record)
    for name, records in bodies.items():
        decoded = decode(msgspec.json.encode(records), MACHINE.workspace, name, AT)
        assert (decoded.accepted, decoded.rejected, decoded.ignored) == (len(records), (), ()), name
