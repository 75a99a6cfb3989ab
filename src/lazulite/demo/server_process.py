"""The server of the demo: `lazulite serve` as a subprocess, watched until it is ready, ended by its pid."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

import msgspec

from lazulite.core.errors import LazuliteError
from lazulite.server import connection
from lazulite.server.connection import Connection
from lazulite.server.settings import Settings

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
LOG = "demo-server.log"
LOG_TAIL = 20


class ServerFailed(LazuliteError):
    """The server ended, or was not ready in time; the message has its own last words."""


class ServerProcess:
    """Start it with `start`, which gives its connection; `stop` drains and ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / LOG
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()

    def start(self) -> Connection:
        """Returns once the server answers; raises ServerFailed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ports = {"--port": free_port(Settings.port), "--http-port": free_port(Settings.http_port or 0)}
        flags = [part for name, port in ports.items() for part in (name, str(port))]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, arguments of our own
                [sys.executable, "-m", "lazulite", "serve", "--data", str(self._folder), *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches the demo, which stops its jobs first and tells of it before the server goes.
                start_new_session=True,
            )
        threading.Thread(target=self._listen, args=(self._process,), name="server-stdout", daemon=True).start()
        if not self._ready.wait(READY_SECONDS) or self._process.poll() is not None:
            self.stop()
            raise ServerFailed("ServerFailed", f"The server did not start: {self.last_words()}")
        return connection.read(self._folder)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ended(self) -> bool:
        """Whether it has gone by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> int | None:
        """SIGTERM, and SIGKILL for a server that does not drain within STOP_SECONDS; returns its exit status."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_words(self) -> str:
        """What its log ends with that is worth a user's reading."""
        with self._log.open(encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in deque(log, LOG_TAIL) if line.strip()]
        messages = [message for line in lines if (message := _message(line))]
        return (messages or ["it said nothing"])[-1] + f" (log: {self._log})"

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """One line says it is ready; reading on keeps the pipe from filling."""
        assert process.stdout is not None
        with process.stdout as lines:
            for _ in lines:
                self._ready.set()
        # Its end wakes the starter as well, which then finds the process gone.
        process.wait()
        self._ready.set()


def free_port(wanted: int) -> int:
    """`wanted` when nothing listens there on this machine, else one that the system picks."""
    for port in (wanted, 0):
        with socket(AF_INET, SOCK_STREAM) as probe:
            probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise ServerFailed("NoPort", "This machine has no free port on 127.0.0.1.")


def _message(line: str) -> str:
    """The message of a JSON log line, or the line itself where it is plain text."""
    try:
        entry = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return line.removeprefix("lazulite: ")
    return str(entry.get("message", "")) if isinstance(entry, dict) else line
