"""The log query API through Azure's own client, over TLS, the real language and the real engine."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import (
    LogsBatchQuery,
    LogsQueryClient,
    LogsQueryError,
    LogsQueryPartialResult,
    LogsQueryResult,
    LogsQueryStatus,
)

from lazulite.core.caller import Caller
from lazulite.core.errors import Forbidden, Throttled
from lazulite.engine.interface import QueryLimits
from lazulite.identity.access import Access
from lazulite.logs.answer import LogAnswer
from lazulite.logs.budget import ResultBudget
from lazulite.logs.query import LogQueries, LogQuery
from lazulite.logs.rights import EVERYTHING, Rights
from lazulite.wire import log_service
from lazulite.wire.bodies import read_body
from lazulite.wire.log_service import LogServices
from lazulite.wire.logs import routes
from tests.logs.conftest import RG, LogsRig, at, rig
from tests.wire.log_server import TOKEN, Served, application, authenticate, served

__all__ = ["rig"]

EVENTS = "AmlComputeJobEvent"
ML = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/demo"
MAX_ROWS = 50


class Token:
    """A credential that always has the same token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


@dataclass(frozen=True)
class Plane:
    """A served log plane over a rig with one workspace of four events."""

    rig: LogsRig
    customer_id: str
    services: LogServices
    at: Served

    def client(self, **options: Any) -> LogsQueryClient:
        return LogsQueryClient(
            Token(), endpoint=self.at.url, connection_verify=str(self.at.ca), retry_total=0, **options
        )

    def ask(self, text: str, **options: Any) -> LogsQueryResult | LogsQueryPartialResult:
        with self.client() as client:
            return client.query_workspace(self.customer_id, text, timespan=options.pop("timespan", None), **options)

    def http(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"} | options.pop("headers", {})
        with httpx.Client(verify=ssl.create_default_context(cafile=self.at.ca), base_url=self.at.url) as client:
            return client.request(method, path, headers=headers, **options)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http("POST", path, json=body)


Serve = Callable[..., Plane]


@pytest.fixture
def serve(rig: LogsRig, tmp_path: Path) -> Iterator[Serve]:
    """Serves the plane with some of its services replaced."""
    customer_id = rig.workspace("logs")
    rows = [
        {
            "JobName": f"job-{index}",
            "TimeGenerated": at(f"2024-06-1{index}T12:00:00.1234567Z"),
            "_ResourceId": (ML if index < 3 else ML + "-other").lower(),
            "TFWorkerCount": str(index),
        }
        for index in range(1, 5)
    ]
    rig.fill(customer_id, EVENTS, rows)
    queries = LogQueries(rig.engine, rig.workspaces, rig.clock, QueryLimits(max_rows=MAX_ROWS))
    services = LogServices(queries, Access(frozenset()), ResultBudget(64 << 20), authenticate, read_body)
    with ExitStack() as stack:

        def start(**changes: Any) -> Plane:
            changed = replace(services, **changes)
            address = stack.enter_context(served(application(routes(changed)), tmp_path / "served"))
            return Plane(rig, customer_id, changed, address)

        yield start


@pytest.fixture
def plane(serve: Serve) -> Plane:
    return serve()


def test_the_stock_client_reads_a_table(plane: Plane) -> None:
    found = plane.ask(f"{EVENTS} | project JobName, TimeGenerated, n = toint(TFWorkerCount) | order by JobName asc")
    assert found.status == LogsQueryStatus.SUCCESS
    assert isinstance(found, LogsQueryResult)
    (table,) = found.tables
    assert (table.name, table.columns, table.columns_types) == (
        "PrimaryResult",
        ["JobName", "TimeGenerated", "n"],
        ["string", "datetime", "int"],
    )
    assert list(table.rows[0]) == ["job-1", datetime(2024, 6, 11, 12, 0, 0, 123456, UTC), 1]
    assert len(table.rows) == 4


@pytest.mark.parametrize(
    ("timespan", "count"),
    [
        (timedelta(days=2), 2),
        ((datetime(2024, 6, 11, tzinfo=UTC), datetime(2024, 6, 13, tzinfo=UTC)), 2),
        ((datetime(2024, 6, 11, tzinfo=UTC), timedelta(days=1)), 1),
        (None, 4),
    ],
)
def test_every_timespan_of_the_client(plane: Plane, timespan: Any, count: int) -> None:
    found = plane.ask(f"{EVENTS} | count", timespan=timespan)
    assert isinstance(found, LogsQueryResult)
    assert found.tables[0].rows[0][0] == count


def test_statistics_and_visualization(plane: Plane) -> None:
    found = plane.ask(
        f"{EVENTS} | summarize count() by JobName | render piechart",
        include_statistics=True,
        include_visualization=True,
        server_timeout=60,
    )
    assert isinstance(found, LogsQueryResult)
    assert found.statistics["query"]["executionTime"] > 0
    assert found.visualization["visualization"] == "piechart"


def test_a_resource_query(plane: Plane) -> None:
    with plane.client() as client:
        found = client.query_resource(ML, f"{EVENTS} | count", timespan=None)
    assert isinstance(found, LogsQueryResult)
    assert found.tables[0].rows[0][0] == 2


def test_a_cut_answer_is_partial(plane: Plane) -> None:
    found = plane.ask(f"range n from 1 to {MAX_ROWS + 1} step 1")
    assert isinstance(found, LogsQueryPartialResult)
    assert len(found.partial_data[0].rows) == MAX_ROWS
    assert found.partial_error.code == "PartialError"
    assert "max_rows" in str(found.partial_error.details)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (f"{EVENTS} | where", "SyntaxError", "line 1"),
        (f"{EVENTS} | where JobNam == 'x'", "SemanticError", "Did you mean 'JobName'?"),
        ("AmlComputeJobEvnt", "SemanticError", f"Did you mean '{EVENTS}'?"),
    ],
)
def test_a_wrong_query_says_where_and_what(plane: Plane, text: str, code: str, message: str) -> None:
    with pytest.raises(HttpResponseError) as error:
        plane.ask(text)
    assert error.value.status_code == 400
    assert message in str(error.value)
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query=text).json()["error"]
    assert answer["code"] == "BadArgumentError"
    assert answer["correlationId"]
    assert answer["innererror"]["code"] == code
    assert {"code", "message", "line", "pos", "token"} <= set(answer["innererror"]["innererror"])


