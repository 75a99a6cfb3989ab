"""The rules of diagnostic settings: what a body may say, and what it comes to.

A rule that fails names the property and what would be valid. What this version does not do is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lazulite.catalog import Category, categories_of, emits_metrics
from lazulite.core.batch import ALL_METRICS
from lazulite.core.errors import BadRequest, Conflict, LazuliteError, NotFound
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import Resource

MAX_SETTINGS = 5
GROUPS = ("allLogs", "audit")
NOT_YET = {
    "storageAccountId": "a storage account as destination",
    "eventHubAuthorizationRuleId": "an event hub as destination",
    "eventHubName": "an event hub as destination",
    "serviceBusRuleId": "a service bus as destination",
    "marketplacePartnerId": "a partner solution as destination",
}
PROPERTIES = (*NOT_YET, "workspaceId", "logAnalyticsDestinationType", "logs", "metrics")
_NO_RETENTION = {"enabled": False, "days": 0}

CustomerId = Callable[[ResourceId], str | None]


@dataclass(frozen=True)
class Emits:
    """What a resource of one type can send: categories of logs, and whether it has platform metrics."""

    type: str
    categories: tuple[Category, ...]
    metrics: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (*(found.name for found in self.categories), *((ALL_METRICS,) if self.metrics else ()))

    def group(self, name: str) -> frozenset[str]:
        return frozenset(found.name for found in self.categories if name in found.category_groups)


def emits(resource_type: str) -> Emits:
    """What the catalog says of a resource type; nothing for a type that is not monitored."""
    return Emits(resource_type, categories_of(resource_type), emits_metrics(resource_type))


def checked(given: Mapping[str, Any], scope: ResourceId, customer_id: CustomerId) -> dict[str, Any]:
    """The properties to store, with every name in the catalog's spelling. Raises BadRequest or NotFound."""
    what = emits(scope.type)
    if not what.names:
        raise BadRequest("ResourceTypeNotSupported", f"Resources of type '{scope.type}' have no logs and no metrics.")
    for name in given:
        if name not in PROPERTIES:
            raise _bad(name, f"'{name}' is not a property of a diagnostic setting: {', '.join(PROPERTIES)}.")
    for name, meaning in NOT_YET.items():
        if given.get(name):
            raise _bad(name, f"'{name}': {meaning} is not yet supported by this version; use workspaceId.")
    return {
        **dict.fromkeys(NOT_YET),
        "workspaceId": _workspace(given.get("workspaceId"), customer_id),
        "logAnalyticsDestinationType": _destination_type(given.get("logAnalyticsDestinationType")),
        "logs": _logs(_items(given, "logs"), what),
        "metrics": _metrics(_items(given, "metrics"), what),
    }


def chosen(properties: Mapping[str, Any], scope: ResourceId) -> frozenset[str]:
    """The names that stored properties send: categories, groups resolved, and AllMetrics."""
    what = emits(scope.type)
    names: set[str] = set()
    for item in (*properties.get("logs", ()), *properties.get("metrics", ())):
        if item["enabled"]:
            group = item.get("categoryGroup")
            names |= what.group(group) if group else {item["category"]}
    return frozenset(names)


def check_siblings(
    properties: Mapping[str, Any], scope: ResourceId, siblings: Sequence[Resource], creates: bool
) -> None:
    """At most five settings a resource, and none sends what another sends to the same destination already."""
    if creates and len(siblings) >= MAX_SETTINGS:
        raise BadRequest(
            "DiagnosticSettingsLimitExceeded",
            f"{scope} has {len(siblings)} diagnostic settings already, the most a resource may have is {MAX_SETTINGS}.",
        )
    own = chosen(properties, scope)
    for other in siblings:
        same = str(other.properties.get("workspaceId", "")).lower() == str(properties["workspaceId"]).lower()
        twice = own & chosen(other.properties, scope) if same else frozenset()
        if twice:
            raise Conflict(
                "Conflict",
                f"The setting '{other.id.name}' sends {', '.join(sorted(twice))} to {properties['workspaceId']}:"
                " a category goes to one destination once.",
            )


