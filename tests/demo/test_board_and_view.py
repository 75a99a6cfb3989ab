"""The live view: what it shows of a picture, in the room of a small terminal."""

from __future__ import annotations

import io
import shlex
from pathlib import Path

from rich.console import Console

from lazulite.core.clock import TICKS_PER_SECOND, HeldClock
from lazulite.demo.board import RECENT_JOBS, Board
from lazulite.demo.emitter import Emitted
from lazulite.demo.facts import ClusterState, Job, ProcessLoad, RunChanged
from lazulite.demo.view import Lines, View, commands

HERE = Path("lazulite-data")


def job(number: int) -> Job:
    return Job(f"guid-{number}", f"learning-rate-sweep_{number:08}", "sweep", "train", "ada")


def busy_board() -> Board:
    board = Board(HeldClock(0))
    board.note(ClusterState(0, target=2, maximum=2, idle=0, preparing=1, running=1, leaving=0))
    for number in range(RECENT_JOBS):
        board.note(RunChanged(0, job(number), "Running", "node-0"))
        board.note(
            RunChanged(9 * TICKS_PER_SECOND, job(number), "Failed", "node-0", "Traceback\nValueError: \x1b[31mno")
        )
    board.note(RunChanged(0, job(99), "Running", "node-1"))
    board.note(ProcessLoad(0, job(99), "node-1", 97.0, 1))
    board.say(alert="Fired Sev2 demo-failed-runs", answer="JobFailed 7")
    return board


def drawn(board: Board, emitted: Emitted) -> str:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=False)
    console.print(View("https://127.0.0.1:8443", HERE, "no GPU").draw(board.picture(emitted)))
    return console.file.getvalue()


def test_a_full_picture_fits_80_by_24() -> None:
    lines = drawn(busy_board(), Emitted(acknowledged=123, waiting=4)).splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80


def test_it_shows_jobs_nodes_cpu_alert_answer_and_how_to_ask() -> None:
    shown = drawn(busy_board(), Emitted(acknowledged=123, waiting=4))
    for part in (
        "https://127.0.0.1:8443",
        "1 running, 1 preparing of 2",
        "CPU 97 %",
        "7 Failed",
        "failed  learning-rate-sweep_00000006: ValueError: ?[31mno",
        "123 acknowledged, 4 waiting",
        "Fired Sev2 demo-failed-runs",
        "JobFailed 7",
        *commands(HERE),
    ):
        assert part in shown, shown


def test_control_characters_of_jobs_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in drawn(busy_board(), Emitted())
    assert "Failed: ValueError: ?[31mno" in drawn(busy_board(), Emitted())


def test_trouble_is_shown() -> None:
    assert "3 dropped  Nothing answers" in drawn(Board(HeldClock(0)), Emitted(dropped=3, trouble="Nothing answers"))


def test_ended_jobs_leave_the_board_first() -> None:
    names = [line.run_id for line in busy_board().picture(Emitted()).jobs]
    assert len(names) == RECENT_JOBS
    assert job(99).run_id in names
    assert job(0).run_id not in names


def test_commands_name_another_data_folder() -> None:
    assert shlex.split(commands(Path("/tmp/my data"))[0]) == ["export", "LAZULITE_DATA=/tmp/my data"]


def test_plain_lines_tell_each_thing_once() -> None:
    said: list[str] = []
    lines = Lines(said.append)
    board = busy_board()
    lines.tell(board.picture(Emitted()))
    lines.tell(board.picture(Emitted()))
    assert len(said) == len(set(said)) == RECENT_JOBS - 1 + 2
    assert said[-2:] == ["alert Fired Sev2 demo-failed-runs", "answer JobFailed 7"]
