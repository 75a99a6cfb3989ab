"""A real GPU cluster's two months, replayed through the door of a server that is killed on the way.

Every figure is compared, cell by cell, with the same figure computed from the trace's files by pandas.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from tests.e2e import traces
from tests.e2e.cluster_runs import demo_cluster_records
from tests.e2e.harness import Client, Server
from tests.e2e.traces import TRACE_END, Load, Record

JOB_NAME = "philly-20000"
AGES = (pd.Timedelta(hours=2), pd.Timedelta(days=2), pd.Timedelta(days=6), pd.Timedelta(days=9))
SEED = int(os.environ.get("LAZULITE_SEED", "1"))
ROUNDS = 5 if os.environ.get("LAZULITE_SOAK") else 1


@dataclass
class Replayed:
    """The server after the replay, and what was sent."""

    client: Client
    jobs: pd.DataFrame
    nodes: pd.DataFrame
    ends: pd.DataFrame
    demo: pd.DataFrame
    killed_after: int

    @property
    def now(self) -> pd.Timestamp:
        """The server's event clock, asked of the server."""
        return pd.Timestamp(self.client.rows("print now()")[0][0])

    def settled(self, text: str, expected: Any) -> tuple[list[list[Any]], Any]:
        """Rows, and what `expected(now)` says: asked again while the clock's moving made it ambiguous."""
        for _ in range(20):
            before = expected(self.now)
            rows = self.client.rows(text)
            after = expected(self.now)
            if before == after:
                return rows, after
        raise AssertionError("the expectation never held still")


def retimed(records: list[Record]) -> list[Record]:
    """Real records of the demonstration's cluster, moved so that each ends at some age before the trace's end."""
    last = max(pd.Timestamp(record["TimeGenerated"]) for record in records)
    return [
        record | {"TimeGenerated": traces.iso(pd.Timestamp(record["TimeGenerated"]) - last + TRACE_END - age)}
        for age in AGES
        for record in records
    ]


class Sender:
    """Sends loads from two threads and remembers which were answered; a load may be sent many times."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.client = Client(server.connection)
        self.answered: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(self, load: Load) -> bool:
        """True when the server said that it is durable."""
        try:
            answer = self.client.emit(load.category, load.records, load.key)
        except httpx.TransportError:
            return False
        if answer.status_code in (429, 503):
            time.sleep(float(answer.headers.get("retry-after", "1")))
            return False
        assert answer.status_code == 202, answer.text[:500]
        assert answer.json()["accepted"] == len(load.records), answer.text[:500]
        with self._lock:
            known = self.answered.setdefault(load.key, answer.json()["sequence"])
        assert known == answer.json()["sequence"], "a repeat must be answered as the first was"
        return True


def replay(server: Server, loads: list[Load], seed: int) -> tuple[Sender, int]:
    """Send everything, SIGKILL at a random instant, start again, and resume with the same keys."""
    chance = random.Random(seed)
    kill_at = chance.randrange(len(loads) // 4, len(loads) // 2)
    print(f"seed {seed}: SIGKILL after {kill_at} of {len(loads)} answered requests")
    sender = Sender(server)

    def send_and_kill(load: Load) -> bool:
        done = sender.send(load)
        if len(sender.answered) == kill_at:
            server.kill()
        return done

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(send_and_kill, loads))
    assert len(sender.answered) < len(loads), "the kill came too late to matter"
    server.start()
    again = Sender(server)
    again.answered = sender.answered
    unanswered = [load for load in loads if load.key not in sender.answered]
    repeats = chance.sample([load for load in loads if load.key in sender.answered], 5)
    pending = unanswered + repeats
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(again.send, pending))
    left = [load for load, sent in zip(pending, done, strict=True) if not sent]
    for load in left:
        while not again.send(load):
            pass
    return again, kill_at


@pytest.fixture(scope="module", params=range(SEED, SEED + ROUNDS))
def replayed(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("replay")
    demo = retimed(demo_cluster_records(folder / "compute"))
    loads = [*traces.everything(shared), *traces.loads("demo", traces.CLUSTER, iter(demo))]
    server = Server(folder / "data", "--clock-start", "2017-11-01T00:00:00Z").start()
    try:
        sender, killed_after = replay(server, loads, request.param)
        sender.client.settle(max(sender.answered.values()))
        yield Replayed(
            sender.client,
            traces.philly_jobs(shared),
            traces.philly_nodes(shared),
            traces.google_ends(shared),
            pd.DataFrame(demo).assign(time=lambda frame: pd.to_datetime(frame["TimeGenerated"])),
            killed_after,
        )
    finally:
        server.stop()


def text(moment: pd.Timestamp) -> str:
    """As the query API prints a datetime: seven digits."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def same(rows: list[list[Any]], expected: list[list[Any]]) -> None:
    """Equal as multisets; reals within 1e-9. Never with nothing expected."""
    assert expected, "an empty expectation proves nothing"
    assert len(rows) == len(expected)
    for row, wanted in zip(sorted(rows, key=repr), sorted(expected, key=repr), strict=True):
        assert row == [pytest.approx(cell, rel=1e-9) if isinstance(cell, float) else cell for cell in wanted]


