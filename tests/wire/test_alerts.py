"""The alerts plane behind the ARM router: through Azure's own clients over TLS, and every parameter by hand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.alertsmanagement import AlertsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.monitor import models as monitor
from starlette.applications import Starlette
from starlette.requests import Request

from lazulite.core.caller import Caller
from lazulite.core.errors import Unauthenticated
from lazulite.identity.access import Access
from lazulite.wire.alerts import AlertsPlane, operations
from lazulite.wire.arm import ArmRouter
from lazulite.wire.errors import exception_handlers
from tests.alerts.conftest import ALICE, GROUP, OTHER, RG, RULE, SUB, WORKSPACE, Room, criterion, group_body, rule_body
from tests.wire.log_server import Served, served

VERSION = "api-version=2019-05-05-preview"
ALERTS = "/providers/Microsoft.AlertsManagement/alerts"
SUMMARY = "/providers/Microsoft.AlertsManagement/alertsSummary"
SUBSCRIPTION = SUB.rsplit("/", 1)[1]
TENANT = "99999999-2222-3333-4444-555555555555"
BOB = Caller("oid-bob", "app-bob", "bob")
CALLERS = {"Bearer alice": ALICE, "Bearer bob": BOB}


class Credential:
    """A token of the test's own; signing in is tested elsewhere."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("alice", 2**31)


async def authenticate(request: Request) -> Caller:
    caller = CALLERS.get(request.headers.get("authorization", ""))
    if caller is None:
        raise Unauthenticated("InvalidAuthenticationToken", "The token is missing.")
    return caller


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Two alerts: `deploys` of severity 2 on `demo`, and a minute later `nodes` of severity 0 on `other`."""
    folder = tmp_path / "room"
    folder.mkdir()
    made = Room(folder)
    made.put(RULE, rule_body(criterion(dimensions=[{"name": "Scenario", "operator": "Include", "values": ["*"]}])))
    made.measured.put(2.0, Scenario="batch")
    made.minute()
    nodes = criterion(metricName="Unusable Nodes", name="nodes")
    made.put(f"{RG}/providers/Microsoft.Insights/metricAlerts/nodes", rule_body(nodes, severity=0, scopes=[OTHER]))
    made.measured.put(1.0, "Unusable Nodes", on=OTHER)
    made.minute()
    yield made
    made.database.close()


@pytest.fixture
def app(room: Room) -> Starlette:
    access = Access(frozenset({ALICE.principal_id}))
    plane = AlertsPlane(room.store, room.queries, room.resources, access, room.clock)
    router = ArmRouter(room.resources, access, authenticate, TENANT, operations(plane))
    return Starlette(routes=router.routes(), exception_handlers=exception_handlers(TENANT))


def options(server: Served) -> dict[str, Any]:
    """How a stock client is pointed at this server."""
    return {"base_url": server.url, "credential_scopes": ["x/.default"], "connection_verify": str(server.ca)}


@pytest.fixture
def alerts_client(app: Starlette, tmp_path: Path) -> Iterator[AlertsManagementClient]:
    with (
        served(app, tmp_path / "tls") as server,
        AlertsManagementClient(Credential(), SUBSCRIPTION, **options(server)) as client,
    ):
        yield client


@pytest.fixture
def monitor_client(app: Starlette, tmp_path: Path) -> Iterator[MonitorManagementClient]:
    with (
        served(app, tmp_path / "tls") as server,
        MonitorManagementClient(Credential(), SUBSCRIPTION, **options(server)) as client,
    ):
        yield client


class InProcess:
    """Requests without a client of Azure's and without a socket, as the administrator unless headers say otherwise."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        return self.send("PUT", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.send("POST", path, **more)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://lazulite.test") as client:
                return await client.request(method, path, **{"headers": {"Authorization": "Bearer alice"}, **more})

        return asyncio.run(sent())


@pytest.fixture
def http(app: Starlette) -> InProcess:
    return InProcess(app)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(alert["name"] for alert in answer.json()["value"])


def test_a_stock_client_lists_alerts(alerts_client: AlertsManagementClient) -> None:
    nodes, deploys = alerts_client.alerts.get_all(sort_by="startDateTime", include_context=True)
    essentials = deploys.properties.essentials
    assert (deploys.name, deploys.type) == ("deploys", "Microsoft.AlertsManagement/alerts")
    assert (essentials.severity, essentials.signal_type, essentials.monitor_service) == ("Sev2", "Metric", "Platform")
    assert (essentials.alert_state, essentials.monitor_condition) == ("New", "Fired")
    assert (essentials.target_resource, essentials.target_resource_name) == (WORKSPACE, "demo")
    assert essentials.alert_rule == RULE
    assert essentials.start_date_time.isoformat() == "2026-11-25T03:01:00+00:00"
    assert deploys.properties.context["condition"]["allOf"][0]["metricValue"] == 2.0
    assert (nodes.name, nodes.properties.essentials.severity) == ("nodes", "Sev0")


