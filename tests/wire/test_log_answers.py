"""Answers and failures of log queries in their envelopes."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from lazulite.core.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    LazuliteError,
    NotFound,
    Throttled,
    TooLarge,
    Unavailable,
)
from lazulite.kql import Column, Render
from lazulite.kql import errors as kql_errors
from lazulite.logs.answer import LogAnswer, LogTable, Partial
from lazulite.wire.log_answers import answer_chunks, failure
from lazulite.wire.log_requests import Prefer

TABLE = LogTable("PrimaryResult", (Column("n", "long"),), pa.table({"n": pa.array([1, 2], pa.int64())}))


def sent(answer: LogAnswer, prefer: Prefer = Prefer()) -> Any:  # noqa: B008 - frozen
    return json.loads(b"".join(answer_chunks(answer, prefer)))


def test_a_plain_answer_has_tables_alone() -> None:
    assert sent(LogAnswer((TABLE,), None, {"query": {}})) == {
        "tables": [{"name": "PrimaryResult", "columns": [{"name": "n", "type": "long"}], "rows": [[1], [2]]}]
    }


def test_several_tables() -> None:
    assert [len(table["rows"]) for table in sent(LogAnswer((TABLE, TABLE), None))["tables"]] == [2, 2]


def test_statistics_and_render_are_there_when_asked_for() -> None:
    answer = LogAnswer((TABLE,), Render("timechart", {"title": "Jobs", "ymin": "0"}), {"query": {"executionTime": 0.5}})
    found = sent(answer, Prefer(statistics=True, render=True))
    assert found["statistics"] == {"query": {"executionTime": 0.5}}
    assert found["render"]["visualization"] == "timechart"
    assert (found["render"]["title"], found["render"]["yMin"], found["render"]["xColumn"]) == ("Jobs", "0", None)


def test_a_query_without_render_draws_a_table() -> None:
    assert sent(LogAnswer((TABLE,), None), Prefer(render=True))["render"]["visualization"] == "table"


def test_a_cut_answer_carries_a_partial_error() -> None:
    error = sent(
        LogAnswer((TABLE,), None, {}, (Partial("E_QUERY_RESULT_SET_TOO_LARGE", "cut at 2 rows", limit="max_rows"),))
    )["error"]
    assert error["code"] == "PartialError"
    assert error["details"][0]["message"] == "cut at 2 rows"
    assert error["details"][0]["innererror"]["limit"] == "max_rows"


def test_a_query_that_does_not_parse() -> None:
    wrong = kql_errors.syntax("expected an operator", kql_errors.Span(4, 5)).locate("T | ?")
    found = failure(wrong, "corr")
    assert found.status == 400
    assert found.error == {
        "code": "BadArgumentError",
        "message": "The request had some invalid properties",
        "correlationId": "corr",
        "innererror": {
            "code": "SyntaxError",
            "message": "A syntax error has been identified in the query.",
            "innererror": {
                "code": "SYN0002",
                "message": "expected an operator (line 1, column 5)",
                "line": 1,
                "pos": 4,
                "token": "?",
            },
        },
    }


def test_a_name_that_is_unknown_comes_with_a_suggestion() -> None:
    wrong = kql_errors.semantic("unknown column 'JobNam'", kql_errors.Span(0, 6), "JobName").locate("JobNam")
    inner = failure(wrong, "").error["innererror"]
    assert inner["code"] == "SemanticError"
    assert inner["innererror"]["message"].endswith("Did you mean 'JobName'?")
    assert inner["innererror"]["suggestion"] == "JobName"


def test_what_is_not_supported_is_a_semantic_error() -> None:
    wrong = kql_errors.unsupported("the operator 'evaluate'", kql_errors.Span(0, 1)).locate("x")
    assert failure(wrong, "").error["innererror"]["code"] == "SemanticError"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("InvalidX", "m", target="x"), 400, "BadArgumentError"),
        (Forbidden("AuthorizationFailed", "m"), 403, "InsufficientAccessError"),
        (NotFound("WorkspaceNotFoundError", "m"), 404, "WorkspaceNotFoundError"),
        (TooLarge("RequestTooLarge", "m"), 413, "RequestTooLarge"),
        (Throttled("QueueFull", "m", retry_after=3), 429, "ThrottledError"),
        (Unavailable("EngineReopening", "m", retry_after=2), 503, "ServiceUnavailable"),
        (DeadlineExceeded("QueryTimeout", "m"), 504, "GatewayTimeout"),
    ],
)
def test_every_class_of_error_has_its_status_and_code(error: LazuliteError, status: int, code: str) -> None:
    found = failure(error, "corr")
    assert (found.status, found.error["code"], found.error["correlationId"]) == (status, code, "corr")
    assert found.retry_after == getattr(error, "retry_after", None)
    if code != error.code:
        assert found.error["innererror"] == {"code": error.code, "message": "m"}
    assert found.error.get("target") == error.target