def test_every_record_is_there_once(replayed: Replayed) -> None:
    counted = replayed.client.rows(
        "AmlComputeJobEvent | summarize copies = count() by JobId, EventType, TimeGenerated"
        " | summarize records = sum(copies), distinct_records = count(), most = max(copies)"
    )
    failures = replayed.ends[replayed.ends["outcome"] == "JobFailed"]
    distinct = 3 * len(replayed.jobs) + len(failures.drop_duplicates(["job ID", "time"]))
    assert counted == [[3 * len(replayed.jobs) + len(failures), distinct, 1]]


def test_cancellations_are_there_once(replayed: Replayed) -> None:
    canceled = replayed.ends[replayed.ends["outcome"] == "Canceled"]
    query = 'AmlRunStatusChangedEvent | where Status == "Canceled" | summarize count(), dcount(_ItemId) > 0'
    assert replayed.client.rows(query)[0][0] == len(canceled) > 0
    ids = "AmlRunStatusChangedEvent | summarize n = count() by _ItemId | where n > 1 | count"
    assert replayed.client.rows(ids) == [[0]]


def test_failed_jobs_in_the_last_five_days(replayed: Replayed) -> None:
    query = """AmlComputeJobEvent
| where TimeGenerated > ago(5d) and EventType == "JobFailed"
| project  TimeGenerated , ClusterId , EventType , ExecutionState , ToolType"""
    failed = replayed.ends[replayed.ends["outcome"] == "JobFailed"]

    def expected(now: pd.Timestamp) -> list[list[Any]]:
        recent = failed[failed["time"] > now - pd.Timedelta(days=5)]
        return [[text(row.time), "google", "JobFailed", "Failed", f"class-{row[6]}"] for row in recent.itertuples()]

    rows, wanted = replayed.settled(query, expected)
    same(rows, wanted)
    assert 0 < len(rows) < len(failed)


def test_records_of_one_job(replayed: Replayed) -> None:
    query = f"""AmlComputeJobEvent
| where JobName == "{JOB_NAME}"
| project  TimeGenerated , ClusterId , EventType , ExecutionState , ToolType"""
    job = replayed.jobs[replayed.jobs["job"] == JOB_NAME].iloc[0]
    cluster = f"cluster-{job.cluster}"
    same(
        replayed.client.rows(query),
        [
            [text(job.timestamp), cluster, "JobSubmitted", "Queued", "Philly"],
            [text(job.timestamp), cluster, "JobRunning", "Running", "Philly"],
            [text(job.stop), cluster, "JobSucceeded", "Succeeded", "Philly"],
        ],
    )


def test_cluster_events_of_one_vm_size(replayed: Replayed) -> None:
    query = """AmlComputeClusterEvent
| where TimeGenerated > ago(4d) and VmSize == "STANDARD_D1_V2"
| project  ClusterName , InitialNodeCount , MaximumNodeCount , QuotaAllocated , QuotaUtilized"""
    columns = ["ClusterName", "InitialNodeCount", "MaximumNodeCount", "QuotaAllocated", "QuotaUtilized"]

    def expected(now: pd.Timestamp) -> list[list[Any]]:
        recent = replayed.demo[replayed.demo["time"] > now - pd.Timedelta(days=4)]
        return recent[recent["VmSize"] == "STANDARD_D1_V2"][columns].values.tolist()

    rows, wanted = replayed.settled(query, expected)
    same(rows, wanted)
    assert len(rows) < len(replayed.demo)


