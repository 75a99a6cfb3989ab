"""The records door of a real server: records a second durably acknowledged, seconds to queryable, memory.

Four client threads post gzipped NDJSON job events of about 900 bytes, 5,000 a request, made before the clock starts;
a fifth watches how long each acknowledged sequence takes to reach its table. Then single small requests at rest.
"""

from __future__ import annotations

import gzip
import json
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from tests.e2e.harness import Client, Server

from bench.table import percentile, show

CLIENTS = 4
PER_REQUEST = 5_000
REQUESTS = 120
BODIES = 8
SINGLES = 100
DOOR = "/providers/lazulite/records?category=AmlComputeJobEvent"


def job_event(number: int) -> dict[str, str]:
    """A job event of about 900 bytes with the columns that the service fills."""
    guid = f"{number:08x}-dedb-4262-9763-2fd08b79d8fb"
    return {
        "TimeGenerated": f"2026-11-24T{number % 24:02d}:{number % 60:02d}:{number % 59:02d}.{number % 10**7:07d}Z",
        "OperationName": ("JobSubmitted", "JobRunning", "JobSucceeded", "JobFailed")[number % 4],
        "EventType": ("JobSubmitted", "JobRunning", "JobSucceeded", "JobFailed")[number % 4],
        "ExecutionState": ("Queued", "Running", "Succeeded", "Failed")[number % 4],
        "JobId": guid,
        "JobName": f"automl_{guid}_setup",
        "ExperimentName": f"experiment-{number % 97}",
        "ExperimentId": f"{number % 97:08x}-aaaa-4bbb-8ccc-000000000000",
        "ClusterName": f"cluster-{number % 13}",
        "ClusterId": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/x/{number % 13}",
        "NodeId": f"tvmps_{number % 1021:040x}_d",
        "ToolType": "AzureMLExecutionService",
        "ProvisioningState": "Succeeded",
        "ResourceGroupName": "ml-production",
        "ClusterResourceGroupName": "ml-production-clusters",
        "CustomerSubscriptionId": "f2f7594e-59c3-424c-ab7a-8368d0beae42",
        "CreationApiVersion": "2018-05-01",
        "TFWorkerCount": str(number % 8),
        "TFParameterServerCount": "0",
        "RunInContainer": "True",
        "WorkspaceName": "production",
    }


def bodies() -> list[bytes]:
    texts = (
        "\n".join(json.dumps(job_event(start * PER_REQUEST + row)) for row in range(PER_REQUEST))
        for start in range(BODIES)
    )
    return [gzip.compress(text.encode(), 1) for text in texts]


@dataclass
class Lags:
    """Seconds from acknowledgement to queryable, by watching the server's word on each sequence in turn."""

    http: httpx.Client
    waiting: list[tuple[int, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while self.waiting or not self.ended.is_set():
            if not self.waiting:
                time.sleep(0.005)
                continue
            sequence, acknowledged = min(self.waiting)
            while self.http.get("/healthz", params={"sequence": sequence}).status_code != 200:
                time.sleep(0.01)
            self.seconds.append(time.perf_counter() - acknowledged)
            self.waiting.remove((sequence, acknowledged))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        try:
            _measure(server)
        finally:
            server.stop()


def _measure(server: Server) -> None:
    client = Client(server.connection)
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    time.sleep(5)
    idle = process.memory_info().rss / 2**20
    rate, acknowledged, lags = _load(client)
    loaded = process.memory_info().rss / 2**20
    single = list(_singles(client))
    show(
        ("figure", "value", "aim"),
        [
            ("records/s durably acknowledged", f"{rate:,.0f}", "20,000"),
            ("acknowledgement p50 / p99, under that load (s)", _two(acknowledged), ""),
            ("acknowledged to queryable p50 / p99, under that load (s)", _two(lags), "1"),
            ("acknowledged to queryable p50 / p99, at rest (s)", _two(single), "1"),
            ("resident memory, idle 5 s after start (MiB)", f"{idle:.0f}", "250"),
            ("resident memory, after the load (MiB)", f"{loaded:.0f}", ""),
        ],
    )


def _two(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.3f} / {percentile(values, 0.99):.3f}"


def _http(client: Client) -> httpx.Client:
    context = ssl.create_default_context(cafile=client.connection["ca_file"])
    return httpx.Client(base_url=client.connection["endpoint"], verify=context, timeout=60, headers=client.http.headers)


def _load(client: Client) -> tuple[float, list[float], list[float]]:
    """Records a second, seconds to each acknowledgement, seconds from there to queryable."""
    ready, acknowledged = bodies(), []
    lags = Lags(_http(client))
    watcher = threading.Thread(target=lags.watch)
    connections = [_http(client) for _ in range(CLIENTS)]
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}

    def post(number: int) -> None:
        began = time.perf_counter()
        answer = connections[number % CLIENTS].post(
            client.workspace + DOOR, content=ready[number % BODIES], headers=headers
        )
        while answer.status_code in (429, 503):
            time.sleep(float(answer.headers.get("retry-after", "1")))
            answer = connections[number % CLIENTS].post(
                client.workspace + DOOR, content=ready[number % BODIES], headers=headers
            )
        assert answer.status_code == 202, answer.text[:300]
        acknowledged.append(time.perf_counter() - began)
        lags.waiting.append((answer.json()["sequence"], time.perf_counter()))

    watcher.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(post, range(REQUESTS)))
    taken = time.perf_counter() - began
    lags.ended.set()
    watcher.join()
    print(f"{REQUESTS * PER_REQUEST:,} records of {len(json.dumps(job_event(1)))} B in {taken:.1f} s", file=sys.stdout)
    return REQUESTS * PER_REQUEST / taken, acknowledged, lags.seconds


def _singles(client: Client) -> Iterator[float]:
    """One record at a time: how soon after its acknowledgement a query finds it."""
    for number in range(SINGLES):
        name = f"single-{number}"
        answer = client.emit("AmlComputeJobEvent", [{"JobName": name, "EventType": "JobSubmitted"}])
        acknowledged = time.perf_counter()
        assert answer.status_code == 202, answer.text
        while client.rows(f'AmlComputeJobEvent | where JobName == "{name}" | count') != [[1]]:
            time.sleep(0.01)
        yield time.perf_counter() - acknowledged