def _workspace(given: Any, customer_id: CustomerId) -> str:
    if given is None or given == "":
        raise _bad("workspaceId", "A diagnostic setting needs a destination: give workspaceId.")
    if not isinstance(given, str):
        raise _bad("workspaceId", "'workspaceId' is the resource id of a Log Analytics workspace.")
    if customer_id(parse(given)) is None:
        raise NotFound(
            "ResourceNotFound", f"The Log Analytics workspace '{given}' does not exist.", target="workspaceId"
        )
    return given


def _destination_type(given: Any) -> str | None:
    if given not in (None, "Dedicated"):
        raise _bad(
            "logAnalyticsDestinationType", f"{given!r} is not supported: records go to their own tables (Dedicated)."
        )
    return "Dedicated" if given else None


def _items(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = given.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _bad(name, f"'{name}' is a list of objects.")
    for item in items:
        if not isinstance(item.get("enabled"), bool):
            raise _bad(f"{name}.enabled", f"Each item of '{name}' needs 'enabled', true or false.")
        retention = item.get("retentionPolicy") or {}
        if not isinstance(retention, dict) or retention.get("enabled") or retention.get("days"):
            raise _bad(f"{name}.retentionPolicy", "'retentionPolicy' is retired: retention belongs to the table.")
    return items


def _logs(items: Iterable[Mapping[str, Any]], what: Emits) -> list[dict[str, Any]]:
    logs = [_group(item, what) if item.get("categoryGroup") else _category(item, what) for item in items]
    kinds = {"group" if item["categoryGroup"] else "category" for item in logs}
    if len(kinds) > 1:
        raise _bad("logs", "A setting names category groups or single categories, not both.")
    _check_once([item["categoryGroup"] or item["category"] for item in logs], "logs")
    return logs


def _group(item: Mapping[str, Any], what: Emits) -> dict[str, Any]:
    found = next((group for group in GROUPS if group.lower() == str(item["categoryGroup"]).lower()), None)
    if item.get("category"):
        raise _bad("logs", "An item names a category or a categoryGroup, not both.")
    if found is None or not what.group(found):
        valid = ", ".join(group for group in GROUPS if what.group(group)) or "none"
        raise _bad("logs.categoryGroup", f"'{item['categoryGroup']}' is not a category group of {what.type}: {valid}.")
    return _item(item, None, found)


def _category(item: Mapping[str, Any], what: Emits) -> dict[str, Any]:
    name = str(item.get("category") or "")
    found = next((one.name for one in what.categories if one.name.lower() == name.lower()), None)
    if found is None:
        valid = ", ".join(one.name for one in what.categories) or "none"
        raise _bad("logs.category", f"'{name}' is not a log category of {what.type}. Valid: {valid}.")
    return _item(item, found, None)


def _metrics(items: Iterable[Mapping[str, Any]], what: Emits) -> list[dict[str, Any]]:
    found = []
    for item in items:
        if str(item.get("category", "")).lower() != ALL_METRICS.lower() or not what.metrics:
            valid = ALL_METRICS if what.metrics else "none"
            raise _bad(
                "metrics.category", f"'{item.get('category')}' is not a metric category of {what.type}. Valid: {valid}."
            )
        if item.get("timeGrain") not in (None, "PT1M"):
            raise _bad("metrics.timeGrain", "Metrics are sent by the minute: timeGrain is PT1M or left out.")
        # An item of metrics has a grain and no group; `_item` is that of logs.
        found.append(_item(item, ALL_METRICS, None) | {"timeGrain": None})
        del found[-1]["categoryGroup"]
    _check_once([item["category"] for item in found], "metrics")
    return found


def _item(item: Mapping[str, Any], category: str | None, group: str | None) -> dict[str, Any]:
    return {"category": category, "categoryGroup": group, "enabled": item["enabled"], "retentionPolicy": _NO_RETENTION}


def _check_once(names: list[str], where: str) -> None:
    twice = {name for name, count in Counter(names).items() if count > 1}
    if twice:
        raise _bad(where, f"'{where}' names {', '.join(sorted(twice))} more than once.")


def _bad(target: str, message: str) -> LazuliteError:
    return BadRequest("BadRequest", message, target=f"properties.{target}")
