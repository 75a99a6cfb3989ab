"""Starting a server that cannot start says why; ports that are taken are passed by."""

from __future__ import annotations

import os
from pathlib import Path
from socket import socket

import pytest

from lazulite.demo.server_process import ServerFailed, ServerProcess, free_port


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
    assert free_port(port) == port


def test_a_server_that_does_not_start_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAZULITE_MEMRY", "1GiB")
    server = ServerProcess(tmp_path)
    with pytest.raises(ServerFailed, match="LAZULITE_MEMORY"):
        server.start()
    assert server.pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
