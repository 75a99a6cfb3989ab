"""The log routes behind a real TLS socket, for the tests that speak through Azure's own client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lazulite.core.caller import Caller
from lazulite.core.errors import TooLarge, Unauthenticated
from lazulite.server import tls
from lazulite.server.folder import DataFolder

TOKEN = "good-token"
READER = Caller("oid-reader", "app-reader", "reader")


async def authenticate(request: Request) -> Caller:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Unauthenticated("InvalidAuthenticationToken", "The token is missing.")
    return READER


async def read_body(request: Request, limit: int) -> bytes:
    body = await request.body()
    if len(body) > limit:
        raise TooLarge("RequestTooLarge", f"The body has more than {limit} bytes.")
    return body


async def _unauthenticated(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unauthenticated)
    return JSONResponse({"error": {"code": error.code, "message": error.message}}, 401)


def application(routes: list[BaseRoute]) -> Starlette:
    return Starlette(routes=routes, exception_handlers={Unauthenticated: _unauthenticated})


@dataclass(frozen=True)
class Served:
    url: str
    ca: Path


@contextmanager
def served(app: Starlette, folder: Path) -> Iterator[Served]:
    """The application on a free port of 127.0.0.1 over TLS, until the block is left."""
    with DataFolder(folder) as data:
        files = tls.ensure(data.paths, [])
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, ssl_certfile=files.certificate, ssl_keyfile=files.key, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            thread.join(0.01)
        assert server.started
        try:
            yield Served(f"https://127.0.0.1:{listener.getsockname()[1]}", files.ca)
        finally:
            server.should_exit = True
            thread.join(10)
