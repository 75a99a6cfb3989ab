"""Memory for query results on their way out: counted in bytes, refused when it is used up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lazulite.core.errors import Throttled

# So small that nothing is gained by refusing it: the one who reads a large result slowly must not keep out all others.
SMALL_RESULT = 64 * 1024


class ResultBudget:
    """At most `size` bytes of results at once. A result that is larger than all of it may go alone.

    Results of up to `small` bytes are counted, and never refused.
    """

    def __init__(self, size: int, small: int = SMALL_RESULT) -> None:
        self.size = size
        self._small = small
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        return self._used

    @contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Count `count` bytes as used meanwhile; raises Throttled when they do not fit beside the others."""
        with self._lock:
            if count > self._small and self._used and self._used + count > self.size:
                raise Throttled(
                    "ResultMemoryExceeded",
                    f"Results on their way out use {self._used} of {self.size} bytes, and this one has {count}. Try"
                    " again in a moment, ask for fewer rows, or raise the server's memory setting.",
                    retry_after=2.0,
                )
            self._used += count
        try:
            yield
        finally:
            with self._lock:
                self._used -= count
