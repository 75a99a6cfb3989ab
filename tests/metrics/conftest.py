"""A metric store on a real engine, fed with records as the drain feeds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazulite.core import resource_id
from lazulite.core.batch import ALL_METRICS, StoredBatch
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.resource_id import ResourceId
from lazulite.engine import Delivery, Engine
from lazulite.engine.duckdb import DuckDbEngine, DuckDbSettings
from lazulite.kql import ticks
from lazulite.metrics.query import MetricQueries
from lazulite.metrics.records import decode_metric_records
from lazulite.metrics.request import MetricAnswer, MetricQuery
from lazulite.metrics.store import MetricSettings, MetricStore, Staged

PROVIDER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces"
WORKSPACE = resource_id.parse(f"{PROVIDER}/ml")
OTHER = resource_id.parse(f"{PROVIDER}/other")
EPOCH = "00000000-0000-0000-0000-0000000000aa"

SETTINGS = DuckDbSettings(memory_bytes=256 * 1024 * 1024, threads=2, disk_reserve_bytes=0)

Record = dict[str, Any]


def at(text: str) -> int:
    """Ticks of a UTC time of 2024-05-01, such as 09:30, or of a whole datetime."""
    found = ticks.parse_datetime(text if "T" in text else f"2024-05-01T{text}:00Z")
    assert found is not None
    return found


@dataclass
class World:
    """A store, its engine and its queries at noon of 2024-05-01."""

    engine: Engine
    clock: HeldClock = field(default_factory=lambda: HeldClock(at("12:00")))
    settings: MetricSettings = field(default_factory=MetricSettings)
    sequence: int = 0
    through: int = 0

    def __post_init__(self) -> None:
        self.engine.adopt(EPOCH)
        self.restart()

    def restart(self) -> int:
        """A new store over what the engine holds; how many series it found."""
        self.store = MetricStore(self.engine, self.settings)
        self.queries = MetricQueries(self.engine, self.store, self.clock)
        return self.store.load()

    def batch(self, records: Sequence[Record], resource: ResourceId = WORKSPACE) -> StoredBatch:
        decoded = decode_metric_records(records, resource, self.clock.now())
        assert decoded.rejected == ()
        self.sequence += 1
        return StoredBatch(self.sequence, resource.key, ALL_METRICS, self.clock.now(), "p", "records", decoded.rows)

    def deliver(self, *batches: StoredBatch) -> Staged:
        staged = self.store.stage(batches)
        self.through += 1
        self.engine.deliver(Delivery(EPOCH, self.through, staged.appends))
        self.store.committed(staged)
        return staged

    def take(self, *records: Record, resource: ResourceId = WORKSPACE) -> Staged:
        return self.deliver(self.batch(records, resource))

    def ask(self, metric: str = "Active Nodes", **more: Any) -> MetricAnswer:
        asked: dict[str, Any] = {"resources": (WORKSPACE,), "start": at("09:00"), "end": at("10:00")}
        return self.queries.values(MetricQuery(**(asked | {"metrics": (metric,)} | more)))

    def rows(self, metric: str = "Active Nodes", **more: Any) -> dict[tuple[str, ...], dict[str, list[float | None]]]:
        """The series of one metric of one resource: values by aggregation, by dimension values."""
        (found,) = self.ask(metric, **more).resources[0].metrics
        return {
            tuple(value for _, value in series.dimensions): {
                name: [None if np.isnan(value) else value for value in values.tolist()]
                for name, values in series.values.items()
            }
            for series in found.series
        }


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = DuckDbEngine(tmp_path, SETTINGS, Counters())
    yield engine
    engine.close()


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def nodes(time: str, value: float, cluster: str | None = None, **dimensions: str) -> Record:
    """A record of Active Nodes."""
    named = dimensions | ({} if cluster is None else {"ClusterName": cluster})
    whole = time if "T" in time else f"2024-05-01T{time}:00Z"
    return {"time": whole, "metricName": "Active Nodes", "dimensions": named, "value": value}
