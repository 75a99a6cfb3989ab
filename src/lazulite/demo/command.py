"""The command `lazulite demo`, as `lazulite.__main__` adds it to the command line."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from lazulite.demo import live, once
from lazulite.demo.server_process import ServerProcess
from lazulite.demo.session import MAX_NODES, default_nodes
from lazulite.demo.stock import missing_clients
from lazulite.demo.view import DEFAULT_DATA, printable
from lazulite.server.client import Client

MISSING_CLIENTS_STATUS = 2


def demo(
    proof: Annotated[
        bool, typer.Option("--once", help="Run one job of each kind, read all back through Azure's clients, and stop.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            envvar="LAZULITE_DATA",
            help="Data folder. Default: lazulite-data; with --once a new one that is removed at the end.",
        ),
    ] = None,
    view: Annotated[bool, typer.Option("--view/--no-view", help="The live view, or plain lines.")] = True,
    nodes: Annotated[
        int | None, typer.Option(min=1, max=MAX_NODES, help="Training jobs that run at once. Default: half the cores.")
    ] = None,
) -> None:
    """Start a server, train real models on this machine, and watch them through it."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    if proof:
        _prove(data, nodes or default_nodes(), console)
    else:
        live.run(data or DEFAULT_DATA, nodes or default_nodes(), console, view and console.is_terminal)


def _prove(data: Path | None, nodes: int, console: Console) -> None:
    def say(line: str) -> None:
        console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    missing = missing_clients()
    if missing:
        typer.echo(f"lazulite: `demo --once` needs Azure's own clients: pip install {' '.join(missing)}", err=True)
        raise typer.Exit(MISSING_CLIENTS_STATUS)
    with tempfile.TemporaryDirectory(prefix="lazulite-once-") as scratch:
        folder = data or Path(scratch) / "data"
        server = ServerProcess(folder)
        try:
            with Client(server.start()) as client:
                say(f"ok  server at {client.connection.endpoint}")
                once.run(client, folder / live.SCRATCH, nodes, say)
        finally:
            server.stop()
    say("ok  everything that was sent has been read back")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
