"""The receiver of `demo --once` finds the notification of one rule among others."""

from __future__ import annotations

import httpx

from lazulite.demo.webhook import MAX_BODY, WebhookReceiver

PAYLOAD = {
    "schemaId": "azureMonitorCommonAlertSchema",
    "data": {"essentials": {"alertRule": "r", "monitorCondition": "Fired"}},
}


def test_it_waits_for_the_rule_and_the_condition() -> None:
    with WebhookReceiver() as receiver:
        httpx.post(receiver.address, content=b"not json").raise_for_status()
        httpx.post(receiver.address, json=PAYLOAD).raise_for_status()
        assert receiver.wait("r", "Fired", 10) == PAYLOAD["data"]["essentials"]
        assert receiver.wait("r", "Resolved", 0.01) is None
        assert receiver.wait("other", "Fired", 0.01) is None


def test_it_takes_no_endless_body() -> None:
    with WebhookReceiver() as receiver:
        assert httpx.post(receiver.address, content=b" " * (MAX_BODY + 1)).status_code == 413
