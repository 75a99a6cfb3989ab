"""Facts of the compute as platform metrics, in the form that the AllMetrics door takes.

Counts are told as they happen (value 1), node and core gauges are read at a steady pace, so that an average over a
minute is one over time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from lazulite.demo.facts import ClusterState, Fact, GpuLoad, ModelRegistered, ProcessLoad, RunChanged
from lazulite.demo.records import CLUSTER, CLUSTER_TYPE, VM_FAMILY, Machine
from lazulite.kql.ticks import format_datetime

MEGABYTE = 1_000_000
# Run status -> the metric that counts runs reaching it (one l in the status Canceled, two in the metric).
RUN_METRICS = {
    "NotStarted": "Not Started Runs",
    "Queued": "Queued Runs",
    "Starting": "Starting Runs",
    "Running": "Started Runs",
    "Finalizing": "Finalizing Runs",
    "CancelRequested": "Cancel Requested Runs",
    "Completed": "Completed Runs",
    "Failed": "Failed Runs",
    "Canceled": "Cancelled Runs",
}
# Node state of ClusterState -> the prefix of its two metrics. This compute never has the NEVER ones: they are truly 0.
NODE_METRICS = {"running": "Active", "idle": "Idle", "leaving": "Leaving"}
NEVER = ("Preempted", "Unusable")


def _metric(at: int, name: str, value: float, **dimensions: str) -> dict[str, Any]:
    return {"time": format_datetime(at), "metricName": name, "dimensions": dimensions, "value": value}


@singledispatch
def event_metrics(fact: Fact) -> Iterator[dict[str, Any]]:
    """The metric records that a fact causes when it happens; none for most."""
    return iter(())


@event_metrics.register
def _(fact: RunChanged) -> Iterator[dict[str, Any]]:
    dimensions = {"RunType": "Experiment", "ComputeType": CLUSTER_TYPE, "ExperimentName": fact.job.experiment}
    yield _metric(fact.at, RUN_METRICS[fact.status], 1, **dimensions)
    if fact.status == "Failed":
        yield _metric(fact.at, "Errors", 1)


@event_metrics.register
def _(fact: ModelRegistered) -> Iterator[dict[str, Any]]:
    yield _metric(fact.at, "Model Register Succeeded", 1)


@event_metrics.register
def _(fact: ProcessLoad) -> Iterator[dict[str, Any]]:
    run = fact.job.run_id
    yield _metric(fact.at, "CpuUtilization", fact.cpu, runId=run, NodeId=fact.node, ClusterName=CLUSTER)
    place = {"RunId": run, "InstanceId": fact.node, "ComputeName": CLUSTER}
    yield _metric(fact.at, "CpuUtilizationMillicores", fact.cpu * 10, **place)
    yield _metric(fact.at, "CpuUtilizationPercentage", fact.cpu, **place)
    yield _metric(fact.at, "CpuMemoryUtilizationMegabytes", fact.memory / MEGABYTE, **place)


@event_metrics.register
def _(fact: GpuLoad) -> Iterator[dict[str, Any]]:
    place = {"DeviceId": fact.device, "ClusterName": CLUSTER}
    yield _metric(fact.at, "GpuUtilization", fact.utilization, **place)
    yield _metric(fact.at, "GpuMemoryUtilization", fact.memory, **place)


def gauges(state: ClusterState, machine: Machine) -> Iterator[dict[str, Any]]:
    """Nodes, cores and quota as they stand; call it at a steady pace."""
    counts = {metric: getattr(state, node) for node, metric in NODE_METRICS.items()}
    for prefix, nodes in (counts | dict.fromkeys(NEVER, 0) | {"Total": state.current}).items():
        yield _metric(state.at, f"{prefix} Nodes", nodes, ClusterName=CLUSTER)
        yield _metric(state.at, f"{prefix} Cores", nodes * machine.cores_per_node, ClusterName=CLUSTER)
    used = 100.0 * state.running * machine.cores_per_node / machine.quota
    quota = {"ClusterName": CLUSTER, "VmFamilyName": VM_FAMILY, "VmPriority": "Dedicated"}
    yield _metric(state.at, "Quota Utilization Percentage", used, **quota)
