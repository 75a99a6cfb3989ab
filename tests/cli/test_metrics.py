"""`lazulite metrics`: the request that its options make, and points as rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lazulite.cli.metrics import filter_text, span
from lazulite.core.errors import BadRequest
from tests.cli.conftest import Outcome
from tests.cli.fake_server import FakeServer

Command = Callable[..., Outcome]


def named(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


ANSWER = {
    "timespan": "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z",
    "interval": "PT5M",
    "value": [
        {
            "name": named("Failed Runs"),
            "timeseries": [
                {
                    "metadatavalues": [{"name": named("runtype"), "value": "Experiment"}],
                    "data": [
                        {"timeStamp": "2026-01-01T00:00:00Z", "total": 2.0},
                        {"timeStamp": "2026-01-01T00:05:00Z"},
                    ],
                }
            ],
        }
    ],
}


def test_options_become_the_request_of_the_metrics_api(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /metrics"] = (200, ANSWER)
    outcome = lazulite(
        *("metrics", "values", "Failed Runs", "--aggregation", "total", "--interval", "PT5M", "--split", "RunType")
    )
    assert outcome.status == 0, outcome.err
    (request,) = server.requests
    assert request.path == (
        "/subscriptions/sub/resourceGroups/lazulite/providers/Microsoft.MachineLearningServices/workspaces/demo"
        "/providers/Microsoft.Insights/metrics"
    )
    assert request.params == {
        "api-version": "2024-02-01",
        "metricnames": "Failed Runs",
        "aggregation": "total",
        "interval": "PT5M",
        "$filter": "RunType eq '*'",
    }
    assert outcome.out.splitlines() == [
        "timeStamp             runtype     total",
        "--------------------  ----------  -----",
        "2026-01-01T00:00:00Z  Experiment    2.0",
    ]


def test_empty_grains_are_shown_on_demand(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /metrics"] = (200, ANSWER)
    assert lazulite("metrics", "values", "Failed Runs", "--empty", "-o", "csv").out.splitlines()[-1] == (
        "2026-01-01T00:05:00Z,Experiment,"
    )


def test_no_values_is_said(server: FakeServer, lazulite: Command) -> None:
    empty = ANSWER | {"value": [{"name": named("Failed Runs"), "timeseries": []}]}
    server.answers["GET /metrics"] = (200, empty)
    outcome = lazulite("metrics", "values", "Failed Runs")
    assert outcome.status == 0
    assert "no values of Failed Runs" in outcome.err


def test_an_unknown_metric_is_the_server_s_error(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /metrics"] = (400, {"code": "BadRequest", "message": "Unknown metric 'Faild Runs'."})
    outcome = lazulite("metrics", "values", "Faild Runs")
    assert (outcome.status, outcome.err) == (1, "lazulite: Unknown metric 'Faild Runs'.\n")


def test_a_filter_and_splits_are_one_filter() -> None:
    assert filter_text("A eq 'x' or A eq 'y'", ["B", "C"]) == "(A eq 'x' or A eq 'y') and B eq '*' and C eq '*'"
    assert filter_text(None, []) is None


def test_times_are_given_in_one_way() -> None:
    assert span("a", "b", None) == "a/b"
    assert span(None, None, "PT6H") == "PT6H"
    assert span(None, None, None) is None
    with pytest.raises(BadRequest):
        span("a", None, None)
    with pytest.raises(BadRequest):
        span("a", "b", "PT6H")


def test_list_follows_the_definitions(server: FakeServer, lazulite: Command) -> None:
    item = {
        "name": named("Idle Nodes"),
        "unit": "Count",
        "primaryAggregationType": "Average",
        "dimensions": [named("A")],
    }
    server.answers["GET /metricDefinitions"] = (200, {"value": [item]})
    assert lazulite("metrics", "list", "-o", "csv").out == "name,unit,primary,dimensions\nIdle Nodes,Count,Average,A\n"
