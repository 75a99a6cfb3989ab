"""A log answer as JSON in pieces, and every failure of a log query in the envelope of the query API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lazulite.core.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    LazuliteError,
    Throttled,
    Unavailable,
)
from lazulite.engine.interface import QueryCancelled
from lazulite.kql import KqlError, Render
from lazulite.logs.answer import LogAnswer, LogTable, Partial
from lazulite.wire.errors import status_of
from lazulite.wire.log_cells import row_chunks
from lazulite.wire.log_requests import Prefer

# What Azure says about a chart besides its kind; null where the query does not say.
_RENDER_DEFAULTS: dict[str, Any] = {
    "title": None,
    "accumulate": False,
    "isQuerySorted": False,
    "kind": None,
    "legend": None,
    "series": None,
    "yMin": "NaN",
    "yMax": "NaN",
    "xAxis": None,
    "xColumn": None,
    "xTitle": None,
    "yAxis": None,
    "yColumns": None,
    "ySplit": None,
    "yTitle": None,
    "anomalyColumns": None,
}
_NO_RENDER = "table"

Json = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """A status and the `error` object of its body."""

    status: int
    error: Json
    retry_after: float | None = None


# The outer codes of this plane; a class that is not here keeps the error's own code.
_CODES: dict[type[LazuliteError], str] = {
    BadRequest: "BadArgumentError",
    Forbidden: "InsufficientAccessError",
    Throttled: "ThrottledError",
    Unavailable: "ServiceUnavailable",
    DeadlineExceeded: "GatewayTimeout",
}
# Nobody reads this answer, its caller has gone away: the status that proxies log for it.
_CLIENT_CLOSED = 499
# The envelope has two kinds only: what is not the grammar's is the meaning's.
_KINDS = {"SyntaxError": ("SyntaxError", "A syntax error has been identified in the query.")}
_DENIED_KIND = "AccessDenied"
_SEMANTIC = ("SemanticError", "A semantic error occurred.")


def answer_chunks(answer: LogAnswer, prefer: Prefer) -> Iterator[bytes]:
    """The JSON of an answer in pieces of bounded size; an iterator to be run in a thread."""
    yield b'{"tables":['
    for index, table in enumerate(answer.tables):
        yield (b"," if index else b"") + _table_head(table)
        yield from row_chunks(table.rows, table.columns)
        yield b"]}"
    yield b"]" + b"".join(b"," + piece for piece in _extras(answer, prefer)) + b"}"


def _table_head(table: LogTable) -> bytes:
    columns = [{"name": column.name, "type": column.type} for column in table.columns]
    head = msgspec.json.encode({"name": table.name, "columns": columns})
    return head[:-1] + b',"rows":['


def _extras(answer: LogAnswer, prefer: Prefer) -> Iterator[bytes]:
    if prefer.statistics:
        yield b'"statistics":' + msgspec.json.encode(answer.statistics)
    if prefer.render:
        yield b'"render":' + msgspec.json.encode(render_json(answer.render))
    if answer.partial:
        yield b'"error":' + msgspec.json.encode(partial_json(answer.partial))


def render_json(render: Render | None) -> Json:
    """The `render` member: the chart's kind and every property Azure lists."""
    if render is None:
        return {"visualization": _NO_RENDER, **_RENDER_DEFAULTS}
    names = {name.lower(): name for name in _RENDER_DEFAULTS}
    given = {names.get(name.lower(), name): value for name, value in render.properties.items()}
    return {"visualization": render.visualization, **_RENDER_DEFAULTS, **given}


def partial_json(partial: Sequence[Partial]) -> Json:
    """The `error` member of an answer from which something is missing, still HTTP 200."""
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [_detail(each) for each in partial],
    }


def _detail(partial: Partial) -> Json:
    inner = {"code": partial.code, "message": partial.message, "severity": 2, "severityName": "Error"}
    if partial.limit is not None:
        inner["limit"] = partial.limit
    return {"code": "EngineError", "message": partial.message, "innererror": inner}


def failure(error: LazuliteError | KqlError, correlation_id: str) -> Failure:
    """The status and error object of a failed query."""
    if isinstance(error, KqlError):
        return _kql_failure(error, correlation_id)
    status = _CLIENT_CLOSED if isinstance(error, QueryCancelled) else status_of(error)
    code = _CODES.get(type(error), error.code)
    body: Json = {"code": code, "message": error.message, "correlationId": correlation_id}
    if code != error.code:
        body["innererror"] = {"code": error.code, "message": error.message}
    if error.target:
        body["target"] = error.target
    return Failure(status, body, getattr(error, "retry_after", None))


def _kql_failure(error: KqlError, correlation_id: str) -> Failure:
    if error.kind == _DENIED_KIND:
        code, message = _CODES[Forbidden], "The provided credentials have insufficient access to this operation."
        inner = _innermost(error)
        return Failure(403, {"code": code, "message": message, "correlationId": correlation_id, "innererror": inner})
    code, message = _KINDS.get(error.kind, _SEMANTIC)
    body: Json = {
        "code": "BadArgumentError",
        "message": "The request had some invalid properties",
        "correlationId": correlation_id,
        "innererror": {"code": code, "message": message, "innererror": _innermost(error)},
    }
    return Failure(400, body)


def _innermost(error: KqlError) -> Json:
    innermost: Json = {"code": error.code, "message": str(error).removeprefix(f"{error.code}: ")}
    if error.line:
        # The service's own positions in a line count from 0.
        innermost |= {"line": error.line, "pos": error.column - 1, "token": error.token}
    if error.suggestion:
        innermost["suggestion"] = error.suggestion
    return innermost
