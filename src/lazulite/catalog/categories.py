"""The 31 resource-log categories of diagnostic settings, and the activity log's 8.

Category names compare without case (Azure accepts either); `name` is the catalog's spelling.
"""

from __future__ import annotations

from functools import cache, lru_cache

import msgspec

from lazulite.catalog.packaged import MAX_TYPES, read


class Category(msgspec.Struct, frozen=True):
    """A category of one resource type, the table it lands in, and the category groups that contain it."""

    name: str
    display_name: str
    description: str
    resource_type: str
    table: str
    category_groups: tuple[str, ...]
    deprecated: bool
    chatty: bool
    replaced_by: str = ""


class _ActivityCategory(msgspec.Struct, frozen=True):
    name: str
    description: str


def _activity() -> tuple[Category, ...]:
    return tuple(
        Category(
            name=row.name,
            display_name=row.name,
            description=row.description,
            resource_type="Microsoft.Resources/subscriptions",
            table="AzureActivity",
            category_groups=("allLogs",),
            deprecated=False,
            chatty=False,
        )
        for row in read("activity_categories.json", _ActivityCategory)
    )


@cache
def categories() -> tuple[Category, ...]:
    """The 31 resource-log categories, in the catalog's order."""
    return read("categories.json", Category)


@cache
def _by_name() -> dict[str, Category]:
    return {found.name.lower(): found for found in categories() + _activity()}


def category(name: str) -> Category | None:
    """A resource-log or activity-log category by name."""
    return _by_name().get(name.lower())


# Types come from callers' paths: a cache of all that were ever asked for would grow without end.
@lru_cache(MAX_TYPES)
def categories_of(resource_type: str) -> tuple[Category, ...]:
    """What a diagnostic setting on a resource of this type may name; the type compares without case."""
    wanted = resource_type.lower()
    return tuple(found for found in _by_name().values() if found.resource_type.lower() == wanted)
