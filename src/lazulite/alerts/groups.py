"""An action group as the notifier sees it: parsed from the stored body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lazulite.core.errors import BadRequest
from lazulite.resources.kind import Resource

# Every list a client may iterate, and what its receivers are called in an error.
RECEIVERS = {
    "emailReceivers": "email",
    "smsReceivers": "SMS",
    "webhookReceivers": "webhook",
    "itsmReceivers": "ITSM",
    "azureAppPushReceivers": "mobile push",
    "automationRunbookReceivers": "automation runbook",
    "voiceReceivers": "voice",
    "logicAppReceivers": "logic app",
    "azureFunctionReceivers": "Azure function",
    "armRoleReceivers": "ARM role",
    "eventHubReceivers": "event hub",
}
SUPPORTED = "webhookReceivers"


class WebhookReceiver(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    name: str
    service_uri: str
    use_common_alert_schema: bool | None = None
    use_aad_auth: bool | None = None
    object_id: str | None = None
    identifier_uri: str | None = None
    tenant_id: str | None = None


class GroupBody(msgspec.Struct, frozen=True, rename="camel"):
    """`properties` of Microsoft.Insights/actionGroups, as far as this server acts on them."""

    group_short_name: str
    enabled: bool = True
    webhook_receivers: tuple[WebhookReceiver, ...] | None = None

    @property
    def webhooks(self) -> tuple[WebhookReceiver, ...]:
        return self.webhook_receivers or ()

    def webhook(self, name: str) -> WebhookReceiver | None:
        return next((each for each in self.webhooks if each.name.lower() == name.lower()), None)


def read_group_body(properties: Mapping[str, Any]) -> GroupBody:
    """Raises BadRequest `InvalidRequestContent` that names the path of what is missing or of a wrong type."""
    try:
        return msgspec.convert(properties, GroupBody)
    except msgspec.ValidationError as error:
        text = str(error).replace("`$", "`properties")
        raise BadRequest("InvalidRequestContent", f"The action group cannot be read: {text}.") from None


def read_group(resource: Resource) -> GroupBody:
    return read_group_body(resource.properties)
