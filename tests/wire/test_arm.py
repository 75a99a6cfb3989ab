"""The ARM plane: containers, operations, and the generic verbs on any resource id."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from lazulite.wire.request import ArmRequest, Operation
from tests.wire.service import RG, SUB, SUBSCRIPTION, TENANT, VERSION, Client, Service, make_service

ML = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/ml"
DASHBOARDS = f"{RG}/providers/Microsoft.Portal/dashboards"


async def echo(arm: ArmRequest) -> Response:
    seen = {"id": arm.id.text, "scope": arm.scope and arm.scope.text, "action": arm.action, "params": dict(arm.params)}
    return JSONResponse(seen | {"version": arm.api_version, "body": arm.body.decode(), "who": arm.caller.name})


OPERATIONS = [
    Operation("GET", "microsoft.insights/metrics", echo),
    Operation("POST", "contoso.alarms/bells", echo, action="ring"),
    Operation("POST", "lazulite/records", echo, needs_api_version=False),
]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return make_service(tmp_path, OPERATIONS)


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()


def names(client: Client, path: str) -> list[str]:
    return [item["name"] for item in client("GET", path).json()["value"]]


def test_a_resource_is_made_read_changed_and_removed(client: Client) -> None:
    url = f"{ML}?{VERSION}"
    made = client("PUT", url, json={"location": "westeurope", "tags": {"a": "1"}, "properties": {"friendlyName": "x"}})
    assert made.status_code == 201
    body = made.json()
    assert (body["id"], body["name"], body["type"]) == (ML, "ml", "Microsoft.MachineLearningServices/workspaces")
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert body["systemData"]["createdAt"].endswith("Z")
    assert made.headers["etag"] == body["etag"]
    assert client("GET", url).json() == body
    assert client("HEAD", url).status_code == 204
    assert client("GET", url, headers={"if-none-match": body["etag"]}).status_code == 304
    patched = client("PATCH", url, json={"tags": {"b": "2"}}).json()
    assert (patched["tags"], patched["properties"]["friendlyName"]) == ({"a": "1", "b": "2"}, "x")
    assert client("PUT", url, json={"location": "westeurope"}, headers={"if-match": body["etag"]}).status_code == 412
    assert [client("DELETE", url).status_code for _ in range(2)] == [200, 204]
    gone = client("HEAD", url)
    assert (gone.status_code, gone.content) == (404, b"")


def test_paths_ignore_case_and_doubled_slashes_and_names_are_decoded(client: Client) -> None:
    client("PUT", f"{ML}?{VERSION}", json={"location": "westeurope"})
    strange = ML.replace("/providers", "//providers").upper()
    answer = client("GET", f"https://lazulite.test:8443/{strange}?api%2Dversion=2024-01-01&API-VERSION=2020-01-01")
    assert (answer.status_code, answer.json()["id"]) == (200, ML)


def test_collections_list_what_is_directly_there(client: Client) -> None:
    setting = "providers/Microsoft.Insights/diagnosticSettings"
    client("PUT", f"{ML}?{VERSION}", json={"location": "westeurope"})
    client("PUT", f"{ML}/computes/cpu?{VERSION}", json={})
    client("PUT", f"{ML}/{setting}/of-ml?{VERSION}", json={})
    client("PUT", f"{SUB}/{setting}/of-sub?{VERSION}", json={})
    types = "providers/microsoft.machinelearningservices/workspaces"
    assert names(client, f"{SUB}/{types}?{VERSION}") == names(client, f"{RG}/{types}?{VERSION}") == ["ml"]
    assert names(client, f"{ML}/computes?{VERSION}") == ["cpu"]
    assert names(client, f"{ML}/{setting}?{VERSION}") == ["of-ml"]
    assert names(client, f"{SUB}/{setting}?{VERSION}") == ["of-sub"]
    assert names(client, f"{SUB}/resources?{VERSION}") == names(client, f"{RG}/resources?{VERSION}") == ["ml"]
    found = f"{SUB}/resources?{VERSION}&$expand=createdTime&$filter=resourceType eq 'Microsoft.MachineLearningServices/"
    assert "createdTime" in client("GET", f"{found}workspaces'").json()["value"][0]
    assert client("GET", f"{found}registries'").json() == {"value": []}


def test_long_lists_come_in_pages_on_the_same_host(client: Client) -> None:
    for name in "abcde":
        client("PUT", f"{DASHBOARDS}/{name}?{VERSION}", json={"tags": {"odd": "yes"} if name in "ace" else {}})
    seen, url, pages = [], f"{DASHBOARDS}?{VERSION}&$top=2", 0
    while url:
        page = client("GET", url).json()
        seen += [item["name"] for item in page["value"]]
        url, pages = page.get("nextLink", ""), pages + 1
        assert not url or url.startswith("https://lazulite.test:8443/subscriptions/")
    assert (seen, pages) == (list("abcde"), 3)
    tagged = f"{RG}/resources?{VERSION}&$filter=tagName eq 'odd'&$top=2"
    page = client("GET", tagged).json()
    assert [item["name"] for item in page["value"]] == ["a", "c"]
    assert names(client, page["nextLink"]) == ["e"]


def test_an_operation_stands_before_the_generic_verbs(client: Client) -> None:
    seen = client("GET", f"{ML}/providers/Microsoft.Insights/metrics?{VERSION}&Interval=PT1M").json()
    assert (seen["scope"], seen["params"]["interval"], seen["version"]) == (ML, "PT1M", "2024-01-01")
    assert (seen["action"], seen["who"]) == (None, "admin")
    rung = client("POST", f"{RG}/providers/Contoso.Alarms/bells/big/RING?{VERSION}", content=b"loud").json()
    assert (rung["id"], rung["action"]) == (f"{RG}/providers/Contoso.Alarms/bells/big", "ring")
    assert (rung["scope"], rung["body"]) == (RG, "loud")
    assert client("POST", f"{ML}/providers/lazulite/records").json()["version"] == ""


def test_what_stands_above_resources(client: Client) -> None:
    (subscription,) = client("GET", f"/subscriptions?{VERSION}").json()["value"]
    assert (subscription["subscriptionId"], subscription["tenantId"]) == (SUBSCRIPTION, TENANT)
    assert (subscription["state"], subscription["displayName"]) == ("Enabled", "tests")
    assert client("GET", f"{SUB}?{VERSION}").json() == subscription
    assert client("GET", f"/tenants?{VERSION}").json()["value"][0]["tenantId"] == TENANT
    assert "westeurope" in names(client, f"{SUB}/locations?{VERSION}")
    assert names(client, f"{SUB}/resourcegroups?{VERSION}") == ["Group-A"]
    spaces = [item["namespace"] for item in client("GET", f"{SUB}/providers?{VERSION}").json()["value"]]
    assert {"Microsoft.MachineLearningServices", "Microsoft.Resources", "lazulite"} <= set(spaces)
    one = client("GET", f"{SUB}/providers/microsoft.machinelearningservices?{VERSION}").json()
    assert (one["namespace"], one["registrationState"]) == ("Microsoft.MachineLearningServices", "Registered")
    assert "workspaces" in [kind["resourceType"] for kind in one["resourceTypes"]]
    assert client("POST", f"{SUB}/providers/Microsoft.Resources/register?{VERSION}").status_code == 200


def test_a_resource_group_lives_and_dies_with_what_is_in_it(client: Client) -> None:
    group = f"{SUB}/resourcegroups/two"
    assert client("PUT", f"{group}?{VERSION}", json={"location": "westeurope"}).status_code == 201
    client("PUT", f"{group}/providers/Microsoft.Portal/dashboards/d?{VERSION}", json={})
    assert [client("DELETE", f"{group}?{VERSION}").status_code for _ in range(2)] == [200, 404]
    assert client("GET", f"{group}/providers/Microsoft.Portal/dashboards?{VERSION}").status_code == 404


def test_a_write_is_told_with_its_caller(client: Client, service: Service) -> None:
    client("PUT", f"{ML}?{VERSION}", json={"location": "westeurope"}, headers={"x-ms-correlation-request-id": "corr-9"})
    event = service.store.pending_events(10)[-1]
    assert (event.caller, event.record["CallerIpAddress"], event.record["CorrelationId"]) == (
        "admin",
        "10.0.0.9",
        "corr-9",
    )


def test_answers_name_the_request(client: Client) -> None:
    answer = client("GET", f"{SUB}?{VERSION}", headers={"x-ms-client-request-id": "mine-1"})
    assert answer.headers["x-ms-client-request-id"] == "mine-1"
    assert len(answer.headers["x-ms-request-id"]) == 36
    assert answer.headers["x-ms-correlation-request-id"] == answer.headers["x-ms-request-id"]
