"""The live view: a picture of the board drawn into 80x24, or plain lines of news where there is no terminal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lazulite.core.clock import TICKS_PER_SECOND
from lazulite.demo.board import JobLine, Picture
from lazulite.demo.facts import TERMINAL, ClusterState
from lazulite.server.settings import Settings

REFRESH_SECONDS = 0.5
BAR_WIDTH = 24
DEFAULT_DATA = Settings.data
NARROW = 4
JOB_COLUMNS = (("job", 28), ("node", 6), ("s", NARROW), ("cpu", NARROW))
STYLES = {"Completed": "green", "Failed": "red", "Canceled": "yellow", "CancelRequested": "yellow", "Running": "cyan"}
ASK = (
    """query 'AmlComputeJobEvent | where EventType == "JobFailed" | take 5'""",
    "metrics values 'Failed Runs' --aggregation total --split RunType",
    "alerts list",
)
NODE_LETTERS = (("running", "#", "cyan"), ("leaving", "-", "blue"), ("preparing", "+", "yellow"), ("idle", ".", "dim"))


def printable(text: str) -> str:
    """`text` without control characters: names and messages of jobs are data, and must not steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def commands(folder: Path) -> list[str]:
    """The exact commands to ask this server with, in another terminal in the same folder."""
    where = [] if folder == DEFAULT_DATA else [f"export LAZULITE_DATA={shlex.quote(str(folder.resolve()))}"]
    return [*where, *(f"lazulite {command}" for command in ASK)]


class View:
    """Draws for one server; `hardware` says what GPUs there are."""

    def __init__(self, endpoint: str, folder: Path, hardware: str) -> None:
        self._endpoint = endpoint
        self._folder = folder
        self._hardware = hardware

    def draw(self, picture: Picture) -> Group:
        head = Text.assemble(
            ("lazulite demo  ", "bold blue"), (self._endpoint, "bold"), "   Ctrl-C stops it", overflow="ellipsis"
        )
        ask = [Text(f"  {command}", style="cyan", overflow="fold") for command in commands(self._folder)]
        return Group(
            head,
            _nodes(picture.cluster, picture.cpu, self._hardware),
            _ended(picture),
            _emitted(picture),
            _line("failed", picture.error or "none yet"),
            _line("alert", picture.alert or "none yet (rules are evaluated every minute)", bool(picture.alert)),
            _line("asked", picture.answer or "waiting for the first record to be stored"),
            Text(),
            _jobs(picture),
            Text(),
            Text("Ask in another terminal:", style="bold"),
            *ask,
        )

    def run(self, picture: Callable[[], Picture], until: Callable[[float], bool], console: Console) -> None:
        """Refresh until `until(seconds)`, which waits and says whether to stop."""
        with Live(self.draw(picture()), console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while not until(REFRESH_SECONDS):
                live.update(self.draw(picture()), refresh=True)


class Lines:
    """The same news as plain lines: each ended job, each new alert, the first answer. For pipes and logs."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: set[str] = set()

    def run(self, picture: Callable[[], Picture], until: Callable[[float], bool]) -> None:
        while not until(REFRESH_SECONDS):
            self.tell(picture())

    def tell(self, picture: Picture) -> None:
        for job in picture.jobs:
            if job.status in TERMINAL:
                self._once(job.run_id, f"job {job.run_id} {job.status} on {job.node or 'no node'} {job.note}".rstrip())
        self._told &= {job.run_id for job in picture.jobs} | {picture.alert, picture.answer}
        if picture.alert:
            self._once(picture.alert, f"alert {picture.alert}")
        if picture.answer:
            self._once(picture.answer, f"answer {picture.answer}")

    def _once(self, key: str, line: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self._say(printable(line))


def _line(name: str, text: str, loud: bool = False) -> Text:
    return Text.assemble(
        (f"{name:<8}", "bold"), (printable(text), "bold red" if loud else ""), overflow="ellipsis", no_wrap=True
    )


def _nodes(cluster: ClusterState | None, cpu: float, hardware: str) -> Text:
    if cluster is None:
        return _line("nodes", "starting")
    line = Text.assemble(("nodes   ", "bold"), no_wrap=True, overflow="ellipsis")
    for state, letter, style in NODE_LETTERS:
        line.append(letter * min(getattr(cluster, state), BAR_WIDTH), style)
    parts = [f"{getattr(cluster, state)} {state}" for state, _, _ in NODE_LETTERS if getattr(cluster, state)]
    line.append(f" {', '.join(parts)} of {cluster.target}   CPU {cpu:.0f} %   {hardware}")
    return line


def _ended(picture: Picture) -> Text:
    line = Text.assemble(("runs    ", "bold"), no_wrap=True)
    for status in ("Completed", "Failed", "Canceled"):
        line.append(f"{picture.ended.get(status, 0)} {status}   ", STYLES[status])
    return line


def _emitted(picture: Picture) -> Text:
    counts = picture.emitted
    text = f"{counts.acknowledged} acknowledged, {counts.waiting} waiting"
    lost = f", {counts.rejected} rejected, {counts.dropped} dropped" if counts.rejected or counts.dropped else ""
    trouble = f"  {counts.trouble}" if counts.trouble else ""
    return _line("records", text + lost + trouble, bool(lost or trouble))


def _jobs(picture: Picture) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for name, width in JOB_COLUMNS:
        table.add_column(name, width=width, no_wrap=True, justify="right" if width <= NARROW else "left")
    table.add_column("status", no_wrap=True, overflow="ellipsis", ratio=1)
    for job in reversed(picture.jobs):
        until = job.changed if job.status in TERMINAL else picture.at
        seconds = f"{(until - job.started) / TICKS_PER_SECOND:.0f}" if job.node else ""
        status = f"{job.status}: {job.note}" if job.note else job.status
        cells = [job.run_id, job.node, seconds, _cpu(job), status]
        table.add_row(*(Text(printable(cell)) for cell in cells), style=STYLES.get(job.status, "dim"))
    return table


def _cpu(job: JobLine) -> str:
    return f"{job.cpu:.0f}" if job.cpu and job.status not in TERMINAL else ""
