"""Loops: one turn's failure is counted and costs nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lazulite.core.counters import Counters
from lazulite.core.errors import Throttled, Unavailable
from lazulite.server.loops import Loop

PATIENCE = 10.0


@contextmanager
def running(work: Callable[[], object], counters: Counters) -> Iterator[Loop]:
    loop = Loop("work", work, 0.001, counters)
    loop.start()
    try:
        yield loop
    finally:
        loop.ask_to_stop()
        loop.join(PATIENCE)


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (Throttled("QueueFull", "Full."), "lazulite_loop_delays_total"),
        (Unavailable("EngineReopening", "Wait."), "lazulite_loop_delays_total"),
        (ZeroDivisionError(), "lazulite_loop_failures_total"),
    ],
)
def test_what_a_turn_raises_is_counted_and_the_next_turn_comes(error: Exception, counted: str) -> None:
    turns: list[int] = []
    third = threading.Event()

    def work() -> None:
        turns.append(len(turns))
        if len(turns) == 3:
            third.set()
        if len(turns) == 1:
            raise error

    counters = Counters()
    with running(work, counters):
        assert third.wait(PATIENCE)
    assert counters.value(counted, loop="work") == 1
    assert counters.durations("lazulite_loop_seconds")[0] == len(turns)


def test_the_turn_that_runs_is_finished_and_none_begins_after_it() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(PATIENCE)
        ended.set()

    counters = Counters()
    with running(work, counters) as loop:
        assert begun.wait(PATIENCE)
        loop.ask_to_stop()
        go_on.set()
    assert ended.is_set()
    assert counters.durations("lazulite_loop_seconds")[0] == 1
