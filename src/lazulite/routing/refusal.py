"""What the engine refuses is found by halving and becomes rows of LazuliteRejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pyarrow as pa

from lazulite.core.batch import REJECTED, StoredBatch
from lazulite.metrics.store import RefusedPoints
from lazulite.routing.rejected import RejectedRecord, cut, rejected_rows

MAX_TRIES = 200
Refuses = Callable[[StoredBatch], bool]


def refused_rows(batch: StoredBatch, refuses: Refuses) -> list[int]:
    """Row numbers that `refuses` does not let pass. After `MAX_TRIES` halvings, all that have not passed by then."""
    waiting = [(0, batch.rows.num_rows)]
    bad: list[int] = []
    tries = 0
    while waiting:
        start, end = waiting.pop()
        tries += 1
        if tries <= MAX_TRIES and not refuses(replace(batch, rows=batch.rows.slice(start, end - start))):
            continue
        # When nearly every row is bad, halving down to each costs a transaction a row: then the rest goes together.
        if end - start == 1 or tries > MAX_TRIES:
            bad.extend(range(start, end))
        else:
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]
    return sorted(bad)


def parted(batch: StoredBatch, bad: list[int], code: str, message: str) -> tuple[StoredBatch, StoredBatch]:
    """The batch without its bad rows, and these as a batch of LazuliteRejected."""
    refused = set(bad)
    good = [row for row in range(batch.rows.num_rows) if row not in refused]
    taken = batch.rows.take(pa.array(bad, pa.int64())).to_pylist()
    records = [
        RejectedRecord(row, code, message, _text(record), batch.category)
        for row, record in zip(bad, taken, strict=True)
    ]
    return replace(batch, rows=batch.rows.take(pa.array(good, pa.int64()))), _rejected(batch, records)


def rejected_whole(batch: StoredBatch, code: str, message: str) -> StoredBatch:
    """One row that stands for a batch which cannot be stored even record by record."""
    text = f"{message} ({batch.rows.num_rows} records were lost.)"
    return _rejected(batch, [RejectedRecord(0, code, text, "", batch.category)])


def rejected_points(points: RefusedPoints, batch: StoredBatch) -> pa.Table:
    """Rows of LazuliteRejected for points that the metric store has no room for."""
    records = [
        RejectedRecord(row, points.code, points.message, _text(record), batch.category)
        for row, record in enumerate(points.rows.to_pylist())
    ]
    return rejected_rows(records, batch.door, batch.principal, batch.received)


def _rejected(batch: StoredBatch, records: list[RejectedRecord]) -> StoredBatch:
    rows = rejected_rows(records, batch.door, batch.principal, batch.received)
    return replace(batch, category=REJECTED, rows=rows)


def _text(record: dict[str, object]) -> str:
    return cut(msgspec.json.encode(record).decode())
