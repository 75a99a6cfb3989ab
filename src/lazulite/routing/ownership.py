"""Which resource a category belongs to: the resource itself, or the nearest one above it whose type emits the category.

Diagnostic settings hang on the owner. So a compute's cluster events are its ML workspace's, and an activity event of
any resource is its subscription's, as in Azure.
"""

from __future__ import annotations

from functools import lru_cache

from lazulite.catalog import Category
from lazulite.core.resource_id import ResourceId, parse

MAX_PARSED = 4096
_SUBSCRIPTION = "microsoft.resources/subscriptions"


@lru_cache(MAX_PARSED)
def parsed(key: str) -> ResourceId:
    """The parts of an id that is used over and over."""
    return parse(key)


def owner(resource: ResourceId, category: Category) -> ResourceId | None:
    """The resource whose diagnostic settings decide about this category, or None when none above emits it."""
    wanted = category.resource_type.lower()
    if wanted == _SUBSCRIPTION:
        return parsed(f"/subscriptions/{resource.subscription}".lower()) if resource.subscription else None
    return next((level for level in lineage(resource) if level.type.lower() == wanted), None)


def lineage(resource: ResourceId) -> list[ResourceId]:
    """The resource and its parents within its provider block, nearest first; no group and no subscription."""
    levels = []
    level: ResourceId | None = resource
    while level is not None and level.segments:
        levels.append(level)
        level = level.parent
    return levels