def test_an_unknown_workspace(plane: Plane) -> None:
    with plane.client() as client, pytest.raises(HttpResponseError) as error:
        client.query_workspace("00000000-0000-0000-0000-00000000dead", EVENTS, timespan=None)
    assert error.value.status_code == 404
    assert "WorkspaceNotFoundError" in str(error.value)


def test_a_batch_answers_each_for_itself(plane: Plane) -> None:
    queries = [
        LogsBatchQuery(plane.customer_id, f"{EVENTS} | count", timespan=None),
        LogsBatchQuery(plane.customer_id, f"{EVENTS} | wher x", timespan=None),
        LogsBatchQuery(plane.customer_id, f"range n from 1 to {MAX_ROWS + 1} step 1", timespan=None),
        LogsBatchQuery("no-such-workspace", EVENTS, timespan=None),
    ]
    with plane.client() as client:
        counted, wrong, cut, lost = client.query_batch(queries)
    assert isinstance(counted, LogsQueryResult)
    assert counted.tables[0].rows[0][0] == 4
    assert isinstance(wrong, LogsQueryError)
    assert isinstance(cut, LogsQueryPartialResult)
    assert isinstance(lost, LogsQueryError)
    assert lost.code == "WorkspaceNotFoundError"


def test_a_batch_is_answered_in_the_order_of_its_requests(plane: Plane) -> None:
    members = [
        {"id": f"query-{index}", "workspace": plane.customer_id, "body": {"query": f"print n = {index}"}}
        for index in (5, 3, 9, 1, 7)
    ]
    for path in ("/v1/$batch", "/$batch"):
        answer = plane.post(path, requests=members)
        assert [each["id"] for each in answer.json()["responses"]] == [member["id"] for member in members]
        assert {each["status"] for each in answer.json()["responses"]} == {200}
    assert plane.services.budget.used == 0


@pytest.mark.parametrize(
    "path", ["/v1/workspaces/{id}/query", "/workspaces/{id}/query", f"/v1/{ML}/query", f"{ML}/query"]
)
def test_every_path_with_and_without_version_and_doubled_slashes(plane: Plane, path: str) -> None:
    answer = plane.post(path.format(id=plane.customer_id), query=f"{EVENTS} | count")
    assert answer.status_code == 200
    assert answer.json()["tables"][0]["rows"] == [[4 if "{id}" in path else 2]]


def test_the_get_form(plane: Plane) -> None:
    path = f"/v1/workspaces/{plane.customer_id}/query"
    answer = plane.http("GET", path, params={"query": f"{EVENTS} | count", "timespan": "2024-06-11/P1D"})
    assert answer.json()["tables"][0]["rows"] == [[1]]
    assert plane.http("GET", path).status_code == 400


