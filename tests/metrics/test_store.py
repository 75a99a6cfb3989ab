"""The metric store: series ids, what a delivery adds, limits and retention."""

from __future__ import annotations

import pytest

from lazulite.core.batch import StoredBatch
from lazulite.core.clock import TICKS_PER_DAY
from lazulite.engine import Delivery, Engine
from lazulite.metrics import store
from lazulite.metrics.points import POINT, SERIES
from lazulite.metrics.store import MetricSettings, Staged
from tests.metrics.conftest import EPOCH, OTHER, WORKSPACE, World, nodes


def tables(staged: Staged) -> dict[str, int]:
    return {append.table: append.rows.num_rows for append in staged.appends}


def points(staged: Staged) -> list[dict[str, float]]:
    found: list[dict[str, float]] = staged.appends[0].rows.to_pylist()
    return found


def test_a_series_is_written_once_and_its_points_every_time(world: World) -> None:
    assert tables(world.take(nodes("09:00", 1, "a"))) == {POINT: 1, SERIES: 1}
    assert tables(world.take(nodes("09:01", 2, "a"))) == {POINT: 1}


def test_points_of_one_minute_in_one_delivery_become_one_row(world: World) -> None:
    staged = world.deliver(
        world.batch([nodes("09:00", 1, "a"), nodes("09:00", 5, "a")]), world.batch([nodes("09:00", 3, "a")])
    )
    (row,) = points(staged)
    assert {name: row[name] for name in ("seq", "count", "sum", "min", "max", "last")} == {
        "seq": 2, "count": 3, "sum": 9, "min": 1, "max": 5, "last": 3,
    }  # fmt: skip


def test_case_of_a_value_does_not_make_another_series(world: World) -> None:
    world.take(nodes("09:00", 1, "GPU"))
    world.take(nodes("09:01", 1, "gpu"), nodes("09:01", 1, "Gpu"))
    assert world.store.index.count == 1


def test_metrics_and_resources_do_not_share_series(world: World) -> None:
    world.take(nodes("09:00", 1, "a"), nodes("09:00", 1, "a") | {"metricName": "Idle Nodes"})
    world.take(nodes("09:00", 1, "a"), resource=OTHER)
    assert world.store.index.count == 3
    assert len({row["series"] for row in points(world.take(nodes("09:01", 1), nodes("09:01", 1, "a")))}) == 2


def test_a_staged_delivery_that_is_not_committed_leaves_nothing(world: World) -> None:
    world.store.stage([world.batch([nodes("09:00", 1, "a")])])
    assert world.store.index.count == 0
    assert tables(world.take(nodes("09:00", 1, "a"))) == {POINT: 1, SERIES: 1}


def test_a_restart_finds_the_series_it_had(world: World) -> None:
    world.take(*[nodes("09:00", 1, f"c{number}") for number in range(30)])
    world.take(nodes("09:00", 1, "a"), resource=OTHER)
    before = points(world.take(nodes("09:01", 1, "c7")))
    assert world.restart() == 31
    again = world.take(nodes("09:02", 1, "C7"), nodes("09:02", 1, "new"))
    assert tables(again) == {POINT: 2, SERIES: 1}
    assert points(again)[0]["series"] == before[0]["series"]


def test_many_series_are_loaded_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.take(*[nodes("09:00", number, f"c{number}") for number in range(25)])
    monkeypatch.setattr(store, "_LOADED_AT_ONCE", 10)
    assert world.restart() == 25
    assert len(world.rows(filter="ClusterName eq '*'", top=50)) == 25


def test_batches_of_other_categories_are_not_for_this_store(world: World) -> None:
    log = StoredBatch(1, WORKSPACE.key, "AmlComputeJobEvent", 0, "p", "records", world.batch([]).rows)
    assert world.store.stage([log, world.batch([])]) == Staged(())


def test_past_the_limit_of_series_points_are_refused_and_known_series_go_on(engine: Engine) -> None:
    world = World(engine, settings=MetricSettings(max_series=2))
    staged = world.take(nodes("09:00", 1, "a"), nodes("09:00", 2, "b"), nodes("09:00", 3, "c"), nodes("09:01", 4, "a"))
    assert tables(staged) == {POINT: 3, SERIES: 2}
    (refused,) = staged.refused
    assert (refused.code, refused.sequence, refused.resource_id) == ("MaxSeriesReached", 1, WORKSPACE.key)
    assert "2 series, which is the limit max_series" in refused.message
    assert refused.rows["sum"].to_pylist() == [3]


def test_points_older_than_the_retention_are_refused_and_their_neighbours_are_not(world: World) -> None:
    staged = world.take(nodes("0001-01-01T00:00:00Z", 1, "old"), nodes("09:00", 2, "young"))
    (refused,) = staged.refused
    assert (refused.code, refused.rows["sum"].to_pylist()) == ("PointTooOld", [1])
    assert "older than the 93 days" in refused.message
    assert list(world.rows(filter="ClusterName eq '*'")) == [("young",)]
    assert len(world.take(nodes("0001-01-01T00:00:00Z", 1, "old")).refused) == 1
    assert world.store.index.count == 1


def test_points_beyond_the_retention_go_and_their_series_follow(world: World) -> None:
    today = world.clock.ticks
    world.clock.ticks -= 121 * TICKS_PER_DAY
    world.take(nodes("2024-01-01T00:00:00Z", 1, "old"))
    world.clock.ticks = today
    world.take(nodes("09:00", 1, "young"))
    assert world.store.expire(world.clock.now()) == 1
    assert world.store.index.count == 1
    assert world.restart() == 1
    assert list(world.rows(filter="ClusterName eq '*'")) == [("young",)]


def test_a_series_in_use_outlives_its_first_row(world: World) -> None:
    """Its row is written again weekly, so that the first can expire by time."""
    first = world.clock.now() - 95 * TICKS_PER_DAY
    for day in range(0, 96, 5):
        moment = first + day * TICKS_PER_DAY
        world.clock.ticks = moment
        world.take({"metricName": "Active Nodes", "value": 1, "dimensions": {"ClusterName": "a"}})
    world.clock.ticks += 30 * TICKS_PER_DAY
    world.store.expire(world.clock.now())
    assert (world.store.index.count, world.restart()) == (1, 1)
    assert world.rows(filter="ClusterName eq '*'", start=first, end=world.clock.now(), interval=0) == {
        ("a",): {"average": [1.0]}
    }


def test_a_late_point_never_makes_its_series_older(world: World) -> None:
    world.take(nodes("09:00", 1, "a"))
    world.take(nodes("2024-02-01T00:00:00Z", 1, "a"))
    world.store.expire(world.clock.now() + 92 * TICKS_PER_DAY)
    assert world.store.index.count == 1


def test_an_empty_delivery_moves_the_cursor_only(world: World) -> None:
    world.engine.deliver(Delivery(EPOCH, 1, world.store.stage([]).appends))
    assert world.store.index.count == 0
