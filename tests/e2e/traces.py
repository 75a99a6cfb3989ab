"""Real traces as the records an ML platform would emit, and the figures that must come out, computed from the files.

Philly (52,849 jobs of a GPU cluster, 2017) gives submissions, starts, ends and per-minute node counts; Google 2011
gives failures and cancellations. Nothing here asks lazulite: expectations come from pandas alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

TRACE_END = datetime(2017, 11, 1, tzinfo=UTC)
BATCH = 4_000
JOB = "AmlComputeJobEvent"
CLUSTER = "AmlComputeClusterEvent"
RUN_STATUS = "AmlRunStatusChangedEvent"
GOOGLE_EVENTS = {3: "JobFailed", 6: "JobFailed", 5: "Canceled"}
Record = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """One request: records of a category under a batch key that is the same on every attempt."""

    key: str
    category: str
    records: list[Record]


def iso(moment: pd.Timestamp | datetime) -> str:
    return pd.Timestamp(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def philly_jobs(shared: Path) -> pd.DataFrame:
    jobs = pd.read_csv(shared / "data/philly-2017/philly_jobs_until_2017-10-31.csv.gz", parse_dates=["timestamp"])
    jobs["timestamp"] = jobs["timestamp"].dt.tz_localize("UTC")
    jobs["stop"] = jobs["timestamp"] + pd.to_timedelta(jobs["duration"], unit="s")
    jobs["job"] = [f"philly-{number}" for number in range(len(jobs))]
    return jobs


def philly_nodes(shared: Path) -> pd.DataFrame:
    nodes = pd.read_csv(shared / "data/philly-2017/philly_node_sequence_until_2017-10-31.csv.gz", parse_dates=["time"])
    nodes["time"] = nodes["time"].dt.tz_localize("UTC")
    return nodes


def google_ends(shared: Path) -> pd.DataFrame:
    """Failures and cancellations, their clock set so that the trace begins six days before the Philly trace ends."""
    events = pd.read_parquet(shared / "data/google-2011/job_events_parts_001-060.parquet")
    events = events[events["missing info"].isna() & events["event type"].isin(list(GOOGLE_EVENTS))].copy()
    start = pd.Timestamp(TRACE_END) - pd.Timedelta(days=6)
    events["time"] = start + pd.to_timedelta(events["time"], unit="us")
    events["outcome"] = events["event type"].map(GOOGLE_EVENTS)
    return events.reset_index(drop=True)


def _job(row: Any, event: str, state: str, moment: pd.Timestamp) -> Record:
    return {
        "TimeGenerated": iso(moment),
        "OperationName": event,
        "EventType": event,
        "ExecutionState": state,
        "JobId": row.job,
        "JobName": row.job,
        "ClusterName": row.cluster,
        "ClusterId": f"cluster-{row.cluster}",
        "TFWorkerCount": str(row.num_gpus),
        "ToolType": "Philly",
        "WorkspaceName": "demo",
    }


def job_records(jobs: pd.DataFrame) -> Iterator[Record]:
    for row in jobs.itertuples():
        yield _job(row, "JobSubmitted", "Queued", row.timestamp)
        yield _job(row, "JobRunning", "Running", row.timestamp)
        yield _job(row, "JobSucceeded", "Succeeded", row.stop)


def failure_records(ends: pd.DataFrame) -> Iterator[Record]:
    for row in ends[ends["outcome"] == "JobFailed"].itertuples():
        yield {
            "TimeGenerated": iso(row.time),
            "OperationName": "JobFailed",
            "EventType": "JobFailed",
            "ExecutionState": "Failed",
            "JobId": f"google-{row[3]}",
            "JobName": f"google-{row[3]}",
            "ClusterId": "google",
            "ToolType": f"class-{row[6]}",
        }


def cancel_records(ends: pd.DataFrame) -> Iterator[Record]:
    for row in ends[ends["outcome"] == "Canceled"].itertuples():
        yield {"TimeGenerated": iso(row.time), "RunId": f"google-{row[3]}", "Status": "Canceled"}


def node_records(nodes: pd.DataFrame) -> Iterator[Record]:
    for row in nodes.itertuples():
        yield {
            "TimeGenerated": iso(row.time),
            "ClusterName": "philly",
            "ClusterType": "AmlCompute",
            "RunningNodeCount": row.active,
            "IdleNodeCount": row.total - row.active,
            "MaximumNodeCount": row.total,
        }


def node_points(nodes: pd.DataFrame) -> Iterator[Record]:
    for row in nodes.itertuples():
        for name, value in (("Active Nodes", row.active), ("Total Nodes", row.total)):
            yield {"time": iso(row.time), "metricName": name, "dimensions": {"ClusterName": "philly"}, "value": value}


def loads(name: str, category: str, records: Iterator[Record], size: int = BATCH) -> Iterator[Load]:
    """Cut records into requests with stable keys."""
    kept: list[Record] = []
    number = 0
    for record in records:
        kept.append(record)
        if len(kept) == size:
            yield Load(f"{name}-{number}", category, kept)
            kept, number = [], number + 1
    if kept:
        yield Load(f"{name}-{number}", category, kept)


def everything(shared: Path) -> list[Load]:
    """The whole replay, about 320,000 records."""
    jobs, nodes, ends = philly_jobs(shared), philly_nodes(shared), google_ends(shared)
    return [
        *loads("philly-jobs", JOB, job_records(jobs)),
        *loads("google-failures", JOB, failure_records(ends)),
        *loads("google-cancellations", RUN_STATUS, cancel_records(ends)),
        *loads("philly-nodes", CLUSTER, node_records(nodes)),
        *loads("philly-points", "AllMetrics", node_points(nodes)),
    ]
