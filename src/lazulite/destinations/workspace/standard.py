"""The standard columns, filled for a whole batch at once.

| column | is |
| --- | --- |
| TenantId | the workspace's customer id, as in Log Analytics |
| Type | the table |
| SourceSystem | Azure |
| _ResourceId, _SubscriptionId | of the emitting resource, lower case |
| _IsBillable | "True", or "False" in free tables |
| _BilledSize | bytes of the record's own columns and TimeGenerated: UTF-8 bytes of text and dynamic, 8 a value else |
| _ItemId | EPOCH-SEQUENCE-ROW in hexadecimal: unique, and the same whenever the batch is delivered again |
| _TimeReceived | when the door took the batch |
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.core.batch import StoredBatch
from lazulite.core.resource_id import parse
from lazulite.destinations.workspace.settings import WorkspaceSettings

_EPOCH_DIGITS = 16
_FIXED_BYTES = 8


def with_standard(rows: pa.Table, table: str, batch: StoredBatch, epoch: str, settings: WorkspaceSettings) -> pa.Table:
    """Own columns and TimeGenerated in; the same and all standard columns but TenantId out."""
    count = rows.num_rows
    billable = "False" if table in settings.free_tables else "True"
    added = {
        "Type": constant(table, count),
        "SourceSystem": constant(settings.source_system, count),
        "_ResourceId": constant(batch.resource_id.lower(), count),
        "_SubscriptionId": constant((parse(batch.resource_id).subscription or "").lower(), count),
        "_IsBillable": constant(billable, count),
        "_BilledSize": billed_size(rows),
        "_ItemId": item_ids(epoch, batch.sequence, count),
        "_TimeReceived": pa.array(np.full(count, batch.received, dtype=np.int64)),
    }
    for name, array in added.items():
        rows = rows.append_column(name, array)
    return rows


def constant(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def billed_size(rows: pa.Table) -> pa.Array:
    total = np.zeros(rows.num_rows, dtype=np.float64)
    for column in rows.columns:
        if pa.types.is_string(column.type):
            sizes = pc.fill_null(pc.binary_length(column), 0)
        else:
            sizes = pc.multiply(pc.cast(pc.is_valid(column), pa.int32()), _FIXED_BYTES)
        total += sizes.to_numpy()
    return pa.array(total)


def item_ids(epoch: str, sequence: int, count: int) -> pa.Array:
    # 64 bits of the epoch tell two intakes of one service apart; all 128 would be a fifth of a short row.
    head = f"{epoch.replace('-', '')[:_EPOCH_DIGITS]}-{sequence:x}-"
    rows = pa.array([f"{row:x}" for row in range(count)], pa.string())
    return pc.binary_join_element_wise(pa.scalar(head), rows, "")
