"""The metadata of a workspace, as an editor reads it for completion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lazulite import kql
from lazulite.cli.offline_tables import described
from lazulite.identity.access import Access, Decision
from lazulite.kql import documentation
from tests.logs.conftest import rig
from tests.wire.test_logs import EVENTS, Plane, Serve, serve

__all__ = ["rig", "serve"]


@pytest.fixture
def plane(serve: Serve) -> Plane:
    plane = serve()
    plane.rig.fill(plane.customer_id, "Own_CL", [{"a": 1}], {"a": "long"})
    return plane


def metadata(plane: Plane) -> dict[str, Any]:
    found: dict[str, Any] = plane.http("GET", f"/v1/workspaces/{plane.customer_id}/metadata").json()
    return found


def test_tables_have_their_columns_and_types(plane: Plane) -> None:
    found = metadata(plane)
    tables = {table["name"]: table for table in found["tables"]}
    assert list(tables) == sorted(tables)
    assert {"name": "JobName", "type": "string"} in tables[EVENTS]["columns"]
    assert tables[EVENTS]["timespanColumn"] == "TimeGenerated"
    assert tables[EVENTS]["description"]
    assert tables[EVENTS]["related"]["workspaces"] == [plane.customer_id]
    assert tables["Own_CL"]["columns"] == [{"name": "a", "type": "long"}]
    assert "timespanColumn" not in tables["Own_CL"]
    (workspace,) = found["workspaces"]
    assert (workspace["id"], workspace["name"], workspace["region"]) == (plane.customer_id, "logs", "local")
    assert set(workspace["related"]["tables"]) == {table["id"] for table in found["tables"]}


def test_the_shape_is_that_of_the_public_service(plane: Plane) -> None:
    found = metadata(plane)
    lists = ("categories", "resourceTypes", "solutions", "functions", "queries", "applications", "resources")
    assert all(isinstance(found[name], list) for name in (*lists, "tables", "workspaces", "permissions"))
    for required, name in ((("id", "name"), "tables"), (("id", "type"), "resourceTypes")):
        assert all(member in each for each in found[name] for member in required)


def test_the_language_comes_with_signatures_and_doc_lines(plane: Plane) -> None:
    language = metadata(plane)["language"]
    functions = {each["name"]: each for each in language["functions"]}
    assert functions["strlen"]["kind"] == "scalar"
    assert functions["strlen"]["signatures"] == ["(text) -> long"]
    assert functions["strlen"]["description"]
    assert functions["dcount"]["kind"] == "aggregate"
    assert len(functions) == len(documentation.functions())
    operators = {each["name"]: each for each in language["operators"]}
    assert operators["where"] == {
        "name": "where",
        "supported": True,
        "syntax": "where predicate",
        "description": "Rows for which the predicate is true.",
    }
    assert {"let", "print", "ago", "workspace"} <= {each["name"] for each in language["forms"]}


@pytest.mark.parametrize("path", ["/v1/workspaces/{}/metadata", "/workspaces/{}/METADATA"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_methods_and_every_path(plane: Plane, method: str, path: str) -> None:
    assert plane.http(method, path.format(plane.customer_id)).status_code == 200


def test_the_answer_serves_the_check_of_files(plane: Plane, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(metadata(plane)))
    tables = described(file)
    assert tables["Own_CL"] == (kql.Column("a", "long"),)
    assert EVENTS in tables


class Closed(Access):
    def decide(self, *_: object) -> Decision:
        return Decision(False, "a test")


def test_it_takes_the_right_to_read_and_a_workspace_that_exists(serve: Serve) -> None:
    plane = serve(access=Closed(frozenset()))
    answer = plane.http("GET", f"/v1/workspaces/{plane.customer_id}/metadata")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsufficientAccessError")
    answer = plane.http("GET", "/v1/workspaces/nowhere/metadata")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "WorkspaceNotFoundError")
    assert plane.http("GET", "/v1/workspaces/x/metadata", headers={"Authorization": "no"}).status_code == 401
