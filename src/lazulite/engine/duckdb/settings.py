"""Every bound of the embedded engine, named."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MIB = 1024 * 1024
GIB = 1024 * MIB
STORAGE_VERSION = "v2.0.0"


@dataclass(frozen=True)
class DuckDbSettings:
    """Sizes in bytes, times in seconds. `memory_bytes` is DuckDB's own half of the service's budget.

    `disk_reserve_bytes` None: core.disk.DEFAULT_RESERVE.
    """

    memory_bytes: int = 512 * MIB
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    spill_bytes: int = 4 * GIB
    queries: int = 4
    alert_queries: int = 1
    queries_waiting: int = 64
    writes_waiting: int = 16
    checkpoint_bytes: int = 64 * MIB
    checkpoint_idle_seconds: float = 10.0
    disk_reserve_bytes: int | None = None
    reopen_seconds: float = 0.1
    reopen_max_seconds: float = 10.0

    @property
    def slots(self) -> dict[str, int]:
        """How many queries run at once, by slot."""
        return {"query": self.queries, "alerts": self.alert_queries}
