"""What the HTTP request of a log query says: body or parameters, Prefer header, batch members; all of it bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from lazulite.core.errors import BadRequest
from lazulite.logs.query import MAX_SECONDS, LogQuery

Shape = TypeVar("Shape")

MAX_BATCH = 100
MAX_BODY = 1024 * 1024
MAX_BATCH_BODY = 8 * 1024 * 1024
_MAX_PREFERENCES = 32


class QueryBody(msgspec.Struct, frozen=True):
    """The JSON body of a query; members that are not named here mean nothing to it."""

    query: str
    timespan: str | None = None
    workspaces: list[str] | None = None


class _Member(msgspec.Struct, frozen=True):
    """One request of a batch. Its body is decoded on its own: a bad one fails alone."""

    id: str
    workspace: str = ""
    body: msgspec.Raw = msgspec.Raw(b"null")
    headers: dict[str, str] | None = None
    path: str = "/query"
    method: str = "POST"


class _Batch(msgspec.Struct, frozen=True):
    requests: list[_Member]


@dataclass(frozen=True)
class Prefer:
    """The Prefer header: seconds to wait, what to add to the answer, and whether the plan is wanted in place of it."""

    wait: float | None = None
    statistics: bool = False
    render: bool = False
    plan: bool = False


@dataclass(frozen=True)
class Asked:
    """A query and how its answer is wanted."""

    query: LogQuery
    prefer: Prefer


@dataclass(frozen=True)
class BatchMember:
    """One member: what it asks, or why it cannot be asked."""

    id: str
    asked: Asked | BadRequest


def decode(body: bytes) -> QueryBody:
    """The body of a query; raises BadRequest saying what is wrong and where."""
    return _decoded(body, QueryBody, '{"query": "...", "timespan": "P1D"}')


def from_parameters(parameters: Mapping[str, str]) -> QueryBody:
    """The GET form: ?query=...&timespan=...&workspaces=a,b, names without regard to case."""
    named = {name.lower(): value for name, value in parameters.items()}
    if "query" not in named:
        raise BadRequest("BadArgumentError", "The parameter 'query' is missing: ?query=KQL.", target="query")
    workspaces = [part.strip() for part in named.get("workspaces", "").split(",") if part.strip()]
    return QueryBody(named["query"], named.get("timespan"), workspaces)


def asked(body: QueryBody, prefer_header: str, workspace: str | None = None, resource_id: str | None = None) -> Asked:
    """The query of a body, for the workspace or the resource that its path names."""
    prefer = parse_prefer(prefer_header)
    named = ((workspace,) if workspace else ()) + tuple(body.workspaces or ())
    query = LogQuery(body.query, named, resource_id, body.timespan, prefer.wait, explain=prefer.plan)
    return Asked(query, prefer)


def parse_prefer(header: str) -> Prefer:
    """`wait=30, include-statistics=true`; preferences that are not known are left out, as RFC 7240 has it."""
    # RFC 7240 parts preferences with commas; some clients write semicolons.
    parts = [part.partition("=") for part in header.replace(";", ",").split(",") if part.strip()]
    if len(parts) > _MAX_PREFERENCES:
        raise BadRequest("BadArgumentError", f"The Prefer header has more than {_MAX_PREFERENCES} preferences.")
    given = {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in parts}
    return Prefer(
        wait=_wait(given["wait"]) if "wait" in given else None,
        statistics=given.get("include-statistics") == "true",
        render=given.get("include-render") == "true",
        plan=given.get("include-plan") == "true",
    )


def _wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise BadRequest(
            "BadArgumentError",
            f"The preference wait={text[:40]} is not a number of seconds up to {MAX_SECONDS:g}.",
            target="Prefer",
        )
    return seconds


def decode_batch(body: bytes) -> tuple[BatchMember, ...]:
    """The members of a batch in order; raises BadRequest when the batch itself is wrong."""
    members = _decoded(
        body, _Batch, '{"requests": [{"id": "1", "workspace": "GUID", "body": {"query": "..."}}]}'
    ).requests
    if not members:
        raise BadRequest("BadArgumentError", "The batch has no requests.", target="requests")
    if len(members) > MAX_BATCH:
        raise BadRequest(
            "BadArgumentError", f"The batch has {len(members)} requests; at most {MAX_BATCH} fit.", target="requests"
        )
    if len({member.id for member in members}) < len(members):
        raise BadRequest("BadArgumentError", "Two requests of the batch have the same id.", target="requests")
    return tuple(BatchMember(member.id, _member(member)) for member in members)


def _member(member: _Member) -> Asked | BadRequest:
    try:
        if member.path.strip("/").lower() != "query" or member.method.upper() != "POST":
            raise BadRequest(
                "BadArgumentError", f"A batch holds POST /query only, not {member.method} {member.path}.", target="path"
            )
        if not member.workspace:
            raise BadRequest("BadArgumentError", "The request names no workspace.", target="workspace")
        headers = {name.lower(): value for name, value in (member.headers or {}).items()}
        return asked(decode(bytes(member.body)), headers.get("prefer", ""), workspace=member.workspace)
    except BadRequest as wrong:
        return wrong


def _decoded(body: bytes, shape: type[Shape], example: str) -> Shape:
    if not body.strip():
        raise BadRequest("BadArgumentError", f"The body is empty. Send JSON: {example}.", target="body")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise BadRequest(
            "BadArgumentError", f"The body cannot be read: {wrong}. Send JSON: {example}.", target="body"
        ) from wrong
