"""Resources as ARM shows them: the envelope, etags, collections in pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.errors import BadRequest
from lazulite.kql.ticks import format_datetime
from lazulite.resources.kind import Resource, ResourceKind
from lazulite.resources.listing import PAGE, Page
from lazulite.wire.errors import json_answer
from lazulite.wire.tracing import base_url

MAX_PAGE = 1_000
_WHOLE = re.compile(r"[0-9]{1,9}")
_TOKEN = "$skiptoken"  # noqa: S105 - a place in a list


def shown(resource: Resource, kind: ResourceKind | None) -> dict[str, Any]:
    """`{"id", "name", "type", "location"?, "tags"?, "properties", "systemData", "etag"}` without what is secret."""
    body = dict(resource.body)
    system = {
        **body.pop("systemData", {}),
        "createdAt": format_datetime(resource.created),
        "lastModifiedAt": format_datetime(resource.changed),
    }
    if kind is not None and kind.traits.secret_properties:
        body["properties"] = _without(resource.properties, kind.traits.secret_properties)
    head = {"id": resource.id.text, "name": resource.id.name, "type": resource.type}
    return {**head, **body, "systemData": system, "etag": f'"{resource.etag}"'}


def _without(properties: Mapping[str, Any], secret: tuple[str, ...]) -> dict[str, Any]:
    """Properties but for the secret ones, named with dots: `sharedKeys.primary`."""
    kept = {}
    for name, value in properties.items():
        inner = tuple(path.partition(".")[2] for path in secret if path.partition(".")[0] == name)
        if "" not in inner:
            kept[name] = _without(value, inner) if inner and isinstance(value, Mapping) else value
    return kept


def one(resource: Resource, kind: ResourceKind | None, status: int = 200) -> Response:
    return json_answer(shown(resource, kind), status, {"etag": f'"{resource.etag}"'})


def page_limits(params: Mapping[str, str]) -> tuple[str, int]:
    """The key to go on behind and how many to show. Raises BadRequest `InvalidSkipToken`, `InvalidTopParameter`."""
    top = params.get("$top", str(PAGE))
    if not (_WHOLE.fullmatch(top) and 0 < int(top) <= MAX_PAGE):
        raise BadRequest("InvalidTopParameter", f"$top must be a number from 1 to {MAX_PAGE}.", target="$top")
    token = params.get(_TOKEN, "")
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode(), int(top)
    except ValueError as error:
        raise BadRequest(
            "InvalidSkipToken", "$skipToken must be one that a nextLink held.", target="$skipToken"
        ) from error


def collection(request: Request, page: Page, show: Callable[[Resource], dict[str, Any]]) -> Response:
    """`{"value": [...], "nextLink"?}`; the link stays on the host that the caller named."""
    content: dict[str, Any] = {"value": [show(resource) for resource in page.resources]}
    if page.after is not None:
        content["nextLink"] = _next_link(request, page.after)
    return json_answer(content)


def _next_link(request: Request, after: str) -> str:
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() != _TOKEN]
    token = base64.urlsafe_b64encode(after.encode()).decode()
    return f"{base_url(request)}{quote(request.url.path)}?{urlencode([*kept, ('$skipToken', token)], safe='$=')}"
