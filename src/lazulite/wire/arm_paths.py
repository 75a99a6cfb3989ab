"""From an ARM path to what it names: a resource, a collection, or an action on one. No regular expression per route.

Paths are compared without case, and doubled slashes are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.wire.request import Operation

MAX_PARAMETERS = 200


def segments(path: str) -> tuple[str, ...]:
    """The parts of a path as the caller wrote them, without empty ones."""
    return tuple(part for part in path.split("/") if part)


def refuse_encoded_slashes(request: Request) -> None:
    """A name that holds a slash would be read as the path of another resource. Raises BadRequest."""
    if b"%2f" in request.scope.get("raw_path", b"").lower():
        raise BadRequest("InvalidResourceId", "No part of a resource id may hold a slash (%2F in the path).")


def parameters(request: Request) -> dict[str, str]:
    """Query parameters by lower-case name. Of a name sent twice (api-version on a nextLink) the first counts."""
    raw = request.scope.get("query_string", b"").decode("latin-1")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise BadRequest("InvalidQueryString", f"The query has more than {MAX_PARAMETERS} parameters.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), value)
    return found


@dataclass(frozen=True)
class Match:
    """An operation that answers a path, and the id and action that it is given."""

    operation: Operation
    id: ResourceId
    action: str | None


class OperationTable:
    """The registered operations by method, type and action."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_key: Mapping[tuple[str, str, str | None], Operation] = {
            (one.method.upper(), one.type.lower(), one.action and one.action.lower()): one for one in operations
        }

    def find(self, method: str, resource_id: ResourceId) -> Match | None:
        """The operation of a type, or else of an action: RID/providers/NS/TYPE/NAME/ACTION reads as a collection."""
        found = self._by_key.get((method, resource_id.type.lower(), None))
        if found is not None:
            return Match(found, resource_id, None)
        if not (resource_id.is_collection and resource_id.segments[-1].names):
            return None
        item, action = parse(resource_id.text.rsplit("/", 1)[0]), resource_id.name.lower()
        found = self._by_key.get((method, item.type.lower(), action))
        return Match(found, item, action) if found else None

    def types(self) -> frozenset[str]:
        """The lower-case types that have an operation."""
        return frozenset(kind for _, kind, _ in self._by_key)


def scope_of(resource_id: ResourceId) -> ResourceId | None:
    """What the last provider block is attached to; None at the root."""
    if not resource_id.segments:
        return resource_id
    cut = resource_id.text.lower().rfind("/providers/")
    return parse(resource_id.text[:cut]) if cut > 0 else None