def test_a_stock_client_follows_pages(alerts_client: AlertsManagementClient) -> None:
    found = alerts_client.alerts.get_all(page_count=1, sort_by="name", sort_order="asc")
    assert [alert.name for alert in found] == ["deploys", "nodes"]


def test_a_stock_client_acknowledges_an_alert_and_reads_its_history(alerts_client: AlertsManagementClient) -> None:
    (alert,) = alerts_client.alerts.get_all(severity="Sev0")
    guid = alert.id.rsplit("/", 1)[1]
    changed = alerts_client.alerts.change_state(guid, "Acknowledged", {"comments": "on it"})
    assert changed.properties.essentials.alert_state == "Acknowledged"
    assert changed.properties.essentials.last_modified_user_name == "alice"
    assert alerts_client.alerts.get_by_id(guid).properties.essentials.alert_state == "Acknowledged"
    history = alerts_client.alerts.get_history(guid).properties
    assert history.alert_id == guid
    first, *_, created = history.modifications
    assert (first.modification_event, first.old_value, first.new_value) == ("StateChange", "New", "Acknowledged")
    assert (first.modified_by, first.comments) == ("alice", "on it")
    assert created.modification_event == "AlertCreated"


def test_a_stock_client_summarises(alerts_client: AlertsManagementClient) -> None:
    summary = alerts_client.alerts.get_summary("severity,alertState", include_smart_groups_count=True).properties
    assert (summary.groupedby, summary.total, summary.smart_groups_count) == ("severity", 2, 0)
    assert [(group.name, group.count, group.groupedby) for group in summary.values] == [
        ("Sev0", 1, "alertState"),
        ("Sev2", 1, "alertState"),
    ]
    assert [(group.name, group.count) for group in summary.values[0].values] == [("New", 1)]


def test_a_stock_client_reads_the_services_that_send_alerts(alerts_client: AlertsManagementClient) -> None:
    assert [each.name for each in alerts_client.alerts.meta_data("MonitorServiceList").properties.data] == ["Platform"]


def test_a_stock_client_gets_a_named_error_for_an_unknown_alert(alerts_client: AlertsManagementClient) -> None:
    with pytest.raises(ResourceNotFoundError) as found:
        alerts_client.alerts.get_by_id("00000000-0000-0000-0000-00000000dead", headers={"Connection": "close"})
    assert found.value.error is not None
    assert found.value.error.code == "AlertNotFound"


def test_a_stock_client_keeps_the_type_of_criteria(monitor_client: MonitorManagementClient) -> None:
    one = monitor.MetricCriteria(
        name="failed",
        metric_name="Model Deploy Failed",
        time_aggregation="Total",
        operator="GreaterThan",
        threshold=0,
    )
    rule = monitor.MetricAlertResource(
        location="global",
        severity=1,
        enabled=True,
        scopes=[WORKSPACE],
        evaluation_frequency="PT1M",
        window_size="P1D",
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteria(all_of=[one]),
    )
    made = monitor_client.metric_alerts.create_or_update("lazulite", "by-client", rule)
    assert isinstance(made.criteria, monitor.MetricAlertSingleResourceMultipleMetricCriteria)
    assert made.criteria.all_of[0].criterion_type == "StaticThresholdCriterion"
    assert (made.window_size.days, made.auto_mitigate, made.is_migrated) == (1, True, False)
    assert made.last_updated_time is not None
    assert "by-client" in [each.name for each in monitor_client.metric_alerts.list_by_resource_group("lazulite")]
    with pytest.raises(HttpResponseError, match="Did you mean 'Model Deploy Failed'"):
        one.metric_name = "Model Deploy Faild"
        monitor_client.metric_alerts.create_or_update("lazulite", "by-client", rule)


def test_a_stock_client_reads_the_status_of_a_rule(monitor_client: MonitorManagementClient) -> None:
    (row,) = monitor_client.metric_alerts_status.list("lazulite", "deploys").value
    assert (row.properties.status, row.properties.dimensions) == ("Unhealthy", {"Scenario": "batch"})
    (same,) = monitor_client.metric_alerts_status.list_by_name("lazulite", "deploys", row.name).value
    assert same.name == row.name


