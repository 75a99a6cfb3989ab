"""The session as a whole against a fake door: what happens on the compute arrives as records and metrics."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import msgspec

from lazulite.demo.facts import TERMINAL, Fact, RunChanged
from lazulite.demo.recipes import by_kind
from lazulite.demo.session import Session
from lazulite.server.client import Client
from tests.cli.fake_server import FakeServer

DEADLINE = 60.0


def test_a_job_arrives_as_log_records_and_metrics(tmp_path: Path) -> None:
    ended = threading.Event()

    def observe(fact: Fact) -> None:
        if isinstance(fact, RunChanged) and fact.status in TERMINAL:
            ended.set()

    with FakeServer() as server, Client(server.connection) as client:
        server.answers["POST /providers/lazulite/records"] = (202, {"accepted": 1, "rejected": [], "sequence": 1})
        session = Session(client, tmp_path, 1, observe)
        session.start()
        specification = msgspec.structs.replace(by_kind("train").specification, epochs=30)
        session.compute.submit(by_kind("train"), specification)
        assert ended.wait(DEADLINE)
        left = session.close()
    assert (left.waiting, left.dropped) == (0, 0)
    sent: dict[str, list[dict[str, object]]] = {}
    for request in server.requests:
        sent.setdefault(request.params["category"], []).extend(json.loads(request.body))
        assert request.path.startswith(client.ml_workspace)
    events = [record["EventType"] for record in sent["AmlComputeJobEvent"]]
    assert events == ["JobSubmitted", "JobRunning", "JobSucceeded"]
    assert {"Completed Runs", "Total Nodes", "Idle Cores"} <= {record["metricName"] for record in sent["AllMetrics"]}
    assert len({request.headers["x-lazulite-batch"] for request in server.requests}) == len(server.requests)
