"""Where a resource may stand: a well-formed id, in a subscription, a resource group and a parent that exist."""

from __future__ import annotations

from sqlalchemy import Connection

from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import ResourceKind
from lazulite.resources.limits import ResourceLimits
from lazulite.resources.table import exists, parent_of


def check_id(resource_id: ResourceId, kind: ResourceKind | None, limits: ResourceLimits) -> None:
    """Raises BadRequest for a collection, an overlong name, or a parent of the wrong type."""
    if resource_id.is_collection:
        raise BadRequest("InvalidResourceId", f"'{resource_id}' is a collection: add the resource's name behind it.")
    if len(resource_id.name) > limits.name_length:
        message = f"The name '{resource_id.name[:40]}...' is longer than {limits.name_length} characters."
        raise BadRequest("InvalidResourceName", message, target="name")
    allowed = kind.traits.parent_types if kind else ()
    parent = parent_of(resource_id)
    if allowed and (parent is None or parent.type.lower() not in {name.lower() for name in allowed}):
        where = f"under '{parent.type}'" if parent else "at the root"
        message = f"'{resource_id.type}' cannot stand {where}; it belongs under {', '.join(allowed)}."
        raise BadRequest("InvalidResourceType", message)


def check_containers(connection: Connection, resource_id: ResourceId) -> None:
    """Raises NotFound for the outermost container of a resource that does not exist."""
    subscription, group, parent = resource_id.subscription, resource_id.resource_group, parent_of(resource_id)
    if subscription is None or parent is None:
        return
    if not exists(connection, parse(f"/subscriptions/{subscription}")):
        raise NotFound("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
    if group and resource_id.segments and not exists(connection, _group(subscription, group)):
        raise NotFound("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    if parent.segments and not exists(connection, parent):
        raise NotFound(
            "ParentResourceNotFound",
            f"Can not perform requested operation on nested resource. Parent resource '{parent}' not found.",
        )


def missing(connection: Connection, resource_id: ResourceId) -> NotFound:
    """The error of a resource that is not there; a container that is not there is raised instead."""
    check_containers(connection, resource_id)
    if not resource_id.segments:
        code = "ResourceGroupNotFound" if resource_id.resource_group else "SubscriptionNotFound"
        what = "Resource group" if resource_id.resource_group else "The subscription"
        return NotFound(code, f"{what} '{resource_id.name}' could not be found.")
    where = f" under resource group '{resource_id.resource_group}'" if resource_id.resource_group else ""
    message = f"The Resource '{resource_id.type}/{resource_id.name}'{where} was not found."
    return NotFound("ResourceNotFound", message)


def _group(subscription: str, group: str) -> ResourceId:
    return parse(f"/subscriptions/{subscription}/resourceGroups/{group}")
