"""What the caller of a log query may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lazulite.core.caller import Caller
from lazulite.identity.access import Access

ACTION = "Microsoft.OperationalInsights/workspaces/query/read"


class Rights(Protocol):
    """The rights of one caller; `scope` is a resource id."""

    def may_read(self, scope: str) -> bool: ...

    def require(self, scope: str) -> None:
        """Raises Forbidden when the scope may not be read."""
        ...


@dataclass(frozen=True)
class CallerRights:
    """The rights of a caller by the service's access decisions."""

    access: Access
    caller: Caller

    def may_read(self, scope: str) -> bool:
        return self.access.decide(self.caller, ACTION, scope).allowed

    def require(self, scope: str) -> None:
        self.access.require(self.caller, ACTION, scope)


class _Everything:
    def may_read(self, scope: str) -> bool:
        return True

    def require(self, scope: str) -> None:
        return


# Of the service itself.
EVERYTHING: Rights = _Everything()
