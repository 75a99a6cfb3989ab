"""A server with canned answers on plain http: enough to see what the command line sends and does with what it gets."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import certifi

from lazulite.server import connection
from lazulite.server.connection import Connection

TENANT = "11111111-1111-1111-1111-111111111111"


@dataclass
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeServer:
    """`answers` maps "METHOD path-end" to (status, body); everything else is 404. `requests` are those after login."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    logins: int = 0

    def __enter__(self) -> FakeServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                split = urlsplit(self.path)
                params = {key: values[0] for key, values in parse_qs(split.query).items()}
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                request = Request(self.command, split.path, params, dict(self.headers), body)
                status, answer = fake.answer(request)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> tuple[int, Any]:
        if request.path == f"/{TENANT}/oauth2/v2.0/token":
            self.logins += 1
            return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{self.logins}"}
        self.requests.append(request)
        for key, found in self.answers.items():
            method, end = key.split(" ", 1)
            if request.method == method and request.path.endswith(end):
                return found
        return 404, {"error": {"code": "ResourceNotFound", "message": f"{request.path} is not here."}}

    @property
    def connection(self) -> Connection:
        endpoint = f"http://127.0.0.1:{self._server.server_port}"
        return Connection(
            endpoint=endpoint,
            http_endpoint=None,
            ca_file=certifi.where(),
            tenant_id=TENANT,
            client_id="client",
            client_secret="secret",
            subscription_id="sub",
            resource_group="lazulite",
            ml_workspace="demo",
            log_analytics_workspace="logs",
            log_analytics_customer_id="customer",
        )

    def found_in(self, folder: Path) -> Path:
        """The folder, with a connection.json of this server in it."""
        connection.write(folder, self.connection)
        return folder
