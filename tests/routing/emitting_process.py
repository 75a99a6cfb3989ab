"""A process to be killed: intake, drain and DuckDB over one folder, emitting numbered jobs under their own keys.

    python -m tests.routing.emitting_process FOLDER FIRST

Prints each number once its batch is acknowledged.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lazulite.core.batch import Emission
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.resource_id import parse
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine.duckdb import DuckDbEngine
from lazulite.engine.duckdb.settings import DuckDbSettings
from lazulite.metrics.store import MetricStore
from lazulite.routing.drain import Drain, DrainSettings
from lazulite.routing.intake import Intake
from lazulite.routing.records import decode
from lazulite.routing.router import Router
from lazulite.routing.settings import Settings
from tests.routing.test_settings import ML, Store, customer_id, stored

NOON = 638_000_000_000_000_000
QUICK = DrainSettings(linger=0.005, idle=0.02, pause=0.01)


@dataclass
class Chain:
    """Everything between the door and the tables, over one folder."""

    intake: Intake
    engine: DuckDbEngine
    drain: Drain

    @staticmethod
    def over(folder: Path) -> Chain:
        counters = Counters()
        intake = Intake(folder / "intake.db", HeldClock(NOON), counters)
        engine = DuckDbEngine(folder, DuckDbSettings(threads=1), counters)
        metrics = [{"category": "AllMetrics", "enabled": True}]
        settings = Store(stored(logs=[{"categoryGroup": "allLogs", "enabled": True}], metrics=metrics))
        router = Router(Settings(settings, customer_id), "c-home", counters)
        encoder = WorkspaceEncoder(intake.epoch)
        drain = Drain(intake, engine, router, MetricStore(engine), encoder, counters, QUICK)
        drain.start()
        return Chain(intake, engine, drain)

    def emit(self, number: int) -> int:
        """Two records of job `number` and a metric point, in one emission with one key; its sequence."""
        jobs = [{"JobName": f"job-{number}", "NodeId": str(record)} for record in range(2)]
        point = {"metricName": "Active Nodes", "value": number, "time": "2022-09-01T00:00:00Z"}
        batches = [
            *decode(msgspec.json.encode(jobs), parse(ML), "AmlComputeJobEvent", NOON).batches,
            *decode(msgspec.json.encode([point]), parse(ML), "AllMetrics", NOON).batches,
        ]
        emission = Emission(tuple(batches), NOON, "me", "records", f"key-{number}")
        return self.intake.emit(emission).result().sequence

    def close(self) -> None:
        self.drain.stop()
        self.intake.close()
        self.engine.close()


def main() -> None:
    chain = Chain.over(Path(sys.argv[1]))
    for number in range(int(sys.argv[2]), 1_000_000):
        chain.emit(number)
        print(number, flush=True)


if __name__ == "__main__":
    main()
