"""The intake: the durable log that every accepted batch enters before anything else happens to it.

`emit` resolves once its batches are on disk (SQLite, WAL, synchronous=FULL, one fsync for all that waits), with
sequences that are never used twice. The drain reads behind the engine's cursor and says what has `passed`. The file has
one epoch: cursors into another epoch mean another intake.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from lazulite.core.batch import REJECTED, Emission, Receipt, StoredBatch
from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE, TICKS_PER_SECOND, Clock
from lazulite.core.counters import Counters
from lazulite.core.disk import require_disk
from lazulite.core.errors import LazuliteError, Throttled
from lazulite.core.ids import Ids, RandomIds
from lazulite.routing import intake_file as file
from lazulite.routing import payload
from lazulite.routing.committer import Committer
from lazulite.routing.rejected import RejectedRecord, rejected_rows

MIB = 1024 * 1024
KEY_AGE = TICKS_PER_DAY
MAX_BATCHES = 1_000
_KEY_SWEEP = 10 * TICKS_PER_MINUTE
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class IntakeSettings:
    """Bounds of the intake in bytes: on disk, but `read_bytes` in memory.

    `disk_reserve_bytes` None: core.disk.DEFAULT_RESERVE.
    """

    pending_bytes: int = 64 * MIB
    total_bytes: int = 8 * 1024 * MIB
    group_bytes: int = 16 * MIB
    read_bytes: int = 64 * MIB
    disk_reserve_bytes: int | None = None


class Intake:
    """One `intake.db`. Implements core.batch.Emit; safe to use from many threads.

    `clock` is the event clock. Senders' keys age by `key_clock`, the real one: a day is a day wherever events stand.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        counters: Counters,
        settings: IntakeSettings | None = None,
        ids: Ids | None = None,
        key_clock: Clock | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._key_clock = key_clock or clock
        self._counters = counters
        self._settings = settings or IntakeSettings()
        self._reader = file.connect(path)
        self.epoch = file.create(self._reader, (ids or RandomIds()).guid())
        self._held = file.held(self._reader)
        self._last = file.last(self._reader)
        self._keys_swept = 0
        self._state = threading.Condition()
        self._reading = threading.Lock()
        self._committer = Committer(lambda: file.connect(path), self._settings.group_bytes, counters)
        counters.gauge("lazulite_intake_batches", lambda: self._held.batches)
        counters.gauge("lazulite_intake_bytes", lambda: self._held.bytes)
        counters.gauge("lazulite_intake_lag_seconds", self.lag)
        counters.gauge("lazulite_intake_pending_bytes", lambda: self._committer.pending_bytes)

    def emit(self, emission: Emission) -> Future[Receipt]:
        """Throttled when too much waits or is kept, Unavailable when the disk is at its reserve or fails."""
        rows = [
            file.Row(
                batch.resource_id, batch.category, batch.rows.num_rows, batch.rows.nbytes, payload.encode(batch.rows)
            )
            for batch in emission.batches
        ]
        size = sum(len(row.payload) for row in rows)
        try:
            self._admit(size)
        except LazuliteError as error:
            self._counters.add("lazulite_intake_refused_total", reason=error.code)
            refused: Future[Receipt] = Future()
            refused.set_exception(error)
            return refused
        return self._committer.submit(
            lambda connection: self._write(connection, emission, rows),
            size,
            lambda receipt: self._written(receipt, rows, size),
        )

    def _admit(self, size: int) -> None:
        waiting = self._committer.pending_bytes
        # What is larger than the whole bound may go alone: else its sender would be asked to wait for ever.
        if waiting and waiting + size > self._settings.pending_bytes:
            raise Throttled("IntakeBusy", f"More than {self._settings.pending_bytes // MIB} MiB wait to be written.")
        if self._held.bytes + size > self._settings.total_bytes:
            raise Throttled(
                "IntakeFull",
                f"The intake holds its limit of {self._settings.total_bytes // MIB} MiB: destinations lag behind.",
                retry_after=10.0,
            )
        require_disk(self._path.parent, self._settings.disk_reserve_bytes, size)

    def _write(self, connection: sqlite3.Connection, emission: Emission, rows: Sequence[file.Row]) -> Receipt:
        # Inside the transaction, so that two sendings of one key in one group are seen one after the other.
        now = self._key_clock.now()
        if now - self._keys_swept > _KEY_SWEEP:
            file.forget_keys(connection, now - KEY_AGE)
            self._keys_swept = now
        if emission.key is not None:
            sequence = file.known(connection, emission.key, now - KEY_AGE)
            if sequence is not None:
                return Receipt(sequence, repeated=True)
        sequence = file.insert(connection, rows, emission.received, emission.principal, emission.door)
        if emission.key is not None:
            file.remember(connection, emission.key, sequence, now)
        return Receipt(sequence)

    def _written(self, receipt: Receipt, rows: Sequence[file.Row], size: int) -> None:
        if receipt.repeated:
            self._counters.add("lazulite_intake_repeated_emissions_total")
            return
        with self._state:
            self._held = file.Held(self._held.batches + len(rows), self._held.bytes + size)
            self._last = receipt.sequence
            self._state.notify_all()
        self._counters.add("lazulite_intake_records_total", sum(row.rows for row in rows))

    def decide(self, decisions: Mapping[int, tuple[str, ...]]) -> None:
        """Keep, before delivery, where each batch goes. A decision once kept is not changed."""
        self._committer.submit(lambda connection: file.decide(connection, decisions)).result()

    def passed(self, sequence: int) -> Future[file.Held]:
        """All destinations have what is up to `sequence`: the batches go, their senders' keys stay for a day."""
        return self._committer.submit(lambda connection: file.drop(connection, sequence), 0, self._dropped)

    def _dropped(self, dropped: file.Held) -> None:
        with self._state:
            self._held = file.Held(self._held.batches - dropped.batches, self._held.bytes - dropped.bytes)

    def go_on_after(self, sequence: int) -> None:
        """Give no sequence up to this one: they were given before, by the file that this one is an older copy of."""
        self._committer.submit(lambda connection: file.go_on_after(connection, sequence)).result()
        self._last = max(self._last, sequence)

    def close(self) -> None:
        """Commit what waits and close; what is emitted from now on fails with Unavailable."""
        self._committer.stop()
        with self._reading:
            self._reader.close()

    def read(self, after: int, max_rows: int) -> Sequence[StoredBatch]:
        """Batches after a sequence, oldest first, within `max_rows` and `read_bytes` but at least one if there is one.

        A batch whose payload is corrupt comes as a batch of LazuliteRejected with the same sequence: it is reported,
        and those behind it are read.
        """
        found: list[StoredBatch] = []
        rows = size = 0
        with self._reading:
            for header in list(file.headers(self._reader, after, min(max_rows, MAX_BATCHES))):
                rows += header.rows
                size += header.memory
                if found and (rows > max_rows or size > self._settings.read_bytes):
                    break
                found.append(self._stored(header))
        return found

    def _stored(self, header: file.Header) -> StoredBatch:
        try:
            rows = payload.decode(file.payload(self._reader, header.sequence))
        except (payload.CorruptPayload, sqlite3.DatabaseError) as error:
            return self._corrupt(header, error)
        return StoredBatch(
            header.sequence,
            header.resource_id,
            header.category,
            header.received,
            header.principal,
            header.door,
            rows,
        )

    def _corrupt(self, header: file.Header, error: Exception) -> StoredBatch:
        message = f"Batch {header.sequence} with {header.rows} records is corrupt on disk: {error}"
        _LOG.error("%s", message)
        self._counters.add("lazulite_intake_corrupt_batches_total")
        record = RejectedRecord(0, "CorruptBatch", message, "", header.category)
        rows = rejected_rows([record], header.door, header.principal, header.received)
        return StoredBatch(
            header.sequence, header.resource_id, REJECTED, header.received, header.principal, header.door, rows
        )

    def decisions(self, after: int, through: int) -> dict[int, tuple[str, ...]]:
        """The decisions kept for the batches (after, through]."""
        with self._reading:
            return file.decisions(self._reader, after, through)

    def wait_beyond(self, sequence: int, timeout: float) -> bool:
        """Wait until a batch after `sequence` is on disk; False when none came within `timeout` seconds."""
        with self._state:
            return self._state.wait_for(lambda: self._last > sequence, timeout)

    def last_sequence(self) -> int:
        """The highest sequence ever given, 0 before the first."""
        return self._last

    def oldest_sequence(self) -> int:
        """The sequence of the oldest batch kept, or the next one to be given when none is."""
        with self._reading:
            found = file.oldest(self._reader)
        return self._last + 1 if found is None else found

    def lag(self) -> float:
        """Seconds since the oldest batch that some destination has still to take was received."""
        if not self._held.batches:
            return 0.0
        with self._reading:
            received = file.oldest_received(self._reader)
        return 0.0 if received is None else max(0.0, (self._clock.now() - received) / TICKS_PER_SECOND)

    def depth(self) -> int:
        """Batches that some destination has still to take."""
        return self._held.batches
