"""A small client of a running server, found through its connection.json: what the command line and the demo speak.

It asks the login endpoint for a token, trusts the server's own CA only, and turns every failure into `Refused` (the
server answered with an error) or `Unreachable` (it did not answer). Blocking; one client may be used by many threads.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from lazulite.server import connection as connection_file
from lazulite.server.connection import Connection
from lazulite.server.refusal import Refused, Unreachable, json_of, refusal

ML_WORKSPACE_TYPE = "Microsoft.MachineLearningServices/workspaces"
TIMEOUT_SECONDS = 30.0
QUERY_TIMEOUT_SECONDS = 620.0
TOKEN_MARGIN_SECONDS = 60.0
MAX_PAGES = 100


@dataclass(frozen=True)
class Answer:
    """One table of rows; `partial` says what is missing from it, where the server cut it."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    partial: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The records door's receipt: durable up to `sequence`; `rejected` are (index, code, message)."""

    accepted: int
    sequence: int
    rejected: tuple[tuple[int, str, str], ...]
    ignored: tuple[str, ...]


class Client:
    """Speaks to one server as the principal of its connection file. Close it, or use it as a context manager."""

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self.connection = connection
        self._transport = transport
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None
        self._http = _http(connection, transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.connection.subscription_id}"

    @property
    def resource_group(self) -> str:
        return f"{self.subscription}/resourceGroups/{self.connection.resource_group}"

    @property
    def ml_workspace(self) -> str:
        """The ARM id of the ML workspace that the first start made."""
        return f"{self.resource_group}/providers/{ML_WORKSPACE_TYPE}/{self.connection.ml_workspace}"

    def query(
        self, text: str, timespan: str | None = None, workspace: str | None = None, explain: bool = False
    ) -> tuple[Answer, ...]:
        """Run KQL, or tell how it would run; `workspace` is a customer id (default: the connection's).

        Raises Refused with a position.
        """
        target = workspace or self.connection.log_analytics_customer_id
        body = self.call(
            "POST",
            f"/v1/workspaces/{target}/query",
            json={"query": text, "timespan": timespan},
            headers={"prefer": "include-plan=true"} if explain else {},
            timeout=QUERY_TIMEOUT_SECONDS,
        )
        partial = _partial(body.get("error"))
        return tuple(
            Answer(tuple((c["name"], c["type"]) for c in table["columns"]), tuple(map(tuple, table["rows"])), partial)
            for table in body["tables"]
        )

    def emit(self, resource_id: str, category: str, records: Sequence[Mapping[str, Any]], key: str) -> Accepted:
        """Send records of one category; sending the same again under the same `key` stores them once."""
        body = self.call(
            "POST",
            f"{resource_id}/providers/lazulite/records",
            params={"category": category},
            content=msgspec.json.encode(records),
            headers={"content-type": "application/json", "x-lazulite-batch": key},
        )
        rejected = tuple((row["index"], row["code"], row["message"]) for row in body.get("rejected", ()))
        return Accepted(body["accepted"], body["sequence"], rejected, tuple(body.get("ignored", ())))

    def stored(self, sequence: int) -> bool:
        """Whether every batch up to `sequence` is in its tables."""
        return self._send("GET", "/healthz", params={"sequence": str(sequence)}, allow=(404,)).status_code == 200

    def get(self, path: str, api_version: str, **params: str) -> dict[str, Any]:
        return self.call("GET", path, params={"api-version": api_version, **params})

    def put(self, path: str, api_version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.call("PUT", path, params={"api-version": api_version}, json=body)

    def delete(self, path: str, api_version: str) -> None:
        self._send("DELETE", path, params={"api-version": api_version})

    def list(self, path: str, api_version: str, **params: str) -> Iterator[dict[str, Any]]:
        """Every item of a collection, following nextLink on the same server for at most MAX_PAGES pages."""
        page = self.get(path, api_version, **params)
        for _ in range(MAX_PAGES):
            yield from page["value"]
            link = page.get("nextLink")
            if not link:
                return
            parts = urlsplit(link)
            page = self.call("GET", f"{parts.path}?{parts.query}")
        raise Refused(200, "TooManyPages", f"{path} has more than {MAX_PAGES} pages; narrow the request.")

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """One authenticated request and its JSON object; raises Refused or Unreachable."""
        response = self._send(method, path, **options)
        if not response.content:
            return {}
        body = json_of(response)
        if not isinstance(body, dict):
            raise Refused(response.status_code, "InvalidAnswer", f"{path} answered with something not a JSON object.")
        return body

    def _send(self, method: str, path: str, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        headers = options.pop("headers", {})
        # A 401 is tried once more with a new token: a server that was started anew may have another key.
        for last in (False, True):
            token = self.token(renew=last)
            response = self._request(method, path, headers=headers | {"authorization": f"Bearer {token}"}, **options)
            if response.status_code != 401:
                break
        if response.is_success or response.status_code in allow:
            return response
        raise refusal(response)

    def token(self, renew: bool = False) -> str:
        """A bearer token of the connection's principal, kept until shortly before it ends."""
        with self._lock:
            if renew or self._token is None or self._token[1] < time.monotonic():
                self._token = self._log_in()
            return self._token[0]

    def _log_in(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.connection.client_id,
            "client_secret": self.connection.client_secret,
            "scope": f"{self.connection.endpoint}/.default",
        }
        response = self._request("POST", f"/{self.connection.tenant_id}/oauth2/v2.0/token", data=form)
        if not response.is_success:
            raise refusal(response)
        body = json_of(response)
        return body["access_token"], time.monotonic() + float(body["expires_in"]) - TOKEN_MARGIN_SECONDS

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.TimeoutException as late:
            raise Unreachable("NoAnswer", f"{self.connection.endpoint} did not answer {method} in time.") from late
        except httpx.TransportError as failed:
            raise Unreachable(
                "NotRunning",
                f"Nothing answers at {self.connection.endpoint} ({failed}). Start the server with `lazulite serve`, or"
                " name the data folder of one that runs with --data or LAZULITE_DATA.",
            ) from failed


def open_client(folder: Path) -> Client:
    """A client of the server on the data folder `folder`; raises ConnectionFileError where there is none."""
    return Client(connection_file.read(folder))


def _http(connection: Connection, transport: httpx.BaseTransport | None) -> httpx.Client:
    try:
        trust = ssl.create_default_context(cafile=connection.ca_file)
    except OSError as missing:
        raise Unreachable(
            "NoCertificate",
            f"The CA file {connection.ca_file} of connection.json cannot be read: {missing}. Restart the server.",
        ) from missing
    return httpx.Client(
        base_url=connection.endpoint, verify=trust, timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False
    )


def _partial(error: Any) -> str | None:
    if not isinstance(error, dict):
        return None
    details = [str(part.get("message")) for part in error.get("details", ()) if isinstance(part, dict)]
    return " ".join([str(error.get("message", "")), *details]).strip() or "The result is not complete."
