"""Subscriptions and resource groups: what every other resource stands in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from lazulite.core.errors import BadRequest
from lazulite.resources.kind import Body, Change, Traits, Write
from lazulite.resources.plain_kind import NameRule, PlainKind

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
MAX_DISPLAY_NAME = 64
_POLICIES = {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"}
SUBSCRIPTION_TRAITS = Traits(SUBSCRIPTION_TYPE, ("2016-06-01", "2019-06-01", "2021-01-01", "2022-12-01"), tracked=False)


@dataclass(frozen=True)
class SubscriptionKind:
    """A subscription of the one tenant. Its members stand beside `id`, not in `properties`, as in Azure."""

    tenant_id: str
    traits: Traits = SUBSCRIPTION_TRAITS

    def validate(self, write: Write) -> Body:
        name = write.id.name.lower()
        if not _is_guid(name):
            raise BadRequest("InvalidSubscriptionId", f"The subscription id '{name[:100]}' must be a GUID.")
        before = write.current.body.get("displayName") if write.current else None
        given = write.body.get("displayName") or before or "lazulite"
        if not isinstance(given, str) or len(given) > MAX_DISPLAY_NAME:
            words = f"'displayName' must be a string of up to {MAX_DISPLAY_NAME} characters."
            raise BadRequest("InvalidRequestContent", words, target="displayName")
        return {
            "subscriptionId": name,
            "tenantId": self.tenant_id,
            "displayName": given,
            "state": "Enabled",
            "subscriptionPolicies": _POLICIES,
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            **({"tags": write.body["tags"]} if "tags" in write.body else {}),
        }

    def committed(self, change: Change) -> None:
        """Nothing is cached."""


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


RESOURCE_GROUP = PlainKind(
    Traits(
        type=GROUP_TYPE,
        api_versions=("2021-04-01", "2022-09-01", "2023-07-01", "2024-03-01", "2024-07-01", "2024-11-01", "2025-04-01"),
        requires_location=True,
        deleted_missing_status=404,
        tracked=False,
    ),
    NameRule(
        r"[\w().-]{0,89}[\w()-]",
        "1 to 90 letters, digits, underscores, parentheses, hyphens and full stops, not ending in a full stop",
    ),
)
