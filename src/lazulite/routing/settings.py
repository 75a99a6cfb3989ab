"""Diagnostic settings: the kind that keeps their rules, and the snapshot that the router reads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import Body, Change, Resource, Traits, Write
from lazulite.routing.setting_rules import CustomerId, check_siblings, checked, chosen

TYPE = "Microsoft.Insights/diagnosticSettings"


@dataclass(frozen=True)
class DiagnosticSettingKind:
    """Microsoft.Insights/diagnosticSettings on a resource or subscription.

    `customer_id` gives that of an existing Log Analytics workspace, or None.
    """

    customer_id: CustomerId
    traits: Traits = field(
        default=Traits(
            type=TYPE,
            api_versions=("2021-05-01-preview", "2017-05-01-preview"),
            created_status=200,
            tracked=False,
        )
    )

    def validate(self, write: Write) -> Body:
        """The body with all properties present; raises BadRequest, NotFound (the workspace) or Conflict."""
        scope = write.id.parent
        given = write.body.get("properties")
        if scope is None or not isinstance(given, Mapping):
            raise BadRequest("BadRequest", "A diagnostic setting has an object 'properties'.", target="properties")
        properties = checked(given, scope, self.customer_id)
        check_siblings(properties, scope, write.siblings, write.current is None)
        return {**write.body, "properties": properties}

    def committed(self, change: Change) -> None:
        """Nothing: the snapshot compares revisions."""


@dataclass(frozen=True)
class Setting:
    """What one diagnostic setting does: which names (categories, AllMetrics) go to which workspace."""

    name: str
    sends: frozenset[str]
    workspace: str


@dataclass(frozen=True)
class Snapshot:
    """All settings at one revision, by the key of the resource they hang on."""

    revision: int
    by_scope: Mapping[str, tuple[Setting, ...]]

    def destinations(self, scope: str, name: str) -> tuple[str, ...]:
        """Customer ids of the workspaces that get `name` of the resource with this key, each once, in order."""
        found = (setting.workspace for setting in self.by_scope.get(scope, ()) if name in setting.sends)
        return tuple(sorted(set(found)))


class SettingStore(Protocol):
    """What is needed of resources.store."""

    def revision(self) -> int: ...

    def list(self, resource_type: str, under: ResourceId | None = None) -> Sequence[Resource]: ...


class Settings:
    """The current snapshot, read anew when the store's revision has moved: a change is in force at the next batch."""

    def __init__(self, store: SettingStore, customer_id: Callable[[ResourceId], str | None]) -> None:
        self._store = store
        self._customer_id = customer_id
        self._lock = threading.Lock()
        self._snapshot = Snapshot(-1, {})

    def snapshot(self) -> Snapshot:
        with self._lock:
            # The revision is read before the settings: a change in between only makes the next look read again.
            revision = self._store.revision()
            if revision != self._snapshot.revision:
                self._snapshot = self._read(revision)
            return self._snapshot

    def _read(self, revision: int) -> Snapshot:
        by_scope: dict[str, tuple[Setting, ...]] = {}
        for resource in self._store.list(TYPE):
            scope = resource.id.parent
            workspace = self._customer_id(parse(str(resource.properties["workspaceId"])))
            # A setting outlives its workspace, as in Azure; it then has nowhere to send.
            if scope is not None and workspace is not None:
                setting = Setting(resource.id.name, chosen(resource.properties, scope), workspace)
                by_scope[scope.key] = (*by_scope.get(scope.key, ()), setting)
        return Snapshot(revision, by_scope)
