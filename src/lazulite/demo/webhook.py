"""A receiver of alert notifications on loopback, for one run of the demo."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import msgspec

MAX_BODY = 1_000_000
MAX_KEPT = 100
POLL_SECONDS = 0.05


class WebhookReceiver:
    """Listens on a free port of 127.0.0.1 while the context is open, and keeps the last MAX_KEPT bodies."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bodies: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                if length > MAX_BODY:
                    self.send_error(413)
                    return
                receiver._keep(self.rfile.read(length))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: stderr belongs to the demo."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="webhook", daemon=True
        )

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/alert"

    def wait(self, rule: str, condition: str, seconds: float) -> dict[str, Any] | None:
        """The essentials of the first notification of `rule` (a name) in `condition`; None when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._find(rule, condition) is not None, seconds)
            return self._find(rule, condition)

    def _find(self, rule: str, condition: str) -> dict[str, Any] | None:
        for body in self._bodies:
            essentials: dict[str, Any] = body.get("data", {}).get("essentials", {})
            if essentials.get("alertRule") == rule and essentials.get("monitorCondition") == condition:
                return essentials
        return None

    def _keep(self, content: bytes) -> None:
        try:
            body = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.MsgspecError:
            body = {"unreadable": content.decode("utf-8", "replace")}
        with self._changed:
            self._bodies = [*self._bodies[1 - MAX_KEPT :], body]
            self._changed.notify_all()
