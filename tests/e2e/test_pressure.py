"""More than a server can take at once: it says so with 429, loses nothing, and stays near its memory."""

from __future__ import annotations

import json
import random
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import httpx
import psutil
import pytest

from tests.e2e.harness import Client, Server, serving, wait_for

MIB = 1 << 20
ENDLESS = "range a from 1 to 100000000000 step 1 | summarize sum(a * a % 7)"
LARGE = "range n from 1 to 499000 step 1 | extend a = strcat(strrep('a long text ', 20), n)"
RUNNING, WAITING, REFUSED = 4, 64, 7
SENDERS, BODIES = 14, 3
# What the setting says, the process itself, and what is being decoded.
MOST_MEMORY = 700 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("pressure") / "data", "--memory", "256MiB") as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.connection)


def asking(client: Client, text: str, seconds: float, patience: float = 60.0) -> httpx.Response | None:
    """The answer to a query on a connection of its own; None when the client left after `patience` seconds."""
    headers = {"Authorization": client.http.headers["Authorization"], "Prefer": f"wait={seconds:g}"}
    context = ssl.create_default_context(cafile=client.connection["ca_file"])
    with httpx.Client(base_url=client.connection["endpoint"], verify=context, headers=headers) as own:
        try:
            return own.post(query_path(client), json={"query": text}, timeout=patience)
        except httpx.ReadTimeout:
            return None


def test_some_queries_run_some_wait_until_their_deadline_and_the_rest_are_told_to_come_back(client: Client) -> None:
    together = RUNNING + WAITING + REFUSED
    begun = time.monotonic()
    with ThreadPoolExecutor(together) as pool:
        answers = list(pool.map(lambda _: asking(client, ENDLESS, 5), range(together)))
    assert time.monotonic() - begun < 15
    statuses = Counter(each.status_code for each in answers if each is not None)
    assert statuses == {504: RUNNING + WAITING, 429: REFUSED}
    assert all("retry-after" in each.headers for each in answers if each is not None and each.status_code == 429)


def test_clients_that_go_away_leave_their_places(client: Client) -> None:
    with ThreadPoolExecutor(RUNNING + WAITING) as pool:
        left = list(pool.map(lambda _: asking(client, ENDLESS, 60, patience=2), range(RUNNING + WAITING)))
    assert left == [None] * (RUNNING + WAITING)
    found = asking(client, "print 1", 10)
    assert found is not None
    assert found.status_code == 200


def test_slow_readers_hold_bounded_memory_and_give_it_back(server: Server, client: Client) -> None:
    with ExitStack() as stack:
        # The first one's answer is cut at all the memory that there is for answers.
        readers = [stack.enter_context(slow_reader(client)) for _ in range(10)]
        statuses = Counter(reader.recv(12) for reader in readers)
        assert statuses == {b"HTTP/1.1 200": 1, b"HTTP/1.1 429": 9}
        large, small = asking(client, LARGE, 10), asking(client, "range n from 1 to 1000 step 1", 10)
        assert large is not None
        assert (large.status_code, large.json()["error"]["innererror"]["code"]) == (429, "ResultMemoryExceeded")
        assert small is not None
        assert small.status_code == 200
        assert memory(server) < MOST_MEMORY

    def answered() -> bool:
        found = asking(client, LARGE, 10)
        return found is not None and found.status_code == 200

    wait_for(answered, 30, "the memory of readers that went away was not given back")


def slow_reader(client: Client) -> socket.socket:
    """A connection on which a large answer was asked for, and is not read."""
    body = json.dumps({"query": LARGE}).encode()
    return client.begin(query_path(client), body, len(body))


def query_path(client: Client) -> str:
    return f"/v1/workspaces/{client.connection['log_analytics_customer_id']}/query"


def memory(server: Server) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


def test_a_flood_of_the_largest_bodies_is_taken_or_refused_and_memory_stays_bounded(
    server: Server, client: Client
) -> None:
    line = json.dumps({"JobName": "job", "JobId": f"{random.Random(7).getrandbits(2400):0600x}"}).encode() + b"\n"
    rows = (10 * MIB) // len(line)
    clients = [Client(server.connection) for _ in range(SENDERS)]

    def send(number: int) -> list[tuple[int, int]]:
        answers = [clients[number].post_body("AmlComputeJobEvent", line * rows, f"{number} {n}") for n in range(BODIES)]
        return [(each.status_code, each.json().get("sequence", 0)) for each in answers]

    peak = 0
    with ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send, number) for number in range(SENDERS)]
        while not all(each.done() for each in sending):
            peak = max(peak, memory(server))
            wait(sending, timeout=0.02)
    answers = [answer for each in sending for answer in each.result()]
    statuses = Counter(status for status, _ in answers)
    print(f"{dict(statuses)}, at most {peak // MIB} MiB")
    assert set(statuses) == {202, 429}
    client.settle(max(sequence for _, sequence in answers))
    assert client.rows("AmlComputeJobEvent | count") == [[statuses[202] * rows]]
    assert peak < MOST_MEMORY
