"""What a resource type adds to the generic ARM store: the one protocol through which upper rooms own their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lazulite.core.caller import Caller
from lazulite.core.resource_id import ResourceId

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """A stored resource. `body` is what is returned besides id, name, type and etag: location, tags, properties, ...

    `revision` grows with every change in the store and is unique; created and changed are ticks of the event clock.
    """

    id: ResourceId
    type: str
    body: Body
    etag: str
    revision: int
    created: int
    changed: int

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.body.get("properties") or {}
        return found


@dataclass(frozen=True)
class Write:
    """A PUT or PATCH (already merged) about to be stored. `current` is None on creation."""

    id: ResourceId
    body: Body
    current: Resource | None
    caller: Caller
    siblings: Sequence[Resource] = ()


@dataclass(frozen=True)
class Change:
    """What was committed: `before` is None on creation, `after` None on deletion."""

    before: Resource | None
    after: Resource | None

    @property
    def resource(self) -> Resource:
        """What it is about: as it is now, or as it was."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has a before or an after")
        return found


@dataclass(frozen=True)
class Traits:
    """How the wire treats a type; differences between types are data."""

    type: str
    api_versions: tuple[str, ...]
    created_status: int = 201
    global_location: bool = False
    requires_location: bool = False
    deleted_missing_status: int = 204
    tracked: bool = True
    parent_types: tuple[str, ...] = ()
    secret_properties: tuple[str, ...] = ()


class ResourceKind(Protocol):
    """One resource type's rules. Implemented in the room that owns the type; registered in `server` only."""

    @property
    def traits(self) -> Traits: ...

    def validate(self, write: Write) -> Body:
        """The body to store: normalised, defaults and read-only properties filled. Raises BadRequest or Conflict."""
        ...

    def committed(self, change: Change) -> None:
        """Called after the transaction: refresh caches. Must not fail and must be cheap; restarts do not replay it."""
        ...
