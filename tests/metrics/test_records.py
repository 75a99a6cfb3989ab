"""Metric records: what becomes a point, and what is refused with which words."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lazulite.core import resource_id
from lazulite.kql import ticks
from lazulite.metrics.points import POINT_COLUMNS
from lazulite.metrics.records import DecodedPoints, decode_metric_records

WORKSPACE = resource_id.parse(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/ml"
)
RECEIVED = ticks.parse_datetime("2024-05-01T10:00:42Z")
RUNS = {"time": "2024-05-01T09:30:15.5Z", "metricName": "Failed Runs", "value": 1}


def decode(*records: Any) -> DecodedPoints:
    assert RECEIVED is not None
    return decode_metric_records(records, WORKSPACE, RECEIVED)


def row(record: dict[str, Any]) -> dict[str, Any]:
    decoded = decode(record)
    assert decoded.rejected == ()
    found: dict[str, Any] = decoded.rows.to_pylist()[0]
    return found


def test_a_single_value_is_a_point_of_its_minute() -> None:
    assert row(RUNS | {"dimensions": {"RunType": "azureml.scriptrun"}, "value": 3}) == {
        "t": ticks.parse_datetime("2024-05-01T09:30:00Z"),
        "namespace": "Microsoft.MachineLearningServices/workspaces",
        "metric": "Failed Runs",
        "dimensions": '{"RunType":"azureml.scriptrun"}',
        "count": 1.0,
        "sum": 3.0,
        "min": 3.0,
        "max": 3.0,
        "last": 3.0,
    }


def test_an_aggregate_is_kept_as_sent_and_its_last_value_is_not_invented() -> None:
    sent = {"metricName": "Active Nodes", "time": RUNS["time"], "count": 4, "total": 10, "minimum": 1, "maximum": 5.5}
    found = row(sent)
    assert [found[name] for name in ("count", "sum", "min", "max", "last")] == [4, 10, 1, 5.5, None]
    assert row(sent | {"last": 2})["last"] == 2


def test_names_take_the_catalogs_spelling_and_order() -> None:
    found = row(RUNS | {"metricName": "failed runs", "dimensions": {"scenario": "b", "RUNTYPE": "A", "ComputeType": 7}})
    assert found["metric"] == "Failed Runs"
    assert found["dimensions"] == '{"ComputeType":"7","RunType":"A","Scenario":"b"}'


@pytest.mark.parametrize("absent", [None, ""])
def test_an_empty_dimension_is_no_dimension(absent: str | None) -> None:
    assert row(RUNS | {"dimensions": {"RunType": absent}})["dimensions"] == "{}"


def test_a_record_without_time_is_of_the_minute_it_was_received() -> None:
    assert row({"metricName": "Failed Runs", "value": 1})["t"] == ticks.parse_datetime("2024-05-01T10:00:00Z")


def test_azures_exported_form_is_read_and_what_it_repeats_is_ignored() -> None:
    exported = {
        "count": 2, "total": 3, "minimum": 1, "maximum": 2, "average": 1.5, "timeGrain": "PT1M",
        "resourceId": WORKSPACE.text, "time": "2024-05-01T09:30:00.0000000Z", "metricName": "Failed Runs",
    }  # fmt: skip
    assert row(exported)["sum"] == 3


def test_no_records_are_no_rows_of_the_same_columns() -> None:
    assert decode().rows.schema == POINT_COLUMNS


AGGREGATE = {"metricName": "Failed Runs", "count": 2, "total": 3, "minimum": 1, "maximum": 2}

REFUSED: list[tuple[Any, str, str]] = [
    ("text", "InvalidRecord", "A metric record is a JSON object."),
    ({"value": 1}, "MissingMetricName", 'no "metricName"'),
    (RUNS | {"metricName": 5}, "MissingMetricName", 'no "metricName"'),
    (RUNS | {"metricName": "Faild Runs"}, "UnknownMetric", "Did you mean 'Failed Runs'?"),
    (RUNS | {"metricName": "x" * 5000}, "UnknownMetric", "is not a metric of"),
    (RUNS | {"time": "yesterday"}, "InvalidTime", "'yesterday' is not a datetime"),
    (RUNS | {"time": 17}, "InvalidTime", "'17' is not a datetime"),
    (RUNS | {"time": "2024-05-02T10:01:00Z"}, "TimeInFuture", "a day ahead of the service's clock"),
    (RUNS | {"time": "9999-12-31T00:00:00Z"}, "TimeInFuture", "'9999-12-31T00:00:00Z'"),
    (RUNS | {"timeGrain": "PT1H"}, "UnsupportedTimeGrain", "PT1M"),
    (RUNS | {"dimensions": "a"}, "InvalidDimensions", "object"),
    (RUNS | {"dimensions": {"RunType": "\ud800a"}}, "InvalidDimensions", "half a surrogate pair"),
    (RUNS | {"dimensions": {"\ud800": "a"}}, "InvalidDimensions", "half a surrogate pair"),
    (RUNS | {"metricName": "\ud800"}, "UnknownMetric", "is not a metric of"),
    (RUNS | {"dimensions": {"RunTyp": "a"}}, "UnknownDimension", "it has: 'Scenario', 'RunType'"),
    (RUNS | {"dimensions": {"RunType": "a", "runtype": "b"}}, "DuplicateDimension", "'RunType' is there twice"),
    (RUNS | {"dimensions": {"RunType": ["a"]}}, "InvalidDimensions", "'RunType' is not a text"),
    (RUNS | {"dimensions": {"RunType": True}}, "InvalidDimensions", "'RunType' is not a text"),
    (RUNS | {"dimensions": {"RunType": "a" * 257}}, "DimensionTooLong", "257 characters; at most 256"),
    (RUNS | {"value": "1"}, "InvalidNumber", '"value" is not a number'),
    (RUNS | {"value": True}, "InvalidNumber", '"value" is not a number'),
    (RUNS | {"value": None}, "InvalidNumber", '"value" is not a number'),
    (RUNS | {"value": math.nan}, "InvalidNumber", "finite"),
    (RUNS | {"value": math.inf}, "InvalidNumber", "finite"),
    (RUNS | {"value": 10**400}, "InvalidNumber", "beyond the range"),
    (RUNS | {"total": 1}, "AmbiguousValue", "not both"),
    ({"metricName": "Failed Runs", "total": 1}, "MissingValue", "lacks count, minimum, maximum"),
    (AGGREGATE | {"count": 0}, "InvalidCount", "more than 0"),
    (AGGREGATE | {"minimum": 3}, "InconsistentPoint", "at most its maximum"),
    (AGGREGATE | {"total": 5}, "InconsistentPoint", "between count * minimum and count * maximum"),
    (AGGREGATE | {"last": 9}, "InconsistentPoint", "last value"),
]


@pytest.mark.parametrize(("record", "code", "words"), REFUSED)
def test_what_is_refused_says_why(record: Any, code: str, words: str) -> None:
    (refused,) = decode(record).rejected
    assert (refused.index, refused.code) == (0, code)
    assert words in refused.message
    assert len(refused.message) < 500


def test_a_bad_record_costs_only_itself() -> None:
    decoded = decode(RUNS, AGGREGATE | {"count": -1}, RUNS | {"value": "no"}, RUNS | {"value": 2})
    assert [found.index for found in decoded.rejected] == [1, 2]
    assert decoded.rows["sum"].to_pylist() == [1, 2]


def test_equal_looking_dimension_values_of_other_types_are_told_apart() -> None:
    decoded = decode(RUNS | {"dimensions": {"RunType": 1}}, RUNS | {"dimensions": {"RunType": True}})
    assert [found.index for found in decoded.rejected] == [1]


def test_a_rounded_total_is_accepted() -> None:
    values = [0.1] * 3
    sent = {"metricName": "Failed Runs", "count": 3, "total": 0.1 + 0.1 + 0.1, "minimum": 0.1, "maximum": 0.1}
    assert row(sent)["sum"] == sum(values)


def test_large_but_finite_values_are_accepted() -> None:
    huge = 1.7e308
    assert (
        row({"metricName": "Failed Runs", "count": 1, "total": huge, "minimum": huge, "maximum": huge})["max"] == huge
    )


def test_a_type_without_metrics_says_so() -> None:
    machine = resource_id.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm")
    (refused,) = decode_metric_records([RUNS], machine, 0).rejected
    assert "has no platform metrics" in refused.message
