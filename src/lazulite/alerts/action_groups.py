"""Microsoft.Insights/actionGroups: a receiver that would silently never be called is refused when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from lazulite.alerts import limits
from lazulite.alerts.checks import bad
from lazulite.alerts.groups import RECEIVERS, SUPPORTED, WebhookReceiver, read_group_body
from lazulite.resources.kind import Body, Change, Traits, Write


class ActionGroupKind:
    """Groups of webhooks that take the common alert schema."""

    traits = Traits(
        type="Microsoft.Insights/actionGroups",
        api_versions=("2021-09-01", "2023-01-01", "2024-10-01-preview"),
        created_status=201,
        global_location=True,
    )

    def validate(self, write: Write) -> Body:
        """Raises BadRequest that names the receiver and what is wrong with it."""
        properties = write.body.get("properties") or {}
        if isinstance(properties, Mapping):
            _refuse_unsupported(properties)
        body = read_group_body(properties)
        if not 1 <= len(body.group_short_name) <= limits.AG_SHORT_NAME:
            raise bad("groupShortName", f"must have 1 to {limits.AG_SHORT_NAME} characters.")
        if len(body.webhooks) > limits.AG_WEBHOOKS:
            raise bad(SUPPORTED, f"has {len(body.webhooks)} receivers; a group takes {limits.AG_WEBHOOKS} at most.")
        names = [webhook.name.lower() for webhook in body.webhooks]
        if len(set(names)) < len(names):
            raise bad(SUPPORTED, "has two receivers with the same name.")
        for place, webhook in enumerate(body.webhooks):
            _check_webhook(f"{SUPPORTED}[{place}]", webhook)
        # Clients iterate every list: an empty value of another kind must not come back as it was sent.
        empty: dict[str, Any] = {name: [] for name in RECEIVERS}
        given = {name: value for name, value in properties.items() if value or name not in RECEIVERS}
        given = {name: value for name, value in given.items() if value is not None}
        return {**write.body, "properties": {**empty, "enabled": True, **given}}

    def committed(self, change: Change) -> None:
        """Nothing to refresh: the notifier reads the group when it sends."""


def _refuse_unsupported(properties: Mapping[str, Any]) -> None:
    # With case, as the properties are read: a receiver under another spelling would be kept and never called.
    known = {*RECEIVERS, "groupShortName", "enabled"}
    for name, value in properties.items():
        if name not in known and value:
            raise bad(name, "is not a property of an action group that this server knows.", code="NotSupported")
    for name, title in RECEIVERS.items():
        if name != SUPPORTED and properties.get(name):
            raise bad(
                name,
                f"has {title} receivers, which this server does not call; it calls webhooks only. Remove them.",
                code="NotSupported",
            )


def _check_webhook(where: str, webhook: WebhookReceiver) -> None:
    if not 1 <= len(webhook.name) <= limits.MA_TEXT:
        raise bad(f"{where}.name", f"must have 1 to {limits.MA_TEXT} characters.")
    secured = (webhook.use_aad_auth, webhook.object_id, webhook.identifier_uri, webhook.tenant_id)
    if any(secured):
        raise bad(f"{where}.useAadAuth", "asks for a secure webhook, which is not supported yet.", code="NotSupported")
    if not webhook.use_common_alert_schema:
        raise bad(
            f"{where}.useCommonAlertSchema",
            "must be true: this server sends the common alert schema only.",
            code="NotSupported",
        )
    _check_uri(f"{where}.serviceUri", webhook.service_uri)


def _check_uri(where: str, text: str) -> None:
    if len(text) > limits.AG_URI:
        raise bad(where, f"is longer than {limits.AG_URI} characters.")
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise bad(where, f"is not a URL: {error}.") from None
    # httpx escapes what cannot stand in a host name instead of refusing it.
    if url.scheme not in ("http", "https") or not host.strip(".") or "%" in host or (url.port or 0) > 65535:
        raise bad(where, "must be an absolute http or https URL with a valid host and port.")
