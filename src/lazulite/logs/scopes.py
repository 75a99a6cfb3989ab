"""Which workspaces and rows a log query sees, by what it names and what its caller may read.

A scope is either workspaces (that of the path and those of the body), or a resource in every workspace that holds rows.
Inside a query `workspace("x")` adds another one, as far as its caller may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lazulite import kql
from lazulite.core import resource_id as ids
from lazulite.core.errors import BadRequest, LazuliteError
from lazulite.engine.interface import Schema
from lazulite.logs.database import WorkspaceDatabase
from lazulite.logs.rights import Rights
from lazulite.logs.workspaces import TYPE, Workspace, Workspaces

MAX_WORKSPACES = 100


@dataclass(frozen=True)
class Scope:
    """What a query may see: the workspaces, and the resource to which it is restricted (lower case), if any.

    `denied` were asked for as well, and may not be read: the answer is partial.
    """

    workspaces: tuple[Workspace, ...]
    resource_id: str | None = None
    denied: tuple[Workspace, ...] = ()


class Scopes:
    """Resolves scopes; raises NotFound for a workspace that does not exist, BadRequest past 100 of them."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    def of_workspaces(self, names: Sequence[str], rights: Rights) -> Scope:
        """The first must be readable (Forbidden); the others are left out when they are not."""
        named = _bounded([self._workspaces.require(text) for text in dict.fromkeys(names)])
        for first in named[:1]:
            rights.require(first.id.text)
        return _readable(named, rights)

    def of_resource(self, text: str, names: Sequence[str], holding: frozenset[str], rights: Rights) -> Scope:
        """The resource in every workspace of `holding` (customer ids), and in those that are named as well."""
        resource = ids.parse(text)
        if resource.type.lower() == TYPE.lower() and not resource.is_collection:
            return self.of_workspaces([resource.key, *names], rights)
        rights.require(resource.key)
        named = _readable(tuple(self._workspaces.require(text) for text in dict.fromkeys(names)), rights)
        # Workspaces without a table are left out: they have nothing to add, and would count against the limit.
        everywhere = [each for each in self._workspaces.all() if each.customer_id in holding]
        seen = [each for each in everywhere if each.by_resource or rights.may_read(each.id.text)]
        denied = (*named.denied, *(each for each in everywhere if each not in seen))
        return Scope(_bounded([*seen, *named.workspaces]), resource.key, tuple(dict.fromkeys(denied)))


def _readable(found: Sequence[Workspace], rights: Rights) -> Scope:
    denied = tuple(each for each in found if not rights.may_read(each.id.text))
    return Scope(tuple(each for each in found if each not in denied), None, denied)


def _bounded(found: Sequence[Workspace]) -> tuple[Workspace, ...]:
    distinct = tuple(dict.fromkeys(found))
    if len(distinct) > MAX_WORKSPACES:
        raise BadRequest(
            "BadArgumentError",
            f"The query asks {len(distinct)} workspaces; at most {MAX_WORKSPACES} can be asked at once.",
            target="workspaces",
        )
    return distinct


class ScopedDatabase(WorkspaceDatabase):
    """kql.Federation: the tables of a scope, and those of whatever else its caller may name.

    One for each binding: it counts the workspaces that the query comes to ask.
    """

    def __init__(self, schema: Schema, scope: Scope, workspaces: Workspaces, rights: Rights) -> None:
        super().__init__(schema, [each.customer_id for each in scope.workspaces])
        self._scope = scope
        self._workspaces = workspaces
        self._rights = rights
        self._asked = set(scope.workspaces)

    def other(self, kind: str, name: str) -> kql.Other | None:
        """Another workspace, or (in a query of one resource) another resource; see kql.Federation."""
        return self._resource(name) if kind == "resource" else self._workspace(kind, name)

    def others(self, kind: str) -> Iterable[str]:
        """The names of the workspaces that may be read."""
        return () if kind == "resource" else list(self._names())

    def _names(self) -> Iterator[str]:
        for each in self._workspaces.all():
            if self._rights.may_read(each.id.text):
                yield each.name

    def _workspace(self, kind: str, name: str) -> kql.Other | None:
        if self._scope.resource_id is not None:
            # Its scope has every workspace with rows of the resource in it already, as the documentation says.
            raise kql.unsupported(f"{kind}() in a query of one resource")
        found = _located(self._workspaces, name)
        if found is None:
            return None
        if not self._rights.may_read(found.id.text):
            raise kql.denied(f"The workspace '{name}' may not be read by the caller of this query")
        self._asked.add(found)
        if len(self._asked) > MAX_WORKSPACES:
            raise kql.limit(f"The query asks more than {MAX_WORKSPACES} workspaces")
        return kql.Other(WorkspaceDatabase(self._schema, [found.customer_id]))

    def _resource(self, name: str) -> kql.Other:
        if self._scope.resource_id is None:
            raise kql.unsupported("resource() in a query of workspaces: ask with a resource's scope")
        key = _parsed(name).key
        if not self._rights.may_read(key):
            raise kql.denied(f"The resource '{name}' may not be read by the caller of this query")
        return kql.Other(self, key)


def _located(workspaces: Workspaces, name: str) -> Workspace | None:
    """A workspace by name; that of several is the caller's to tell apart."""
    try:
        return workspaces.find(name)
    except LazuliteError as several:
        raise kql.semantic(several.message) from None


def _parsed(name: str) -> ids.ResourceId:
    try:
        return ids.parse(name)
    except LazuliteError as wrong:
        raise kql.semantic(wrong.message) from None
