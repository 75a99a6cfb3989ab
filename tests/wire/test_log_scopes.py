"""Scopes through Azure's own client: three Log Analytics workspaces that hold rows of two ML workspaces."""

from __future__ import annotations

from typing import Any

import pytest
from azure.monitor.query import LogsQueryPartialResult, LogsQueryResult

from lazulite.core.caller import Caller
from lazulite.identity.access import Access, Decision
from tests.logs.conftest import RG, at, rig
from tests.wire.test_logs import EVENTS, Plane, Serve, serve

__all__ = ["rig", "serve"]

ML = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces"
ARM = f"{RG}/providers/Microsoft.OperationalInsights/workspaces"
COUNT = f"{EVENTS} | count"


class Locked(Access):
    """Everything may be read but the workspace `east`."""

    def __init__(self) -> None:
        super().__init__(frozenset())

    def decide(self, caller: Caller, action: str, scope: str) -> Decision:
        return Decision(not scope.lower().endswith("/east"), "a test")


@pytest.fixture
def three(serve: Serve) -> Plane:
    return filled(serve())


def filled(plane: Plane) -> Plane:
    """Beside `logs` (four rows of `demo` and `demo-other`) stand `east` and `west` with two rows of each."""
    for place in ("east", "west"):
        space = plane.rig.workspace(place)
        rows = [
            {"JobName": f"{place}-{n}", "TimeGenerated": at("2024-06-14T12:00:00Z"), "_ResourceId": owner.lower()}
            for n, owner in enumerate((f"{ML}/demo", f"{ML}/demo/computes/c", f"{ML}/demo-other", f"{ML}/demo-other"))
        ]
        plane.rig.fill(space, EVENTS, rows)
    return plane


def count(plane: Plane, text: str = COUNT, **options: Any) -> int:
    found = plane.ask(text, **options)
    assert isinstance(found, LogsQueryResult)
    return int(found.tables[0].rows[0][0])


def test_additional_workspaces_of_the_body(three: Plane) -> None:
    east = three.rig.workspaces.require("east").customer_id
    assert count(three) == 4
    for name in ("east", east, f"{ARM}/east"):
        assert count(three, additional_workspaces=[name]) == 8
    assert count(three, additional_workspaces=["east", "west", east]) == 12


@pytest.mark.parametrize(("resource", "expected"), [(f"{ML}/demo", 6), (f"{ML}/demo/computes/c", 2), (RG, 12)])
def test_a_resource_over_all_of_them(three: Plane, resource: str, expected: int) -> None:
    with three.client() as client:
        found = client.query_resource(resource, COUNT, timespan=None)
    assert isinstance(found, LogsQueryResult)
    assert found.tables[0].rows[0][0] == expected
    for method, options in (("GET", {"params": {"query": COUNT}}), ("POST", {"json": {"query": COUNT}})):
        answer = three.http(method, f"/v1{resource}/query", **options)
        assert answer.json()["tables"][0]["rows"] == [[expected]]


def test_workspaces_named_in_the_text(three: Plane) -> None:
    assert count(three, f"workspace('east').{EVENTS} | union {EVENTS}, workspace('{ARM}/west').{EVENTS} | count") == 12
    assert (
        count(three, f"let w = workspace('west').{EVENTS}; {EVENTS} | where JobName !in (w | project JobName) | count")
        == 4
    )


def test_what_may_not_be_read_is_missing_and_named(serve: Serve) -> None:
    plane = filled(serve(access=Locked()))
    found = plane.ask(COUNT, additional_workspaces=["east", "west"])
    assert isinstance(found, LogsQueryPartialResult)
    assert found.partial_data[0].rows[0][0] == 8
    assert found.partial_error.code == "PartialError"
    assert "'east'" in str(found.partial_error.details)
    body = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query=COUNT, workspaces=["east"]).json()
    (detail,) = body["error"]["details"]
    assert detail["innererror"]["code"] == "InsufficientAccessError"


def test_what_the_text_names_and_may_not_be_read_is_refused(serve: Serve) -> None:
    plane = filled(serve(access=Locked()))
    answer = plane.post(f"/v1/workspaces/{plane.customer_id}/query", query=f"workspace('east').{EVENTS}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "InsufficientAccessError")
    assert (error["innererror"]["line"], error["innererror"]["pos"]) == (1, 0)
    assert error["innererror"]["token"] == "workspace('east')"
    east = plane.rig.workspaces.require("east").customer_id
    assert plane.post(f"/v1/workspaces/{east}/query", query="print 1").status_code == 403
