"""Criteria measured on real points: the metric store on a DuckDB engine, and a rule that fires on them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lazulite.alerts import metric_measure
from lazulite.alerts.metric_measure import MetricMeasure
from lazulite.alerts.rule import CriterionBody
from lazulite.core.errors import TooLarge
from tests.metrics.conftest import WORKSPACE, World, at, engine, nodes, world

from .conftest import criterion

__all__ = ["engine", "world"]

BY_CLUSTER = [{"name": "clustername", "operator": "Include", "values": ["*"]}]


def measure(world: World, start: str, end: str, **changes: Any) -> dict[tuple[tuple[str, str], ...], float | None]:
    body = criterion(**({"metricName": "Active Nodes"} | changes))
    one = msgspec.convert(body, CriterionBody)
    found = MetricMeasure(world.queries).values(WORKSPACE, one, at(start), at(end))
    return {series.dimensions: series.value for series in found}


@pytest.fixture
def filled(world: World) -> World:
    world.take(nodes("09:00", 1, "a"), nodes("09:01", 3, "a"), nodes("09:01", 10, "b"), nodes("09:05", 100, "a"))
    return world


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("Total", 14.0), ("Average", 14 / 3), ("Minimum", 1.0), ("Maximum", 10.0), ("Count", 3.0)],
)
def test_a_window_is_one_value_for_each_aggregation(filled: World, aggregation: str, value: float) -> None:
    assert measure(filled, "09:00", "09:05", timeAggregation=aggregation) == {(): pytest.approx(value)}


def test_the_window_starts_with_its_first_minute_and_ends_before_its_end(filled: World) -> None:
    assert measure(filled, "09:01", "09:05") == {(): 13.0}
    assert measure(filled, "09:01", "09:06") == {(): 113.0}
    assert measure(filled, "09:02", "09:05") == {}


def test_dimensions_split_the_window_in_the_catalogs_spelling(filled: World) -> None:
    found = measure(filled, "09:00", "09:05", dimensions=BY_CLUSTER)
    assert found == {(("ClusterName", "a"),): 4.0, (("ClusterName", "b"),): 10.0}


def test_what_was_never_emitted_has_no_series(filled: World) -> None:
    assert measure(filled, "09:00", "09:05", metricName="Our Own") == {}
    unknown = [{"name": "Colour", "operator": "Include", "values": ["*"]}]
    assert measure(filled, "09:00", "09:05", dimensions=unknown) == {}


def test_more_series_than_a_rule_may_watch_are_refused_by_name(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_measure, "MA_SERIES_PER_RULE", 1)
    with pytest.raises(TooLarge, match="'Active Nodes' split by clustername has over 1 series"):
        measure(filled, "09:00", "09:05", dimensions=BY_CLUSTER)


@pytest.mark.parametrize("dimension", [("Include", ["B", "gone"]), ("Exclude", ["a"])])
def test_series_that_a_rule_does_not_watch_do_not_count(
    filled: World, monkeypatch: pytest.MonkeyPatch, dimension: tuple[str, list[str]]
) -> None:
    monkeypatch.setattr(metric_measure, "MA_SERIES_PER_RULE", 1)
    only = [{"name": "clustername", "operator": dimension[0], "values": dimension[1]}]
    assert measure(filled, "09:00", "09:05", dimensions=only) == {(("ClusterName", "b"),): 10.0}
