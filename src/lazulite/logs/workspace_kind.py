"""Log Analytics workspaces as ARM resources: what may be set, and what the service owns.

What is not enforced here (a daily cap, closed public access) is refused by name rather than stored and ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest
from lazulite.core.ids import Ids
from lazulite.kql import ticks
from lazulite.logs.workspaces import DEFAULT_RETENTION_DAYS, TYPE
from lazulite.resources.kind import Body, Change, Traits, Write

LEAST_RETENTION_DAYS = 4
MOST_RETENTION_DAYS = 730
UNLIMITED_GB = -1.0
SKUS = ("PerGB2018", "CapacityReservation", "Standalone", "PerNode", "Standard", "Premium", "Free", "LACluster")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]")

Properties = dict[str, Any]


class LogAnalyticsKind:
    """Validates a workspace and fills what the service owns; the customer id never changes."""

    traits = Traits(
        type=TYPE,
        api_versions=(
            "2025-07-01",
            "2025-02-01",
            "2023-09-01",
            "2022-10-01",
            "2021-12-01-preview",
            "2021-06-01",
            "2020-10-01",
            "2020-08-01",
            "2015-11-01-preview",
        ),
        requires_location=True,
    )

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def validate(self, write: Write) -> Body:
        """The body to store; raises BadRequest naming the property that is wrong."""
        if not _NAME.fullmatch(write.id.name):
            raise BadRequest(
                "InvalidWorkspaceName",
                f"'{write.id.name}' is not a workspace's name: 4 to 63 letters, digits and inner hyphens.",
                target="name",
            )
        given = write.body.get("properties", {})
        if not isinstance(given, Mapping):
            raise BadRequest("InvalidRequestContent", "'properties' must be an object.", target="properties")
        properties: Properties = {name: rule(given.get(name)) for name, rule in _RULES.items()}
        return {**write.body, "properties": properties | self._owned(write, properties)}

    def committed(self, change: Change) -> None:
        """Nothing to refresh: look-ups compare the store's revision."""

    def _owned(self, write: Write, properties: Properties) -> Properties:
        """The read-only properties, kept from before where they do not move."""
        now = ticks.format_datetime(self._clock.now())
        before = dict(write.current.properties) if write.current else {}
        old_sku = before.get("sku", {})
        same_sku = old_sku.get("name") == properties["sku"]["name"]
        return {
            "customerId": before.get("customerId") or self._ids.guid(),
            "provisioningState": "Succeeded",
            "createdDate": before.get("createdDate", now),
            "modifiedDate": now,
            "sku": {**properties["sku"], "lastSkuUpdate": old_sku["lastSkuUpdate"] if same_sku else now},
            "workspaceCapping": {
                "dailyQuotaGb": UNLIMITED_GB,
                "quotaNextResetTime": now,
                "dataIngestionStatus": "RespectQuota",
            },
        }


def _sku(value: Any) -> Properties:
    name = value.get("name") if isinstance(value, Mapping) else value
    known = {sku.lower(): sku for sku in SKUS}
    if name is None:
        return {"name": SKUS[0]}
    if not isinstance(name, str) or name.lower() not in known:
        raise BadRequest(
            "InvalidSku", f"'{name}' is not a sku of workspaces: {', '.join(SKUS)}.", target="properties.sku.name"
        )
    return {"name": known[name.lower()]}


def _retention(value: Any) -> int:
    if value is None:
        return DEFAULT_RETENTION_DAYS
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not LEAST_RETENTION_DAYS <= value <= MOST_RETENTION_DAYS:
        raise BadRequest(
            "InvalidParameter",
            f"retentionInDays is {value!r}: it must be a whole number of days from {LEAST_RETENTION_DAYS}"
            f" to {MOST_RETENTION_DAYS}.",
            target="properties.retentionInDays",
        )
    return int(value)


def _capping(value: Any) -> Properties:
    quota = value.get("dailyQuotaGb") if isinstance(value, Mapping) else value
    if quota not in (None, UNLIMITED_GB):
        raise BadRequest(
            "UnsupportedDailyQuota",
            f"A daily cap ({quota} GB) is not enforced by this lazulite; use -1, no cap.",
            target="properties.workspaceCapping.dailyQuotaGb",
        )
    return {}


def _network_access(name: str) -> Callable[[Any], str]:
    def rule(value: Any) -> str:
        if value not in (None, "Enabled"):
            raise BadRequest(
                "UnsupportedNetworkAccess",
                f"{name} is {value!r}: only Enabled is supported; use the server's --host or a firewall.",
                target=f"properties.{name}",
            )
        return "Enabled"

    return rule


def _features(value: Any) -> Properties:
    given = {} if value is None else value
    if not isinstance(given, Mapping) or not all(isinstance(flag, (bool, int, type(None))) for flag in given.values()):
        raise BadRequest(
            "InvalidParameter", "features must be an object of true and false.", target="properties.features"
        )
    return {"enableLogAccessUsingOnlyResourcePermissions": True, **given}


# What a caller may set; everything else under properties is the service's own and is filled in.
_RULES: dict[str, Callable[[Any], Any]] = {
    "sku": _sku,
    "retentionInDays": _retention,
    "workspaceCapping": _capping,
    "publicNetworkAccessForIngestion": _network_access("publicNetworkAccessForIngestion"),
    "publicNetworkAccessForQuery": _network_access("publicNetworkAccessForQuery"),
    "features": _features,
}
