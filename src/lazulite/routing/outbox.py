"""Activity events of the resource store -> the intake, each once: its id is its key.

An event leaves the store's outbox when it is durable in the intake; a crash in between repeats it under the same key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from lazulite.catalog import log_table
from lazulite.core.batch import Batch, Emission, Emit
from lazulite.resources.activity import ActivityEvent
from lazulite.routing.columns import column

DOOR = "activity"
CATEGORY = "Administrative"
_TABLE = "AzureActivity"


class Events(Protocol):
    """What is needed of resources.store."""

    def pending_events(self, limit: int) -> Sequence[ActivityEvent]: ...

    def drained(self, event_ids: Sequence[str]) -> None: ...


class ActivityDrain:
    """Moves events from a store to the intake."""

    def __init__(self, events: Events, emit: Emit) -> None:
        self._events = events
        self._emit = emit

    def drain(self, limit: int = 200) -> int:
        """Move up to `limit` events; returns how many. Raises what the intake refuses with; then none is lost."""
        events = self._events.pending_events(limit)
        receipts = [self._emit.emit(_emission(event)) for event in events]
        for receipt in receipts:
            receipt.result()
        self._events.drained([event.id for event in events])
        return len(events)


def _emission(event: ActivityEvent) -> Emission:
    batch = Batch(event.resource_id.lower(), CATEGORY, _rows(event.record))
    return Emission((batch,), event.time, event.caller, DOOR, f"{DOOR}:{event.id}")


def _rows(record: Mapping[str, Any]) -> pa.Table:
    table = log_table(_TABLE)
    if table is None:
        raise LookupError(f"The catalog has no table {_TABLE}.")
    return pa.table({name: _cell(table.types[name], value) for name, value in record.items()})


def _cell(kusto_type: str, value: Any) -> pa.Array:
    """The store's own form has datetimes in ticks; everything else is as a sender would write it."""
    return pa.array([value], pa.int64()) if kusto_type == "datetime" else column(kusto_type, [value]).array
