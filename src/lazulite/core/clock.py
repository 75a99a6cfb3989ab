"""Clocks, always passed in. Time is an int of 100 ns ticks since 0001-01-01T00:00:00Z, as everywhere in lazulite.

Two clocks exist: the event clock (`now()`, `ago()`, default TimeGenerated, retention, alerts), which
`serve --clock-start` may start elsewhere, and the real clock (certificates, tokens, time-outs).
"""

from __future__ import annotations

import time
from typing import Protocol

TICKS_PER_SECOND = 10_000_000
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
UNIX_EPOCH_TICKS = 719_162 * TICKS_PER_DAY


class Clock(Protocol):
    """Gives the present instant in ticks."""

    def now(self) -> int: ...


def from_unix_seconds(seconds: float) -> int:
    return UNIX_EPOCH_TICKS + round(seconds * TICKS_PER_SECOND)


def to_unix_seconds(ticks: int) -> float:
    return (ticks - UNIX_EPOCH_TICKS) / TICKS_PER_SECOND


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        return UNIX_EPOCH_TICKS + time.time_ns() // 100


class EventClock:
    """The machine's time, or, started elsewhere, a clock that runs on from `start` at the usual speed."""

    def __init__(self, start: int | None = None) -> None:
        self._real = SystemClock()
        self.start = start
        self._offset = 0 if start is None else start - self._real.now()

    def now(self) -> int:
        return self._real.now() + self._offset


class HeldClock:
    """A clock that moves only when told to; for tests."""

    def __init__(self, ticks: int) -> None:
        self.ticks = ticks

    def now(self) -> int:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.ticks += round(seconds * TICKS_PER_SECOND)
