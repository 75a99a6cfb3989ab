"""Metric values: aggregations, grains, filter, split, roll-up, top, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from lazulite.core import resource_id
from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE
from lazulite.core.errors import BadRequest, DeadlineExceeded
from lazulite.metrics import grid
from lazulite.metrics.grains import FULL, GRAINS
from lazulite.metrics.query import MetricQueries
from lazulite.metrics.request import MetricQuery
from tests.metrics.conftest import OTHER, WORKSPACE, World, at, nodes

ALL = ("average", "minimum", "maximum", "total", "count")
SPLIT = "ClusterName eq '*'"


@pytest.fixture
def filled(world: World) -> World:
    """Three clusters; `c` has no point in the second half hour, and nobody has one in minutes 10 to 19."""
    world.take(
        nodes("09:00", 1, "a", Scenario="x"),
        nodes("09:00", 3, "a", Scenario="y"),
        nodes("09:05", 5, "B", Scenario="x"),
        nodes("09:20", 10, "c", Scenario="x"),
        nodes("09:40", 7, "a", Scenario="x"),
        nodes("09:59", 2, "B", Scenario="y"),
    )
    return world


def full(world: World, **more: Any) -> dict[tuple[str, ...], float | None]:
    """Total over the whole range by split values."""
    rows = world.rows(**({"interval": FULL, "aggregations": ("total",)} | more))
    return {key: values["total"][0] for key, values in rows.items()}


def test_every_aggregation_of_the_whole_range(filled: World) -> None:
    assert filled.rows(interval=FULL, aggregations=ALL) == {
        (): {"average": [28 / 6], "minimum": [1], "maximum": [10], "total": [28], "count": [6]}
    }


def test_without_aggregation_a_metric_gives_its_primary_one(filled: World) -> None:
    assert list(filled.rows(interval=FULL)[()]) == ["average"]
    assert list(filled.rows(interval=FULL, aggregations=("None",))[()]) == ["average"]


def test_a_bucket_without_points_is_not_zero(filled: World) -> None:
    rows = filled.rows(interval=GRAINS["PT5M"], aggregations=("total", "count"))
    assert rows[()]["total"] == [4, 5, None, None, 10, None, None, None, 7, None, None, 2]
    assert rows[()]["count"] == [2, 1, None, None, 1, None, None, None, 1, None, None, 1]


def test_buckets_stand_on_the_edges_of_their_grain(filled: World) -> None:
    answer = filled.ask(interval=GRAINS["PT30M"], start=at("09:07"), end=at("10:10"))
    assert answer.timestamps.tolist() == [at("09:00"), at("09:30"), at("10:00")]
    assert (answer.start, answer.end) == (at("09:07"), at("10:10"))


def test_the_end_is_outside(filled: World) -> None:
    assert full(filled, end=at("09:59")) == {(): 26}
    assert full(filled, end=at("09:59") + 1) == {(): 28}


def test_the_default_range_is_the_last_hour(world: World) -> None:
    world.take(nodes("10:59", 1), nodes("11:00", 2), nodes("11:59", 4))
    assert full(world, start=None, end=None) == {(): 6}


def test_a_metric_without_points_has_no_series(world: World) -> None:
    assert world.rows() == {}


def test_a_split_shows_each_value_as_it_was_written_first(filled: World) -> None:
    filled.take(nodes("09:30", 1, "b"))
    assert full(filled, filter=SPLIT) == {("a",): 11, ("B",): 8, ("c",): 10}


def test_series_without_the_dimension_are_a_row_of_their_own(filled: World) -> None:
    filled.take(nodes("09:30", 100))
    assert full(filled, filter=SPLIT)[("",)] == 100


def test_a_split_by_two_dimensions(filled: World) -> None:
    found = full(filled, filter="Scenario eq 'x' and clustername eq '*'")
    assert found == {("x", "a"): 8, ("x", "B"): 5, ("x", "c"): 10}


FILTERS: list[tuple[str, dict[tuple[str, ...], float]]] = [
    ("ClusterName eq 'A'", {("a",): 11}),
    ("ClusterName ne 'a'", {("B",): 7, ("c",): 10}),
    ("ClusterName sw 'b'", {("B",): 7}),
    ("ClusterName eq 'a' or ClusterName eq 'c'", {("a",): 11, ("c",): 10}),
    ("ClusterName ne 'a' and ClusterName ne 'c'", {("B",): 7}),
    ("ClusterName eq 'nobody'", {}),
]


@pytest.mark.parametrize(("text", "rows"), FILTERS)
def test_filters(filled: World, text: str, rows: dict[tuple[str, ...], float]) -> None:
    assert full(filled, filter=text) == rows


def test_rolled_up_dimensions_filter_and_do_not_split(filled: World) -> None:
    text = "ClusterName eq 'a' or ClusterName eq 'c'"
    assert full(filled, filter=text, rollup=("clustername",)) == {(): 21}
    both = "ClusterName ne 'c' and Scenario eq '*'"
    assert full(filled, filter=both, rollup=("ClusterName",)) == {("x",): 13, ("y",): 5}


def test_the_greatest_come_first_and_the_rest_is_counted(filled: World) -> None:
    answer = filled.ask(interval=FULL, aggregations=("total",), filter=SPLIT, top=2)
    (found,) = answer.resources[0].metrics
    assert [series.dimensions for series in found.series] == [(("ClusterName", "a"),), (("ClusterName", "c"),)]
    assert found.left_out == 1


ORDERS = [
    ("sum desc", ["a", "c", "B"]),
    ("sum asc", ["B", "c", "a"]),
    ("sum", ["B", "c", "a"]),
    ("maximum desc", ["c", "a", "B"]),
    ("Average desc", ["c", "a", "B"]),
    ("count desc", ["a", "B", "c"]),
    ("minimum asc", ["a", "B", "c"]),
]


@pytest.mark.parametrize(("orderby", "names"), ORDERS)
def test_orders(filled: World, orderby: str, names: list[str]) -> None:
    assert [key[0] for key in full(filled, filter=SPLIT, orderby=orderby)] == names


def test_ten_series_are_given_unless_more_are_asked_for(world: World) -> None:
    world.take(*[nodes("09:00", number, f"c{number:02}") for number in range(25)])
    answer = world.ask(filter=SPLIT)
    (found,) = answer.resources[0].metrics
    assert (len(found.series), found.left_out) == (10, 15)
    assert found.series[0].dimensions == (("ClusterName", "c24"),)
    assert len(world.rows(filter=SPLIT, top=100)) == 25


def test_top_means_nothing_without_a_filter(filled: World) -> None:
    assert full(filled, top=1) == {(): 28}


def test_metadata_names_the_series_with_points_in_the_range(filled: World) -> None:
    (found,) = filled.ask(filter=SPLIT, metadata_only=True, start=at("09:30")).resources[0].metrics
    assert [(series.dimensions[0][1], dict(series.values)) for series in found.series] == [("a", {}), ("B", {})]


def test_several_metrics_and_resources_each_have_their_own_series(filled: World) -> None:
    filled.take(nodes("09:00", 40, "z"), resource=OTHER)
    filled.take(nodes("09:00", 9, "a") | {"metricName": "Idle Nodes"})
    query = MetricQuery(
        (OTHER, WORKSPACE), ("idle nodes", "Active Nodes"), at("09:00"), at("10:00"), FULL, ("Total",), filter=SPLIT
    )
    found = {
        (values.resource.name, metric.metric.name): [series.values["total"][0] for series in metric.series]
        for values in filled.queries.values(query).resources
        for metric in values.metrics
    }
    assert found == {
        ("other", "Idle Nodes"): [],
        ("other", "Active Nodes"): [40],
        ("ml", "Idle Nodes"): [9],
        ("ml", "Active Nodes"): [11, 10, 7],
    }


def test_resources_read_together_are_split_by_their_id(filled: World) -> None:
    filled.take(nodes("09:00", 40, "z"), resource=OTHER)
    subscription = resource_id.parse("/subscriptions/S")
    found = filled.queries.resources_under(subscription, "microsoft.machinelearningservices/workspaces")
    assert [resource.name for resource in found] == ["ml", "other"]
    more: dict[str, Any] = {"resources": found, "together": subscription}
    assert full(filled, **more) == {(): 68}
    assert full(filled, filter="Microsoft.ResourceId eq '*'", **more) == {(OTHER.key,): 40, (WORKSPACE.key,): 28}


def test_many_series_are_read_in_pieces_with_the_same_result(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.take(*[nodes(f"09:{number % 7:02}", number, f"c{number}", Scenario=str(number % 3)) for number in range(60)])
    texts = [SPLIT, "Scenario eq '1' and ClusterName ne 'c4'", "ClusterName sw 'c1'"]
    answers = [world.rows(filter=text, top=100, aggregations=ALL) for text in texts]
    monkeypatch.setattr(grid, "_MAX_LISTED", 3)
    monkeypatch.setattr(grid, "_MAX_ROWS", 60 * 10)
    assert [world.rows(filter=text, top=100, aggregations=ALL) for text in texts] == answers


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"metric": "Activ Nodes"}, "'Activ Nodes' is not a metric of .* Did you mean 'Active Nodes'"),
    ({"aggregations": ("median",)}, "'median' is not an aggregation"),
    ({"interval": 2 * TICKS_PER_MINUTE}, "not a time grain"),
    ({"start": at("10:00")}, "The time range is empty"),
    ({"filter": "Cluster eq 'a'"}, "'Cluster' is not a dimension of the metric 'Active Nodes'; it has: 'Scenario'"),
    ({"filter": "ClusterName eq"}, "wrong at character 15"),
    ({"filter": SPLIT, "rollup": ("Scenario",)}, "rollupby names 'scenario', which the filter does not"),
    ({"filter": SPLIT, "top": 0}, "top is 0"),
    ({"orderby": "median"}, "orderby 'median' is not an aggregation"),
    ({"orderby": "sum up"}, "orderby 'sum up'"),
    ({"namespace": "microsoft.compute/virtualmachines"}, "is not a metric namespace of .* it has:"),
    ({"metrics": tuple(map(str, range(21)))}, "at most 20 metrics"),
    ({"resources": ()}, "1 to 50 resources"),
    ({"start": 0}, "Use a coarser interval"),
]


@pytest.mark.parametrize(("more", "words"), REFUSED)
def test_what_is_refused_says_why(world: World, more: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        world.ask(**more)


def test_an_unknown_dimension_is_ignored_on_demand(filled: World) -> None:
    text = "Cluster eq 'a' and ClusterName eq 'c'"
    assert full(filled, filter=text, validate_dimensions=False) == {("c",): 10}


def test_a_grain_is_adjusted_on_demand(filled: World) -> None:
    assert filled.ask(interval=4 * TICKS_PER_MINUTE, auto_adjust=True).interval == GRAINS["PT5M"]


def test_a_query_ends_after_its_seconds(filled: World) -> None:
    hasty = MetricQueries(filled.engine, filled.store, filled.clock, seconds=0.0)
    with pytest.raises(DeadlineExceeded, match="stopped after 0 s"):
        hasty.values(MetricQuery((WORKSPACE,), ("Active Nodes",)))


def test_a_chart_may_span_the_whole_retention(world: World) -> None:
    world.take(nodes("2024-02-01T10:00:00Z", 3), nodes("09:00", 4))
    answer = world.ask(start=at("10:00") - 93 * TICKS_PER_DAY, interval=GRAINS["P1D"], aggregations=("total",))
    values = answer.resources[0].metrics[0].series[0].values["total"]
    assert len(values) == 94
    assert values[-1] == 4


def test_resources_of_two_types_are_not_one_question(world: World) -> None:
    endpoint = resource_id.parse(f"{WORKSPACE}/onlineEndpoints/e")
    with pytest.raises(BadRequest, match="must be of one type"):
        world.ask(resources=(WORKSPACE, endpoint))
