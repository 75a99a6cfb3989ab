"""What may differ between services in how rows of workspaces are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkspaceSettings:
    """`free_tables` are those whose rows say `_IsBillable` False: Azure's own free ones, and the dead letters."""

    free_tables: frozenset[str] = frozenset({"AzureActivity", "Heartbeat", "Usage", "Operation", "LazuliteRejected"})
    source_system: str = "Azure"
