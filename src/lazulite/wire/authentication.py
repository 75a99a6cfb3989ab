"""From a request's bearer token to its caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request

from lazulite.core.caller import Caller
from lazulite.core.errors import Unauthenticated
from lazulite.identity import Tokens
from lazulite.wire.tracing import correlation_id

Authenticate = Callable[[Request], Awaitable[Caller]]


class Authenticator:
    """The `Authenticate` of a running service; every plane takes one."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def __call__(self, request: Request) -> Caller:
        """Raises Unauthenticated when the token is missing, malformed, forged or expired."""
        caller = self._tokens.verify(_bearer(request))
        address = request.client.host if request.client else ""
        return replace(caller, address=address, correlation_id=correlation_id(request))


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise Unauthenticated("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("AuthenticationFailed", "The 'Authorization' header must be 'Bearer TOKEN'.")
    return token.strip()
