"""The records door of a real server: records a second durably acknowledged, seconds to queryable, memory.

Single records at rest first; then four client threads post gzipped NDJSON job events of about 900 bytes, 5,000 a
request, made before the clock starts: paced at the aim, then as fast as they are answered. A fifth thread watches how
long each acknowledged sequence takes to reach its table.
"""

from __future__ import annotations

import gzip
import json
import ssl
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
PACED_REQUESTS = 60
AIM = 20_000
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
    idle = _memory(process)
    single = list(_singles(client))
    aimed = _load(client, PACED_REQUESTS, PER_REQUEST / AIM)
    full = _load(client, REQUESTS)
    loaded = _memory(process)
    print(f"job events of {len(json.dumps(job_event(1)))} B, {PER_REQUEST:,} a request, {CLIENTS} clients, gzip NDJSON")
    show(
        ("figure", "value", "aim"),
        [
            ("records/s durably acknowledged", f"{full.rate:,.0f}", f"{AIM:,}"),
            ("to acknowledgement, p50 / p99 s, at full load", _two(full.acknowledged), ""),
            (f"to acknowledgement, p50 / p99 s, at {aimed.rate:,.0f} records/s", _two(aimed.acknowledged), ""),
            ("acknowledged to queryable, p50 / p99 s, at rest", _two(single), "1"),
            (f"acknowledged to queryable, p50 / p99 s, at {aimed.rate:,.0f} records/s", _two(aimed.lags), "1"),
            ("acknowledged to queryable, p50 / p99 s, at full load", _two(full.lags), ""),
            ("resident memory (of it not files), idle 5 s after start, MiB", idle, "250"),
            ("resident memory (of it not files), after the load, MiB", loaded, ""),
        ],
    )


def _memory(process: psutil.Process) -> str:
    """Resident, and without the pages of program files: how many of those count depends on the kernel's cache."""
    found = process.memory_info()
    files = getattr(found, "shared", 0)
    return f"{found.rss / 2**20:.0f} ({(found.rss - files) / 2**20:.0f})"


def _two(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.3f} / {percentile(values, 0.99):.3f}"


def _http(client: Client) -> httpx.Client:
    context = ssl.create_default_context(cafile=client.connection["ca_file"])
    return httpx.Client(base_url=client.connection["endpoint"], verify=context, timeout=60, headers=client.http.headers)


@dataclass
class Load:
    """What a run of requests measured: records a second, seconds to each acknowledgement, seconds on to queryable."""

    rate: float
    acknowledged: list[float]
    lags: list[float]


def _load(client: Client, requests: int, paced: float = 0.0) -> Load:
    """Post `requests` bodies from all clients as fast as they are answered, or one each `paced` seconds."""
    ready, acknowledged = bodies(), []
    lags = Lags(_http(client))
    watcher = threading.Thread(target=lags.watch)
    connections = [_http(client) for _ in range(CLIENTS)]
    began = time.perf_counter()

    def post(number: int) -> None:
        time.sleep(max(0.0, began + number * paced - time.perf_counter()))
        sent = time.perf_counter()
        sequence = _posted(connections[number % CLIENTS], client.workspace + DOOR, ready[number % BODIES])
        acknowledged.append(time.perf_counter() - sent)
        lags.waiting.append((sequence, time.perf_counter()))

    watcher.start()
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(post, range(requests)))
    taken = time.perf_counter() - began
    lags.ended.set()
    watcher.join()
    return Load(requests * PER_REQUEST / taken, acknowledged, lags.seconds)


def _posted(http: httpx.Client, path: str, body: bytes) -> int:
    """Post until it is taken; the sequence."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
    while True:
        answer = http.post(path, content=body, headers=headers)
        if answer.status_code not in (429, 503):
            assert answer.status_code == 202, answer.text[:300]
            return int(answer.json()["sequence"])
        time.sleep(float(answer.headers.get("retry-after", "1")))


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
