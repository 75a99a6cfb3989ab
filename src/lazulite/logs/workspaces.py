"""Finding Log Analytics workspaces, by customer id, name, ARM id or qualified name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import ResourceId
from lazulite.resources.kind import Resource

TYPE = "Microsoft.OperationalInsights/workspaces"
DEFAULT_RETENTION_DAYS = 30


@dataclass(frozen=True)
class Workspace:
    """A workspace as queries and retention need it; `customer_id` is lower case and its space in the engine.

    `by_resource`: who may read a resource sees its rows here; otherwise the workspace must be readable as well.
    """

    customer_id: str
    id: ResourceId
    name: str
    retention_days: int
    by_resource: bool = True
    region: str = ""

    @property
    def qualified_name(self) -> str:
        """SUBSCRIPTION/GROUP/NAME in lower case, another way to name it."""
        return f"{self.id.subscription}/{self.id.resource_group}/{self.name}".lower()


class ResourceLists(Protocol):
    """The part of the resource store that look-ups need."""

    def list(self, resource_type: str, /) -> Sequence[Resource]: ...

    def revision(self) -> int: ...


@dataclass(frozen=True)
class _Snapshot:
    revision: int
    all: tuple[Workspace, ...]
    by_id: Mapping[str, Workspace]
    by_name: Mapping[str, tuple[Workspace, ...]]


class Workspaces:
    """Finds workspaces; what it knows is read again when the store's revision has moved."""

    def __init__(self, store: ResourceLists) -> None:
        self._store = store
        self._known: _Snapshot | None = None

    def all(self) -> tuple[Workspace, ...]:
        """Every workspace, by ARM id."""
        return self._snapshot().all

    def find(self, text: str) -> Workspace | None:
        """The workspace of this customer id, ARM id, name, or SUBSCRIPTION/GROUP/NAME.

        Raises BadRequest when a name is of several.
        """
        known, key = self._snapshot(), text.strip().lower().rstrip("/")
        if key in known.by_id:
            return known.by_id[key]
        named = known.by_name.get(key, ())
        if len(named) > 1:
            raise BadRequest(
                "AmbiguousWorkspaceName",
                f"{len(named)} workspaces are named '{text}': {', '.join(found.id.text for found in named)}."
                " Give the customer id or the ARM id.",
            )
        return named[0] if named else None

    def require(self, text: str) -> Workspace:
        """As `find`; raises NotFound `WorkspaceNotFoundError`."""
        found = self.find(text)
        if found is None:
            raise NotFound(
                "WorkspaceNotFoundError",
                f"The workspace '{text[:200]}' could not be found. Give its customer id (a GUID), name or ARM id.",
            )
        return found

    def _snapshot(self) -> _Snapshot:
        # The revision is read before the list: a change in between is seen at the next look-up, never lost.
        revision = self._store.revision()
        known = self._known
        if known is None or known.revision != revision:
            known = self._known = _snapshot(revision, self._store.list(TYPE))
        return known


def _snapshot(revision: int, resources: Sequence[Resource]) -> _Snapshot:
    found = tuple(sorted((_workspace(resource) for resource in resources), key=lambda each: each.id.key))
    by_name: dict[str, tuple[Workspace, ...]] = {}
    for each in found:
        by_name[each.name.lower()] = (*by_name.get(each.name.lower(), ()), each)
    by_id = {name: each for each in found for name in (each.customer_id, each.id.key, each.qualified_name)}
    return _Snapshot(revision, found, by_id, by_name)


def _workspace(resource: Resource) -> Workspace:
    properties = resource.properties
    return Workspace(
        str(properties["customerId"]).lower(),
        resource.id,
        resource.id.name,
        int(properties.get("retentionInDays", DEFAULT_RETENTION_DAYS)),
        bool(properties.get("features", {}).get("enableLogAccessUsingOnlyResourcePermissions", True)),
        str(resource.body.get("location", "")),
    )
