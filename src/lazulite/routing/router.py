"""Where a batch goes: decided once by the diagnostic settings in force when it is drained.

| category | goes to |
| --- | --- |
| of logs | the workspaces of the settings on the resource that owns the category (ownership.py) |
| AllMetrics | always the metric store; as AzureMetrics the workspaces of the settings on the resource itself |
| LazuliteRejected | the home workspace |

What no setting sends anywhere is counted and not stored, as in Azure.
"""

from __future__ import annotations

from lazulite.catalog import category
from lazulite.core.batch import ALL_METRICS, REJECTED, StoredBatch
from lazulite.core.counters import Counters
from lazulite.routing.ownership import owner, parsed
from lazulite.routing.settings import Settings, Snapshot

UNROUTED = "lazulite_unrouted_records_total"


class Router:
    """Decides for one service. `home` is the customer id of the workspace that keeps rejected records."""

    def __init__(self, settings: Settings, home: str, counters: Counters) -> None:
        self._settings = settings
        self.home = home
        self._counters = counters

    def route(self, batch: StoredBatch) -> tuple[str, ...]:
        """Customer ids of the workspaces that get the batch; counts it as unrouted when there is none."""
        found = self.destinations(batch.resource_id, batch.category, self._settings.snapshot())
        if not found and batch.category != ALL_METRICS:
            self._counters.add(UNROUTED, batch.rows.num_rows, category=batch.category)
        return found

    def destinations(self, resource_id: str, name: str, snapshot: Snapshot) -> tuple[str, ...]:
        if name == REJECTED:
            return (self.home,)
        if name == ALL_METRICS:
            return snapshot.destinations(resource_id, ALL_METRICS)
        known = category(name)
        scope = owner(parsed(resource_id), known) if known is not None else None
        return snapshot.destinations(scope.key, known.name) if scope is not None and known is not None else ()