def test_a_stock_client_makes_an_action_group_and_sees_every_receiver_list(
    monitor_client: MonitorManagementClient,
) -> None:
    hook = monitor.WebhookReceiver(name="ops", service_uri="https://example.org/hook", use_common_alert_schema=True)
    group = monitor.ActionGroupResource(location="Global", group_short_name="night", webhook_receivers=[hook])
    made = monitor_client.action_groups.create_or_update("lazulite", "night", group)
    assert made.webhook_receivers[0].service_uri == "https://example.org/hook"
    assert made.sms_receivers == made.email_receivers == made.event_hub_receivers == []
    patched = monitor_client.action_groups.update("lazulite", "night", monitor.ActionGroupPatchBody(enabled=False))
    assert patched.enabled is False


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("", ["deploys", "nodes"]),
        (SUB, ["deploys", "nodes"]),
        (RG.lower(), ["deploys", "nodes"]),
        (WORKSPACE, ["deploys"]),
        (f"{RG}x", []),
    ],
)
def test_alerts_are_listed_at_any_scope(http: InProcess, scope: str, found: list[str]) -> None:
    assert names(http.get(f"{scope}{ALERTS}?{VERSION}")) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"targetResource={WORKSPACE}", ["deploys"]),
        ("targetResourceType=microsoft.machinelearningservices/workspaces", ["deploys", "nodes"]),
        ("targetResourceGroup=other", []),
        ("monitorService=Platform&monitorCondition=Fired", ["deploys", "nodes"]),
        ("severity=Sev0", ["nodes"]),
        ("alertState=Closed", []),
        (f"alertRule={RULE}", ["deploys"]),
        ("timeRange=1h", ["deploys", "nodes"]),
        ("customTimeRange=2026-11-25T03:01:30Z/2026-11-25T04:00:00Z", ["nodes"]),
        ("customTimeRange=2026-11-24T03:01:30Z/2026-11-25T03:01:00Z", []),
        ("pageCount=250&sortBy=severity&sortOrder=asc&includeEgressConfig=true", ["deploys", "nodes"]),
    ],
)
def test_every_filter(http: InProcess, query: str, found: list[str]) -> None:
    assert names(http.get(f"{ALERTS}?{VERSION}&{query}")) == found


def test_without_a_time_range_the_last_day_is_listed(http: InProcess, room: Room) -> None:
    room.clock.advance(2 * 86_400)
    assert names(http.get(f"{ALERTS}?{VERSION}")) == []
    assert names(http.get(f"{ALERTS}?{VERSION}&timeRange=7d")) == ["deploys", "nodes"]


def test_context_is_left_out_unless_it_is_asked_for(http: InProcess) -> None:
    for query, there in (("", False), ("&includeContext=true", True)):
        value = http.get(f"{ALERTS}?{VERSION}{query}").json()["value"]
        assert ["context" in alert["properties"] for alert in value] == [there, there]


