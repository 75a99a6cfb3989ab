"""The log routes behind a real TLS socket, for the tests that speak through Azure's own client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute

from lazulite.core.caller import Caller
from lazulite.core.errors import Unauthenticated
from lazulite.core.ids import RandomIds
from lazulite.server import tls
from lazulite.server.folder import DataFolder
from lazulite.wire.errors import exception_handlers
from lazulite.wire.tracing import RequestIds

TOKEN = "good-token"
READER = Caller("oid-reader", "app-reader", "reader")


async def authenticate(request: Request) -> Caller:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Unauthenticated("InvalidAuthenticationToken", "The token is missing.")
    return READER


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """The routes with the errors and request ids of the whole service around them."""
    return Starlette(
        routes=routes,
        exception_handlers=exception_handlers("tenant"),
        middleware=[Middleware(RequestIds, ids=RandomIds())],
    )


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
        config = uvicorn.Config(
            app,
            ssl_certfile=files.certificate,
            ssl_keyfile=files.key,
            log_level="critical",
            # A client that failed may still hold its connection, and would not answer a TLS goodbye.
            timeout_graceful_shutdown=1,
        )
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
