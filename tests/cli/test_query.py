"""`lazulite query`: what is asked, how rows come out, and how errors point into the text."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lazulite.cli.query import located
from lazulite.server.refusal import Position, Refused
from tests.cli.conftest import Outcome
from tests.cli.fake_server import FakeServer

Command = Callable[..., Outcome]
EVENTS = {
    "tables": [
        {
            "name": "PrimaryResult",
            "columns": [{"name": "EventType", "type": "string"}, {"name": "count_", "type": "long"}],
            "rows": [["JobFailed", 3], ["JobSucceeded", 12]],
        }
    ]
}


@pytest.fixture
def answers_events(server: FakeServer) -> FakeServer:
    server.answers["POST /v1/workspaces/customer/query"] = (200, EVENTS)
    return server


def test_the_query_goes_to_the_workspace_of_the_connection_file(answers_events: FakeServer, lazulite: Command) -> None:
    outcome = lazulite("query", "AmlComputeJobEvent | count", "--timespan", "P1D")
    assert outcome.status == 0, outcome.err
    (request,) = answers_events.requests
    assert request.json == {"query": "AmlComputeJobEvent | count", "timespan": "P1D"}
    assert request.headers["authorization"] == "Bearer token-1"


def test_a_table_is_aligned_and_numbers_stand_right(answers_events: FakeServer, lazulite: Command) -> None:
    assert lazulite("query", "T").out.splitlines() == [
        "EventType     count_",
        "------------  ------",
        "JobFailed          3",
        "JobSucceeded      12",
    ]


def test_json_csv_and_ndjson(answers_events: FakeServer, lazulite: Command) -> None:
    rows = [{"EventType": "JobFailed", "count_": 3}, {"EventType": "JobSucceeded", "count_": 12}]
    assert json.loads(lazulite("query", "T", "--output", "json").out) == rows
    assert [json.loads(line) for line in lazulite("query", "T", "-o", "ndjson").out.splitlines()] == rows
    assert lazulite("query", "T", "-o", "csv").out == "EventType,count_\nJobFailed,3\nJobSucceeded,12\n"


def test_the_text_may_come_from_stdin_or_a_file(
    answers_events: FakeServer, lazulite: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("from stdin"))
    (tmp_path / "q.kql").write_text("from file")
    lazulite("query", "-")
    lazulite("query", f"@{tmp_path / 'q.kql'}")
    assert [request.json["query"] for request in answers_events.requests] == ["from stdin", "from file"]


def test_a_file_that_is_not_there_is_named(lazulite: Command) -> None:
    outcome = lazulite("query", "@nowhere.kql")
    assert outcome.status == 1
    assert "nowhere.kql" in outcome.err


def test_an_error_points_into_the_query(server: FakeServer, lazulite: Command) -> None:
    inner = {"code": "SEM0100", "message": "Unknown column 'X'.", "line": 2, "pos": 8, "token": "X"}
    error = {
        "code": "BadArgumentError",
        "message": "wrong",
        "innererror": {"code": "SemanticError", "innererror": inner},
    }
    server.answers["POST /query"] = (400, {"error": error})
    outcome = lazulite("query", "T\n| where X == 1")
    assert outcome.status == 1
    assert outcome.out == ""
    assert outcome.err.splitlines() == ["lazulite: Unknown column 'X'.", "  | where X == 1", "          ^"]


def test_the_caret_spans_the_token_and_survives_tabs() -> None:
    refused = Refused(400, "SEM0100", "no", position=Position(1, 5, "Abc"))
    assert located(refused, "T |\tAbc").message.splitlines() == ["no", "  T | Abc", "      ^^^"]


def test_a_cut_result_is_said_on_stderr(server: FakeServer, lazulite: Command) -> None:
    error = {
        "code": "PartialError",
        "message": "The result was cut.",
        "details": [{"code": "E", "message": "500000 rows."}],
    }
    server.answers["POST /query"] = (200, EVENTS | {"error": error})
    outcome = lazulite("query", "T", "-o", "csv")
    assert outcome.status == 0
    assert outcome.err == "lazulite: the result is not complete: The result was cut. 500000 rows.\n"


def test_without_a_server_the_command_says_what_to_start(lazulite: Command, tmp_path: Path) -> None:
    outcome = lazulite("query", "T", "--data", str(tmp_path / "elsewhere"))
    assert outcome.status == 1
    assert "lazulite serve --data" in outcome.err
    assert "LAZULITE_DATA" in outcome.err


def test_a_server_that_has_gone_is_said_in_one_line(tmp_path: Path, lazulite: Command) -> None:
    with FakeServer() as gone:
        folder = gone.found_in(tmp_path)
    outcome = lazulite("query", "T", "--data", str(folder))
    assert outcome.status == 1
    assert len(outcome.err.splitlines()) == 1
    assert "lazulite serve" in outcome.err


def test_control_sequences_in_data_are_shown_and_not_obeyed(server: FakeServer, lazulite: Command) -> None:
    table = {
        "name": "T",
        "columns": [{"name": "\x1b[2J", "type": "string"}],
        "rows": [["\x1b]0;owned\x07\n\u202e\x9b"]],
    }
    server.answers["POST /query"] = (200, {"tables": [table]})
    shown = lazulite("query", "T").out
    assert shown.splitlines()[2] == r"\x1b]0;owned\x07\n\u202e\x9b"
    assert shown.isascii()
    raw = lazulite("query", "T", "-o", "json").out
    assert "\x9b" not in raw
    assert json.loads(raw) == [{"\x1b[2J": "\x1b]0;owned\x07\n\u202e\x9b"}]


def test_an_empty_query_is_refused_before_it_is_sent(server: FakeServer, lazulite: Command) -> None:
    assert lazulite("query", "  ").status == 1
    assert server.requests == []


PLAN = {
    "tables": [
        {"name": "Plan", "columns": [{"name": "Node", "type": "string"}], "rows": [["Limit count: 1"], ["  Scan T"]]},
        {
            "name": "Scans",
            "columns": [{"name": name, "type": "string"} for name in ("Table", "Columns", "Filters", "Since")],
            "rows": [["T", '["a"]', "[]", ""]],
        },
        {"name": "Sql", "columns": [{"name": "Sql", "type": "string"}], "rows": [["SELECT 1\x1b"]]},
    ]
}


def test_a_plan_is_shown_as_text(server: FakeServer, lazulite: Command) -> None:
    server.answers["POST /v1/workspaces/customer/query"] = (200, PLAN)
    outcome = lazulite("query", "T | take 1", "--explain")
    assert outcome.status == 0
    assert server.requests[-1].headers["prefer"] == "include-plan=true"
    assert outcome.out.splitlines() == [
        *("Plan", "  Limit count: 1", "    Scan T", ""),
        *("What reaches each table", "  T", '    Columns: ["a"]', ""),
        *("SQL", "  SELECT 1\\x1b"),
    ]


def test_a_plan_has_the_other_forms_as_well(server: FakeServer, lazulite: Command) -> None:
    server.answers["POST /v1/workspaces/customer/query"] = (200, PLAN)
    outcome = lazulite("query", "T | take 1", "--explain", "-o", "ndjson")
    assert json.loads(outcome.out.splitlines()[0]) == {"Node": "Limit count: 1"}
