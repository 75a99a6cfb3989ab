"""The metrics plane: values, definitions and namespaces on a resource or subscription, and the batch call.

GET, POST  {scope}/providers/Microsoft.Insights/metrics
GET        {scope}/providers/Microsoft.Insights/metricDefinitions
GET        {scope}/providers/Microsoft.Insights/metricNamespaces
POST       /subscriptions/{id}/metrics:getBatch
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lazulite.core.caller import Caller
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.definitions import Definitions
from lazulite.metrics.query import MetricQueries
from lazulite.metrics.request import MAX_RESOURCES, MetricQuery
from lazulite.wire.any_path import AnyCaseRoute
from lazulite.wire.authentication import Authenticate
from lazulite.wire.bodies import ReadBody
from lazulite.wire.metric_answers import batch_body, definitions_body, list_body, namespaces_body
from lazulite.wire.metric_requests import batch_query, batch_resources, list_query, with_body
from lazulite.wire.request import ArmRequest, Operation

MAX_BATCH_BODY = 1024 * 1024
SUBSCRIPTIONS = "microsoft.resources/subscriptions"

Authorize = Callable[[Caller, str, str], None]


@dataclass(frozen=True)
class MetricServices:
    """What this plane calls. `region` gives a resource's region, `exists` whether it may be asked for.

    `authorize(caller, action, scope)` raises Forbidden; `retention_days` is shown in definitions.
    """

    queries: MetricQueries
    clock: Clock
    region: Callable[[ResourceId], str]
    exists: Callable[[ResourceId], bool]
    authorize: Authorize
    retention_days: int


def operations(services: MetricServices) -> list[Operation]:
    """The operations on {scope}/providers/Microsoft.Insights."""

    async def values(request: ArmRequest) -> Response:
        parameters = with_body(request.params, request.body) if request.method == "POST" else request.params
        return _json(await run_in_threadpool(_list, services, request, parameters))

    async def definitions(request: ArmRequest) -> Response:
        scope, found = await run_in_threadpool(_described, services, request, "metricDefinitions")
        metrics = found.in_namespace(request.params.get("metricnamespace") or None)
        return _json(msgspec.json.encode(definitions_body(scope, metrics, services.retention_days)))

    async def namespaces(request: ArmRequest) -> Response:
        scope, found = await run_in_threadpool(_described, services, request, "metricNamespaces")
        return _json(msgspec.json.encode(namespaces_body(scope, found.namespaces)))

    return [
        Operation("GET", "microsoft.insights/metrics", values),
        Operation("POST", "microsoft.insights/metrics", values),
        Operation("GET", "microsoft.insights/metricdefinitions", definitions),
        Operation("GET", "microsoft.insights/metricnamespaces", namespaces),
    ]


def routes(services: MetricServices, authenticate: Authenticate, read_body: ReadBody) -> list[Route]:
    """The batch call, to stand before the ARM router's own routes."""

    async def batch(request: Request) -> Response:
        caller = await authenticate(request)
        resources = batch_resources(await read_body(request, MAX_BATCH_BODY))
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        subscription = request.path_params["subscription"]
        return _json(await run_in_threadpool(_batch, services, caller, subscription, resources, parameters))

    return [AnyCaseRoute("/subscriptions/{subscription}/metrics:getBatch", batch, methods=["POST"])]


def _list(services: MetricServices, request: ArmRequest, parameters: Mapping[str, str]) -> bytes:
    scope = _scope(services, request, "metrics")
    query = list_query(parameters, (scope,), services.clock.now())
    if scope.type.lower() == SUBSCRIPTIONS:
        query = _over_subscription(services, query, scope, parameters.get("region"))
    return msgspec.json.encode(list_body(services.queries.values(query), scope, services.region(scope)))


def _over_subscription(
    services: MetricServices, query: MetricQuery, scope: ResourceId, region: str | None
) -> MetricQuery:
    """The query over all resources of one type in a subscription (and region) that have had a point."""
    if not query.namespace:
        raise BadRequest("BadRequest", "A list over a subscription needs metricnamespace.", target="metricnamespace")
    found = services.queries.resources_under(scope, query.namespace)
    asked = tuple(one for one in found if not region or services.region(one).lower() == region.lower())
    return replace(query, resources=asked, together=scope)


def _batch(
    services: MetricServices,
    caller: Caller,
    subscription: str,
    resources: tuple[ResourceId, ...],
    parameters: dict[str, str],
) -> bytes:
    if not 0 < len(resources) <= MAX_RESOURCES:
        raise BadRequest("BadRequest", f"Ask for 1 to {MAX_RESOURCES} resources at once, not {len(resources)}.")
    for resource in resources:
        if (resource.subscription or "").lower() != subscription.lower():
            raise BadRequest("BadRequest", f"'{resource}' is not in the subscription '{subscription[:100]}'.")
        _require(services, caller, resource, "metrics")
    regions = [services.region(resource) for resource in resources]
    if len({region.lower() for region in regions}) > 1:
        raise BadRequest("BadRequest", f"The resources must be in one region; these are in {', '.join(set(regions))}.")
    answer = services.queries.values(batch_query(parameters, resources, services.clock.now()))
    return msgspec.json.encode(batch_body(answer, zip(resources, regions, strict=True)))


def _described(services: MetricServices, request: ArmRequest, verb: str) -> tuple[ResourceId, Definitions]:
    scope = _scope(services, request, verb)
    # On a subscription the namespace names the type of the resources.
    over = scope.type.lower() == SUBSCRIPTIONS
    return scope, Definitions.of(request.params.get("metricnamespace", "") if over else scope.type)


def _scope(services: MetricServices, request: ArmRequest, verb: str) -> ResourceId:
    if request.scope is None:
        raise BadRequest("BadRequest", f"{verb} is read on a resource: RESOURCE/providers/Microsoft.Insights/{verb}.")
    _require(services, request.caller, request.scope, verb)
    return request.scope


def _require(services: MetricServices, caller: Caller, resource: ResourceId, verb: str) -> None:
    services.authorize(caller, f"Microsoft.Insights/{verb}/read", resource.text)
    if not services.exists(resource):
        raise NotFound("ResourceNotFound", f"The resource '{resource}' was not found.", target=resource.text)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
