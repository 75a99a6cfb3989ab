"""GET and POST /v1/workspaces/{customer id}/metadata: tables and columns, and the language with its doc lines.

The shape is the public service's; `language` is lazulite's own, since there `functions` are stored ones with a body.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.errors import LazuliteError, Unauthenticated
from lazulite.kql import documentation
from lazulite.logs.metadata import DescribedTable, DescribedWorkspace
from lazulite.logs.rights import CallerRights
from lazulite.wire.log_answers import failure
from lazulite.wire.log_service import JSON, LogServices, failed
from lazulite.wire.tracing import correlation_id

TIME = "TimeGenerated"
# Kinds that the public service has and this one does not, there for clients that read them.
EMPTY = ("functions", "queries", "categories", "solutions", "applications", "resources")

Json = dict[str, Any]


async def answer_metadata(services: LogServices, request: Request, workspace: str) -> Response:
    """The metadata of a workspace that the caller may read."""
    rights = CallerRights(services.access, await services.authenticate(request))
    try:
        describe = partial(services.queries.describe, workspace, rights)
        found = await to_thread.run_sync(describe, limiter=services.threads)
    except Unauthenticated:
        raise
    except LazuliteError as error:
        return failed(failure(error, correlation_id(request)))
    return Response(msgspec.json.encode(metadata_json(found)), media_type=JSON)


def metadata_json(found: DescribedWorkspace) -> Json:
    """The body of an answer."""
    workspace = found.workspace
    names = [_id(table.name) for table in found.tables]
    about = {"id": workspace.customer_id, "resourceId": workspace.id.text, "name": workspace.name}
    return {
        "tables": [_table(table, workspace.customer_id) for table in found.tables],
        "resourceTypes": list(_resource_types(found.tables)),
        "workspaces": [{**about, "region": workspace.region, "related": {"tables": names}}],
        "permissions": [{"workspaces": [{"resourceId": workspace.id.text}]}],
        **{kind: [] for kind in EMPTY},
        "language": msgspec.Raw(language()),
    }


def _id(table: str) -> str:
    return f"t/{table}"


def _table(table: DescribedTable, workspace: str) -> Json:
    timed = any(column.name == TIME for column in table.columns)
    return {
        "id": _id(table.name),
        "name": table.name,
        "description": table.description,
        **({"timespanColumn": TIME} if timed else {}),
        "columns": [{"name": column.name, "type": column.type} for column in table.columns],
        "related": {"workspaces": [workspace], "resourceTypes": list(table.resource_types)},
    }


def _resource_types(tables: Iterable[DescribedTable]) -> Iterable[Json]:
    related: dict[str, list[str]] = {}
    for table in tables:
        for kind in table.resource_types:
            related.setdefault(kind, []).append(_id(table.name))
    return ({"id": kind, "type": kind, "related": {"tables": names}} for kind, names in related.items())


@cache
def language() -> bytes:
    """Functions, operators and other forms with their doc lines, as JSON: the same for every workspace."""
    functions = [
        {
            "name": record.name,
            "kind": record.kind,
            "description": record.doc,
            "signatures": [documentation.written(signature) for signature in record.signatures],
            "example": record.example,
            "aliases": list(record.aliases),
        }
        for record in documentation.functions()
    ]
    operators = [
        {"name": each.name, "supported": each.supported, "syntax": each.syntax, "description": each.doc}
        for each in documentation.operators()
    ]
    plugins = [
        {"name": each.name, "parameters": list(each.parameters), "description": each.doc, "example": each.example}
        for each in documentation.plugins()
    ]
    forms = [
        {"name": each.name, "kind": each.kind, "syntax": each.syntax, "description": each.doc}
        for each in documentation.forms()
    ]
    return msgspec.json.encode({"functions": functions, "operators": operators, "plugins": plugins, "forms": forms})
