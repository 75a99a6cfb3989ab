"""One thread that commits everything written to the intake: what waits together is one transaction, one fsync.

A write resolves once its transaction is on disk. When a transaction fails, all its writes fail with Unavailable and the
connection is opened anew: after a failed fsync SQLite's own view of the file is not to be trusted.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeVar

from lazulite.core.counters import Counters
from lazulite.core.errors import Unavailable

Result = TypeVar("Result")
Apply = Callable[[sqlite3.Connection], Result]
MAX_GROUP = 1_000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Write(Generic[Result]):
    apply: Apply[Result]
    size: int
    done: Future[Result]
    committed: Callable[[Result], None] | None


class Committer:
    """Runs writes in order. `connect` opens the file; `group_bytes` bounds one transaction."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], group_bytes: int, counters: Counters) -> None:
        self._connect = connect
        self._group_bytes = group_bytes
        self._counters = counters
        self._waiting: deque[_Write[Any]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._connection: sqlite3.Connection | None = None
        self.pending_bytes = 0
        self._thread = threading.Thread(target=self._run, name="intake-committer", daemon=True)
        self._thread.start()

    def submit(
        self, apply: Apply[Result], size: int = 0, committed: Callable[[Result], None] | None = None
    ) -> Future[Result]:
        """Queue a write of about `size` bytes. The future fails with Unavailable when it was not committed.

        `committed` is called on this thread after the commit and before anybody sees the future's result.
        """
        done: Future[Result] = Future()
        # From here on it cannot be cancelled: a caller that goes away (a request cut off at shutdown) would otherwise
        # have set_result raise, and end this thread.
        done.set_running_or_notify_cancel()
        with self._wake:
            if self._stopping:
                done.set_exception(Unavailable("Stopping", "The service is stopping. Send this again soon."))
                return done
            self._waiting.append(_Write(apply, size, done, committed))
            self.pending_bytes += size
            self._wake.notify()
        return done

    def stop(self) -> None:
        """Commit what waits, refuse what comes, and close the file."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            self._commit(group)
        if self._connection is not None:
            self._connection.close()

    def _next(self) -> list[_Write[Any]]:
        """All that waits, up to the bound of a group; empty when it is time to stop."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._stopping)
            group: list[_Write[Any]] = []
            size = 0
            while self._waiting and len(group) < MAX_GROUP and (not group or size < self._group_bytes):
                group.append(self._waiting.popleft())
                size += group[-1].size
            return group

    def _commit(self, group: list[_Write[Any]]) -> None:
        started = perf_counter()
        try:
            results = self._transaction(group)
        except Exception as error:
            self._reopen_later()
            self._fail(group, error)
        else:
            self._counters.observe("lazulite_intake_commit_seconds", perf_counter() - started)
            self._settle(group)
            for write, result in zip(group, results, strict=True):
                if write.committed is not None:
                    write.committed(result)
                write.done.set_result(result)

    def _transaction(self, group: list[_Write[Any]]) -> list[Any]:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.execute("BEGIN IMMEDIATE")
        results = [write.apply(self._connection) for write in group]
        self._connection.execute("COMMIT")
        return results

    def _reopen_later(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error:
                _LOG.exception("The intake's connection does not close after a failed commit; a new one is opened.")
            self._connection = None

    def _fail(self, group: list[_Write[Any]], error: Exception) -> None:
        _LOG.error("The intake could not commit %d writes: %s", len(group), error)
        self._counters.add("lazulite_intake_failed_commits_total")
        self._settle(group)
        for write in group:
            refused = Unavailable("IntakeUnavailable", f"The intake cannot be written: {error}. Nothing was kept.")
            refused.__cause__ = error
            write.done.set_exception(refused)

    def _settle(self, group: list[_Write[Any]]) -> None:
        with self._wake:
            self.pending_bytes -= sum(write.size for write in group)
