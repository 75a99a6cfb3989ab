"""Access decisions: may this caller do this action at this scope, and why.

Until role assignments exist the administrator alone may write, and every authenticated principal may read.
"""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.core.caller import SYSTEM, Caller
from lazulite.core.errors import Forbidden


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str


class Access:
    """Decides for one service. `administrators` are principal ids."""

    def __init__(self, administrators: frozenset[str]) -> None:
        self._administrators = administrators | {SYSTEM.principal_id}

    def decide(self, caller: Caller, action: str, scope: str) -> Decision:
        """`action` is Azure's form, `Microsoft.Insights/metricAlerts/write`; `scope` a resource id or "/"."""
        if caller.principal_id in self._administrators:
            return Decision(True, "administrator")
        if action.lower().endswith("/read"):
            return Decision(True, "every principal may read")
        return Decision(False, "only the administrator may write")

    def require(self, caller: Caller, action: str, scope: str) -> None:
        """Raises Forbidden `AuthorizationFailed` in Azure's words when the decision is no."""
        if not self.decide(caller, action, scope).allowed:
            raise Forbidden(
                "AuthorizationFailed",
                f"The client '{caller.client_id}' with object id '{caller.principal_id}' does not have authorization to"
                f" perform action '{action}' over scope '{scope}'. Ask an administrator of this lazulite.",
            )
