"""Plain http is for programs and browsers on this machine only; what else arrives there is refused.

A name that an attacker points at 127.0.0.1 is refused by its Host header (421), and a page from elsewhere, another port
of this machine included, by its Origin. No CORS header is ever sent.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class LoopbackOnly:
    """Middleware: lets https through, and of http what a program on this machine asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["scheme"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        own = f"http://{headers.get('host', '')}"
        if _name(f"//{headers.get('host', '')}") not in LOCAL_NAMES:
            await _refuse(421, "MisdirectedRequest", "Plain http answers to localhost only; use https.")(
                scope, receive, send
            )
        elif scope["method"] not in SAFE_METHODS and headers.get("origin", own) != own:
            await _refuse(403, "ForeignOrigin", "A page of another origin may not change anything here.")(
                scope, receive, send
            )
        else:
            await self._app(scope, receive, send)


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _refuse(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