def test_more_workspaces_in_the_body_are_asked_too(plane: Plane) -> None:
    plane.rig.fill(plane.rig.workspace("other"), EVENTS, [{"JobName": "x", "TimeGenerated": at("2024-06-14")}])
    found = plane.ask(f"{EVENTS} | count", additional_workspaces=["other"])
    assert isinstance(found, LogsQueryResult)
    assert found.tables[0].rows[0][0] == 5


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"query":1}', b'{"query":""}', b'{"query":"print 1","timespan":"x"}']
)
def test_a_wrong_body_is_a_bad_request(plane: Plane, body: bytes) -> None:
    answer = plane.http("POST", f"/v1/workspaces/{plane.customer_id}/query", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadArgumentError"
    assert answer.json()["error"]["message"]


def test_a_body_above_the_limit_is_too_large(plane: Plane) -> None:
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query="x" * 1_100_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestTooLarge")


def test_a_token_is_needed(plane: Plane) -> None:
    answer = plane.http("POST", "/v1/$batch", headers={"Authorization": "Bearer wrong"}, json={"requests": []})
    assert answer.status_code == 401


def test_a_large_answer_streams_and_is_whole(serve: Serve, rig: LogsRig) -> None:
    count = 40_000
    plane = serve(queries=LogQueries(rig.engine, rig.workspaces, rig.clock))
    answer = plane.post(
        f"/v1/workspaces/{plane.customer_id}/query",
        query=f"range n from 1 to {count} step 1 | extend text = strcat('row \"', n, '\"') | order by n asc",
    )
    assert "content-length" not in answer.headers
    rows = answer.json()["tables"][0]["rows"]
    assert (len(rows), rows[0], rows[-1]) == (count, [1, 'row "1"'], [count, f'row "{count}"'])
    assert plane.services.budget.used == 0


def test_a_client_that_stops_reading_gives_the_memory_back(
    serve: Serve, rig: LogsRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_service, "STALLED_SECONDS", 0.3)
    plane = serve(queries=LogQueries(rig.engine, rig.workspaces, rig.clock))
    body = json.dumps({"query": "range n from 1 to 400000 step 1 | extend text = strcat('a long enough text ', n)"})
    head = (
        f"POST /v1/workspaces/{plane.customer_id}/query HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    address = httpx.URL(plane.at.url)
    context = ssl.create_default_context(cafile=plane.at.ca)
    with (
        socket.create_connection((address.host, address.port or 443)) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as connection,
    ):
        connection.sendall((head + body).encode())
        until(lambda: plane.services.budget.used > 0)
        until(lambda: plane.services.budget.used == 0)


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        threading.Event().wait(0.01)


class Waiting(LogQueries):
    """A query service whose queries last until they are cancelled, or until a deadline that fails the test."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()

    def run(self, query: LogQuery, cancelled: Any = None, rights: Rights = EVERYTHING) -> LogAnswer:
        self.started.set()
        deadline = time.monotonic() + 10
        while not cancelled() and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        if cancelled():
            self.stopped.set()
        return LogAnswer((), None)


def test_a_client_that_goes_away_cancels_its_query(serve: Serve) -> None:
    waiting = Waiting()
    plane = serve(queries=waiting)

    async def ask_and_leave() -> None:
        context = ssl.create_default_context(cafile=plane.at.ca)
        async with httpx.AsyncClient(verify=context, base_url=plane.at.url) as client:
            path = f"/v1/workspaces/{plane.customer_id}/query"
            headers = {"Authorization": f"Bearer {TOKEN}"}
            asking = asyncio.create_task(client.post(path, json={"query": "print 1"}, headers=headers))
            await asyncio.to_thread(waiting.started.wait, 10)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(ask_and_leave())
    assert waiting.stopped.wait(10)


class Failing(LogQueries):
    """A query service that fails in a given way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, query: LogQuery, cancelled: Any = None, rights: Rights = EVERYTHING) -> LogAnswer:
        raise self.error


def test_a_full_queue_says_when_to_come_back(plane: Plane) -> None:
    object.__setattr__(
        plane.services, "queries", Failing(Throttled("QueryQueueFull", "64 queries wait.", retry_after=2.5))
    )
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query="print 1")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["error"]["innererror"]["code"] == "QueryQueueFull"


class NoAccess(Access):
    """Refuses everything, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def require(self, caller: Caller, action: str, scope: str) -> None:
        self.asked.append((action, scope))
        raise Forbidden("AuthorizationFailed", "no")


def test_the_right_to_query_is_asked_for_at_the_scope(serve: Serve) -> None:
    access = NoAccess()
    plane = serve(access=access)
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query="print 1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsufficientAccessError")
    plane.post(f"/v1/{ML}/query", query="print 1")
    action = "Microsoft.OperationalInsights/workspaces/query/read"
    workspace = f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs"
    assert access.asked == [(action, workspace), (action, ML.lower())]


def test_answers_are_json_with_their_length_when_small(plane: Plane) -> None:
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query="print 1")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert json.loads(answer.content)["tables"][0]["rows"] == [[1]]
