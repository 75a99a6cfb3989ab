"""The records door, and the categories that a resource's diagnostic settings may name.

POST RID/providers/lazulite/records[?category=NAME]     how an ML platform emits; 202 once durable
GET  RID/providers/Microsoft.Insights/diagnosticSettingsCategories[/NAME]
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.responses import Response

from lazulite.core.batch import ALL_METRICS, Emission, Emit, Receipt
from lazulite.core.clock import Clock
from lazulite.core.counters import Counters
from lazulite.core.errors import BadRequest, Detail, NotFound
from lazulite.core.resource_id import ResourceId
from lazulite.identity.access import Access
from lazulite.resources.kind import Resource
from lazulite.routing.ownership import lineage
from lazulite.routing.records import Decoded, decode
from lazulite.routing.rejected import RejectedRecord, rejected_batch
from lazulite.routing.setting_rules import Emits, emits
from lazulite.wire.request import ArmRequest, Operation

DOOR = "records"
MAX_BODY = 10 * 1024 * 1024
MAX_BATCH_KEY = 128
MAX_LISTED = 1_000
LARGE_BODY = 512 * 1024
_CATEGORIES = "Microsoft.Insights/diagnosticSettingsCategories"


class Resources(Protocol):
    """What is needed of resources.store."""

    def get(self, resource_id: ResourceId) -> Resource | None: ...

    def require(self, resource_id: ResourceId) -> Resource: ...


@dataclass(frozen=True)
class RecordsDoor:
    """Everything the door needs; `clock` is the event clock."""

    emit: Emit
    resources: Resources
    access: Access
    clock: Clock
    counters: Counters
    # A body is ten to thirty times its size while it is decoded, and two at once are hardly faster than one by one.
    large: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    async def post(self, request: ArmRequest) -> Response:
        """Decode, make durable, answer. Raises BadRequest when no record was valid; these are kept as rejected."""
        scope = _scope(request)
        self.access.require(request.caller, "lazulite/records/write", scope.text)
        limiter = self.large if len(request.body) >= LARGE_BODY else None
        decoded, receipt = await to_thread.run_sync(self._take, request, scope, limiter=limiter)
        durable = await asyncio.wrap_future(receipt)
        if not durable.repeated:
            self._count(decoded)
        if decoded.rejected and not decoded.accepted:
            raise BadRequest("NoValidRecords", _none_valid(decoded.rejected), details=_details(decoded.rejected))
        return Response(msgspec.json.encode(_answer(decoded, durable)), 202, media_type="application/json")

    def _take(self, request: ArmRequest, scope: ResourceId) -> tuple[Decoded, Future[Receipt]]:
        _require(self.resources, scope)
        key = _key(request)
        received = self.clock.now()
        decoded = decode(request.body, scope, request.params.get("category") or None, received)
        batches = decoded.batches
        principal = request.caller.client_id
        if decoded.rejected:
            batches = (*batches, rejected_batch(scope.key, decoded.rejected, DOOR, principal, received))
        if batches:
            return decoded, self.emit.emit(Emission(batches, received, principal, DOOR, key))
        nothing: Future[Receipt] = Future()
        nothing.set_result(Receipt(0))
        return decoded, nothing

    def _count(self, decoded: Decoded) -> None:
        self.counters.add("lazulite_accepted_records_total", decoded.accepted, door=DOOR)
        self.counters.add("lazulite_ignored_fields_total", len(decoded.ignored), door=DOOR)
        for record in decoded.rejected:
            self.counters.add("lazulite_rejected_records_total", code=record.code)


def operations(
    emit: Emit, resources: Resources, access: Access, clock: Clock, counters: Counters, max_body: int = MAX_BODY
) -> list[Operation]:
    """The operations of this module, for the ARM router. `max_body` holds for bodies as sent and as decompressed."""
    door = RecordsDoor(emit, resources, access, clock, counters)
    return [
        Operation("POST", "lazulite/records", door.post, needs_api_version=False, max_body=max_body),
        Operation("GET", _CATEGORIES.lower(), _categories(resources, access)),
    ]


def _scope(request: ArmRequest) -> ResourceId:
    if request.scope is None:
        raise BadRequest(
            "InvalidResourceId", "Records belong to a resource: POST RESOURCE_ID/providers/lazulite/records."
        )
    return request.scope


def _require(resources: Resources, scope: ResourceId) -> None:
    """The resource exists, or one above it of a monitored type does: children come into being by what they emit."""
    if resources.get(scope) is None:
        above = [level for level in lineage(scope)[1:] if emits(level.type).names]
        if not any(resources.get(level) is not None for level in above):
            resources.require(scope)


def _key(request: ArmRequest) -> str | None:
    """Once per sender: the header, scoped to principal, path, query and body."""
    headers = request.http.headers
    own = headers.get("x-lazulite-batch") or headers.get("x-ms-client-request-id")
    if not own:
        return None
    if len(own) > MAX_BATCH_KEY:
        raise BadRequest(
            "InvalidBatchKey", f"x-lazulite-batch has {len(own)} characters, the limit is {MAX_BATCH_KEY}."
        )
    query = sorted(request.params.items())
    scoped = msgspec.json.encode([request.caller.principal_id, request.id.key, query, own])
    return hashlib.sha256(scoped + hashlib.sha256(request.body).digest()).hexdigest()


def _answer(decoded: Decoded, receipt: Receipt) -> dict[str, Any]:
    """At most `MAX_LISTED` rejected records are listed; all are in LazuliteRejected."""
    listed = decoded.rejected[:MAX_LISTED]
    return {
        "accepted": decoded.accepted,
        "rejected": [{"index": one.index, "code": one.code, "message": one.message} for one in listed],
        "rejectedCount": len(decoded.rejected),
        "ignored": list(decoded.ignored),
        "sequence": receipt.sequence,
    }


def _none_valid(rejected: Sequence[RejectedRecord]) -> str:
    first = rejected[0]
    return f"None of {len(rejected)} records is valid. Record {first.index}: {first.message}"


def _details(rejected: Sequence[RejectedRecord]) -> list[Detail]:
    return [Detail(one.code, one.message, f"records[{one.index}]") for one in rejected[:MAX_LISTED]]


def _categories(resources: Resources, access: Access) -> Callable[[ArmRequest], Any]:
    async def get(request: ArmRequest) -> Response:
        scope = _scope(request)
        access.require(request.caller, f"{_CATEGORIES}/read", scope.text)
        await to_thread.run_sync(_require, resources, scope)
        items = _category_items(scope, emits(scope.type))
        if request.id.is_collection:
            return _json({"value": items})
        found = next((item for item in items if item["name"].lower() == request.id.name.lower()), None)
        if found is None:
            names = ", ".join(item["name"] for item in items) or "none"
            raise NotFound("ResourceNotFound", f"'{request.id.name}' is not a category of {scope.type}: {names}.")
        return _json(found)

    return get


def _category_items(scope: ResourceId, what: Emits) -> list[dict[str, Any]]:
    logs = [_category_item(scope, found.name, "Logs", list(found.category_groups)) for found in what.categories]
    return [*logs, *([_category_item(scope, ALL_METRICS, "Metrics", [])] if what.metrics else [])]


def _category_item(scope: ResourceId, name: str, kind: str, groups: list[str]) -> dict[str, Any]:
    return {
        "id": f"{scope.text}/providers/{_CATEGORIES}/{name}",
        "type": _CATEGORIES,
        "name": name,
        "properties": {"categoryType": kind, "categoryGroups": groups},
    }


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
