"""The drain: each batch once, in order, whatever the engine does; bad rows aside, good ones through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lazulite.core.batch import Emission
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.errors import Conflict, Unavailable
from lazulite.core.resource_id import parse
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine import Append, Delivered
from lazulite.metrics.store import MetricStore
from lazulite.routing.drain import Drain, DrainSettings
from lazulite.routing.intake import MAX_BATCHES, Intake
from lazulite.routing.records import decode
from lazulite.routing.router import Router
from lazulite.routing.settings import Settings
from tests.routing.memory_engine import MemoryEngine
from tests.routing.test_settings import ML, Store, customer_id, stored

NOON = 638_000_000_000_000_000
QUICK = DrainSettings(linger=0.0, idle=0.02, pause=0.01, max_pause=0.05)
ALL = stored(
    logs=[{"categoryGroup": "allLogs", "enabled": True}], metrics=[{"category": "AllMetrics", "enabled": True}]
)


@dataclass
class Bench:
    """An intake, an engine and settings; `drain()` makes a drain over them, as a restart does."""

    path: Path
    engine: MemoryEngine
    settings: Store
    counters: Counters
    intake: Intake
    drains: list[Drain]

    def emit(self, *records: dict[str, Any], category: str = "AmlComputeJobEvent", resource: str = ML) -> int:
        decoded = decode(msgspec.json.encode(records), parse(resource), category, NOON)
        return self.intake.emit(Emission(decoded.batches, NOON, "me", "records")).result().sequence

    def drain(self, accept_gap: bool = False, settings: DrainSettings = QUICK) -> Drain:
        router = Router(Settings(self.settings, customer_id), "c-home", self.counters)
        encoder = WorkspaceEncoder(self.intake.epoch)
        drain = Drain(self.intake, self.engine, router, MetricStore(self.engine), encoder, self.counters, settings)
        drain.start(accept_gap)
        self.drains.append(drain)
        return drain

    def jobs(self, workspace: str = "c-logs") -> list[str]:
        return [row["JobName"] for row in self.engine.rows(workspace, "AmlComputeJobEvent")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    counters = Counters()
    intake = Intake(tmp_path / "intake.db", HeldClock(NOON), counters)
    made = Bench(tmp_path, MemoryEngine(), Store(ALL), counters, intake, [])
    yield made
    for drain in made.drains:
        drain.stop()
    intake.close()


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Look again and again until it holds; a state, not a sleep, ends the wait."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.005)


def test_what_is_emitted_arrives_once_in_order_and_leaves_the_intake(bench: Bench) -> None:
    bench.emit({"JobName": "before the start"})
    drain = bench.drain()
    last = bench.emit({"JobName": "a"}, {"JobName": "b"})
    assert drain.wait(last, 10)
    assert bench.jobs() == ["before the start", "a", "b"]
    assert (drain.delivered(), bench.engine.cursor) == (last, Delivered(bench.intake.epoch, last))
    eventually(lambda: bench.intake.depth() == 0)


def test_waiting_for_what_is_not_there_ends_at_its_time(bench: Bench) -> None:
    assert not bench.drain().wait(5, 0.05)


def test_metrics_go_to_the_store_and_with_a_setting_to_azure_metrics(bench: Bench) -> None:
    point = {
        "time": "2022-09-01T00:00:00Z",
        "metricName": "Active Nodes",
        "value": 3,
        "dimensions": {"ClusterName": "c"},
    }
    assert bench.drain().wait(bench.emit(point, category="AllMetrics"), 10)
    (row,) = bench.engine.rows("c-logs", "AzureMetrics")
    assert (row["MetricName"], row["Total"], row["Average"], row["Dimensions"]) == (
        "Active Nodes",
        3.0,
        3.0,
        '{"ClusterName":"c"}',
    )
    assert [row["sum"] for row in bench.engine.rows("_metrics", "point")] == [3.0]
    assert len(bench.engine.deliveries) == 1, "rows of both are one transaction"


def test_metrics_without_a_setting_are_in_the_store_alone(bench: Bench) -> None:
    bench.settings.settings = []
    assert bench.drain().wait(bench.emit({"metricName": "Active Nodes", "value": 3}, category="AllMetrics"), 10)
    assert bench.engine.rows("c-logs", "AzureMetrics") == []
    assert len(bench.engine.rows("_metrics", "point")) == 1


def test_a_category_without_a_setting_is_counted_and_passed(bench: Bench) -> None:
    bench.settings.settings = []
    drain = bench.drain()
    assert drain.wait(bench.emit({"JobName": "a"}), 10)
    assert bench.jobs() == []
    assert bench.counters.value("lazulite_unrouted_records_total", category="AmlComputeJobEvent") == 1


def test_a_changed_setting_is_in_force_at_the_next_batch(bench: Bench) -> None:
    drain = bench.drain()
    assert drain.wait(bench.emit({"JobName": "a"}), 10)
    bench.settings.settings, bench.settings.moved = [], 2
    assert drain.wait(bench.emit({"JobName": "b"}), 10)
    assert bench.jobs() == ["a"]


def test_an_engine_that_cannot_now_is_tried_again_and_nothing_is_lost(bench: Bench) -> None:
    bench.engine.failures = [Unavailable("EngineUnavailable", "being reopened") for _ in range(3)]
    drain = bench.drain()
    assert drain.wait(bench.emit({"JobName": "a"}), 10)
    assert bench.jobs() == ["a"]
    eventually(lambda: drain.failure is None)
    assert bench.counters.value("lazulite_drain_failures_total", reason="EngineUnavailable") == 3


def test_what_is_too_much_at_once_is_delivered_in_parts(bench: Bench) -> None:
    bench.engine.most_appends = 3
    for number in range(50):
        last = bench.emit({"JobName": f"{number}"})
    assert bench.drain().wait(last, 20)
    assert bench.jobs() == [f"{number}" for number in range(50)]


def test_many_small_batches_are_not_kept_waiting_for_more(bench: Bench) -> None:
    patient = replace(QUICK, linger=30.0)
    for number in range(MAX_BATCHES + 1):
        last = bench.emit({"JobName": f"{number}"})
    assert bench.drain(settings=patient).wait(last - 1, 20)


def test_a_delivery_whose_answer_was_lost_is_not_repeated(bench: Bench) -> None:
    bench.engine.fails_after_commit = Unavailable("EngineUnavailable", "the answer was lost")
    drain = bench.drain()
    assert drain.wait(bench.emit({"JobName": "a"}), 10)
    assert drain.wait(bench.emit({"JobName": "b"}), 10)
    assert bench.jobs() == ["a", "b"]


def test_a_decision_kept_before_a_failure_is_not_made_anew(bench: Bench) -> None:
    bench.engine.failures = [Unavailable("EngineUnavailable", "later")] * 1000
    sequence = bench.emit({"JobName": "a"})
    first = bench.drain()
    eventually(lambda: bench.intake.decisions(0, sequence) == {sequence: ("c-logs",)})
    first.stop()
    bench.engine.failures = []
    bench.settings.settings, bench.settings.moved = [], 2
    assert bench.drain().wait(sequence, 10)
    assert bench.jobs() == ["a"]


def bad_jobs(append: Append) -> bool:
    return append.table == "AmlComputeJobEvent" and any(
        name.startswith("bad") for name in append.rows["JobName"].to_pylist()
    )


def test_refused_rows_are_found_and_kept_as_rejected_and_all_others_arrive(bench: Bench) -> None:
    bench.engine.refuses = bad_jobs
    bench.emit(*({"JobName": f"a{number}"} for number in range(20)))
    bench.emit(*({"JobName": "bad" if number in (3, 11) else f"b{number}"} for number in range(20)))
    last = bench.emit({"JobName": "c"})
    assert bench.drain().wait(last, 10)
    expected = [f"a{n}" for n in range(20)] + [f"b{n}" for n in range(20) if n not in (3, 11)] + ["c"]
    assert bench.jobs() == expected
    rejected = bench.engine.rows("c-home", "LazuliteRejected")
    assert [(row["Sequence"], row["RecordIndex"], row["Code"]) for row in rejected] == [
        (2, 3, "RowsRefused"),
        (2, 11, "RowsRefused"),
    ]
    assert msgspec.json.decode(rejected[0]["Record"])["JobName"] == "bad"
    assert bench.engine.rehearsals < 60


def test_a_stop_does_not_wait_for_the_search_for_refused_rows(bench: Bench) -> None:
    drain: Drain | None = None

    def refuses(append: Append) -> bool:
        if drain is not None and bench.engine.rehearsals > 2:
            drain._stopping.set()
        return bad_jobs(append)

    bench.engine.refuses = refuses
    last = bench.emit(*({"JobName": "bad"} for _ in range(500)))
    drain = bench.drain()
    eventually(lambda: not drain._thread.is_alive())
    assert bench.engine.rehearsals < 6
    assert bench.engine.cursor is not None
    assert bench.engine.cursor.through == 0
    assert bench.drain().wait(last, 10), "the next start goes through with it"


def test_a_batch_refused_even_without_its_bad_rows_is_told_of_and_passed(bench: Bench) -> None:
    bench.engine.refuses = lambda append: append.table == "AmlComputeJobEvent" and append.rows.num_rows != 1
    drain = bench.drain()
    assert drain.wait(bench.emit({"JobName": "a"}, {"JobName": "b"}), 10)
    assert drain.wait(bench.emit({"JobName": "c"}), 10)
    assert bench.jobs() == ["c"]
    (row,) = bench.engine.rows("c-home", "LazuliteRejected")
    assert "2 records were lost" in row["Message"]


def test_when_nothing_of_a_batch_can_be_stored_the_next_one_still_is(bench: Bench) -> None:
    bench.engine.refuses = lambda append: append.table == "LazuliteRejected" or bad_jobs(append)
    drain = bench.drain()
    bench.emit({"JobName": "bad"})
    assert drain.wait(bench.emit({"JobName": "c"}), 10)
    assert bench.jobs() == ["c"]
    assert bench.counters.value("lazulite_refused_batches_total", kept="no") == 1


def test_a_store_filled_from_another_intake_stops_the_start(bench: Bench) -> None:
    bench.engine.adopt("another", 7)
    with pytest.raises(Conflict, match=r"another intake \(another, up to 7\).*--accept-gap"):
        bench.drain()
    bench.emit({"JobName": "a"})
    assert bench.drain(accept_gap=True).wait(1, 10)
    assert bench.jobs() == ["a"]


def test_a_gap_stops_the_start_and_is_named(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.emit({"JobName": name})
    bench.intake.passed(2).result()
    bench.engine.adopt(bench.intake.epoch, 0)
    with pytest.raises(Conflict, match=r"Batches 1 to 2 are neither in the store nor in the intake.*--accept-gap"):
        bench.drain()
    assert bench.drain(accept_gap=True).wait(3, 10)
    assert bench.jobs() == ["c"]


def test_an_intake_older_than_the_store_stops_the_start(bench: Bench) -> None:
    bench.emit({"JobName": "delivered before"})
    bench.engine.adopt(bench.intake.epoch, 9)
    with pytest.raises(Conflict, match="up to 9, the intake only gave up to 1"):
        bench.drain()
    drain = bench.drain(accept_gap=True)
    new = bench.emit({"JobName": "new"})
    assert new == 10, "a sequence is never used twice: items are named by it"
    assert drain.wait(new, 10)
    assert bench.jobs() == ["new"]


def test_a_drain_that_restarts_goes_on_where_the_engine_is(bench: Bench) -> None:
    first = bench.drain()
    assert first.wait(bench.emit({"JobName": "a"}), 10)
    first.stop()
    last = bench.emit({"JobName": "b"})
    assert bench.drain().wait(last, 10)
    assert bench.jobs() == ["a", "b"]
