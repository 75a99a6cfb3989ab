"""Wrong tries are counted and slowed: so many in a window, then none until the window has passed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from lazulite.core.clock import TICKS_PER_SECOND, Clock
from lazulite.core.errors import Throttled

MAX_WRONG = 10
WINDOW_SECONDS = 60.0
MAX_KEYS = 10_000


@dataclass
class Throttle:
    """Counts wrong tries by key; `clock` is the real one. Past `MAX_KEYS` keys the longest unused is forgotten."""

    clock: Clock
    max_wrong: int = MAX_WRONG
    window_seconds: float = WINDOW_SECONDS
    _wrong: OrderedDict[str, tuple[int, int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, key: str) -> None:
        """Raises Throttled `TooManyAttempts`, with the seconds to wait, when the key has used up its tries."""
        with self._lock:
            count, until = self._current(key)
        if count >= self.max_wrong:
            wait = max((until - self.clock.now()) / TICKS_PER_SECOND, 1.0)
            message = f"{count} wrong tries in a row. Wait {wait:.0f} s and use the right secret."
            raise Throttled("TooManyAttempts", message, retry_after=wait)

    def wrong(self, key: str) -> None:
        with self._lock:
            count, until = self._current(key)
            self._wrong[key] = (count + 1, until)
            self._wrong.move_to_end(key)
            if len(self._wrong) > MAX_KEYS:
                self._wrong.popitem(last=False)

    def right(self, key: str) -> None:
        with self._lock:
            self._wrong.pop(key, None)

    def _current(self, key: str) -> tuple[int, int]:
        now = self.clock.now()
        count, until = self._wrong.get(key, (0, 0))
        return (count, until) if until > now else (0, now + round(self.window_seconds * TICKS_PER_SECOND))
