"""Errors become answers here, once: each class has one status, every answer one envelope.

    {"error": {"code", "message", "target"?, "details"?: [{"code", "message", "target"?}]}}

A caller never sees a stack trace: what nobody expected is logged under the request's id, and the answer names the id.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.errors import (
    BadRequest,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    LazuliteError,
    NotFound,
    PreconditionFailed,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from lazulite.wire.tracing import base_url, request_id

Handler = Callable[[Request, Exception], Awaitable[Response]]
_LOG = logging.getLogger(__name__)


class MethodNotAllowed(LazuliteError):
    """The path exists and does not take this method."""


class RequestTimeout(LazuliteError):
    """The body did not arrive in time."""


class UnsupportedEncoding(LazuliteError):
    """A Content-Encoding that this service does not read."""


STATUS: Mapping[type[LazuliteError], int] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    UnsupportedEncoding: 415,
    Throttled: 429,
    Unavailable: 503,
    DeadlineExceeded: 504,
}
_UNEXPECTED = 500
_HTTP_CODES = {404: "NotFound", 405: "MethodNotAllowed"}


def status_of(error: LazuliteError) -> int:
    """The HTTP status of an error's class, or of the nearest class above it."""
    return next((STATUS[each] for each in type(error).__mro__ if each in STATUS), _UNEXPECTED)


def envelope(error: LazuliteError) -> dict[str, Any]:
    """The error object as ARM, ingestion and metrics have it."""
    inner: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.target:
        inner["target"] = error.target
    if error.details:
        inner["details"] = [
            {name: text for name, text in (("code", d.code), ("message", d.message), ("target", d.target)) if text}
            for d in error.details
        ]
    return {"error": inner}


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any answer of these planes as JSON."""
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json; charset=utf-8")


def retry_headers(error: LazuliteError) -> dict[str, str]:
    seconds = getattr(error, "retry_after", None)
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def answer(error: LazuliteError, request: Request, tenant_id: str) -> Response:
    """The whole answer to an error; 401 says where to sign in."""
    headers = retry_headers(error)
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = _challenge(error, f"{base_url(request)}/{tenant_id}")
    return json_answer(envelope(error), status_of(error), headers)


def _challenge(error: Unauthenticated, login: str) -> str:
    # No `claims=`: the client's policy would ask for a new token again and again.
    words = error.message.encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")
    words = "".join(letter for letter in words if letter.isprintable())
    return f'Bearer authorization_uri="{login}", error="invalid_token", error_description="{words}"'


def exception_handlers(tenant_id: str) -> dict[Any, Handler]:
    """For Starlette: every error of the application in one shape."""

    async def known(request: Request, error: Exception) -> Response:
        if not isinstance(error, LazuliteError) or status_of(error) == _UNEXPECTED:
            return unexpected(error)
        return answer(error, request, tenant_id)

    async def routing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else _UNEXPECTED
        headers = error.headers if isinstance(error, HTTPException) else None
        message = f"There is nothing at {request.method} {request.url.path[:300]}."
        code = _HTTP_CODES.get(status) or HTTPStatus(status).phrase.replace(" ", "")
        return json_answer({"error": {"code": code, "message": message}}, status, headers)

    async def other(_: Request, error: Exception) -> Response:
        return unexpected(error)

    return {LazuliteError: known, HTTPException: routing, Exception: other}


def unexpected(error: Exception) -> Response:
    """500: the log has the stack trace under the request's id, the answer has the id."""
    _LOG.error("unexpected error", exc_info=error, extra={"request_id": request_id()})
    message = f"The service failed at this request. Its log tells why under request id {request_id()}."
    return json_answer({"error": {"code": "InternalServerError", "message": message}}, _UNEXPECTED)
