"""What a list of resources selects: the members of a collection, of a group, of a subscription; with filters, in pages.

SUB/providers/NS/TYPE       of the subscription itself and of its resource groups
RG/providers/NS/TYPE        of the group
RID/TYPE, RID/providers/..  of that resource alone, children or extensions
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, literal, or_, select

from lazulite.core.resource_id import ResourceId
from lazulite.resources.kind import Resource, ResourceKind
from lazulite.resources.table import RESOURCE, parent_of, to_resource

PAGE = 200


@dataclass(frozen=True)
class ResourceFilter:
    """Conditions that all must hold, without case; None is no condition."""

    type: str | None = None
    resource_group: str | None = None
    name: str | None = None
    tag_name: str | None = None
    tag_value: str | None = None


@dataclass(frozen=True)
class Listing:
    """Which resources are listed. Made by the functions below, read by `ResourceStore.page`."""

    where: ColumnElement[bool]
    filter: ResourceFilter = ResourceFilter()


@dataclass(frozen=True)
class Page:
    """Some resources in order of their keys, and the key to go on behind; None at the end."""

    resources: Sequence[Resource]
    after: str | None


def members(collection: ResourceId) -> Listing:
    """The resources of a collection id such as RG/providers/Microsoft.Insights/metricAlerts."""
    parent = parent_of(collection)
    return Listing(and_(RESOURCE.c.type_key == collection.type.lower(), _directly_in(parent)))


def subscriptions() -> Listing:
    return Listing(RESOURCE.c.type_key == "microsoft.resources/subscriptions")


def resource_groups(subscription: ResourceId) -> Listing:
    kind = RESOURCE.c.type_key == "microsoft.resources/resourcegroups"
    return Listing(and_(kind, RESOURCE.c.parent_key == subscription.key))


def resources_in(scope: ResourceId, kinds: Iterable[ResourceKind], chosen: ResourceFilter) -> Listing:
    """What `RG/resources` and `SUB/resources` list: tracked types, and types without a kind at a group's top."""
    traits = [kind.traits for kind in kinds]
    untracked = [one.type.lower() for one in traits if not one.tracked]
    nested = [one.type.lower() for one in traits if one.tracked and one.type.count("/") > 1]
    at_the_top = and_(RESOURCE.c.parent_key == _group_key(), RESOURCE.c.type_key.not_in(untracked))
    shown = or_(at_the_top, RESOURCE.c.type_key.in_(nested))
    group = scope.resource_group or chosen.resource_group
    inside = [RESOURCE.c.subscription == (scope.subscription or "").lower(), RESOURCE.c.resource_group != ""]
    if group:
        inside.append(RESOURCE.c.resource_group == group.lower())
    return Listing(and_(shown, *inside), chosen)


def below(type_key: str, scope: ResourceId | None) -> ColumnElement[bool]:
    """Everything of a type at any depth below a scope."""
    of_type = RESOURCE.c.type_key == type_key.lower()
    return of_type if scope is None else and_(of_type, within(scope))


def within(scope: ResourceId) -> ColumnElement[bool]:
    return RESOURCE.c.key.startswith(f"{scope.key}/", autoescape=True)


def _directly_in(parent: ResourceId | None) -> ColumnElement[bool]:
    if parent is None:
        return RESOURCE.c.parent_key == ""
    here = RESOURCE.c.parent_key == parent.key
    if parent.segments or parent.resource_group:
        return here
    in_its_groups = and_(RESOURCE.c.subscription == parent.name.lower(), RESOURCE.c.parent_key == _group_key())
    return or_(here, in_its_groups)


def _group_key() -> ColumnElement[str]:
    return literal("/subscriptions/") + RESOURCE.c.subscription + "/resourcegroups/" + RESOURCE.c.resource_group


def page(connection: Connection, listing: Listing, after: str, limit: int) -> Page:
    """Up to `limit` resources behind the key `after`; tags are compared here, as JSON is not the database's."""
    found: list[Resource] = []
    query = select(RESOURCE).where(listing.where, *_conditions(listing.filter)).order_by(RESOURCE.c.key)
    while True:
        # One more than is shown, so that the last page is known to be the last and has no link to an empty one.
        rows = connection.execute(query.where(RESOURCE.c.key > after).limit(limit + 1)).all()
        for row in rows:
            if len(found) == limit:
                return Page(found, after)
            resource = to_resource(row)
            if _tagged(resource, listing.filter):
                found.append(resource)
            after = row.key
        if len(rows) <= limit:
            return Page(found, None)


def _conditions(chosen: ResourceFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (RESOURCE.c.type_key, chosen.type),
        (RESOURCE.c.resource_group, chosen.resource_group),
        (RESOURCE.c.name_key, chosen.name),
    )
    return [column == value.lower() for column, value in pairs if value is not None]


def _tagged(resource: Resource, chosen: ResourceFilter) -> bool:
    if chosen.tag_name is None:
        return True
    tags = {name.lower(): value for name, value in (resource.body.get("tags") or {}).items()}
    value = tags.get(chosen.tag_name.lower())
    return value is not None and chosen.tag_value in (None, value)
