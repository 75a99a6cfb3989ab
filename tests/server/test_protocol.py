"""What happens on a connection before there is a request."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lazulite.server import protocol
from lazulite.server.protocol import MAX_HEAD, BoundedProtocol, allow_connections


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body()) + len(request.url.query)))


class Observed(BoundedProtocol):
    """Notes whether the sockets of its connections send small pieces at once."""

    at_once: ClassVar[list[bool]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        found = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        self.at_once.append(bool(found))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    options = {"http": Observed, "ws": "none", "h11_max_incomplete_event_size": MAX_HEAD}
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, **options))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


@contextmanager
def connected(port: int, *pieces: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as found:
        for piece in pieces:
            found.sendall(piece)
        yield found


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of all that comes until the server closes; 0 when nothing came."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return (int(head.split(b" ")[1]), body) if head else (0, b"")


def ask(port: int, *pieces: bytes) -> tuple[int, bytes]:
    with connected(port, *pieces) as connection:
        return answer(connection)


HEAD = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"X: " + b"a" * 600_000 + b"\r\n\r\n",
        b"GET /?" + b"a" * 600_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_the_envelope_of_every_error(port: int, sent: bytes) -> None:
    status, body = ask(port, sent)
    assert (status, json.loads(body)["error"]["code"]) == (400, "InvalidHttpRequest")


def test_a_long_token_and_a_long_filter_fit_together(port: int) -> None:
    request = b"GET /?" + b"f" * 30_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "
    assert ask(port, request + b"t" * 16_384 + b"\r\n\r\n") == (200, b"30000")


def test_a_head_that_does_not_arrive_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    status, body = ask(port, b"GET / HTTP/1.1\r\nHo")
    assert (status, json.loads(body)["error"]["code"]) == (408, "RequestTimeout")
    assert ask(port) == (0, b"")


def test_a_body_may_take_longer_than_a_head(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    request = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\na"
    with connected(port, request) as connection:
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(b"b")
        assert answer(connection) == (200, b"2")


def test_connections_are_counted(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 1)
    with connected(port, HEAD) as first:
        status, body = ask(port)
        assert (status, json.loads(body)["error"]["code"]) == (503, "TooManyConnections")
        first.sendall(b"\r\n")
        assert answer(first) == (200, b"0")


def test_the_process_may_open_as_many_files_as_the_system_grants() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
    try:
        allow_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(65_536, before[1]), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_answer_does_not_wait_for_the_clients_acknowledgement(port: int) -> None:
    with connected(port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") as connection:
        assert answer(connection)[0] == 200
    assert Observed.at_once[-1]
