"""The agent between the compute and the records door: bounded, batched, and it sends a batch until it is acknowledged.

A batch keeps its key over every retry, so an answer that was lost on the way does not store anything twice.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from lazulite.core.errors import LazuliteError
from lazulite.core.ids import Ids
from lazulite.server.client import Accepted
from lazulite.server.refusal import Refused

Record: TypeAlias = Mapping[str, Any]
CAPACITY = 20_000
MAX_BATCH = 500
INTERVAL_SECONDS = 0.5
MAX_DELAY_SECONDS = 10.0
RETRIED = frozenset({408, 429, 500, 502, 503, 504})


class Door(Protocol):
    """The records door of one resource."""

    def __call__(self, category: str, records: Sequence[Record], key: str) -> Accepted: ...


@dataclass(frozen=True)
class Emitted:
    """Counts since the start. `dropped` did not fit the buffer; `rejected` the service would not store."""

    acknowledged: int = 0
    rejected: int = 0
    dropped: int = 0
    waiting: int = 0
    sequence: int = 0
    trouble: str = ""


class Emitter:
    """Takes records at once and sends them from a thread of its own; past CAPACITY, new ones are counted as dropped."""

    def __init__(self, door: Door, ids: Ids, *, capacity: int = CAPACITY, interval: float = INTERVAL_SECONDS) -> None:
        self._door = door
        self._ids = ids
        self._capacity = capacity
        self._interval = interval
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Record]] = deque()
        self._sending = 0
        self._counts = Emitted()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="emitter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, category: str, record: Record) -> None:
        with self._lock:
            if len(self._waiting) + self._sending >= self._capacity:
                self._count(dropped=1)
                return
            self._waiting.append((category, record))

    def counts(self) -> Emitted:
        with self._lock:
            return Emitted(**(vars(self._counts) | {"waiting": len(self._waiting) + self._sending}))

    def close(self, timeout: float) -> Emitted:
        """Send what waits, for at most `timeout` seconds; what is left then is in the answer's `waiting`."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)
        self._abandoned.set()
        return self.counts()

    def _loop(self) -> None:
        while True:
            self._wake.wait(self._interval)
            self._flush()
            if self._closing.is_set() and not self.counts().waiting:
                return
            if self._abandoned.is_set():
                return

    def _flush(self) -> None:
        for category, records in self._take():
            self._deliver(category, records)
            with self._lock:
                self._sending -= len(records)
            if self._abandoned.is_set():
                return

    def _take(self) -> list[tuple[str, list[Record]]]:
        """All that waits, by category, in batches, each category in the order it came."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
            self._sending = len(taken)
        by_category: dict[str, list[Record]] = {}
        for category, record in taken:
            by_category.setdefault(category, []).append(record)
        return [
            (category, records[start : start + MAX_BATCH])
            for category, records in by_category.items()
            for start in range(0, len(records), MAX_BATCH)
        ]

    def _deliver(self, category: str, records: Sequence[Record]) -> None:
        # Made before the first try: a repeat under the same key is stored once.
        key = self._ids.guid()
        delay = self._interval
        while not self._abandoned.is_set():
            try:
                accepted = self._door(category, records, key)
            except LazuliteError as error:
                if isinstance(error, Refused) and error.status not in RETRIED:
                    self._settle(trouble=error.message, rejected=len(records))
                    return
                self._settle(trouble=error.message)
                self._abandoned.wait(max(delay, getattr(error, "retry_after", None) or 0.0))
                delay = min(delay * 2, MAX_DELAY_SECONDS)
            else:
                trouble = accepted.rejected[0][2] if accepted.rejected else ""
                self._settle(
                    trouble=trouble,
                    acknowledged=accepted.accepted,
                    rejected=len(accepted.rejected),
                    sequence=accepted.sequence,
                )
                return

    def _settle(self, trouble: str, **amounts: int) -> None:
        with self._lock:
            self._count(**amounts)
            if trouble or amounts:
                self._counts = Emitted(**(vars(self._counts) | {"trouble": trouble}))

    def _count(self, sequence: int = 0, **amounts: int) -> None:
        now = vars(self._counts)
        grown = {name: now[name] + amount for name, amount in amounts.items()}
        self._counts = Emitted(**(now | grown | {"sequence": max(now["sequence"], sequence)}))
