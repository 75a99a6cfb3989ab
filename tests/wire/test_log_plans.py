"""Plans through the query API: for the administrator alone, and nothing is run."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from lazulite.identity.access import Access
from tests.logs.conftest import rig
from tests.wire.log_server import READER
from tests.wire.test_logs import EVENTS, ML, Plane, Serve, serve

__all__ = ["rig", "serve"]

QUERY = f"{EVENTS} | where JobName has 'job' | summarize n = count() by JobName"


@pytest.fixture
def plane(serve: Serve) -> Plane:
    return serve(access=Access(frozenset({READER.principal_id})))


def plan(plane: Plane, query: str = QUERY, **body: Any) -> httpx.Response:
    path = f"/v1/workspaces/{plane.customer_id}/query"
    return plane.http("POST", path, json={"query": query, **body}, headers={"prefer": "include-plan=true"})


def test_the_administrator_sees_plan_scans_and_sql(plane: Plane) -> None:
    answer = plan(plane, timespan="2024-06-11/2024-06-13").json()
    tree, scans, sql = answer["tables"]
    assert [table["name"] for table in answer["tables"]] == ["Plan", "Scans", "Sql"]
    assert any("Scan" in row[0] for row in tree["rows"])
    found = dict(zip([column["name"] for column in scans["columns"]], scans["rows"][0], strict=True))
    assert found["Table"] == EVENTS
    assert '"JobName"' in found["Columns"]
    assert "has(JobName, 'job')" in found["Filters"]
    assert found["Since"] == "datetime(2024-06-11T00:00:00.0000000Z)"
    assert found["Until"] == "datetime(2024-06-13T00:00:00.0000000Z)"
    assert "JobName" not in sql["rows"][0][0]


def test_a_resource_can_be_explained_and_nothing_is_run(plane: Plane) -> None:
    path = f"/v1/{ML}/query"
    asked = {"query": "range n from 1 to 1000000000000 step 1 | summarize sum(n)"}
    answer = plane.http("POST", path, json=asked, headers={"prefer": "include-plan=true"})
    assert answer.status_code == 200
    assert answer.json()["tables"][0]["rows"][0][0].startswith("Project")


def test_columns_that_the_rows_decide_are_asked_of_them(plane: Plane) -> None:
    query = f"{EVENTS} | project d = bag_pack(JobName, 1) | evaluate bag_unpack(d)"
    answer = plan(plane, query)
    assert answer.status_code == 200, answer.text
    assert "Sql" in [table["name"] for table in answer.json()["tables"]]


def test_a_wrong_query_is_refused_as_ever(plane: Plane) -> None:
    assert plan(plane, f"{EVENTS} | where Nothing").json()["error"]["innererror"]["innererror"]["code"] == "SEM0100"


def test_others_may_not_see_plans(serve: Serve) -> None:
    answer = plan(serve())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsufficientAccessError")
