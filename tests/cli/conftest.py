from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lazulite.cli import app, run
from tests.cli.fake_server import FakeServer


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


@pytest.fixture
def lazulite(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Runs the command line against the fake server, as a process would: its status, stdout and stderr."""
    monkeypatch.setenv("LAZULITE_DATA", str(server.found_in(tmp_path)))

    def command(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["lazulite", *arguments])
        with pytest.raises(SystemExit) as left:
            run(app)
        captured = capsys.readouterr()
        return Outcome(int(left.value.code or 0), captured.out, captured.err)

    return command
