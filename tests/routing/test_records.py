"""Bodies of the records door: every form of record, every way to be wrong, and laws that hold for all."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lazulite.catalog import log_tables
from lazulite.core.errors import BadRequest, TooLarge
from lazulite.core.resource_id import parse
from lazulite.kql.ticks import parse_datetime
from lazulite.routing import framing
from lazulite.routing.records import METRIC_DIMENSIONS, Decoded, decode

ML = parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w")
NOON = parse_datetime("2024-05-01T12:00:00Z") or 0
JOB = "AmlComputeJobEvent"


def take(body: Any, category: str | None = JOB, resource: str = ML.text) -> Decoded:
    encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return decode(encoded, parse(resource), category, NOON)


def rows(decoded: Decoded) -> list[dict[str, Any]]:
    return [row for batch in decoded.batches for row in batch.rows.to_pylist()]


def reasons(decoded: Decoded) -> list[tuple[int, str]]:
    return [(record.index, record.code) for record in decoded.rejected]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"JobName": "a"}, {"JobName": "b"}]',
        b'{"JobName": "a"}\n{"JobName": "b"}\n',
        b'\xef\xbb\xbf{"JobName": "a"}\r\n\r\n{"JobName": "b"}',
        b'{"records": [{"JobName": "a"}, {"JobName": "b"}]}',
        b'{\n "records": [\n {"JobName": "a"},\n {"JobName": "b"}]\n}',
    ],
)
def test_every_framing_gives_the_same_records(body: bytes) -> None:
    assert rows(take(body)) == [{"TimeGenerated": NOON, "JobName": "a"}, {"TimeGenerated": NOON, "JobName": "b"}]


def test_a_flat_record_names_columns() -> None:
    decoded = take([{"TimeGenerated": "2024-01-01T01:00:00.1234567+01:00", "JobName": "j", "TFWorkerCount": 4}])
    assert rows(decoded) == [
        {"TimeGenerated": parse_datetime("2024-01-01T00:00:00.1234567Z"), "JobName": "j", "TFWorkerCount": "4"}
    ]
    assert (decoded.batches[0].resource_id, decoded.batches[0].category) == (ML.key, JOB)


def test_an_exported_record_has_an_envelope_and_properties() -> None:
    record = {
        "time": "2024-01-01T00:00:00Z",
        "resourceId": ML.text.upper(),
        "category": JOB,
        "operationName": "JobSubmitted",
        "resultSignature": 200,
        "properties": {"JobName": "j", "clusterName": "c"},
    }
    assert rows(take([record], None)) == [
        {
            "TimeGenerated": parse_datetime("2024-01-01"),
            "ClusterName": "c",
            "JobName": "j",
            "OperationName": "JobSubmitted",
            "ResultSignature": "200",
        }
    ]
    assert rows(take([record | {"properties": json.dumps(record["properties"])}], None)) == rows(take([record], None))


def test_the_mixed_door_sorts_by_resource_and_category() -> None:
    endpoint = f"{ML}/onlineEndpoints/e"
    decoded = take(
        [
            {"category": JOB, "JobName": "a"},
            {"category": "amloNLINEendpointconsolelog", "resourceId": endpoint, "Message": "m"},
            {"category": JOB, "JobName": "b"},
        ],
        None,
    )
    assert [(batch.resource_id, batch.category, batch.rows.num_rows) for batch in decoded.batches] == [
        (ML.key, JOB, 2),
        (endpoint.lower(), "AmlOnlineEndpointConsoleLog", 1),
    ]


@pytest.mark.parametrize(
    ("record", "code", "part"),
    [
        ({"JobName": "x"}, "MissingCategory", "no 'category'"),
        ({"category": "AmlComputeJobEvnt"}, "UnknownCategory", "Did you mean 'AmlComputeJobEvent'?"),
        ({"category": "zzz"}, "UnknownCategory", "Valid here: AmlComputeClusterEvent"),
        ({"category": 7}, "InvalidRecord", "text"),
        ({"category": {}}, "InvalidRecord", "text"),
        ({"category": JOB, "resourceId": "/subscriptions/other"}, "ForeignResource", "neither"),
        ({"category": JOB, "resourceId": 7}, "InvalidRecord", "text"),
        ({"category": "RegistryAssetReadEvent"}, "CategoryNotSupported", "registries does"),
        (
            {"category": JOB, "time": "yesterday"},
            "InvalidValue",
            "TimeGenerated' is datetime and cannot hold 'yesterday'",
        ),
        ({"category": JOB, "properties": "{"}, "InvalidProperties", "properties"),
        ({"category": JOB, "metricDimensions": [1]}, "InvalidMetricDimensions", "not a JSON object"),
        ({"category": "AmlComputeClusterEvent", "CoreCount": "many"}, "InvalidValue", "'CoreCount' is int and cannot"),
        ({"category": "AmlComputeClusterEvent", "CoreCount": 2**40}, "InvalidValue", "'CoreCount' is int"),
        ("text", "NotAnObject", "not str"),
        (None, "NotAnObject", "JSON object"),
    ],
)
def test_a_bad_record_is_rejected_with_its_reason_and_its_neighbours_are_taken(
    record: Any, code: str, part: str
) -> None:
    good = {"category": JOB, "JobName": "good"}
    decoded = take([good, record, good], None)
    assert reasons(decoded) == [(1, code)]
    assert part in decoded.rejected[0].message
    assert decoded.accepted == 2
    assert [row["JobName"] for row in rows(decoded)] == ["good", "good"]
    assert decoded.rejected[0].text == msgspec.json.encode(record).decode()


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b'{"JobName": "x"', "MalformedRecord"),
        (b"nonsense", "MalformedRecord"),
        (b'{"JobName": "\\ud800"}', "MalformedRecord"),
        (b'{"JobName": "\xff"}', "MalformedRecord"),
        (b'{"JobName": 1e999}', "MalformedRecord"),
        (b"7", "NotAnObject"),
        (b"[" * 5000, "MalformedRecord"),
    ],
)
def test_a_malformed_line_costs_its_own_record(broken: bytes, code: str) -> None:
    decoded = take(b'{"JobName": "a"}\n' + broken + b'\n{"JobName": "b"}')
    assert reasons(decoded) == [(1, code)]
    assert [row["JobName"] for row in rows(decoded)] == ["a", "b"]


@pytest.mark.parametrize("broken", [b'{"JobName": "\\ud800"}', b'{"JobName": "\xff"}', b'{"JobName": 1e999}'])
def test_in_an_array_a_value_beyond_json_costs_its_own_record(broken: bytes) -> None:
    decoded = take(b'[{"JobName": "a"}, ' + broken + b', {"JobName": "b"}]')
    assert [index for index, _ in reasons(decoded)] == [1]
    assert [row["JobName"] for row in rows(decoded)] == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"  \n", b'[{"JobName": "a"}, tru', b"[" * 100_000])
def test_a_body_without_framing_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match="InvalidRequestContent"):
        take(body)


def test_too_many_records_are_refused_by_number() -> None:
    with pytest.raises(TooLarge, match=str(framing.MAX_RECORDS)):
        take(b"{}\n" * (framing.MAX_RECORDS + 1))
    with pytest.raises(TooLarge, match=str(framing.MAX_RECORDS)):
        take(b"{\n" * (framing.MAX_RECORDS + 1))


def test_an_unknown_category_of_the_door_is_an_error_of_the_request() -> None:
    with pytest.raises(BadRequest, match=r"UnknownCategory.*Did you mean 'AmlComputeJobEvent'"):
        take([{}], "AmlComputeJobEvents")


def test_a_record_of_another_category_than_the_doors_is_rejected() -> None:
    assert reasons(take([{"category": "RunEvent"}, {"category": JOB.upper()}])) == [(0, "CategoryMismatch")]


def test_fields_that_no_column_takes_are_dropped_and_named() -> None:
    decoded = take([{"JobName": "j", "Foo": 1, "TenantId": "t", "properties": {"Bar": 2}}])
    assert decoded.ignored == ("Foo", "TenantId", "properties.Bar")
    assert rows(decoded) == [{"TimeGenerated": NOON, "JobName": "j"}]


def test_metric_dimensions_travel_with_the_row() -> None:
    decoded = take([{"JobName": "j", "metricDimensions": {"Scenario": "x"}}, {"JobName": "k"}])
    assert [row[METRIC_DIMENSIONS] for row in rows(decoded)] == ['{"Scenario":"x"}', None]


def test_dynamic_columns_take_objects_and_their_json_text() -> None:
    sent = [{"Identity": {"b": 1, "a": [None]}}, {"Identity": '{"b":1}'}, {"Identity": "alice"}, {"Identity": None}]
    assert [row["Identity"] for row in rows(take(sent, "RunEvent"))] == [
        '{"b":1,"a":[null]}',
        '{"b":1}',
        '"alice"',
        None,
    ]


def test_metrics_go_through_their_own_decoder() -> None:
    good = {"time": "2024-01-01T00:00:30Z", "metricName": "active nodes", "value": 3}
    decoded = take([good, {"metricName": "No Such Metric", "value": 1}], "AllMetrics")
    assert reasons(decoded) == [(1, "UnknownMetric")]
    assert decoded.batches[0].category == "AllMetrics"
    assert decoded.batches[0].rows["metric"].to_pylist() == ["Active Nodes"]
    assert rows(take([good, {"category": JOB}], None))[0]["metric"] == "Active Nodes"


def test_a_childs_category_is_taken_for_its_owner() -> None:
    decoded = take([{"ClusterName": "c"}], "AmlComputeClusterEvent", f"{ML}/computes/c")
    assert decoded.batches[0].resource_id == f"{ML.key}/computes/c"


def test_an_alert_that_azure_itself_exported_is_read(shared: Path) -> None:
    body = (shared / "data/otel-azurelogs/activity_alert.json").read_bytes()
    decoded = take(body, None, "/subscriptions/11111111-1111-1111-1111-111111111111")
    ((row,), (batch,)) = rows(decoded), decoded.batches
    assert (batch.category, row["CategoryValue"], row["ActivityStatusValue"]) == ("Alert", "Alert", "Activated")
    assert row["TimeGenerated"] == parse_datetime("2017-07-21T09:24:13.522192Z")
    assert json.loads(row["Properties_d"])["MetricName"] == "Percentage CPU"
    assert decoded.ignored == ("identity", "location")


texts = some.text(some.characters(codec="utf-8"), max_size=8)
values = some.one_of(
    texts,
    some.integers(-(2**66), 2**66),
    some.floats(allow_nan=False, allow_infinity=False),
    some.booleans(),
    some.none(),
    some.sampled_from(["12", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00", "true", '{"a":1}', "", "0001-01-01"]),
    some.dictionaries(texts, texts, max_size=2),
    some.lists(some.integers(0, 9), max_size=2),
)
fields = sorted({name for table in log_tables() for name, _ in table.columns})
records = some.one_of(
    some.dictionaries(some.sampled_from([*fields, "TimeGenerated", "time", "Unknown"]), values, max_size=6).map(
        lambda record: record | {"category": "AmlComputeClusterEvent"}
    ),
    values,
)


@settings(max_examples=150, deadline=None)
@given(some.lists(records, max_size=12), some.lists(some.integers(0, 12), max_size=4), some.booleans())
def test_any_split_of_a_body_gives_the_same_rows_and_rejections(sent: list[Any], cuts: list[int], lines: bool) -> None:
    # A body of lines whose first is a list would be read as an array.
    lines = lines and not any(isinstance(record, list) for record in sent)

    def framed(part: list[Any]) -> bytes:
        return b"\n".join(map(msgspec.json.encode, part)) if lines else msgspec.json.encode(part)

    def filled(part: list[Any]) -> list[dict[str, Any]]:
        found = rows(take(framed(part), None)) if part else []
        return [{name: value for name, value in row.items() if value not in (None, "")} for row in found]

    edges = sorted({0, len(sent), *(cut for cut in cuts if cut <= len(sent))})
    parts = [sent[start:end] for start, end in pairwise(edges)]
    assert [row for part in parts for row in filled(part)] == filled(sent)
    assert sum(len(take(framed(part), None).rejected) for part in parts if part) == (
        len(take(framed(sent), None).rejected) if sent else 0
    )


@settings(max_examples=300, deadline=None)
@given(some.binary(max_size=60) | some.text(alphabet='[]{}",:0159.eE-truefalsnu\\ \n', max_size=60).map(str.encode))
def test_no_body_makes_it_fail_in_any_other_way(body: bytes) -> None:
    try:
        decoded = take(body, None)
    except BadRequest:
        return
    assert decoded.accepted + len(decoded.rejected) >= 0
