"""The drain: one thread that takes what the intake has behind the engine's cursor to its destinations.

    read (after, through] -> decide (kept before delivery) -> one Delivery -> engine commits rows and cursor together

The engine's cursor alone says what is delivered; after any failure it is read again. What the engine refuses goes to
LazuliteRejected, what it cannot do now is tried again with growing pauses and in smaller rounds, since a failure may be
for want of memory: nothing is lost and nothing blocks for ever.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import pyarrow as pa

from lazulite.core.batch import REJECTED, StoredBatch
from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError, Unavailable
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine import Engine, EngineRefused
from lazulite.metrics.store import MetricStore
from lazulite.routing.cursor import place
from lazulite.routing.delivering import Decided, Maker
from lazulite.routing.intake import MAX_BATCHES, Intake
from lazulite.routing.refusal import Reason, parted, reason_of, refused_rows, rejected_whole
from lazulite.routing.router import Router

# Faults of the data: the same batch would fail in the same way however often it is tried.
_REFUSALS = (EngineRefused, LookupError, ValueError, TypeError, pa.ArrowException)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class DrainSettings:
    """Bounds of a round (rows; seconds that a small one waits for more) and of the pauses after failures (seconds)."""

    max_rows: int = 50_000
    enough_rows: int = 5_000
    linger: float = 0.2
    idle: float = 0.5
    pause: float = 0.1
    max_pause: float = 5.0


class Drain:
    """Start it once everything it is given is ready; it is healthy while `failure` is None."""

    def __init__(
        self,
        intake: Intake,
        engine: Engine,
        router: Router,
        metrics: MetricStore,
        encoder: WorkspaceEncoder,
        counters: Counters,
        settings: DrainSettings | None = None,
    ) -> None:
        self._intake = intake
        self._engine = engine
        self._router = router
        self._metrics = metrics
        self._maker = Maker(intake.epoch, encoder, metrics, router.home)
        self._counters = counters
        self._settings = settings or DrainSettings()
        self._cursor = 0
        self._taken = 0
        self._most = MAX_BATCHES
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self.failure: str | None = None
        counters.gauge("lazulite_drain_delivered_sequence", lambda: float(self._cursor))

    def start(self, accept_gap: bool = False) -> None:
        """Check that cursor and intake belong together, and begin.

        Raises Conflict naming what is missing; `accept_gap` goes on without it.
        """
        self._cursor = place(self._intake, self._engine, accept_gap)
        self._metrics.load()
        self._intake.passed(self._cursor)
        self._thread.start()

    def stop(self, seconds: float | None = None) -> None:
        """Finish the round that runs, if that takes no longer than `seconds`. The rest stays in the intake."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._moved:
            self._moved.notify_all()

    def delivered(self) -> int:
        """Every batch up to this sequence is in its tables, or rejected."""
        return self._cursor

    def wait(self, sequence: int, timeout: float) -> bool:
        """Wait until `sequence` is delivered; False when it is not within `timeout` seconds, or on stopping."""
        with self._moved:
            self._moved.wait_for(lambda: self._cursor >= sequence or self._stopping.is_set(), timeout)
            return self._cursor >= sequence

    def _run(self) -> None:
        pause = self._settings.pause
        while not self._stopping.is_set():
            try:
                self._round()
            except Exception as error:
                self._note(error)
                self._most = max(1, self._taken // 2)
                self._stopping.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, no secret)
                pause = min(pause * 2, self._settings.max_pause)
                self._read_cursor()
            else:
                pause = self._settings.pause
                self._most = min(self._most * 2, MAX_BATCHES)
                self.failure = None

    def _note(self, error: Exception) -> None:
        self.failure = error.message if isinstance(error, LazuliteError) else f"{type(error).__name__}: {error}"
        self._counters.add("lazulite_drain_failures_total", reason=getattr(error, "code", type(error).__name__))
        _LOG.warning("a delivery failed and will be tried again: %s", self.failure, exc_info=error)

    def _read_cursor(self) -> None:
        """The engine says what was committed; a delivery whose outcome was unclear may have been."""
        try:
            found = self._engine.delivered()
            if found is not None and found.through != self._cursor:
                self._metrics.load()
                self._advance(found.through)
        except LazuliteError as error:
            self.failure = error.message

    def _round(self) -> None:
        batches = self._gather()
        if not batches:
            return
        started, self._taken = perf_counter(), len(batches)
        decided = self._decide(batches)
        self._deliver(decided)
        self._counters.observe("lazulite_drain_round_seconds", perf_counter() - started)
        self._counters.add("lazulite_drain_records_total", sum(batch.rows.num_rows for batch in batches))

    def _gather(self) -> Sequence[StoredBatch]:
        """What waits; a few rows wait a moment for more, because a commit costs the same for many."""
        if not self._intake.wait_beyond(self._cursor, self._settings.idle):
            return ()
        batches = self._intake.read(self._cursor, self._settings.max_rows)
        if batches and self._is_little(batches):
            self._stopping.wait(self._settings.linger)
            batches = self._intake.read(self._cursor, self._settings.max_rows)
        return batches[: self._most]

    def _is_little(self, batches: Sequence[StoredBatch]) -> bool:
        """Whether it is all there is, and not much: when many small batches wait, to read them twice only costs."""
        all_there_is = batches[-1].sequence >= self._intake.last_sequence()
        rows = sum(batch.rows.num_rows for batch in batches)
        return all_there_is and rows < self._settings.enough_rows and self._settings.linger > 0

    def _decide(self, batches: Sequence[StoredBatch]) -> list[Decided]:
        kept = self._intake.decisions(self._cursor, batches[-1].sequence)
        made = {batch.sequence: self._router.route(batch) for batch in batches if batch.sequence not in kept}
        if made:
            self._intake.decide(made)
        decisions = kept | made
        return [Decided(batch, decisions[batch.sequence]) for batch in batches]

    def _deliver(self, decided: Sequence[Decided]) -> None:
        try:
            self._commit(decided, decided[-1].batch.sequence)
        except _REFUSALS as error:
            if len(decided) == 1:
                self._deliver_refused(decided[0], error)
            else:
                middle = len(decided) // 2
                self._deliver(decided[:middle])
                self._deliver(decided[middle:])

    def _commit(self, decided: Sequence[Decided], through: int) -> None:
        making = self._maker.make(decided, self._cursor, through)
        self._engine.deliver(making.delivery)
        self._metrics.committed(making.staged)
        self._advance(through)
        self._intake.passed(through)

    def _deliver_refused(self, one: Decided, error: Exception) -> None:
        """Deliver a refused batch without its bad rows; failing that, as one rejected record; failing that, skip it."""
        sequence = one.batch.sequence
        reason = reason_of(error)
        for pieces in (self._parted(one, reason), self._whole(one, reason), ()):
            try:
                self._commit(pieces, sequence)
            except _REFUSALS as again:
                _LOG.error("batch %d cannot be stored so: %s", sequence, again)
            else:
                self._counters.add("lazulite_refused_batches_total", kept="yes" if pieces else "no")
                return

    def _parted(self, one: Decided, reason: Reason) -> Sequence[Decided]:
        if one.batch.category == REJECTED:
            return self._whole(one, reason)
        # Rows move up when bad ones leave, so their item ids do too: nothing of this batch was stored before.
        bad = refused_rows(one.batch, reason, lambda part: self._refuses(replace(one, batch=part)))
        good, rejected = parted(one.batch, bad)
        return (replace(one, batch=good), Decided(rejected, (self._router.home,)))

    def _whole(self, one: Decided, reason: Reason) -> Sequence[Decided]:
        return (Decided(rejected_whole(one.batch, reason), (self._router.home,)),)

    def _refuses(self, one: Decided) -> Reason | None:
        if self._stopping.is_set():  # nothing of the batch is committed yet: the next start begins with it anew
            raise Unavailable("Stopping", "The service is stopping.")
        try:
            making = self._maker.make((one,), self._cursor, one.batch.sequence)
            self._engine.rehearse(making.delivery)
        except _REFUSALS as error:
            return reason_of(error)
        return None

    def _advance(self, through: int) -> None:
        with self._moved:
            self._cursor = through
            self._moved.notify_all()
