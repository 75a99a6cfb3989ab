"""The metrics plane through Azure's own clients, and what no client of theirs shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.mgmt.monitor import MonitorManagementClient
from azure.monitor.querymetrics import MetricAggregationType, MetricsClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request

from lazulite.core.caller import Caller
from lazulite.core.errors import Forbidden, Unauthenticated
from lazulite.core.ids import CountingIds
from lazulite.identity import Access
from lazulite.resources import ResourceStore, own_kinds
from lazulite.state.database import Database
from lazulite.wire.arm import ArmRouter
from lazulite.wire.bodies import read_body
from lazulite.wire.errors import exception_handlers
from lazulite.wire.metrics import MetricServices, operations, routes
from lazulite.wire.tracing import RequestIds
from tests.metrics.conftest import OTHER, WORKSPACE, World, engine, nodes, world
from tests.wire.log_server import served

__all__ = ["engine", "world"]

METRICS = f"{WORKSPACE}/providers/Microsoft.Insights/metrics"
MISSING = f"{WORKSPACE}-missing"
CALLER = Caller("oid", "app", "reader")
START = datetime(2024, 5, 1, 9, tzinfo=UTC)
TIMESPAN = "2024-05-01T09:00:00Z/2024-05-01T10:00:00Z"
HEADERS = {"Authorization": "Bearer good"}


class Credential:
    """A token of the test's own; signing in is tested elsewhere."""

    def __init__(self, token: str = "good") -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, 2**31)


async def authenticate(request: Request) -> Caller:
    if request.headers.get("authorization") != HEADERS["Authorization"]:
        raise Unauthenticated("AuthenticationFailed", "Authentication failed.")
    return CALLER


def authorize(caller: Caller, action: str, scope: str) -> None:
    if "forbidden" in scope:
        raise Forbidden("AuthorizationFailed", f"'{action}' over '{scope}' is not allowed.")


def application(world: World, folder: Path) -> Starlette:
    """This plane's routes before the ARM router, as the service has them."""
    services = MetricServices(
        world.queries,
        world.clock,
        region=lambda resource: "westeurope" if resource.name == "far" else "local",
        exists=lambda resource: not resource.key.endswith("-missing"),
        authorize=authorize,
        retention_days=93,
    )
    database = Database(f"sqlite:///{folder / 'state.db'}")
    database.create()
    ids = CountingIds()
    store = ResourceStore(database, own_kinds("tenant", ids), world.clock, ids)
    arm = ArmRouter(store, Access(frozenset()), authenticate, "tenant", operations(services))
    return Starlette(
        routes=[*routes(services, authenticate, read_body), *arm.routes()],
        middleware=[Middleware(RequestIds, ids=ids)],
        exception_handlers=exception_handlers("tenant"),
    )


@pytest.fixture
def filled(world: World) -> World:
    world.take(
        nodes("09:00", 1, "a"), nodes("09:00", 4, "B"), nodes("09:10", 6, "a", Scenario="x"), nodes("09:59", 9, "B")
    )
    world.take(nodes("09:30", 40, "z"), resource=OTHER)
    return world


@pytest.fixture
def client(filled: World, tmp_path: Path) -> Asking:
    return Asking(application(filled, tmp_path))


