"""Deletes log rows that a workspace no longer keeps. Run hourly."""

from __future__ import annotations

from lazulite.core.clock import TICKS_PER_DAY, Clock
from lazulite.engine.interface import Engine, Expiry
from lazulite.logs.workspaces import Workspaces

# A row lives as long as the later of the two says, so that imported history is not gone within the hour.
COLUMNS = ("TimeGenerated", "_TimeReceived")


class Retention:
    """Applies every workspace's retentionInDays, counted by the event clock, to its tables."""

    def __init__(self, engine: Engine, workspaces: Workspaces, clock: Clock) -> None:
        self._engine = engine
        self._workspaces = workspaces
        self._clock = clock

    def run(self) -> int:
        """Delete what is too old; returns how many rows. Raises Unavailable when the engine cannot write now."""
        schema, now = self._engine.schema(), self._clock.now()
        deleted = 0
        for workspace in self._workspaces.all():
            before = now - workspace.retention_days * TICKS_PER_DAY
            for name, table in schema.of(workspace.customer_id).items():
                present = {column.name for column in table.columns if column.type == "datetime"}
                counted = tuple(column for column in COLUMNS if column in present)
                if counted:
                    deleted += self._engine.expire(Expiry(workspace.customer_id, name, counted, before))
        return deleted
