"""The service tells of itself what `GET /metrics` shows."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from lazulite import catalog
from lazulite.core.batch import Emission, Receipt
from lazulite.core.clock import HeldClock, from_unix_seconds
from lazulite.core.counters import Counters
from lazulite.core.errors import Throttled
from lazulite.core.resource_id import parse
from lazulite.server import own_metrics
from lazulite.server.own_metrics import OwnMetrics

SERVICE = parse(f"/subscriptions/s/resourceGroups/g/providers/{own_metrics.TYPE}/lazulite")


class Kept:
    """An intake that keeps what it is given, or refuses."""

    def __init__(self) -> None:
        self.points: list[dict[str, Any]] = []
        self.full = False

    def emit(self, emission: Emission) -> Future[Receipt]:
        done: Future[Receipt] = Future()
        if self.full:
            done.set_exception(Throttled("IntakeFull", "full"))
            return done
        (batch,) = emission.batches
        self.points = batch.rows.to_pylist()
        done.set_result(Receipt(1))
        return done

    def value(self, metric: str) -> float | None:
        return next((point["sum"] for point in self.points if point["metric"] == metric), None)


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def own(counters: Counters, kept: Kept) -> OwnMetrics:
    return OwnMetrics(counters, kept, HeldClock(from_unix_seconds(0)), SERVICE)


def test_a_counter_becomes_its_growth_in_the_minute(own: OwnMetrics, counters: Counters, kept: Kept) -> None:
    counters.add("lazulite_accepted_records_total", 5, door="records")
    own.report()
    counters.add("lazulite_accepted_records_total", 2, door="records")
    counters.add("lazulite_accepted_records_total", 1, door="other")
    own.report()
    assert kept.value("Records Accepted") == 3


def test_a_gauge_becomes_its_value(own: OwnMetrics, counters: Counters, kept: Kept) -> None:
    counters.gauge("lazulite_intake_batches", lambda: 7)
    counters.gauge("lazulite_memory_bytes", lambda: float("nan"))
    own.report()
    assert kept.value("Intake Batches") == 7
    assert kept.value("Memory") is None


def test_durations_become_their_mean_and_none_is_no_point(own: OwnMetrics, counters: Counters, kept: Kept) -> None:
    counters.observe("lazulite_engine_query_seconds", 0.2, slot="query")
    counters.observe("lazulite_engine_query_seconds", 0.4, slot="alerts")
    own.report()
    assert kept.value("Query Time") == pytest.approx(0.3)
    own.report()
    assert kept.value("Query Time") is None


def test_what_the_intake_refused_is_told_later(own: OwnMetrics, counters: Counters, kept: Kept) -> None:
    counters.add("lazulite_accepted_records_total", 5)
    kept.full = True
    with pytest.raises(Throttled):
        own.report()
    kept.full = False
    own.report()
    assert kept.value("Records Accepted") == 5


def test_every_metric_of_the_catalog_has_a_source() -> None:
    names = {metric.name for metric in catalog.own_metrics()}
    assert names == set(own_metrics.GROWTHS) | set(own_metrics.GAUGES) | set(own_metrics.MEANS)
    assert {metric.resource_type for metric in catalog.own_metrics()} == {own_metrics.TYPE}