DEEP_TOKEN = base64.urlsafe_b64encode(b"[" * 3_000).decode()
HUGE_TOKEN = base64.urlsafe_b64encode(b'[1%s, "x"]' % (b"0" * 30)).decode()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"{ALERTS}?{VERSION}&timeRange=2d", "timeRange is '2d'; it must be one of 1h, 1d, 7d, 30d."),
        (f"{ALERTS}?{VERSION}&customTimeRange=yesterday", "customTimeRange is 'yesterday'; it must be START/END"),
        (f"{ALERTS}?{VERSION}&customTimeRange=2026-01-02/2026-01-01", "START not after END"),
        (f"{ALERTS}?{VERSION}&pageCount=0", "pageCount is '0'; it must be 1 to 250."),
        (f"{ALERTS}?{VERSION}&pageCount=251", "pageCount is '251'; it must be 1 to 250."),
        (f"{ALERTS}?{VERSION}&pageCount=000000001{'0' * 5000}", "it must be 1 to 250."),
        (f"{ALERTS}?{VERSION}&sortBy=colour", "sortBy is 'colour'; it must be one of name, severity"),
        (f"{ALERTS}?{VERSION}&sortOrder=up", "sortOrder is 'up'; it must be one of asc, desc."),
        (f"{ALERTS}?{VERSION}&includeContext=maybe", "includeContext is 'maybe'"),
        (f"{ALERTS}?{VERSION}&smartGroupId=1", "The parameter 'smartgroupid' is not supported"),
        (f"{ALERTS}?{VERSION}&select=name", "The parameter 'select' is not supported"),
        (f"{ALERTS}?{VERSION}&targetResource=demo", "'demo' is not an ARM resource id"),
        (f"{ALERTS}?{VERSION}&$skipToken=abc", "$skipToken is 'abc'; it must be one that this server gave"),
        (f"{ALERTS}?{VERSION}&$skipToken={DEEP_TOKEN}", "it must be one that this server gave"),
        (f"{ALERTS}?{VERSION}&$skipToken={HUGE_TOKEN}", "it must be one that this server gave"),
        (f"{ALERTS}?{VERSION}&sortBy=name&$skipToken=WzEsImEiXQ==", "one of a list that is sorted by name"),
        (f"{SUMMARY}?{VERSION}", "groupby is ''; it must be a comma list of severity, alertState"),
        (f"{SUMMARY}?{VERSION}&groupby=colour", "groupby is 'colour'; it must be one of severity"),
        (f"{SUMMARY}?{VERSION}&groupby=severity,severity", "a list without repeats"),
        (f"/providers/Microsoft.AlertsManagement/alertsMetaData?{VERSION}&identifier=x", "identifier is 'x'"),
        (ALERTS, "api-version"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_named(http: InProcess, path: str, message: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def first_id(http: InProcess) -> str:
    return str(http.get(f"{ALERTS}?{VERSION}").json()["value"][0]["id"])


@pytest.mark.parametrize(
    ("query", "body", "message"),
    [
        ("newState=Open", b"", "newState is 'Open'; it must be one of New, Acknowledged, Closed."),
        ("", b"", "newState is ''"),
        ("newState=Closed", b"{", "The body must be a comment as JSON"),
        ("newState=Closed", b'{"comments": 1}', "comments must be text."),
    ],
)
def test_a_wrong_change_of_state_is_named(http: InProcess, query: str, body: bytes, message: str) -> None:
    answer = http.post(f"{first_id(http)}/changestate?{VERSION}&{query}", content=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_a_principal_without_the_right_may_read_and_not_change(http: InProcess) -> None:
    bob = {"Authorization": "Bearer bob"}
    assert http.get(f"{ALERTS}?{VERSION}", headers=bob).status_code == 200
    answer = http.post(f"{first_id(http)}/changestate?{VERSION}&newState=Closed", headers=bob)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.AlertsManagement/alerts/changestate/action" in answer.json()["error"]["message"]


def test_without_a_token_nothing_is_shown(http: InProcess) -> None:
    assert http.get(f"{ALERTS}?{VERSION}", headers={"Authorization": ""}).status_code == 401


def test_the_status_of_a_rule_tells_why_it_failed(http: InProcess, room: Room) -> None:
    room.measured.broken.add("Unusable Nodes")
    room.minute()
    rule = f"{RG}/providers/Microsoft.Insights/metricAlerts/nodes"
    failed, fired = http.get(f"{rule}/status?api-version=2018-03-01").json()["value"]
    assert failed["properties"]["status"] == "EvaluationFailed"
    assert failed["properties"]["error"] == "The engine is being reopened."
    assert fired["properties"]["status"] == "Unhealthy"


@pytest.mark.parametrize(("enabled", "status"), [(True, "Healthy"), (False, "NotEvaluated")])
def test_the_status_of_a_quiet_rule(http: InProcess, room: Room, enabled: bool, status: str) -> None:
    rule = f"{RG}/providers/Microsoft.Insights/metricAlerts/quiet"
    room.put(rule, rule_body(criterion(operator="GreaterThan", threshold=1e9), enabled=enabled))
    room.minute()
    (row,) = http.get(f"{rule}/status?api-version=2018-03-01").json()["value"]
    assert row["properties"]["status"] == status


def test_the_status_of_a_missing_rule_is_not_found(http: InProcess) -> None:
    missing = f"{RG}/providers/Microsoft.Insights/metricAlerts/missing"
    answer = http.get(f"{missing}/status?api-version=2018-03-01")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_rules_and_groups_are_created_with_the_status_codes_that_clients_accept(http: InProcess) -> None:
    group = http.put(f"{GROUP}?api-version=2023-01-01", json=group_body("https://example.org/hook"))
    again = http.put(f"{GROUP}?api-version=2023-01-01", json=group_body("https://example.org/hook"))
    rule = http.put(f"{RULE}2?api-version=2018-03-01", json=rule_body())
    assert (group.status_code, again.status_code, rule.status_code) == (201, 200, 200)
