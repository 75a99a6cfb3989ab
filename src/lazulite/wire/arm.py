"""The ARM plane: every request whose path is a resource id, or stands above them.

/subscriptions/... or /providers/... or /tenants
  -> containers: lists of subscriptions, groups, providers, resources
  -> an operation registered for the type (and action) of the id
  -> the generic verbs of the resource store: GET HEAD PUT PATCH DELETE, and GET of a collection
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from lazulite.core.caller import Caller
from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import ResourceId, parse
from lazulite.identity import Access
from lazulite.resources import Resource, ResourceKind, ResourceStore
from lazulite.resources.containers import SUBSCRIPTION_TYPE
from lazulite.resources.etags import matches
from lazulite.resources.listing import members
from lazulite.wire import arm_versions
from lazulite.wire.arm_answers import collection, one, page_limits, shown
from lazulite.wire.arm_containers import Asked, Containers
from lazulite.wire.arm_paths import OperationTable, parameters, refuse_encoded_slashes, scope_of, segments
from lazulite.wire.authentication import Authenticate
from lazulite.wire.bodies import json_body, read_body
from lazulite.wire.errors import MethodNotAllowed
from lazulite.wire.request import ArmRequest, Operation
from lazulite.wire.tracing import base_url

FIRST_SEGMENTS = frozenset({"subscriptions", "providers", "tenants"})
MAX_BODY = 4 * 1024 * 1024

Verb = Callable[[ArmRequest, ResourceKind | None], Awaitable[Response]]


class ArmRouter:
    """Put `routes()` behind the routes of the other planes: it takes every path left under its first segments."""

    def __init__(
        self,
        store: ResourceStore,
        access: Access,
        authenticate: Authenticate,
        tenant_id: str,
        operations: Iterable[Operation] = (),
    ) -> None:
        self._store = store
        self._access = access
        self._authenticate = authenticate
        self._operations = OperationTable(operations)
        self._containers = Containers(store, access, tenant_id, self._operations.types())
        self._verbs: Mapping[str, Verb] = {
            "GET": self._get,
            "HEAD": self._head,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    def routes(self) -> list[BaseRoute]:
        return [ArmRoute(self.endpoint)]

    async def endpoint(self, request: Request) -> Response:
        """Answer one request; raises LazuliteError, which the exception handlers turn into answers."""
        caller = await self._authenticate(request)
        refuse_encoded_slashes(request)
        parts, params = segments(request.scope["path"]), parameters(request)
        container = self._containers.find(request.method, parts)
        if container is not None:
            arm_versions.asked(params)
            answer, names = container
            return await answer(Asked(names, params, caller, request))
        return await self._resource(request, parse("/" + "/".join(parts)), params, caller)

    async def _resource(
        self, request: Request, resource_id: ResourceId, params: Mapping[str, str], caller: Caller
    ) -> Response:
        match = self._operations.find(request.method, resource_id)
        if match is not None:
            operation = match.operation
            version = self._version(match.id, params, needed=operation.needs_api_version)
            body = await read_body(request, operation.max_body)
            arm = _arm_request(request, match.id, match.action, params, version, body, caller)
            return await operation.handler(arm)
        verb = self._verbs.get(request.method)
        version = self._version(resource_id, params, needed=True)
        if verb is None:
            raise self._no_such_verb(request.method, resource_id)
        body = await read_body(request, MAX_BODY)
        arm = _arm_request(request, resource_id, None, params, version, body, caller)
        return await verb(arm, self._store.kind(resource_id.type))

    def _version(self, resource_id: ResourceId, params: Mapping[str, str], *, needed: bool) -> str:
        if not needed and not params.get("api-version"):
            return ""
        kind = self._store.kind(resource_id.type)
        return arm_versions.nearest(arm_versions.asked(params), kind.traits.api_versions if kind else ())

    def _no_such_verb(self, method: str, resource_id: ResourceId) -> Exception:
        if method == "POST" and resource_id.is_collection and resource_id.segments[-1].names:
            item = resource_id.text.rsplit("/", 1)[0]
            return NotFound("ActionNotFound", f"There is no action '{resource_id.name}' on '{item}'.")
        return _not_allowed(method, resource_id)

    async def _get(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        self._access.require(arm.caller, f"{_spelled(arm.id, kind)}/read", arm.id.text)
        if arm.id.is_collection:
            return await self._list(arm, kind)
        resource = await run_in_threadpool(self._store.require, arm.id)
        known = arm.http.headers.get("if-none-match")
        if known and matches(known, resource.etag):
            return Response(status_code=304, headers={"etag": f'"{resource.etag}"'})
        return one(resource, kind)

    async def _list(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        if "$filter" in arm.params:
            raise BadRequest(
                "InvalidFilterInQueryString", f"Lists of '{arm.id.type}' take no $filter.", target="$filter"
            )
        limits = page_limits(arm.params)
        await run_in_threadpool(self._store.check_containers, arm.id)
        page = await run_in_threadpool(self._store.page, members(arm.id), *limits)
        return collection(arm.http, page, lambda resource: shown(resource, kind))

    async def _head(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        self._access.require(arm.caller, f"{_spelled(arm.id, kind)}/read", arm.id.text)
        found = await run_in_threadpool(self._store.get, arm.id)
        return Response(status_code=204 if found else 404)

    async def _put(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        self._require_item(arm, kind, "write")
        headers = arm.http.headers
        conditions = headers.get("if-match"), headers.get("if-none-match")
        body = json_body(arm.body)
        resource, created = await run_in_threadpool(self._store.put, arm.id, body, arm.caller, *conditions)
        # A type without a kind answers 200: some clients take nothing else, and none refuses it.
        status = kind.traits.created_status if created and kind else 200
        return one(resource, kind, status)

    async def _patch(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        self._require_item(arm, kind, "write")
        condition = arm.http.headers.get("if-match")
        body = json_body(arm.body)
        resource: Resource = await run_in_threadpool(self._store.patch, arm.id, body, arm.caller, condition)
        return one(resource, kind)

    async def _delete(self, arm: ArmRequest, kind: ResourceKind | None) -> Response:
        self._require_item(arm, kind, "delete")
        if arm.id.type == SUBSCRIPTION_TYPE:
            raise _not_allowed("DELETE", arm.id)
        condition = arm.http.headers.get("if-match")
        if await run_in_threadpool(self._store.delete, arm.id, arm.caller, condition):
            return Response(status_code=200)
        missing = kind.traits.deleted_missing_status if kind else 204
        if missing == 404:
            await run_in_threadpool(self._store.require, arm.id)
        return Response(status_code=missing)

    def _require_item(self, arm: ArmRequest, kind: ResourceKind | None, verb: str) -> None:
        if arm.id.is_collection:
            raise _not_allowed(arm.method, arm.id)
        self._access.require(arm.caller, f"{_spelled(arm.id, kind)}/{verb}", arm.id.text)


class ArmRoute(BaseRoute):
    """Matches by the first segment, whatever its case and however many slashes stand before it."""

    def __init__(self, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        self._endpoint = endpoint

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        first = next(iter(segments(scope["path"][:2_048])), "") if scope["type"] == "http" else ""
        return (Match.FULL if first.lower() in FIRST_SEGMENTS else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> object:  # type: ignore[override]
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _arm_request(
    request: Request,
    resource_id: ResourceId,
    action: str | None,
    params: Mapping[str, str],
    version: str,
    body: bytes,
    caller: Caller,
) -> ArmRequest:
    return ArmRequest(
        method=request.method,
        id=resource_id,
        scope=scope_of(resource_id),
        action=action,
        params=params,
        api_version=version,
        body=body,
        caller=caller,
        base_url=base_url(request),
        http=request,
    )


def _spelled(resource_id: ResourceId, kind: ResourceKind | None) -> str:
    return kind.traits.type if kind else resource_id.type


def _not_allowed(method: str, resource_id: ResourceId) -> MethodNotAllowed:
    what = "collection" if resource_id.is_collection else "resource"
    return MethodNotAllowed(
        "MethodNotAllowed", f"The {what} '{resource_id}' of type '{resource_id.type}' does not support {method}."
    )
