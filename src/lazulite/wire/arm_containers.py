"""What stands above resources: tenants, subscriptions, locations, providers, groups and what is in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.caller import Caller
from lazulite.core.errors import NotFound
from lazulite.core.resource_id import ResourceId, parse
from lazulite.identity import Access
from lazulite.kql.ticks import format_datetime
from lazulite.resources import Resource, ResourceStore
from lazulite.resources.listing import Listing, resource_groups, resources_in, subscriptions
from lazulite.wire.arm_answers import collection, page_limits, shown
from lazulite.wire.arm_filter import parse_filter
from lazulite.wire.errors import json_answer

# Regions are names only here; az turns display names into these before it sends them.
LOCATIONS = (
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("westus2", "West US 2"),
    ("northeurope", "North Europe"),
    ("westeurope", "West Europe"),
    ("southeastasia", "Southeast Asia"),
)


@dataclass(frozen=True)
class Asked:
    """A request on one of these paths. `names` are the parts that stood for `*`."""

    names: Sequence[str]
    params: Mapping[str, str]
    caller: Caller
    http: Request

    @property
    def subscription(self) -> ResourceId:
        return parse(f"/subscriptions/{self.names[0]}")

    @property
    def group(self) -> ResourceId:
        return self.subscription.child(f"resourceGroups/{self.names[1]}")


Answer = Callable[[Asked], Awaitable[Response]]


class Containers:
    """Answers the paths that are not resource ids. Every principal may read them."""

    def __init__(self, store: ResourceStore, access: Access, tenant_id: str, types: frozenset[str]) -> None:
        self._store = store
        self._access = access
        self._tenant_id = tenant_id
        self._types = types
        self._paths: tuple[tuple[str, tuple[str, ...], Answer], ...] = (
            ("GET", ("tenants",), self._tenants),
            ("GET", ("subscriptions",), self._subscriptions),
            ("GET", ("providers",), self._providers),
            ("GET", ("providers", "*"), self._provider),
            ("GET", ("subscriptions", "*", "locations"), self._locations),
            ("GET", ("subscriptions", "*", "providers"), self._providers),
            ("GET", ("subscriptions", "*", "providers", "*"), self._provider),
            ("POST", ("subscriptions", "*", "providers", "*", "register"), self._provider),
            ("GET", ("subscriptions", "*", "resourcegroups"), self._groups),
            ("GET", ("subscriptions", "*", "resources"), self._resources),
            ("GET", ("subscriptions", "*", "resourcegroups", "*", "resources"), self._resources),
        )

    def find(self, method: str, parts: Sequence[str]) -> tuple[Answer, list[str]] | None:
        """What answers a path, and the names in it."""
        for verb, pattern, answer in self._paths:
            if verb == method and len(pattern) == len(parts):
                pairs = list(zip(pattern, parts, strict=True))
                if all(wanted in ("*", part.lower()) for wanted, part in pairs):
                    return answer, [part for wanted, part in pairs if wanted == "*"]
        return None

    async def _tenants(self, asked: Asked) -> Response:
        tenant = {
            "id": f"/tenants/{self._tenant_id}",
            "tenantId": self._tenant_id,
            "displayName": "lazulite",
            "defaultDomain": "lazulite.invalid",
            "tenantCategory": "Home",
        }
        return json_answer({"value": [tenant]})

    async def _subscriptions(self, asked: Asked) -> Response:
        return await self._list(asked, subscriptions(), "/", "Microsoft.Resources/subscriptions/read")

    async def _groups(self, asked: Asked) -> Response:
        scope = asked.subscription
        await run_in_threadpool(self._store.require, scope)
        action = "Microsoft.Resources/subscriptions/resourceGroups/read"
        return await self._list(asked, resource_groups(scope), scope.text, action)

    async def _resources(self, asked: Asked) -> Response:
        scope = asked.group if len(asked.names) > 1 else asked.subscription
        await run_in_threadpool(self._store.require, scope)
        listing = resources_in(scope, self._store.kinds(), parse_filter(asked.params.get("$filter", "")))
        return await self._list(asked, listing, scope.text, "Microsoft.Resources/resources/read")

    async def _locations(self, asked: Asked) -> Response:
        scope = asked.subscription
        await run_in_threadpool(self._store.require, scope)
        return json_answer({"value": [_location(scope, *names) for names in LOCATIONS]})

    async def _providers(self, asked: Asked) -> Response:
        found = [self._provider_named(space, asked) for space in sorted(self._namespaces())]
        return json_answer({"value": found})

    async def _provider(self, asked: Asked) -> Response:
        name = asked.names[-1]
        if asked.http.method == "POST":
            self._access.require(asked.caller, f"{name}/register/action", asked.subscription.text)
        if name.lower() not in self._namespaces():
            raise NotFound("InvalidResourceNamespace", f"The resource namespace '{name[:100]}' is not known here.")
        return json_answer(self._provider_named(name.lower(), asked))

    async def _list(self, asked: Asked, listing: Listing, scope: str, action: str) -> Response:
        self._access.require(asked.caller, action, scope)
        page = await run_in_threadpool(self._store.page, listing, *page_limits(asked.params))
        expanded = asked.params.get("$expand", "").lower().split(",")
        return collection(asked.http, page, lambda resource: self._shown(resource, expanded))

    def _shown(self, resource: Resource, expanded: Sequence[str]) -> dict[str, Any]:
        result = shown(resource, self._store.kind(resource.type))
        more = {
            "createdTime": format_datetime(resource.created),
            "changedTime": format_datetime(resource.changed),
            "provisioningState": resource.properties.get("provisioningState", "Succeeded"),
        }
        return result | {name: value for name, value in more.items() if name.lower() in expanded}

    def _namespaces(self) -> dict[str, dict[str, Sequence[str]]]:
        """Namespace (lower case) to its types, as spelled by their kinds, and their versions."""
        found: dict[str, dict[str, Sequence[str]]] = {}
        spelled = {kind.traits.type.lower(): kind.traits for kind in self._store.kinds()}
        for key in sorted(self._types | set(spelled)):
            traits = spelled.get(key)
            name = (traits.type if traits else key).split("/", 1)[1]
            found.setdefault(key.split("/", 1)[0], {})[name] = traits.api_versions if traits else ()
        return found

    def _provider_named(self, space: str, asked: Asked) -> dict[str, Any]:
        spelled = {kind.traits.type.split("/", 1)[0] for kind in self._store.kinds()}
        name = next((one for one in spelled if one.lower() == space), space)
        prefix = f"{asked.subscription.text}" if asked.http.url.path.lower().startswith("/subscriptions") else ""
        places = [display for _, display in LOCATIONS]
        types = [
            {"resourceType": kind, "locations": places, "apiVersions": sorted(versions, reverse=True)}
            for kind, versions in self._namespaces()[space].items()
        ]
        head = {"id": f"{prefix}/providers/{name}", "namespace": name, "registrationState": "Registered"}
        return {**head, "registrationPolicy": "RegistrationFree", "resourceTypes": types}


def _location(scope: ResourceId, name: str, display: str) -> dict[str, Any]:
    metadata = {"regionType": "Physical", "regionCategory": "Recommended"}
    return {
        "id": f"{scope.text}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": display,
        "metadata": metadata,
    }
