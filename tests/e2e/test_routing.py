"""Diagnostic settings decide what is stored, seen from outside: through ARM, the doors and the query API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.harness import Client, Server, wait_for

SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
VERSION = {"api-version": "2021-05-01-preview"}
JOB = "AmlComputeJobEvent"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("routing") / "data").start()
    yield found
    assert found.stop() == 0


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.connection)


def workspace_id(client: Client) -> str:
    c = client.connection
    return (
        f"/subscriptions/{c['subscription_id']}/resourceGroups/{c['resource_group']}"
        f"/providers/Microsoft.OperationalInsights/workspaces/{c['log_analytics_workspace']}"
    )


def put_setting(client: Client, scope: str, name: str, **properties: Any) -> None:
    body = {"properties": {"workspaceId": workspace_id(client), **properties}}
    answer = client.http.put(f"{scope}/{SETTINGS}/{name}", params=VERSION, json=body)
    assert answer.status_code == 200, answer.text


def emitted(client: Client, category: str, *records: dict[str, Any]) -> None:
    answer = client.emit(category, records)
    assert answer.status_code == 202, answer.text
    client.settle(answer.json()["sequence"])


def unrouted(client: Client, category: str) -> float:
    """What the service counts as emitted and not stored."""
    name = f'lazulite_unrouted_records_total{{category="{category}"}} '
    lines = client.http.get("/metrics").text.splitlines()
    return float(next((line.removeprefix(name) for line in lines if line.startswith(name)), "0"))


def test_a_category_without_a_setting_is_counted_and_not_stored(client: Client) -> None:
    first = client.http.delete(f"{client.workspace}/{SETTINGS}/everything", params=VERSION)
    assert first.status_code == 200
    emitted(client, JOB, {"JobId": "unseen"})
    assert client.rows(f"{JOB} | count") == [[0]]
    assert unrouted(client, JOB) == 1


def test_a_setting_is_in_force_at_the_next_batch(client: Client) -> None:
    put_setting(client, client.workspace, "jobs", logs=[{"category": JOB, "enabled": True}])
    emitted(client, JOB, {"JobId": "seen"})
    emitted(client, "AmlRunStatusChangedEvent", {"RunId": "not-named-by-the-setting"})
    assert client.rows(f"{JOB} | project JobId") == [["seen"]]
    assert client.rows("AmlRunStatusChangedEvent | count") == [[0]]


def test_a_disabled_category_is_not_stored(client: Client) -> None:
    put_setting(client, client.workspace, "jobs", logs=[{"category": JOB, "enabled": False}])
    emitted(client, JOB, {"JobId": "disabled"})
    assert client.rows(f'{JOB} | where JobId == "disabled" | count') == [[0]]


def test_metrics_are_always_charted_and_become_rows_where_a_setting_says_so(client: Client) -> None:
    def point(cluster: str) -> dict[str, Any]:
        return {"metricName": "Active Nodes", "dimensions": {"ClusterName": cluster}, "value": 3}

    emitted(client, "AllMetrics", point("before"))
    put_setting(client, client.workspace, "metrics", metrics=[{"category": "AllMetrics", "enabled": True}])
    emitted(client, "AllMetrics", point("after"))
    rows = client.rows("AzureMetrics | project MetricName, Average, tostring(Dimensions.ClusterName), TimeGrain")
    assert rows == [["Active Nodes", 3.0, "after", "PT1M"]]
    charted = client.http.get(
        f"{client.workspace}/providers/Microsoft.Insights/metrics",
        params={"api-version": "2024-02-01", "metricnames": "Active Nodes", "$filter": "ClusterName eq '*'"},
    ).json()
    found = {series["metadatavalues"][0]["value"] for series in charted["value"][0]["timeseries"]}
    assert found == {"before", "after"}


def test_the_activity_log_follows_the_setting_of_the_subscription(client: Client) -> None:
    subscription = f"/subscriptions/{client.connection['subscription_id']}"
    put_setting(client, subscription, "activity", logs=[{"category": "Administrative", "enabled": True}])
    group = f"{subscription}/resourceGroups/made-for-the-log"
    answer = client.http.put(group, params={"api-version": "2025-04-01"}, json={"location": "westeurope"})
    assert answer.status_code == 201, answer.text
    query = (
        "AzureActivity | where OperationNameValue =~ 'Microsoft.Resources/subscriptions/resourceGroups/write'"
        " and ResourceGroup =~ 'made-for-the-log' | project Caller, CategoryValue, ActivityStatusValue"
    )
    wait_for(lambda: client.rows(query) != [], 15, "the activity event did not reach its table")
    assert client.rows(query) == [["lazulite administrator", "Administrative", "Success"]]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"logs": [{"category": "AmlComputeJobEvnt", "enabled": True}]}, "AmlComputeJobEvent"),
        ({"logs": [{"category": "Administrative", "enabled": True}]}, "Administrative"),
        (
            {"logs": [{"category": JOB, "enabled": True}, {"categoryGroup": "audit", "enabled": True}]},
            "category groups",
        ),
        ({"workspaceId": None}, "destination"),
        ({"storageAccountId": "/subscriptions/s/resourceGroups/g/providers/x/storageAccounts/a"}, "storageAccountId"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_reason(client: Client, properties: dict[str, Any], words: str) -> None:
    body = {"properties": {"workspaceId": workspace_id(client), **properties}}
    answer = client.http.put(f"{client.workspace}/{SETTINGS}/wrong", params=VERSION, json=body)
    assert answer.status_code == 400, answer.text
    assert words.lower() in answer.json()["error"]["message"].lower()
