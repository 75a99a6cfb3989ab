"""A second principal, who is no administrator, at every door of a real server: reads are answered, writes are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lazulite.core.clock import SystemClock
from lazulite.core.ids import RandomIds
from lazulite.identity import Principals
from lazulite.state.database import Database
from tests.e2e.harness import Client, serving
from tests.wire.fuzz_doors import Door, doors

OPEN = ("/healthz", "/metadata/endpoints", "openid-configuration", "/token")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with serving(tmp_path_factory.mktemp("reader") / "data") as server:
        yield server.connection


@pytest.fixture(scope="module")
def reader(connection: dict[str, Any]) -> Client:
    state = Path(connection["ca_file"]).with_name("state.db")
    database = Database(f"sqlite:///{state}")
    principal, secret = Principals(database, SystemClock(), RandomIds()).create("reader")
    database.close()
    return Client({**connection, "client_id": principal.client_id, "client_secret": secret})


def every(connection: dict[str, Any]) -> tuple[Door, ...]:
    return doors(f"/subscriptions/{connection['subscription_id']}", connection["tenant_id"])


def ask(client: Client, door: Door) -> httpx.Response:
    body = {"content": door.body} if isinstance(door.body, bytes) else {"json": door.body}
    return client.http.request(door.method, door.path, params=dict(door.parameters), headers=dict(door.headers), **body)


def writes(door: Door) -> bool:
    last = door.path.rsplit("/", 1)[-1]
    return door.method in ("PUT", "PATCH", "DELETE") or last in ("records", "changestate")


def test_a_reader_reads_everything_and_writes_nothing(connection: dict[str, Any], reader: Client) -> None:
    administrator = Client(connection)
    known = [door for door in every(connection) if not door.path.endswith("/token")]
    before = [ask(reader, door).status_code for door in known if writes(door)]
    assert set(before) == {403}
    for door in known:
        if door.method == "PUT":
            assert ask(administrator, door).status_code in (200, 201), door
    for door in known:
        answer = ask(reader, door)
        expected = (403,) if writes(door) else (200, 202, 204, 404 if "sequence" in door.parameters else 200)
        assert answer.status_code in expected, (door, answer.text)
        if answer.status_code == 403:
            assert answer.json()["error"]["code"] in ("AuthorizationFailed", "InsufficientAccessError")


def test_without_a_token_only_health_and_the_login_requests_are_answered(connection: dict[str, Any]) -> None:
    stranger = Client(connection)
    del stranger.http.headers["authorization"]
    for door in every(connection):
        answer = ask(stranger, door)
        open_to_all = any(door.path.endswith(path) for path in OPEN)
        assert (answer.status_code == 401) is (not open_to_all or door.path.endswith("/token")), (door, answer.text)
