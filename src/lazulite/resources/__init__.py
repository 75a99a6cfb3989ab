"""The ARM resource store: any resource by id, with etags, revisions, kinds and an outbox of activity events."""

from __future__ import annotations

from collections.abc import Sequence

from lazulite.core.ids import Ids
from lazulite.resources import machine_learning
from lazulite.resources.activity import ActivityEvent
from lazulite.resources.containers import RESOURCE_GROUP, SubscriptionKind
from lazulite.resources.kind import Body, Change, Resource, ResourceKind, Traits, Write
from lazulite.resources.plain_kind import NameRule, PlainKind
from lazulite.resources.store import ResourceStore


def own_kinds(tenant_id: str, ids: Ids) -> Sequence[ResourceKind]:
    """The kinds that this room owns: subscriptions, resource groups, and what is monitored."""
    return (SubscriptionKind(tenant_id), RESOURCE_GROUP, *machine_learning.kinds(ids))


__all__ = [
    "ActivityEvent",
    "Body",
    "Change",
    "NameRule",
    "PlainKind",
    "Resource",
    "ResourceKind",
    "ResourceStore",
    "Traits",
    "Write",
    "own_kinds",
]
