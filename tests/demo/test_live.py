"""`lazulite demo` as a user starts it: a process that answers, and that leaves nothing behind when it is stopped."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lazulite.server import connection
from lazulite.server.client import Client

DEADLINE = 60.0


class Demo:
    """A running `lazulite demo` with plain output, read line by line."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "lazulite", "demo", "--data", str(folder), "--nodes", "1"]
        # A shell starts its background jobs with SIGINT ignored, and every process below inherits that.
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def wait_for(self, start: str) -> str:
        until = time.monotonic() + DEADLINE
        while True:
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            if line.startswith(start):
                return line

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def server(self) -> psutil.Process:
        return next(child for child in self.children() if "serve" in child.cmdline())

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path)
    yield started
    if started.process.poll() is None:
        started.stop(signal.SIGTERM)
    started.process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_stops_cleanly(demo: Demo, number: int) -> None:
    assert "https://127.0.0.1:" in demo.wait_for("lazulite answers at")
    assert "JobSubmitted" in demo.wait_for("answer")
    children = demo.children()
    assert demo.stop(number) == 0
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def test_what_it_cancels_at_the_end_is_still_stored(demo: Demo, tmp_path: Path) -> None:
    demo.wait_for("answer")
    assert demo.stop(signal.SIGINT) == 0
    restarted = Demo(tmp_path)
    try:
        restarted.wait_for("lazulite answers at")
        with Client(connection.read(tmp_path)) as client:
            (answer,) = client.query('AmlComputeClusterEvent | where EventType == "DeleteOperationCompleted" | count')
            assert answer.rows == ((1,),)
    finally:
        restarted.stop(signal.SIGINT)


def test_a_server_that_dies_ends_the_demo_with_a_reason(demo: Demo) -> None:
    demo.wait_for("lazulite answers at")
    os.kill(demo.server().pid, signal.SIGKILL)
    assert demo.process.wait(DEADLINE) == 1
    assert "The server ended by itself" in demo.process.stderr.read()


def test_a_second_demo_on_the_same_folder_says_who_has_it(demo: Demo, tmp_path: Path) -> None:
    demo.wait_for("lazulite answers at")
    second = Demo(tmp_path)
    assert second.process.wait(DEADLINE) == 1
    assert "Another lazulite (process" in second.process.stderr.read()
    assert demo.process.poll() is None
