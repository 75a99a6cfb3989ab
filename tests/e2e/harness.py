"""A lazulite server as a subprocess, and the plain client that the end-to-end tests speak through its doors with.

Stock Azure clients are made here as well, so that every test trusts the server's own CA and nothing else.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

START_SECONDS = 60.0


class Server:
    """`lazulite serve` on a data folder; `options` are further command-line flags."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self._written = 0
        self.log = data.parent / f"{data.name}.log"

    def start(self) -> Server:
        self._written = self._connection_time()
        command = [sys.executable, "-m", "lazulite", "serve", "--data", str(self.data)]
        command += ["--port", "0", "--http-port", "0", *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.ready, START_SECONDS, f"the server did not become ready; its log is {self.log}")
        return self

    def ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return self._connection_time() != self._written

    def _connection_time(self) -> int:
        """When connection.json was written last, 0 before that: it stays when a server stops, for its secret."""
        path = self.data / "connection.json"
        return path.stat().st_mtime_ns if path.exists() else 0

    @property
    def connection(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "connection.json").read_text())
        return found

    def kill(self) -> None:
        """SIGKILL: as a power cut to the process."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 15.0) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def wait_for(state: Callable[[], bool], seconds: float, failure: str) -> None:
    """Poll until `state()` holds; fails with `failure` after `seconds`."""
    end = time.monotonic() + seconds
    while not state():
        if time.monotonic() > end:
            raise AssertionError(failure)
        time.sleep(0.02)


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Server]:
    server = Server(data, *options).start()
    try:
        yield server
    finally:
        server.stop()


class Client:
    """A plain HTTPS client with a token, for the doors that have no Azure SDK."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self.connection = connection
        context = ssl.create_default_context(cafile=connection["ca_file"])
        self.http = httpx.Client(base_url=connection["endpoint"], verify=context, timeout=60)
        self.http.headers["Authorization"] = f"Bearer {self.token()}"
        self.workspace = (
            f"/subscriptions/{connection['subscription_id']}/resourceGroups/{connection['resource_group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{connection['ml_workspace']}"
        )

    def token(self) -> str:
        answer = self.http.post(
            f"/{self.connection['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.connection["client_id"],
                "client_secret": self.connection["client_secret"],
                "scope": "https://management.azure.com/.default",
            },
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def emit(self, category: str, records: Sequence[Mapping[str, Any]], key: str = "") -> httpx.Response:
        """POST records to the ML workspace's records door as gzipped NDJSON."""
        return self.post_body(category, ndjson(records), key)

    def post_body(self, category: str, body: bytes, key: str = "") -> httpx.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
        if key:
            headers["x-lazulite-batch"] = key
        return self.http.post(
            f"{self.workspace}/providers/lazulite/records",
            params={"category": category},
            content=gzip.compress(body, 1),
            headers=headers,
        )

    def begin(self, target: str, content: bytes, length: int) -> socket.socket:
        """POST `content` as the beginning of a body of `length` bytes, on a connection that the caller reads.

        On return the service has taken the request up and asks for the body.
        """
        host, port = address(self.connection)
        context = ssl.create_default_context(cafile=self.connection["ca_file"])
        begun = context.wrap_socket(socket.create_connection((host, port), 60), server_hostname=host)
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: {self.http.headers['Authorization']}\r\nContent-Length: {length}\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        begun.sendall(head.encode())
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            asked += begun.recv(1)
        assert asked.startswith(b"HTTP/1.1 100"), asked
        begun.sendall(content)
        return begun

    def settle(self, sequence: int, seconds: float = 120.0) -> None:
        """Wait until every batch up to `sequence` is in its tables or rejected."""

        def done() -> bool:
            return self.http.get("/healthz", params={"sequence": sequence}).status_code == 200

        wait_for(done, seconds, f"sequence {sequence} did not reach its tables")

    def query(self, text: str, timespan: str | None = None) -> dict[str, Any]:
        answer = self.http.post(
            f"/v1/workspaces/{self.connection['log_analytics_customer_id']}/query",
            json={"query": text, "timespan": timespan},
        )
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, text: str) -> list[list[Any]]:
        answer = self.query(text)
        assert "error" not in answer, answer
        rows: list[list[Any]] = answer["tables"][0]["rows"]
        return rows


def address(connection: Mapping[str, Any]) -> tuple[str, int]:
    parts = urlsplit(connection["endpoint"])
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def ndjson(records: Sequence[Mapping[str, Any]]) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


@contextmanager
def trusting(connection: Mapping[str, Any]) -> Iterator[None]:
    """Stock clients take the CA from REQUESTS_CA_BUNDLE."""
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = connection["ca_file"]
    try:
        yield
    finally:
        if before is None:
            del os.environ["REQUESTS_CA_BUNDLE"]
        else:
            os.environ["REQUESTS_CA_BUNDLE"] = before


def credential(connection: Mapping[str, Any], secret: str | None = None) -> Any:
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        connection["tenant_id"],
        connection["client_id"],
        secret or connection["client_secret"],
        authority=connection["endpoint"],
        disable_instance_discovery=True,
    )
