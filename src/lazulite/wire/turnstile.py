"""Slow work that anybody may ask for: in threads of its own, a few at a time, behind a queue that ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from lazulite.core.errors import Throttled

Result = TypeVar("Result")


class Turnstile:
    """Lets `threads` calls through at once while up to `waiting` more stand behind them. Used on one event loop."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(threads)
        self._most = threads + waiting
        self._inside = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, run in a thread. Raises Throttled `TooManyAttempts` when the queue is full."""
        if self._inside >= self._most:
            raise Throttled("TooManyAttempts", f"{self._inside} others wait for the same. Try again soon.")
        self._inside += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