class Asking:
    """Plain requests in process."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="https://test", headers=HEADERS) as client:
            params = {"api-version": "2024-02-01", **more.pop("params", {})}
            return await client.request(method, path, params=params, **more)

    def __call__(self, path: str = METRICS, method: str = "GET", **more: Any) -> httpx.Response:
        import anyio

        async def call() -> httpx.Response:
            return await self.send(method, path, **more)

        return anyio.run(call)

    def values(self, **parameters: str) -> dict[str, Any]:
        answer = self(params={"timespan": TIMESPAN, "metricnames": "Active Nodes"} | parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def test_the_answer_has_the_vendors_shape(client: Asking) -> None:
    found = client.values(interval="PT30M", aggregation="Total,count")
    assert found == {
        "cost": 2,
        "timespan": TIMESPAN,
        "interval": "PT30M",
        "namespace": "Microsoft.MachineLearningServices/workspaces",
        "resourceregion": "local",
        "value": [
            {
                "id": f"{METRICS}/Active Nodes",
                "type": "Microsoft.Insights/metrics",
                "name": {"value": "Active Nodes", "localizedValue": "Active Nodes"},
                "displayDescription": "Nodes running a job.",
                "unit": "Count",
                "errorCode": "Success",
                "timeseries": [
                    {
                        "metadatavalues": [],
                        "data": [
                            {"timeStamp": "2024-05-01T09:00:00Z", "total": 11.0, "count": 3.0},
                            {"timeStamp": "2024-05-01T09:30:00Z", "total": 9.0, "count": 1.0},
                        ],
                    }
                ],
            }
        ],
    }


def test_an_empty_bucket_has_its_time_alone(client: Asking) -> None:
    (series,) = client.values(interval="PT15M", aggregation="average")["value"][0]["timeseries"]
    assert series["data"][1] == {"timeStamp": "2024-05-01T09:15:00Z"}


def test_no_data_is_a_series_without_data(client: Asking) -> None:
    assert client.values(metricnames="Idle Nodes")["value"][0]["timeseries"] == [{"metadatavalues": [], "data": []}]
    assert client.values(metricnames="Idle Nodes", **{"$filter": "ClusterName eq '*'"})["value"][0]["timeseries"] == []


def test_a_split_names_dimensions_in_lower_case_and_says_what_it_left_out(client: Asking) -> None:
    (metric,) = client.values(interval="FULL", aggregation="total", top="1", **{"$filter": "ClusterName eq '*'"})[
        "value"
    ]
    (series,) = metric["timeseries"]
    assert series["metadatavalues"] == [
        {"name": {"value": "clustername", "localizedValue": "clustername"}, "value": "B"}
    ]
    assert series["data"] == [{"timeStamp": "2024-05-01T09:00:00Z", "total": 13.0}]
    assert metric["timeseriesLeftOut"] == 1


def test_metadata_has_names_and_no_data(client: Asking) -> None:
    found = client.values(resultType="metadata", **{"$filter": "ClusterName eq 'a'"})
    (series,) = found["value"][0]["timeseries"]
    assert series["metadatavalues"][0]["value"] == "a"
    assert series["data"] == []


TIMESPANS = {
    "as az sends it, encoded twice": quote("2024-05-01T09:00:00+00:00/2024-05-01T10:00:00+00:00"),
    "with offsets": "2024-05-01T11:00:00+02:00/2024-05-01T12:00:00+02:00",
    "with a + lost to a space": "2024-05-01T09:00:00 00:00/2024-05-01T10:00:00 00:00",
    "with fractions": "2024-05-01T09:00:00.0000000Z/2024-05-01T10:00:00.0000000Z",
}


@pytest.mark.parametrize("timespan", TIMESPANS.values(), ids=TIMESPANS)
def test_timespans(client: Asking, timespan: str) -> None:
    assert client.values(timespan=timespan)["timespan"] == TIMESPAN


def test_a_bare_duration_ends_now(client: Asking) -> None:
    assert client.values(timespan="PT3H")["timespan"] == "2024-05-01T09:00:00Z/2024-05-01T12:00:00Z"


def test_without_timespan_it_is_the_last_hour(client: Asking) -> None:
    assert client.values(timespan="")["timespan"] == "2024-05-01T11:00:00Z/2024-05-01T12:00:00Z"


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"metricnames": "Activ Nodes"}, "metricnames", "'Activ Nodes' is not a metric of"),
    ({"metricnames": "CPU%2Cx"}, "metricnames", "'CPU,x' is not a metric of"),
    ({"metricnames": "CPU%2 x"}, "metricnames", "'CPU, x' is not a metric of"),
    ({"metricnamespace": "nobody/knows"}, "metricnamespace", "'nobody/knows' is not a metric namespace"),
    ({"timespan": "yesterday"}, "timespan", "START/END"),
    ({"timespan": "2024-05-01/tomorrow"}, "timespan", "START/END"),
    ({"timespan": "P1M"}, "timespan", "START/END"),
    ({"timespan": "9" * 5000}, "timespan", "START/END"),
    ({"interval": "5m"}, "interval", "is not a duration"),
    ({"interval": "PT2M"}, "interval", "2 minutes is not a time grain"),
    ({"aggregation": "median"}, "aggregation", "'median' is not an aggregation"),
    ({"$filter": "ClusterName is 'a'"}, "$filter", "at character 16"),
    ({"$filter": "Cluster eq 'a'"}, "$filter", "'Cluster' is not a dimension"),
    ({"top": "ten"}, "top", "a whole number"),
    ({"top": "0", "$filter": "ClusterName eq '*'"}, "top", "1 or more"),
    ({"orderby": "median"}, "orderby", "is not an aggregation"),
    ({"resultType": "Everything"}, "resultType", "Data or Metadata"),
    ({"AutoAdjustTimegrain": "perhaps"}, "AutoAdjustTimegrain", "true or false"),
    ({"metricnames": ",".join("abcdefghijklmnopqrstuvw")}, "metricnames", "at most 20 metrics"),
    ({"rollupby": "x," * 500}, "rollupby", "more than 100 names"),
]


@pytest.mark.parametrize(("parameters", "target", "words"), WRONG)
def test_what_is_wrong_is_a_400_that_names_the_parameter(
    client: Asking, parameters: dict[str, str], target: str, words: str
) -> None:
    answer = client(params={"timespan": TIMESPAN, "metricnames": "Active Nodes"} | parameters)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "BadRequest", target)
    assert words in error["message"]
    assert len(error["message"]) < 600


def test_encoded_parentheses_and_ignored_dimensions(client: Asking) -> None:
    found = client.values(**{"$filter": "Size%28MB%29 eq '*' and ClusterName eq 'a'", "ValidateDimensions": "false"})
    assert len(found["value"][0]["timeseries"]) == 1


def test_a_grain_is_adjusted_on_demand(client: Asking) -> None:
    assert client.values(interval="PT50M", AutoAdjustTimegrain="True")["interval"] == "PT1H"


def test_a_resource_that_is_not_there(client: Asking) -> None:
    answer = client(f"{MISSING}/providers/microsoft.insights/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_a_resource_that_may_not_be_read(client: Asking) -> None:
    answer = client(f"{WORKSPACE}-forbidden/providers/microsoft.insights/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_definitions(client: Asking) -> None:
    found = client(f"{WORKSPACE}/providers/microsoft.insights/metricDefinitions").json()["value"]
    (nodes_,) = [one for one in found if one["name"]["value"] == "Active Nodes"]
    assert len(found) == 65
    assert nodes_["primaryAggregationType"] == "Average"
    assert nodes_["dimensions"][1] == {"value": "ClusterName", "localizedValue": "ClusterName"}
    assert nodes_["metricAvailabilities"][0] == {"timeGrain": "PT1M", "retention": "P93D"}
    assert client(
        f"{WORKSPACE}/providers/microsoft.insights/metricDefinitions", params={"metricNamespace": "x"}
    ).json() == {"value": []}


def test_namespaces(client: Asking) -> None:
    (found,) = client(f"{WORKSPACE}/providers/microsoft.insights/metricNamespaces").json()["value"]
    assert found["properties"] == {"metricNamespaceName": "Microsoft.MachineLearningServices/workspaces"}
    assert found["classification"] == "Platform"


SUBSCRIPTION = "/subscriptions/s/providers/Microsoft.Insights/metrics"
OVER = {
    "timespan": TIMESPAN,
    "metricNamespace": "microsoft.machinelearningservices/workspaces",
    "metricNames": "Active Nodes",
    "aggregation": "Total",
    "interval": "FULL",
}


def test_a_list_over_a_subscription_splits_by_resource(client: Asking) -> None:
    split = {**OVER, "$filter": "Microsoft.ResourceId eq '*'"}
    series = client(SUBSCRIPTION, params={"region": "local", **split}).json()["value"][0]["timeseries"]
    assert {one["metadatavalues"][0]["value"]: one["data"][0]["total"] for one in series} == {
        OTHER.key: 40,
        WORKSPACE.key: 20,
    }


def test_a_list_over_a_subscription_may_be_posted(client: Asking) -> None:
    answer = client(SUBSCRIPTION, "POST", params={"region": "local"}, json=OVER | {"top": 5, "filter": None})
    assert answer.json()["value"][0]["timeseries"][0]["data"][0]["total"] == 60
    nowhere = client(SUBSCRIPTION, "POST", params={"region": "far away"}, json=OVER).json()
    assert nowhere["value"][0]["timeseries"] == [{"metadatavalues": [], "data": []}]
    assert client(SUBSCRIPTION, "POST", json=[1]).status_code == 400
    assert "needs metricnamespace" in client(SUBSCRIPTION).json()["error"]["message"]


BATCH = "/subscriptions/s/metrics:getBatch"
BATCH_WRONG: list[tuple[Any, str]] = [
    ([], "The body must be"),
    ({"resourceids": []}, "1 to 50 resources"),
    ({"resourceids": [WORKSPACE.text] * 51}, "1 to 50 resources"),
    ({"resourceids": [WORKSPACE.text.replace("/s/", "/t/")]}, "is not in the subscription 's'"),
    ({"resourceids": [WORKSPACE.text, f"{WORKSPACE}/onlineEndpoints/e"]}, "must be of one type"),
    ({"resourceids": [WORKSPACE.text, WORKSPACE.text[:-2] + "far"]}, "must be in one region"),
    ({"resourceids": ["nonsense"]}, "not an ARM resource id"),
]


@pytest.mark.parametrize(("body", "words"), BATCH_WRONG)
def test_what_is_wrong_with_a_batch(client: Asking, body: Any, words: str) -> None:
    answer = client(BATCH, "POST", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.fixture
def url(filled: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with served(application(filled, tmp_path_factory.mktemp("state")), folder) as found:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(found.ca))
        yield found.url


def batch_client(url: str, token: str = "good") -> MetricsClient:
    return MetricsClient(url, Credential(token), audience="https://metrics.monitor.azure.com")


def test_the_stock_batch_client(url: str) -> None:
    resources = [OTHER.text, WORKSPACE.text, OTHER.text]
    with batch_client(url) as client:
        results = client.query_resources(
            resource_ids=resources,
            metric_namespace="Microsoft.MachineLearningServices/workspaces",
            metric_names=["Active Nodes", "Idle Nodes"],
            timespan=(START, timedelta(hours=1)),
            granularity=timedelta(minutes=30),
            aggregations=[MetricAggregationType.TOTAL, MetricAggregationType.AVERAGE],
            filter="ClusterName eq '*'",
            order_by="sum desc",
            max_results=5,
        )
    totals = [
        {
            series.metadata_values["clustername"]: [point.total for point in series.data]
            for series in result.metrics[0].timeseries
        }
        for result in results
    ]
    assert totals == [{"z": [None, 40]}, {"B": [4, 9], "a": [7, None]}, {"z": [None, 40]}]
    assert [metric.name for metric in results[0].metrics] == ["Active Nodes", "Idle Nodes"]
    assert results[1].granularity == timedelta(minutes=30)


def test_the_stock_batch_client_meets_errors(url: str) -> None:
    asked: dict[str, Any] = {
        "resource_ids": [WORKSPACE.text],
        "metric_namespace": "Microsoft.MachineLearningServices/workspaces",
        "metric_names": ["Faild Runs"],
        "timespan": timedelta(hours=1),
    }
    with batch_client(url) as client, pytest.raises(HttpResponseError, match="Did you mean 'Failed Runs'"):
        client.query_resources(**asked)
    with batch_client(url, "bad") as client, pytest.raises(ClientAuthenticationError):
        client.query_resources(**asked)
    with batch_client(url) as client, pytest.raises(ResourceNotFoundError):
        client.query_resources(**(asked | {"resource_ids": [MISSING]}))


def test_the_stock_management_client(url: str) -> None:
    with MonitorManagementClient(
        Credential(), "s", base_url=url, credential_scopes=["https://management.azure.com/.default"]
    ) as client:
        answer = client.metrics.list(
            WORKSPACE.text,
            timespan=TIMESPAN,
            interval="PT1H",
            metricnames="Active Nodes",
            aggregation="Average,Maximum",
            filter="ClusterName eq 'a' or ClusterName eq 'B'",
            rollupby="ClusterName",
            auto_adjust_timegrain=True,
            validate_dimensions=True,
        )
        (point,) = answer.value[0].timeseries[0].data
        assert (point.average, point.maximum, point.total) == (5, 9, None)
        assert point.time_stamp == START
        definitions = list(client.metric_definitions.list(WORKSPACE.text))
        assert {one.name.value for one in definitions} >= {"Active Nodes", "Failed Runs"}
        (namespace,) = client.metric_namespaces.list(WORKSPACE.text)
        assert namespace.properties.metric_namespace_name == "Microsoft.MachineLearningServices/workspaces"
        with pytest.raises(HttpResponseError, match="'Nobody' is not a metric"):
            client.metrics.list(WORKSPACE.text, metricnames="Nobody")
