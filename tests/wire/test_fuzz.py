"""Spoilt requests at every door of one real server.

Whatever is sent, the answer is in time, below 500 and in the error envelope; nothing unexpected is logged; nothing
outside the resource group that is written to changes; and the server is well afterwards.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.harness import Client, Server
from tests.wire.fuzz_doors import Door, doors, spoilt

SEED = int(os.environ.get("LAZULITE_SEED", "0")) or random.randrange(1 << 32)
ROUNDS = 400
MORE_ROUNDS = 20_000 if os.environ.get("LAZULITE_SOAK") else 2_000
SECONDS = 10.0
# A query may be given less time than it takes: that is what was asked for.
ALLOWED = {"GatewayTimeout"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("fuzz") / "data").start()
    yield found
    assert found.stop() == 0


def test_a_few_hundred_spoilt_requests(server: Server) -> None:
    spoil(server, SEED, ROUNDS)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_thousands_of_spoilt_requests(server: Server) -> None:
    spoil(server, SEED, MORE_ROUNDS)


def spoil(server: Server, seed: int, rounds: int) -> None:
    print(f"LAZULITE_SEED={seed}")
    client, dice = Client(server.connection), random.Random(seed)
    subscription = f"/subscriptions/{server.connection['subscription_id']}"
    every = doors(subscription, server.connection["tenant_id"])
    before = untouched(client, subscription)
    for number in range(rounds):
        if number % 40 == 0:
            prepare(client, every)
        one = spoilt(dice.choice(every), dice)
        check(one, send(client.http, one), f"round {number} of LAZULITE_SEED={seed}")
    assert untouched(client, subscription) == before
    assert client.http.get("/healthz").json()["status"] == "ready"
    sequence = client.emit("AmlComputeJobEvent", [{"JobId": f"after {rounds} of {seed}"}]).json()["sequence"]
    client.settle(sequence)
    assert client.rows(f'AmlComputeJobEvent | where JobId == "after {rounds} of {seed}" | count') == [[1]]
    logged = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    unexpected = [line for line in logged if json.loads(line)["level"] == "error"]
    assert not unexpected, unexpected[:3]


def prepare(client: Client, every: tuple[Door, ...]) -> None:
    """What the doors need, made by those doors that make it; some spoilt request may have deleted it."""
    for door in every:
        if door.method == "PUT":
            answer = client.http.put(door.path, params=dict(door.parameters), json=door.body)
            assert answer.status_code in (200, 201, 409), answer.text


def untouched(client: Client, subscription: str) -> set[tuple[str, str]]:
    """The etags of what the first start made. A spoilt name may make another group beside it, which is no harm."""
    group = f"{subscription}/resourceGroups/{client.connection['resource_group']}"
    lists = (
        f"{group}/resources",
        f"{client.workspace}/providers/Microsoft.Insights/diagnosticSettings",
        f"{subscription}/resourceGroups",
    )
    found = [client.http.get(path, params={"api-version": "2024-02-01"}).json()["value"] for path in lists]
    own = {(each["id"], each["etag"]) for page in found for each in page if f"{each['id']}/".startswith(f"{group}/")}
    assert len(own) > len(lists)
    return own


def send(http: httpx.Client, door: Door) -> httpx.Response:
    headers = {**http.headers, **door.headers}
    request = httpx.Request(
        door.method, http.base_url, headers=headers, content=door.body, extensions={"target": door.target}
    )
    request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
    return http.send(request)


def check(door: Door, answer: httpx.Response, where: str) -> None:
    told = f"{where}: {door} -> {answer.status_code} {answer.text[:500]}"
    assert "Traceback" not in answer.text, told
    if answer.status_code < 400 or door.method == "HEAD":
        assert answer.status_code < 300 or answer.status_code == 304 or door.method == "HEAD", told
        assert answer.status_code < 500, told
        return
    error = answer.json()["error"]
    code, message = (error, answer.json()["error_description"]) if isinstance(error, str) else error_of(error)
    assert code and message, told
    assert answer.status_code < 500 or code in ALLOWED, told


def error_of(error: dict[str, Any]) -> tuple[str, str]:
    return error["code"], error["message"]
