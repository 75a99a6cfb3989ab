"""The table of resources, and the rows in it as `Resource`."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Row, String, Table, Text, insert, select, update

from lazulite.core.resource_id import MAX_LENGTH, ResourceId, parse
from lazulite.resources.kind import Resource
from lazulite.state.database import METADATA

RESOURCE = Table(
    "resource",
    METADATA,
    Column("key", String(MAX_LENGTH), primary_key=True),
    Column("id", String(MAX_LENGTH), nullable=False),
    Column("type", String(512), nullable=False),
    Column("type_key", String(512), nullable=False),
    Column("parent_key", String(MAX_LENGTH), nullable=False),
    Column("subscription", String(512), nullable=False),
    Column("resource_group", String(512), nullable=False),
    Column("name_key", String(512), nullable=False),
    Column("body", Text, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Index("resource_by_type", "type_key", "key"),
    Index("resource_by_parent", "parent_key", "key"),
)

_REVISION = Table(
    "resource_revision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)


def parent_of(resource_id: ResourceId) -> ResourceId | None:
    """What a resource is in or on; None for subscriptions and for what stands at the root."""
    if resource_id.subscription is None and len(resource_id.segments) == 1 and len(resource_id.segments[0].types) == 1:
        return None
    return resource_id.parent


def to_resource(row: Row[Any]) -> Resource:
    return Resource(
        id=parse(row.id),
        type=row.type,
        body=msgspec.json.decode(row.body),
        etag=row.etag,
        revision=row.revision,
        created=row.created,
        changed=row.changed,
    )


def to_row(resource: Resource) -> dict[str, Any]:
    parent = parent_of(resource.id)
    return {
        "key": resource.id.key,
        "id": resource.id.text,
        "type": resource.type,
        "type_key": resource.type.lower(),
        "parent_key": parent.key if parent else "",
        "subscription": (resource.id.subscription or "").lower(),
        "resource_group": (resource.id.resource_group or "").lower(),
        "name_key": resource.id.name.lower(),
        "body": msgspec.json.encode(resource.body).decode(),
        "etag": resource.etag,
        "revision": resource.revision,
        "created": resource.created,
        "changed": resource.changed,
    }


def find(connection: Connection, resource_id: ResourceId) -> Resource | None:
    row = connection.execute(select(RESOURCE).where(RESOURCE.c.key == resource_id.key)).first()
    return to_resource(row) if row else None


def exists(connection: Connection, resource_id: ResourceId) -> bool:
    return connection.scalar(select(RESOURCE.c.revision).where(RESOURCE.c.key == resource_id.key)) is not None


def save(connection: Connection, resource: Resource, *, new: bool) -> None:
    row = to_row(resource)
    change = insert(RESOURCE) if new else update(RESOURCE).where(RESOURCE.c.key == resource.id.key)
    connection.execute(change.values(row))


def current_revision(connection: Connection) -> int:
    return connection.scalar(select(_REVISION.c.value)) or 0


def next_revision(connection: Connection) -> int:
    """Count the store's revision up by one; the row lock makes other writers wait for this transaction."""
    if connection.execute(update(_REVISION).values(value=_REVISION.c.value + 1)).rowcount == 0:
        connection.execute(insert(_REVISION).values(id=1, value=1))
    return current_revision(connection)
