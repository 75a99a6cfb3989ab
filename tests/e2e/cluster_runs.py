"""Real cluster events: the demonstration's own compute, run for a few jobs without a server."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from lazulite.core.clock import SystemClock
from lazulite.core.ids import RandomIds
from lazulite.core.resource_id import parse
from lazulite.demo.compute import LocalCompute
from lazulite.demo.facts import ClusterState, Fact, RunChanged
from lazulite.demo.recipes import by_kind
from lazulite.demo.records import LogRecords, Machine

NODES = 2
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/demo"


def demo_cluster_records(folder: Path) -> list[dict[str, Any]]:
    """The AmlComputeClusterEvent records of a cluster that came up, ran two jobs and went."""
    facts: list[Fact] = []
    ended = threading.Semaphore(0)

    def observe(fact: Fact) -> None:
        facts.append(fact)
        if isinstance(fact, RunChanged) and fact.status in ("Completed", "Failed", "Canceled"):
            ended.release()

    compute = LocalCompute(folder, NODES, "tests", SystemClock(), RandomIds(), observe)
    compute.start()
    for kind in ("train", "crash-diverges"):
        compute.submit(by_kind(kind))
    for _ in range(2):
        assert ended.acquire(timeout=120)
    compute.close()
    records = LogRecords(Machine(parse(WORKSPACE), "tenant", 1, 4))
    return [record for fact in facts if isinstance(fact, ClusterState) for _, record in records.of(fact)]
