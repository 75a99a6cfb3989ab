"""Stored batches -> the engine's Appends for the workspaces that get them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from lazulite import kql
from lazulite.catalog import LogTable, category, log_table
from lazulite.core.batch import ALL_METRICS, REJECTED, StoredBatch
from lazulite.destinations.workspace.azure_metrics import TABLE as AZURE_METRICS
from lazulite.destinations.workspace.azure_metrics import metric_rows
from lazulite.destinations.workspace.settings import WorkspaceSettings
from lazulite.destinations.workspace.standard import constant, with_standard
from lazulite.engine import Append

_FIXED = {ALL_METRICS: AZURE_METRICS, REJECTED: REJECTED}


class WorkspaceEncoder:
    """Encodes for one intake. `epoch` is the intake's: it makes `_ItemId` unique for ever."""

    def __init__(self, epoch: str, settings: WorkspaceSettings | None = None) -> None:
        self._epoch = epoch
        self._settings = settings or WorkspaceSettings()

    def encode(self, batch: StoredBatch, workspaces: Sequence[str]) -> list[Append]:
        """One Append a workspace (customer ids), with rows in the batch's order. The same in, the same out."""
        if not workspaces or not batch.rows.num_rows:
            return []
        table = table_of(batch.category)
        columns = tuple(kql.Column(name, kind) for name, kind in table.all_columns)
        rows = with_standard(_own(batch, table), table.name, batch, self._epoch, self._settings)
        return [
            Append(workspace, table.name, columns, rows.append_column("TenantId", constant(workspace, rows.num_rows)))
            for workspace in workspaces
        ]


def table_of(name: str) -> LogTable:
    """The table of a category. Raises LookupError for one that the catalog does not have: no door lets it in."""
    known = category(name)
    table = log_table(_FIXED.get(name) or (known.table if known else ""))
    if table is None:
        raise LookupError(f"The category '{name}' has no table.")
    return table


def _own(batch: StoredBatch, table: LogTable) -> pa.Table:
    """The table's own columns and TimeGenerated; what travels beside them (`_metricDimensions`) stays behind."""
    if batch.category == ALL_METRICS:
        return metric_rows(batch)
    own = {name for name, _ in table.columns} | {"TimeGenerated"}
    rows = batch.rows.select([name for name in batch.rows.column_names if name in own])
    if batch.category == REJECTED and "Sequence" not in rows.column_names:
        rows = rows.append_column("Sequence", pa.array([batch.sequence] * rows.num_rows, pa.int64()))
    return rows
