"""`lazulite demo`: server, session and view, until Ctrl-C; then jobs, agent and server end in this order."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from lazulite.demo import alert_rules
from lazulite.demo.news import SECONDS as NEWS_SECONDS
from lazulite.demo.news import News
from lazulite.demo.recipes import endless
from lazulite.demo.server_process import ServerFailed, ServerProcess
from lazulite.demo.session import FLUSH_SECONDS, Session
from lazulite.demo.view import Lines, View, commands
from lazulite.server.client import Client

SCRATCH = "demo"


def run(folder: Path, nodes: int, console: Console, live: bool) -> None:
    """Returns after Ctrl-C; raises ServerFailed when the server does not start or ends by itself."""
    server = ServerProcess(folder)
    try:
        with Client(server.start()) as client:
            _present(server, client, folder, nodes, console, live)
    except KeyboardInterrupt:
        console.print("Stopping.", highlight=False)
    finally:
        server.stop()


def _present(server: ServerProcess, client: Client, folder: Path, nodes: int, console: Console, live: bool) -> None:
    rule = f"{client.resource_group}/providers/{alert_rules.METRIC_ALERT_TYPE}/{alert_rules.LIVE_RULE}"
    client.put(rule, alert_rules.METRIC_ALERT_VERSION, alert_rules.failed_runs(client.ml_workspace))
    session = Session(client, folder / SCRATCH, nodes)
    say = _sayer(console)
    say(f"lazulite answers at {client.connection.endpoint}, data in {folder}")
    session.start()
    try:
        seed = secrets.randbelow(1 << 31)
        session.work(endless(seed), seed)
        session.every(NEWS_SECONDS, News(client, session.board).poll)
        if live:
            View(client.connection.endpoint, folder, session.gpus.description).run(
                session.picture, _until(server), console
            )
        else:
            say("\n  ".join(["Ask in another terminal:", *commands(folder)]))
            Lines(say).run(session.picture, _until(server))
    finally:
        left = session.close(0.0 if server.ended() else FLUSH_SECONDS)
        if left.waiting or left.dropped or left.rejected:
            say(f"{left.waiting} records not sent, {left.dropped} dropped, {left.rejected} rejected. {left.trouble}")


def _until(server: ServerProcess) -> Callable[[float], bool]:
    def waited(seconds: float) -> bool:
        time.sleep(seconds)
        if server.ended():
            raise ServerFailed("ServerEnded", f"The server ended by itself: {server.last_words()}")
        return False

    return waited


def _sayer(console: Console) -> Callable[[str], None]:
    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    return say
