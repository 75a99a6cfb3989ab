"""The unit of work everywhere: one resource, one category, many records, in typed Arrow form.

A batch's `rows` are in storage form: string columns without nulls, datetime and timespan as int64 ticks, dynamic as
JSON text (string, nullable), int as int32, long as int64, real as float64, bool as bool, guid and decimal as text.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

ALL_METRICS = "AllMetrics"
REJECTED = "LazuliteRejected"


@dataclass(frozen=True)
class Batch:
    """Records of one category of one resource. `resource_id` is lower case; `category` is the catalog's spelling."""

    resource_id: str
    category: str
    rows: pa.Table


@dataclass(frozen=True)
class Emission:
    """What one sender hands over at once: it is durable as a whole or not at all.

    `key` makes it once per sender: a repeat within 24 h gets the first receipt. `received` is ticks of the event clock.
    """

    batches: tuple[Batch, ...]
    received: int
    principal: str
    door: str
    key: str | None = None


@dataclass(frozen=True)
class Receipt:
    """Durable. `sequence` is that of the emission's last batch; `repeated` when the key had been seen before."""

    sequence: int
    repeated: bool = False


class Emit(Protocol):
    """The one way in for records: implemented by the intake, and over HTTP by an agent."""

    def emit(self, emission: Emission) -> Future[Receipt]:
        """Resolves once the emission is on disk; fails with Throttled or Unavailable when it cannot be taken."""
        ...


@dataclass(frozen=True)
class StoredBatch:
    """A batch as the intake keeps it, with its sequence."""

    sequence: int
    resource_id: str
    category: str
    received: int
    principal: str
    door: str
    rows: pa.Table
