"""Records that cannot be stored are records too: of the table LazuliteRejected, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lazulite.core.batch import REJECTED, Batch

MAX_TEXT = 64 * 1024


@dataclass(frozen=True)
class RejectedRecord:
    """Record `index` of a body, why it was not taken, and its text. `category` is as far as it was known."""

    index: int
    code: str
    message: str
    text: str
    category: str = ""


def rejected_rows(records: Sequence[RejectedRecord], door: str, caller: str, received: int) -> pa.Table:
    """Rows of LazuliteRejected; the destination adds the sequence."""
    return pa.table(
        {
            "TimeGenerated": pa.array([received] * len(records), pa.int64()),
            "Category": _texts(record.category for record in records),
            "Code": _texts(record.code for record in records),
            "Message": _texts(record.message for record in records),
            "Door": _texts([door] * len(records)),
            "Caller": _texts([caller] * len(records)),
            "RecordIndex": pa.array([record.index for record in records], pa.int32()),
            "Record": _texts(cut(record.text) for record in records),
        }
    )


def rejected_batch(resource_id: str, records: Sequence[RejectedRecord], door: str, caller: str, received: int) -> Batch:
    return Batch(resource_id, REJECTED, rejected_rows(records, door, caller, received))


def cut(text: str) -> str:
    """At most `MAX_TEXT` bytes of UTF-8, never half a character."""
    encoded = text.encode("utf-8", "backslashreplace")
    return encoded[:MAX_TEXT].decode("utf-8", "ignore")


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())
