"""What happens again and again beside the requests: each in a thread of its own, none able to end another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import perf_counter

from lazulite.core.counters import Counters
from lazulite.core.errors import Throttled, Unavailable

_LOG = logging.getLogger(__name__)


class Loop:
    """Calls `work` every `seconds` until stopped. What it raises is logged and counted, and the next turn comes."""

    def __init__(self, name: str, work: Callable[[], object], seconds: float, counters: Counters) -> None:
        self.name = name
        self._work = work
        self._seconds = seconds
        self._counters = counters
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """No further turn begins; `join` waits for the one that runs."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn()
            self._stopping.wait(self._seconds)

    def _turn(self) -> None:
        began = perf_counter()
        try:
            self._work()
        except (Throttled, Unavailable) as error:
            self._counters.add("lazulite_loop_delays_total", loop=self.name)
            _LOG.warning("%s waits: %s", self.name, error.message)
        except Exception:
            self._counters.add("lazulite_loop_failures_total", loop=self.name)
            _LOG.exception("%s failed; it is tried again", self.name)
        self._counters.observe("lazulite_loop_seconds", perf_counter() - began, loop=self.name)
