"""One ARM or data-plane request as its handler sees it; the wire's own types and nothing of HTTP beyond them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.caller import Caller
from lazulite.core.resource_id import ResourceId


@dataclass(frozen=True)
class ArmRequest:
    """A request on a resource id.

    `id` is the full id in the path (for an action such as POST .../name/verb the id without the verb, in `action`).
    `scope` is the resource that an extension is attached to: for RID/providers/Microsoft.Insights/metrics it is RID.
    `params` are query parameters with lower-case names, percent-decoded. `body` is decompressed and within its limit.
    """

    method: str
    id: ResourceId
    scope: ResourceId | None
    action: str | None
    params: Mapping[str, str]
    api_version: str
    body: bytes
    caller: Caller
    base_url: str
    http: Request


Handler = Callable[[ArmRequest], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """A handler for one method on one extension type, e.g. ("GET", "microsoft.insights/metrics").

    `type` is lower case and matches the last provider block: as a collection, an item or both; `action` is the verb
    behind an item (POST .../alerts/ID/changestate), lower case, or None.
    """

    method: str
    type: str
    handler: Handler
    action: str | None = None
    needs_api_version: bool = True
    max_body: int = 4 * 1024 * 1024