def test_node_allocations_of_the_last_eight_days(replayed: Replayed) -> None:
    query = """AmlComputeClusterEvent
| where TimeGenerated > ago(8d) and TargetNodeCount  > CurrentNodeCount
| project TimeGenerated, ClusterName, CurrentNodeCount, TargetNodeCount"""
    demo = replayed.demo

    def expected(now: pd.Timestamp) -> list[list[Any]]:
        kept = demo[(demo["time"] > now - pd.Timedelta(days=8)) & (demo["TargetNodeCount"] > demo["CurrentNodeCount"])]
        return [
            [text(row.time), row.ClusterName, row.CurrentNodeCount, row.TargetNodeCount] for row in kept.itertuples()
        ]

    rows, wanted = replayed.settled(query, expected)
    same(rows, wanted)
    assert len(rows) < len(demo[demo["TargetNodeCount"] > demo["CurrentNodeCount"]])


def test_running_nodes_across_workspaces_and_clusters(replayed: Replayed) -> None:
    query = """AmlComputeClusterEvent
| where TimeGenerated > ago(1d)
| summarize avgRunningNodes=avg(TargetNodeCount), maxRunningNodes=max(TargetNodeCount)
         by Workspace=tostring(split(_ResourceId, "/")[8]), ClusterName, ClusterType, VmSize, VmPriority"""

    def expected(now: pd.Timestamp) -> list[list[Any]]:
        recent = replayed.demo[replayed.demo["time"] > now - pd.Timedelta(days=1)]
        keys = ["ClusterName", "ClusterType", "VmSize", "VmPriority"]
        grouped = recent.groupby(keys)["TargetNodeCount"].agg(["mean", "max"]).reset_index()
        demo = [
            ["demo", *(row[key] for key in keys), float(row["mean"]), int(row["max"])] for _, row in grouped.iterrows()
        ]
        # Philly's trace says nothing of targets: an average of nothing is NaN, and the greatest of nothing null.
        return [*demo, ["demo", "philly", "AmlCompute", "", "", "NaN", None]]

    rows, wanted = replayed.settled(query, expected)
    same(rows, wanted)
    assert len(replayed.demo[replayed.demo["time"] <= replayed.now - pd.Timedelta(days=1)]) > 0


def test_gpu_hours_by_cluster(replayed: Replayed) -> None:
    query = """AmlComputeJobEvent
| where EventType == "JobSubmitted"
| join kind = inner (AmlComputeJobEvent
        | where EventType == "JobSucceeded"
        | project StopTime=TimeGenerated, JobId)
    on JobId
| summarize GpuHours = sum((StopTime - TimeGenerated) / 1h * toint(TFWorkerCount)) by ClusterName"""
    hours = replayed.jobs["duration"] / 3600 * replayed.jobs["num_gpus"]
    expected = hours.groupby(replayed.jobs["cluster"]).sum()
    same(replayed.client.rows(query), [[cluster, float(total)] for cluster, total in expected.items()])


def test_jobs_a_day(replayed: Replayed) -> None:
    query = (
        'AmlComputeJobEvent | where EventType == "JobSubmitted" | summarize Jobs = count() by bin(TimeGenerated, 1d)'
    )
    expected = replayed.jobs.groupby(replayed.jobs["timestamp"].dt.floor("D")).size()
    same(replayed.client.rows(query), [[text(day), int(count)] for day, count in expected.items()])


@pytest.mark.parametrize(("metric", "column"), [("Active Nodes", "active"), ("Total Nodes", "total")])
def test_node_metrics_by_the_hour(replayed: Replayed, metric: str, column: str) -> None:
    nodes = replayed.nodes[replayed.nodes["time"] >= pd.Timestamp("2017-10-25", tz="UTC")]
    answer = replayed.client.http.get(
        f"{replayed.client.workspace}/providers/Microsoft.Insights/metrics",
        params={
            "api-version": "2024-02-01",
            "metricnames": metric,
            "timespan": "2017-10-25T00:00:00Z/2017-11-01T00:00:00Z",
            "interval": "PT1H",
            "aggregation": "average,minimum,maximum,total",
            "$filter": "ClusterName eq 'philly'",
        },
    ).json()
    (series,) = answer["value"][0]["timeseries"]
    expected = nodes.groupby(nodes["time"].dt.floor("h"))[column].agg(["mean", "min", "max", "sum"])
    found = {point["timeStamp"]: point for point in series["data"] if "average" in point}
    assert len(found) == len(expected) > 100
    for hour, row in expected.iterrows():
        point = found[pd.Timestamp(hour).strftime("%Y-%m-%dT%H:%M:%SZ")]
        assert [point["average"], point["minimum"], point["maximum"], point["total"]] == pytest.approx(
            [row["mean"], row["min"], row["max"], row["sum"]], rel=1e-9
        )
