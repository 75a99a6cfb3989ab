"""HTTP/1.1 as uvicorn speaks it, with bounds on connections: how many, how long a request's head may take, how large.

What is refused here never reaches the application, and still gets the application's error envelope.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from http import HTTPStatus
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 30.0
LINGER_SECONDS = 1.0
# Azure's own limit for a URL is 16 KiB; beside it a token of that size must fit.
MAX_HEAD = 64 * 1024
MAX_CONNECTIONS = 2_000
_FILES = 65_536
_LOG = logging.getLogger(__name__)


class BoundedProtocol(H11Protocol):
    """For `uvicorn.Config(http=...)`. Idle connections between requests are bounded by `timeout_keep_alive`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Head and body are two writes: the second would wait 40 ms for the client's delayed acknowledgement of the
        # first. asyncio sees to it only where the listening socket was made with its protocol's number.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "TooManyConnections", f"{MAX_CONNECTIONS} connections are open."
            )
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._refused:
            self._head_is_here()
        elif self.cycle is None or self.cycle.response_complete:
            self._wait_for_head()
        else:
            self._head_is_here()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for what is not HTTP, or has a longer head than `MAX_HEAD`."""
        words = f"{msg} It is not HTTP/1.1, or its path and headers are longer than {MAX_HEAD} bytes together."
        self._refuse(HTTPStatus.BAD_REQUEST, "InvalidHttpRequest", words)

    def _wait_for_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            words = f"The request's head did not arrive within {HEAD_SECONDS:g} s."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "RequestTimeout", words)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        body = msgspec.json.encode({"error": {"code": code, "message": message}})
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        head = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        # Closed with bytes unread, the connection would be reset before the answer is read.
        self._refused = True
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


def allow_connections() -> None:
    """Let the process have as many files as the system grants: connections must not starve the stores of theirs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        _LOG.debug("files that may be open: %d, before %d", wanted, soft)
