"""Deadlines and cancellation: DuckDB has no statement timeout, so one thread interrupts what has run too long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lazulite.core.errors import DeadlineExceeded
from lazulite.engine.duckdb.instance import Connection
from lazulite.engine.interface import QueryCancelled

log = logging.getLogger(__name__)
TICK_SECONDS = 0.02


class Watch:
    """One query's deadline and its caller's wish to stop."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None) -> None:
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._cancelled = cancelled

    def check(self) -> None:
        """Raises DeadlineExceeded or QueryCancelled when the query should stop."""
        if time.monotonic() >= self._deadline:
            raise DeadlineExceeded(
                "QueryTimeout",
                f"The query was stopped after {self._seconds:g} s: narrow its time range or filter earlier.",
            )
        if self._cancelled is not None and self._cancelled():
            raise QueryCancelled("QueryCancelled", "The query was cancelled by its caller.")

    @property
    def over(self) -> bool:
        try:
            self.check()
        except (DeadlineExceeded, QueryCancelled):
            return True
        except Exception:  # the caller's `cancelled` failed: nobody can be waiting for the answer
            log.exception("a query's cancellation check failed")
            return True
        return False


class Watchdog:
    """Interrupts the cursors whose watch is over, again at every tick: an interrupt between statements is lost."""

    def __init__(self) -> None:
        self._watched: dict[Connection, Watch] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="engine-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, cursor: Connection, watch: Watch) -> Iterator[None]:
        """Watch `cursor` inside the block. It is not interrupted after the block, when it may be closed."""
        with self._changed:
            self._watched[cursor] = watch
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._watched[cursor]

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                for cursor, watch in self._watched.items():
                    if watch.over:
                        cursor.interrupt()
                self._changed.wait(TICK_SECONDS if self._watched else None)
