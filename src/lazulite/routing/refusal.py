"""What the engine refuses is found by halving and becomes rows of LazuliteRejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec
import pyarrow as pa

from lazulite.core.batch import REJECTED, StoredBatch
from lazulite.engine import EngineRefused
from lazulite.metrics.store import RefusedPoints
from lazulite.routing.rejected import RejectedRecord, cut, rejected_rows

MAX_TRIES = 200


@dataclass(frozen=True)
class Reason:
    """Why the engine does not take some rows."""

    code: str
    message: str


Refuses = Callable[[StoredBatch], Reason | None]


def reason_of(error: Exception) -> Reason:
    if isinstance(error, EngineRefused):
        return Reason(error.code, error.message)
    return Reason("RowsRefused", f"{type(error).__name__}: {error}")


def refused_rows(batch: StoredBatch, whole: Reason, refuses: Refuses) -> dict[int, Reason]:
    """The rows that `refuses` does not let pass, each with its own reason; `whole` is that of the batch.

    After `MAX_TRIES` halvings, all that have not passed by then, with the reason of the part that they are in.
    """
    waiting = [(0, batch.rows.num_rows, whole)]
    bad: dict[int, Reason] = {}
    tries = 0
    while waiting:
        start, end, reason = waiting.pop()
        tries += 1
        if tries <= MAX_TRIES:
            found = refuses(replace(batch, rows=batch.rows.slice(start, end - start)))
            if found is None:
                continue
            reason = found
        # When nearly every row is bad, halving down to each costs a transaction a row: then the rest goes together.
        if end - start == 1 or tries > MAX_TRIES:
            bad |= dict.fromkeys(range(start, end), reason)
        else:
            middle = (start + end) // 2
            waiting += [(middle, end, reason), (start, middle, reason)]
    return dict(sorted(bad.items()))


def parted(batch: StoredBatch, bad: Mapping[int, Reason]) -> tuple[StoredBatch, StoredBatch]:
    """The batch without its bad rows, and these as a batch of LazuliteRejected."""
    good = [row for row in range(batch.rows.num_rows) if row not in bad]
    taken = batch.rows.take(pa.array(list(bad), pa.int64())).to_pylist()
    records = [
        RejectedRecord(row, reason.code, reason.message, _text(record), batch.category)
        for (row, reason), record in zip(bad.items(), taken, strict=True)
    ]
    return replace(batch, rows=batch.rows.take(pa.array(good, pa.int64()))), _rejected(batch, records)


def rejected_whole(batch: StoredBatch, reason: Reason) -> StoredBatch:
    """One row that stands for a batch which cannot be stored even record by record."""
    text = f"{reason.message} ({batch.rows.num_rows} records were lost.)"
    return _rejected(batch, [RejectedRecord(0, reason.code, text, "", batch.category)])


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
