"""What names a request: ids in headers and logs, and the address under which the caller reached this service."""

from __future__ import annotations

import re
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lazulite.core.ids import Ids

_CURRENT: ContextVar[str] = ContextVar("lazulite_request_id", default="")
_PRINTABLE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_CORRELATION = "x-ms-correlation-request-id"
_CLIENT = "x-ms-client-request-id"


def request_id() -> str:
    """The id of the request that is being served in this context, or ""."""
    return _CURRENT.get()


def base_url(request: Request) -> str:
    """`scheme://host[:port]` as the caller wrote it, so that links stay on the host whose name the caller trusts."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        address, port = request.scope.get("server") or ("127.0.0.1", None)
        host = address if port is None else f"{address}:{port}"
    return f"{request.scope.get('scheme', 'https')}://{host}"


def correlation_id(request: Request) -> str:
    """What ties this request to others: the caller's id for it, or this service's own."""
    return _sent(request.headers, _CORRELATION) or request_id()


class RequestIds:
    """Middleware: gives every request an id and every answer x-ms-request-id and its companions."""

    def __init__(self, app: ASGIApp, ids: Ids) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own, sent = self._ids.guid(), Headers(scope=scope)
        _CURRENT.set(own)
        added = {"x-ms-request-id": own, _CORRELATION: _sent(sent, _CORRELATION) or own}
        client = _sent(sent, _CLIENT)
        if client:
            added[_CLIENT] = client

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(added)
            await send(message)

        await self._app(scope, receive, send_named)


def _sent(headers: Headers, name: str) -> str:
    value = headers.get(name, "")
    return value if _PRINTABLE_ID.fullmatch(value) else ""
