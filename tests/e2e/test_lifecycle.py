"""A server's beginning and end: damaged files, lost files, clients that hang, signals."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Client, Server, address, serving

PROMISED_SECONDS = 10.0


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that stored one record and was stopped."""
    data = tmp_path_factory.mktemp("lifecycle") / "data"
    with serving(data) as server:
        client = Client(server.connection)
        client.settle(client.emit("AmlComputeJobEvent", [{"JobName": "before"}], "key").json()["sequence"])
    return data


@pytest.fixture
def data(stopped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped, tmp_path / "data"))


def refusal_of(data: Path, *options: str) -> str:
    """What a start on `data` says on its only line, besides the log; it must fail and show no stack trace."""
    command = [sys.executable, "-m", "lazulite", "serve", "--data", str(data), "--port", "0", "--http-port", "0"]
    ended = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    return next(line for line in ended.stderr.splitlines() if line.startswith("lazulite: "))


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 3_000)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6_000])


@pytest.mark.parametrize("damage", [garbage, truncated])
@pytest.mark.parametrize("name", ["state.db", "intake.db", "logs.duckdb"])
def test_a_damaged_store_is_named(data: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(data / name)
    assert f"{data / name} cannot be" in refusal_of(data)


def test_a_lost_state_is_not_taken_for_a_first_start(data: Path) -> None:
    (data / "state.db").unlink()
    assert "state.db is missing or empty" in refusal_of(data)


@pytest.mark.parametrize(
    ("lost", "said"),
    [("intake.db", "The store was filled from another intake"), ("logs.duckdb", "are neither in the store nor in")],
)
def test_a_lost_store_is_a_gap_that_can_be_accepted(data: Path, lost: str, said: str) -> None:
    (data / lost).unlink()
    assert said in refusal_of(data)
    with serving(data, "--accept-gap", "true") as server:
        client = Client(server.connection)
        client.settle(client.emit("AmlComputeJobEvent", [{"JobName": "after"}]).json()["sequence"])
        expected = ["after"] if lost == "logs.duckdb" else ["after", "before"]
        assert client.rows("AmlComputeJobEvent | project JobName | order by JobName asc") == [
            [name] for name in expected
        ]


def test_a_key_is_known_after_a_restart_at_another_time(data: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=9)  # within the retention, by which clock rows are deleted
    with serving(data, "--clock-start", later.isoformat()) as server:
        client = Client(server.connection)
        again = client.emit("AmlComputeJobEvent", [{"JobName": "before"}], "key").json()["sequence"]
        new = client.emit("AmlComputeJobEvent", [{"JobName": "before"}], "other key").json()["sequence"]
        client.settle(new)
        assert again < new
        assert client.rows("AmlComputeJobEvent | count") == [[2]]


def test_a_secret_that_is_not_the_administrators_is_replaced(data: Path) -> None:
    path = data / "connection.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"client_secret": "of an older backup"}))
    with serving(data) as server:
        assert Client(server.connection).rows("AmlComputeJobEvent | count") == [[1]]


def ended(process: subprocess.Popen[Any], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


def test_the_end_comes_in_time_though_clients_hang_and_signals_repeat(data: Path) -> None:
    server = Server(data).start()
    client = Client(server.connection)
    handshaking = socket.create_connection(address(server.connection))
    records = f"{client.workspace}/providers/lazulite/records?category=AmlComputeJobEvent"
    sending = client.begin(records, b"[", 1000)
    assert server.process is not None
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    with sending.makefile() as received:
        answer = received.read()
    while not ended(server.process, 0.002) and time.monotonic() - begun < 60:
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGINT)
    assert server.process.returncode == 0
    assert time.monotonic() - begun < PROMISED_SECONDS
    assert "HTTP/1.1 503" in answer
    assert "The service is stopping" in answer
    assert "Traceback" not in server.log.read_text()
    handshaking.close()
    sending.close()
