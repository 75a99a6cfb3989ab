"""The writer thread: every write to DuckDB is a job of it, and between jobs it checkpoints or reopens.

Callers hand over a function of the connection and wait. The queue is bounded; a full one answers Unavailable.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError, Unavailable
from lazulite.engine.duckdb.failures import ENGINE_ERRORS, Nature, brief, nature, of_write, short_of_memory
from lazulite.engine.duckdb.instance import Connection, Instance
from lazulite.engine.duckdb.settings import MIB, DuckDbSettings

log = logging.getLogger(__name__)
T = TypeVar("T")
FAILED_CHECKPOINT_SECONDS = 30.0


def _nothing(_: Any) -> None:
    """Stands for no work."""


@dataclass(frozen=True)
class _Job:
    work: Callable[[Connection], Any]
    committed: Callable[[Any], None]
    answer: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs jobs one after another. A job's function is run inside one transaction and committed after it."""

    def __init__(self, instance: Instance, settings: DuckDbSettings, counters: Counters) -> None:
        self._instance = instance
        self._settings = settings
        self._counters = counters
        self._jobs: queue.Queue[_Job] = queue.Queue(settings.writes_waiting)
        self._no_checkpoint_before = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        return self._jobs.qsize()

    def run(self, work: Callable[[Connection], T], committed: Callable[[T], None] = _nothing) -> T:
        """Run `work` in a transaction on the writer thread, and after the commit `committed` with its result.

        Raises what `work` raises, or EngineRefused, Unavailable.
        """
        job = _Job(work, committed)
        if self._stopping.is_set() or self._instance.reason is not None:
            raise Unavailable("EngineUnavailable", self._instance.reason or "The service is stopping.")
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            limit = self._settings.writes_waiting
            raise Unavailable("WritesWaiting", f"{limit} writes are waiting already; try again.") from None
        if self._stopping.is_set():  # put after the thread's last look at the queue
            self._refuse_waiting("The service is stopping.")
        answer: T = job.answer.result()
        return answer

    def wake(self) -> None:
        """Have the thread look at the instance now: a reader found it broken."""
        try:
            self._jobs.put_nowait(_Job(_nothing, _nothing))
        except queue.Full:
            log.debug("the writer has jobs and will see the broken instance by itself")

    def stop(self) -> None:
        """Finish the jobs that wait, checkpoint, and end the thread."""
        self._stopping.set()
        self.wake()
        self._thread.join()

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._jobs.empty()):
            self._checkpoint(above=self._next())
            while self._instance.reason is not None and not self._stopping.is_set():
                self._reopen()
                # What failed for want of memory would fail again: what a log brings back stays in memory until then.
                self._checkpoint(above=0)
        self._checkpoint(above=0)
        self._refuse_waiting("The service is stopping.")

    def _next(self) -> int:
        """Do the next job, or wait long enough to be idle; returns the size of log to checkpoint above."""
        try:
            job = self._jobs.get(timeout=self._settings.checkpoint_idle_seconds)
        except queue.Empty:
            return 0
        return 0 if self._do(job) is Nature.MEMORY else self._settings.checkpoint_bytes

    def _do(self, job: _Job) -> Nature | None:
        """Answer the job; returns the nature of the engine's error, if it was one."""
        try:
            job.answer.set_result(self._transaction(job))
        except LazuliteError as error:
            job.answer.set_exception(error)
        except ENGINE_ERRORS as error:
            self._note(error)
            job.answer.set_exception(of_write(error))
            return nature(error)
        except BaseException as error:  # a fault of ours must reach the caller and leave the thread alive
            log.exception("a write failed unexpectedly")
            job.answer.set_exception(error)
        return None

    def _transaction(self, job: _Job) -> Any:
        started = time.monotonic()
        with self._instance.cursor() as connection:
            connection.execute("BEGIN TRANSACTION")
            try:
                result = job.work(connection)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
        job.committed(result)
        self._counters.observe("lazulite_engine_commit_seconds", time.monotonic() - started)
        return result

    def _checkpoint(self, *, above: int) -> None:
        size = self._instance.wal_bytes
        if size <= above or self._instance.reason is not None or not self._may_checkpoint(size):
            return
        started = time.monotonic()
        try:
            with self._instance.cursor() as connection:
                connection.execute("CHECKPOINT")
        except Unavailable:
            log.info("checkpoint put off: a reader has just found the store broken")
            return
        except ENGINE_ERRORS as error:
            # A reader from before a table change holds a checkpoint off, which is no failure: the next job tries again.
            log.info("checkpoint put off: %s", brief(error))
            if self._note(error) and not self._widened(error):
                self._no_checkpoint_before = time.monotonic() + FAILED_CHECKPOINT_SECONDS
            return
        self._counters.observe("lazulite_engine_checkpoint_seconds", time.monotonic() - started)

    def _may_checkpoint(self, size: int) -> bool:
        """A checkpoint that fails kills the instance: not without room for the log, and not soon after a failed one."""
        if time.monotonic() < self._no_checkpoint_before:
            return False
        free = shutil.disk_usage(self._instance.path.parent).free
        if free < 2 * size:
            log.warning("checkpoint put off: %d bytes of disk are free and %d bytes of log wait", free, size)
        return free >= 2 * size

    def _widened(self, error: BaseException) -> bool:
        """Whether the store will be opened with more memory, because a checkpoint had too little."""
        if not short_of_memory(error) or not self._instance.widen():
            return False
        size = self._instance.memory_bytes // MIB
        log.warning("a checkpoint needs more memory than was given: DuckDB gets %d MiB until the service stops", size)
        self._counters.add("lazulite_engine_memory_widened_total")
        return True

    def _note(self, error: BaseException) -> bool:
        """Whether the error means that the instance is to be reopened, which is then under way."""
        if nature(error) is not Nature.BROKEN:
            return False
        log.error("the store failed and will be reopened: %s", brief(error))
        self._instance.broken(error)
        return True

    def _reopen(self) -> None:
        """Try until the instance is there, telling those who wait; gives up only when the service stops."""
        pause = self._settings.reopen_seconds
        while True:
            self._refuse_waiting(self._instance.reason or "The store is being reopened.")
            try:
                self._instance.reopen()
            except (*ENGINE_ERRORS, LazuliteError) as error:
                log.error("the store cannot be reopened yet: %s", brief(error))
            else:
                log.info("the store is open again")
                self._counters.add("lazulite_engine_reopened_total")
                return
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, self._settings.reopen_max_seconds)

    def _refuse_waiting(self, reason: str) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            job.answer.set_exception(Unavailable("EngineUnavailable", reason))


def _roll_back(connection: Connection) -> None:
    """Roll back if there is a transaction still; a broken instance has none, and its first error is the one to tell."""
    try:
        connection.execute("ROLLBACK")
    except ENGINE_ERRORS as error:
        log.info("nothing to roll back: %s", brief(error))
