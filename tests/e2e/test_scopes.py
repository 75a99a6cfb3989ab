"""A server with three Log Analytics workspaces and two ML workspaces: every scope of a query, from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Client, serving

JOB = "AmlComputeJobEvent"
SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
JOBS = f"{JOB} | project JobName | order by JobName asc"


@dataclass(frozen=True)
class Site:
    """The server's own pair of workspaces, and `east`, `west` (logs) and `second` (machine learning) beside it.

    The first ML workspace logs to all three, the second to east alone.
    """

    client: Client
    group: str

    def logs(self, name: str) -> str:
        return f"{self.group}/providers/Microsoft.OperationalInsights/workspaces/{name}"

    def learning(self, name: str) -> str:
        return f"{self.group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"

    def customer(self, name: str) -> str:
        found = self.client.http.get(self.logs(name), params={"api-version": "2025-07-01"}).json()
        return str(found["properties"]["customerId"])

    def ask(self, scope: str, query: str, **body: Any) -> httpx.Response:
        return self.client.http.post(f"/v1/{scope}/query", json={"query": query, **body})

    def names(self, scope: str, query: str = JOBS, **body: Any) -> list[str]:
        answer = self.ask(scope, query, **body)
        assert answer.status_code == 200, answer.text
        assert "error" not in answer.json(), answer.text
        return [row[0] for row in answer.json()["tables"][0]["rows"]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scopes") / "data"


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[Site]:
    with serving(data) as server:
        client = Client(server.connection)
        group = client.workspace.split("/providers/")[0]
        site = Site(client, group)
        for path in (site.logs("east"), site.logs("west"), site.learning("second")):
            put(client, path, "2025-07-01", {"location": "local"})
        for owner, names in ((client.workspace, ("east", "west")), (site.learning("second"), ("east",))):
            for name in names:
                logs = {"properties": {"workspaceId": site.logs(name), "logs": [{"category": JOB, "enabled": True}]}}
                put(client, f"{owner}/{SETTINGS}/{name}", "2021-05-01-preview", logs)
        emit(client, client.workspace, "first-job")
        emit(client, site.learning("second"), "second-job")
        yield site


def put(client: Client, path: str, version: str, body: dict[str, Any]) -> None:
    answer = client.http.put(path, params={"api-version": version}, json=body)
    assert answer.status_code in (200, 201), answer.text


def emit(client: Client, owner: str, job: str) -> None:
    answer = client.http.post(f"{owner}/providers/lazulite/records", params={"category": JOB}, json=[{"JobName": job}])
    assert answer.status_code == 202, answer.text
    client.settle(answer.json()["sequence"])


@pytest.fixture(scope="module")
def home(site: Site) -> str:
    return f"workspaces/{site.client.connection['log_analytics_customer_id']}"


def test_a_workspace_and_those_of_the_body(site: Site, home: str) -> None:
    assert site.names(home) == ["first-job"]
    assert site.names(f"workspaces/{site.customer('east')}") == ["first-job", "second-job"]
    for name in ("east", site.customer("east"), site.logs("east")):
        assert site.names(home, workspaces=[name]) == ["first-job", "first-job", "second-job"]
    assert len(site.names(home, workspaces=["east", "west"])) == 4


def test_every_way_to_name_a_workspace_in_the_text(site: Site, home: str) -> None:
    c = site.client.connection
    qualified = f"{c['subscription_id']}/{c['resource_group']}/east"
    for name in ("east", "EAST", site.customer("east"), site.logs("east"), site.logs("east").lower(), qualified):
        for kind in ("workspace", "database"):
            assert site.names(home, f"{kind}('{name}').{JOBS}") == ["first-job", "second-job"], (kind, name)
    union = f"union {JOB}, workspace('east').{JOB}, (workspace('west').{JOB}) | count"
    assert site.names(home, union) == [4]


def test_a_resource_over_all_workspaces(site: Site) -> None:
    first, second = site.client.workspace.strip("/"), site.learning("second").strip("/")
    assert site.names(first) == ["first-job"] * 3
    assert site.names(second) == ["second-job"]
    assert len(site.names(site.group.strip("/"))) == 4
    both = f"union {JOB}, resource('/{second}').{JOB} | distinct JobName | order by JobName asc"
    assert site.names(first, both) == ["first-job", "second-job"]
    answer = site.client.http.get(f"/v1/{second}/query", params={"query": JOBS})
    assert answer.json()["tables"][0]["rows"] == [["second-job"]]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (f"workspace('easst').{JOB}", "SEM0100", "Did you mean 'east'?"),
        (f"cluster('x').database('y').{JOB}", "UNS0001", "cluster()"),
        (f"app('x').{JOB}", "UNS0001", "app()"),
        (f"resource('/subscriptions/x').{JOB}", "UNS0001", "resource() in a query of workspaces"),
    ],
)
def test_what_cannot_be_named_is_refused_at_its_place(
    site: Site, home: str, query: str, code: str, message: str
) -> None:
    found = site.ask(home, query).json()["error"]["innererror"]["innererror"]
    assert (found["code"], found["line"], found["pos"]) == (code, 1, 0)
    assert message in found["message"]


def test_when_a_row_was_received_is_known(site: Site, home: str) -> None:
    assert site.names(home, f"{JOB} | project ingestion_time() == _TimeReceived and ingestion_time() <= now()") == [
        True
    ]


def test_the_tools_work_against_the_server(site: Site, home: str, data: Path, tmp_path: Path) -> None:
    schema, query = tmp_path / "schema.json", tmp_path / "query.kql"
    schema.write_bytes(site.client.http.get(f"/v1/{home}/metadata").content)
    query.write_text(JOBS)
    checked = command("kql", "check", str(query), "--schema", str(schema), "--output", "json")
    assert (checked.returncode, json.loads(checked.stdout)) == (0, [])
    explained = command("query", f"{JOB} | where JobName has 'first' | count", "--explain", "--data", str(data))
    assert explained.returncode == 0, explained.stderr
    assert f"  {JOB}" in explained.stdout
    assert "Filters: [\"has(JobName, 'first')\"]" in explained.stdout
    assert "SELECT" in explained.stdout


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "lazulite", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
