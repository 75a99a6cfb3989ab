"""Microsoft.MachineLearningServices: what lazulite monitors. Workspaces, their children and registries, as data."""

from __future__ import annotations

from collections.abc import Sequence

from lazulite.core.ids import Ids
from lazulite.resources.containers import GROUP_TYPE
from lazulite.resources.kind import Traits
from lazulite.resources.plain_kind import NameRule, PlainKind

PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE_TYPE = f"{PROVIDER}/workspaces"
API_VERSIONS = (
    "2020-08-01",
    "2021-07-01",
    "2022-05-01",
    "2022-10-01",
    "2023-04-01",
    "2023-10-01",
    "2024-04-01",
    "2024-10-01",
    "2025-06-01",
)
_WORKSPACE_NAME = NameRule(r"[A-Za-z0-9][\w-]{1,32}", "2 to 33 letters, digits, hyphens and underscores")
_CHILD_NAME = NameRule(r"[A-Za-z0-9][\w.-]{0,254}", "letters, digits, hyphens, underscores and full stops")

# type, parent type, and whether it appears in lists of a resource group
_CHILDREN = (
    ("workspaces/computes", "workspaces", False),
    ("workspaces/onlineEndpoints", "workspaces", True),
    ("workspaces/onlineEndpoints/deployments", "workspaces/onlineEndpoints", True),
    ("workspaces/batchEndpoints", "workspaces", True),
    ("workspaces/batchEndpoints/deployments", "workspaces/batchEndpoints", True),
)


def kinds(ids: Ids) -> Sequence[PlainKind]:
    """The kinds of this provider. A workspace gets its `workspaceId` from `ids`."""
    return (
        _top_level("workspaces", ids, ("workspaceId",)),
        _top_level("registries", ids, ()),
        *(_child(name, parent, tracked) for name, parent, tracked in _CHILDREN),
    )


def _top_level(name: str, ids: Ids, generated: tuple[str, ...]) -> PlainKind:
    traits = Traits(f"{PROVIDER}/{name}", API_VERSIONS, requires_location=True, parent_types=(GROUP_TYPE,))
    return PlainKind(traits, _WORKSPACE_NAME, generated=generated, ids=ids)


def _child(name: str, parent: str, tracked: bool) -> PlainKind:
    traits = Traits(f"{PROVIDER}/{name}", API_VERSIONS, tracked=tracked, parent_types=(f"{PROVIDER}/{parent}",))
    return PlainKind(traits, _CHILD_NAME)
