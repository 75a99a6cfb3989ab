"""Who may run now: a few queries of each slot at once, a bounded queue behind them, first come first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from lazulite.core.errors import Throttled

POLL_SECONDS = 0.05


class Slots:
    """`sizes` gives how many run at once in each slot; `waiting` bounds the queue of each."""

    def __init__(self, sizes: Mapping[str, int], waiting: int) -> None:
        self._free = dict(sizes)
        self._waiting = waiting
        self._queues: dict[str, deque[object]] = {slot: deque() for slot in sizes}
        self._changed = threading.Condition()

    @property
    def depth(self) -> int:
        """How many wait, in all slots."""
        return sum(map(len, self._queues.values()))

    @contextmanager
    def take(self, slot: str, check: Callable[[], None]) -> Iterator[None]:
        """Hold a place of `slot`. While waiting, `check` is called to raise when waiting is no longer of use."""
        self._enter(slot, check)
        try:
            yield
        finally:
            with self._changed:
                self._free[slot] += 1
                self._changed.notify_all()

    def _enter(self, slot: str, check: Callable[[], None]) -> None:
        ticket, queue = object(), self._queues[slot]
        with self._changed:
            if self._free[slot] == 0 and len(queue) >= self._waiting:
                raise Throttled(
                    "TooManyQueries",
                    f"All places are taken and {self._waiting} queries wait already; try again in a while.",
                    retry_after=5.0,
                )
            queue.append(ticket)
            try:
                while self._free[slot] == 0 or queue[0] is not ticket:
                    check()
                    self._changed.wait(POLL_SECONDS)
                self._free[slot] -= 1
            finally:
                queue.remove(ticket)
                self._changed.notify_all()
