"""What was acknowledged is stored once: through repeated keys, kills, a full disk and restored copies of one store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.harness import Client, Server, serving, wait_for
from tests.e2e.test_lifecycle import refusal_of

JOB = "AmlComputeJobEvent"
SENDERS = 8
MIB = 1 << 20
STORES = ("intake.db", "logs.duckdb")


def emitted(client: Client, name: str, key: str = "") -> int:
    answer = client.emit(JOB, [{"JobName": name}], key)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["sequence"])


def stored(client: Client, name: str) -> int:
    return int(client.rows(f'{JOB} | where JobName == "{name}" | count')[0][0])


def names(client: Client) -> list[str]:
    return [row[0] for row in client.rows(f"{JOB} | project JobName | order by JobName asc")]


def test_a_key_sent_from_many_threads_at_once_and_after_a_kill_is_stored_once(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    clients = [Client(server.connection) for _ in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        at_once = set(pool.map(lambda client: emitted(client, "once", "key"), clients))
        other_bodies = set(pool.map(lambda each: emitted(each[1], f"body {each[0]}", "key"), enumerate(clients)))
    server.kill()
    with serving(tmp_path / "data") as again:
        client = Client(again.connection)
        assert at_once == {emitted(client, "once", "key")}
        client.settle(emitted(client, "last"))
        assert len(other_bodies) == SENDERS
        assert names(client) == [*(f"body {index}" for index in range(SENDERS)), "last", "once"]


@contextmanager
def filled(folder: Path, size: int) -> Iterator[None]:
    """The disk of `folder` has `size` bytes less free space meanwhile."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    try:
        yield
    finally:
        ballast.unlink()


def test_at_the_disk_reserve_records_are_refused_queries_go_on_and_it_recovers_by_itself(tmp_path: Path) -> None:
    # Other programs use the disk as well: the reserve begins 512 MiB below what is free, and 1 GiB is filled.
    reserve = shutil.disk_usage(tmp_path).free // MIB - 512
    with serving(tmp_path / "data", "--disk-reserve", f"{reserve}MiB") as server:
        client = Client(server.connection)
        client.settle(emitted(client, "before", "first"))
        with filled(tmp_path, 1024 * MIB):
            refused = client.emit(JOB, [{"JobName": "meanwhile"}], "second")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "DiskReserveReached")
            assert int(refused.headers["retry-after"]) > 0
            assert stored(client, "before") == 1
        client.settle(emitted(client, "meanwhile", "second"))
        assert names(client) == ["before", "meanwhile"]
        assert client.http.get("/healthz").status_code == 200


def test_what_waits_for_its_tables_at_the_disk_reserve_gets_there_once_there_is_space(tmp_path: Path) -> None:
    reserve = shutil.disk_usage(tmp_path).free // MIB - 512
    server = Server(tmp_path / "data", "--disk-reserve", f"{reserve}MiB").start()
    client = Client(server.connection)
    client.settle(emitted(client, "before"))
    waiting = emitted(client, "waiting")
    server.kill()  # a drain waits 0.2 s for more than one row, so that the record is in the intake alone
    with filled(tmp_path, 1024 * MIB):
        server.start()
        client = Client(server.connection)
        wait_for(lambda: client.http.get("/healthz").status_code == 503, 15, "a server that cannot write is not ready")
        assert "kept in reserve" in client.http.get("/healthz").text
        assert names(client) == ["before"]
    client.settle(waiting, 30)
    assert names(client) == ["before", "waiting"]
    assert server.stop() == 0


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a stopped server with two records, and in `older/` its stores as they were after the first."""
    data = tmp_path_factory.mktemp("restored") / "data"
    for name in ("first", "second"):
        with serving(data) as server:
            client = Client(server.connection)
            client.settle(emitted(client, name, name))
        if name == "first":
            (data / "older").mkdir()
            for store in STORES:
                shutil.copy(data / store, data / "older" / store)
    return data


@pytest.mark.parametrize(
    ("store", "said", "kept"),
    [
        ("intake.db", "it is an older copy", ["first", "second"]),
        ("logs.duckdb", "are neither in the store nor in the intake", ["first"]),
    ],
)
def test_a_restored_older_store_is_refused_and_goes_on_when_the_gap_is_accepted(
    copied: Path, tmp_path: Path, store: str, said: str, kept: list[str]
) -> None:
    data = Path(shutil.copytree(copied, tmp_path / "data"))
    shutil.copy(data / "older" / store, data / store)
    refusal = refusal_of(data)
    assert said in refusal
    assert "lazulite serve --accept-gap true" in refusal
    with serving(data, "--accept-gap", "true") as server:
        client = Client(server.connection)
        client.settle(emitted(client, "third", "third"))
        assert names(client) == [*kept, "third"]
    with serving(data) as server:
        client = Client(server.connection)
        client.settle(emitted(client, "fourth", "fourth"))
        assert names(client) == sorted([*kept, "third", "fourth"])


def test_both_stores_restored_from_one_copy_belong_together(copied: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(copied, tmp_path / "data"))
    for store in STORES:
        shutil.copy(data / "older" / store, data / store)
    with serving(data) as server:
        client = Client(server.connection)
        client.settle(emitted(client, "second", "second"))
        assert names(client) == ["first", "second"]
