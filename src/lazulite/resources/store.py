"""The ARM resource store: any resource by id, whatever its type, with its kind's rules where a kind is registered.

A write is one transaction: the checks, the kind's validation, the resource with its new revision, and the activity
event in the outbox. Kinds hear of it afterwards, one change after another in the order of revisions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from lazulite.core.caller import Caller
from lazulite.core.clock import Clock
from lazulite.core.errors import Conflict
from lazulite.core.ids import Ids
from lazulite.core.resource_id import ResourceId
from lazulite.resources import body as bodies
from lazulite.resources import etags, listing, placement, table
from lazulite.resources.activity import ActivityEvent, event_of, from_entry
from lazulite.resources.kind import Body, Change, Resource, ResourceKind, Write
from lazulite.resources.limits import ResourceLimits
from lazulite.state.database import Database
from lazulite.state.outbox import Outbox

OUTBOX = "activity"
_LOG = logging.getLogger(__name__)


class ResourceStore:
    """All resources of one service. `clock` is the event clock.

    A kind may read the store while it validates, and sees what was committed; it may not write then.
    """

    def __init__(
        self,
        database: Database,
        kinds: Iterable[ResourceKind],
        clock: Clock,
        ids: Ids,
        limits: ResourceLimits | None = None,
    ) -> None:
        self._database = database
        self._kinds = {kind.traits.type.lower(): kind for kind in kinds}
        self._clock = clock
        self._ids = ids
        self._limits = limits or ResourceLimits()
        self._outbox = Outbox(database, OUTBOX)
        # Held over the transaction and the telling: kinds must hear of changes in the order of their revisions.
        self._in_order = threading.RLock()

    def kind(self, resource_type: str) -> ResourceKind | None:
        return self._kinds.get(resource_type.lower())

    def kinds(self) -> Sequence[ResourceKind]:
        return tuple(self._kinds.values())

    def register(self, kind: ResourceKind) -> None:
        """Add a kind that needs the store itself. Only while the service is being put together."""
        self._kinds[kind.traits.type.lower()] = kind

    def get(self, resource_id: ResourceId) -> Resource | None:
        with self._database.read() as connection:
            return table.find(connection, resource_id)

    def require(self, resource_id: ResourceId) -> Resource:
        """The resource; raises NotFound naming the outermost thing that does not exist."""
        with self._database.read() as connection:
            found = table.find(connection, resource_id)
            if found is None:
                raise placement.missing(connection, resource_id)
            return found

    def list(self, resource_type: str, under: ResourceId | None = None) -> Sequence[Resource]:
        """Every resource of a type, at any depth under a scope, in order of keys."""
        query = select(table.RESOURCE).where(listing.below(resource_type, under)).order_by(table.RESOURCE.c.key)
        with self._database.read() as connection:
            return [table.to_resource(row) for row in connection.execute(query)]

    def page(self, of: listing.Listing, after: str = "", limit: int = listing.PAGE) -> listing.Page:
        """Some resources of a listing, behind the key `after`."""
        with self._database.read() as connection:
            return listing.page(connection, of, after, limit)

    def check_containers(self, resource_id: ResourceId) -> None:
        """Raises NotFound when the subscription, group or parent of an id does not exist."""
        with self._database.read() as connection:
            placement.check_containers(connection, resource_id)

    def revision(self) -> int:
        """Grows with every change; equal revisions mean equal contents."""
        with self._database.read() as connection:
            return table.current_revision(connection)

    def put(
        self,
        resource_id: ResourceId,
        body: Body,
        caller: Caller,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> tuple[Resource, bool]:
        """Create or replace. Returns the resource and whether it is new.

        Raises BadRequest, NotFound (a container), Conflict, PreconditionFailed, TooLarge.
        """
        kind = self.kind(resource_id.type)
        placement.check_id(resource_id, kind, self._limits)
        given = bodies.checked(body, self._limits)
        with self._in_order:
            with self._database.begin() as connection:
                placement.check_containers(connection, resource_id)
                current = table.find(connection, resource_id)
                etags.check(current, if_match, if_none_match)
                change = self._write(connection, resource_id, given, current, caller)
                self._record(connection, change, caller, "PUT")
            self._tell([change])
        return change.resource, current is None

    def patch(
        self, resource_id: ResourceId, body: Mapping[str, Any], caller: Caller, if_match: str | None = None
    ) -> Resource:
        """Merge tags and properties into an existing resource; other members given are replaced.

        Raises as `put`, and NotFound when the resource does not exist.
        """
        given = bodies.checked(body, self._limits)
        with self._in_order:
            with self._database.begin() as connection:
                current = table.find(connection, resource_id)
                if current is None:
                    raise placement.missing(connection, resource_id)
                etags.check(current, if_match, None)
                whole = bodies.checked(bodies.merged(current.body, given), self._limits)
                change = self._write(connection, resource_id, whole, current, caller)
                self._record(connection, change, caller, "PATCH")
            self._tell([change])
        return change.resource

    def delete(self, resource_id: ResourceId, caller: Caller, if_match: str | None = None) -> bool:
        """Remove a resource and all below it, each with its event. False when there was none."""
        with self._in_order:
            with self._database.begin() as connection:
                current = table.find(connection, resource_id)
                etags.check(current, if_match, None)
                if current is None:
                    return False
                changes = self._remove(connection, current, caller)
            self._tell(changes)
        return True

    def pending_events(self, limit: int) -> Sequence[ActivityEvent]:
        """The oldest activity events that are not in the intake yet."""
        return [from_entry(entry) for entry in self._outbox.pending(limit)]

    def drained(self, event_ids: Sequence[str]) -> None:
        """These events are durable elsewhere."""
        self._outbox.drained(event_ids)

    def _write(
        self,
        connection: Connection,
        resource_id: ResourceId,
        body: dict[str, Any],
        current: Resource | None,
        caller: Caller,
    ) -> Change:
        kind = self.kind(resource_id.type)
        known_id = current.id if current else resource_id
        siblings = self._siblings(connection, resource_id)
        if current is None:
            self._check_room(resource_id, len(siblings))
        stored: Body = bodies.placed(body, current, kind)
        if kind is not None:
            stored = kind.validate(Write(known_id, stored, current, caller, siblings))
        after = self._resource(connection, known_id, stored, current, caller)
        table.save(connection, after, new=current is None)
        return Change(current, after)

    def _resource(
        self, connection: Connection, resource_id: ResourceId, body: Body, current: Resource | None, caller: Caller
    ) -> Resource:
        kind, now = self.kind(resource_id.type), self._clock.now()
        revision = table.next_revision(connection)
        kept = current.type if current else resource_id.type
        return Resource(
            id=resource_id,
            type=kind.traits.type if kind else kept,
            body={**body, "systemData": bodies.system_data(current, caller)},
            etag=etags.etag_of(revision),
            revision=revision,
            created=current.created if current else now,
            changed=now,
        )

    def _siblings(self, connection: Connection, resource_id: ResourceId) -> Sequence[Resource]:
        parent = table.parent_of(resource_id)
        columns = table.RESOURCE.c
        query = select(table.RESOURCE).where(
            columns.parent_key == (parent.key if parent else ""),
            columns.type_key == resource_id.type.lower(),
            columns.key != resource_id.key,
        )
        return [table.to_resource(row) for row in connection.execute(query)]

    def _check_room(self, resource_id: ResourceId, present: int) -> None:
        limit = self._limits.resources_of(resource_id.type.lower())
        if present >= limit:
            raise Conflict(
                "ResourceCountExceedsLimit",
                f"There are {present} resources of type '{resource_id.type}' here already, the limit is {limit}."
                " Delete one first.",
            )

    def _remove(self, connection: Connection, current: Resource, caller: Caller) -> Sequence[Change]:
        inside = select(table.RESOURCE).where(listing.within(current.id)).order_by(table.RESOURCE.c.key.desc())
        gone = [*(table.to_resource(row) for row in connection.execute(inside)), current]
        for resource in gone:
            connection.execute(delete(table.RESOURCE).where(table.RESOURCE.c.key == resource.id.key))
        # Deleting stores no resource with a revision, but whoever compares revisions must see that something changed.
        table.next_revision(connection)
        changes = [Change(resource, None) for resource in gone]
        for change in changes:
            self._record(connection, change, caller, "DELETE")
        return changes

    def _record(self, connection: Connection, change: Change, caller: Caller, method: str) -> None:
        event = event_of(change, caller, method, self._clock.now(), self._ids)
        self._outbox.add(event.to_entry(), connection)

    def _tell(self, changes: Iterable[Change]) -> None:
        """The change is committed: a kind that fails now is logged, and cannot make the caller believe otherwise."""
        for change in changes:
            kind = self.kind(change.resource.type)
            try:
                if kind is not None:
                    kind.committed(change)
            except Exception:
                _LOG.exception("the kind %s failed after a commit", kind.traits.type if kind else "")
