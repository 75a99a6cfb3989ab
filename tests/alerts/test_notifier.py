"""Notifications on their way to a real receiver: the payload, Azure's retries, and what a restart does."""

from __future__ import annotations

import logging

import pytest

from lazulite.alerts.limits import AG_WEBHOOK_DELAYS
from lazulite.core.resource_id import parse

from .conftest import ALICE, GROUP, RULE, WORKSPACE, Receiver, Room, criterion, group_body, rule_body

TELLING = {"actions": [{"actionGroupId": GROUP, "webHookProperties": {"team": "ml"}}]}
ESSENTIALS = [
    "alertId",
    "alertRule",
    "alertRuleId",
    "severity",
    "signalType",
    "monitorCondition",
    "monitoringService",
    "alertTargetIDs",
    "configurationItems",
    "originAlertId",
    "firedDateTime",
    "resolvedDateTime",
    "description",
    "essentialsVersion",
    "alertContextVersion",
    "targetResourceGroup",
    "targetResourceType",
    "investigationLink",
]


def fire(room: Room, *uris: str) -> None:
    """An alert with a dimension, told to a group of webhooks."""
    room.put(GROUP, group_body(*uris))
    by_scenario = criterion(dimensions=[{"name": "Scenario", "operator": "Include", "values": ["*"]}])
    room.put(RULE, rule_body(by_scenario, **TELLING))
    room.measured.put(2.0, Scenario="batch")
    room.minute()


def test_a_webhook_gets_the_common_alert_schema(room: Room, receiver: Receiver) -> None:
    fire(room, receiver.url)
    assert room.notifier.deliver_due() == 1
    (body,) = receiver.bodies
    (alert,) = room.alerts()
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    assert list(body["data"]["essentials"]) == ESSENTIALS
    assert body["data"]["essentials"] == {
        "alertId": alert.resource_id,
        "alertRule": "deploys",
        "alertRuleId": RULE,
        "severity": "Sev2",
        "signalType": "Metric",
        "monitorCondition": "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [WORKSPACE.lower()],
        "configurationItems": ["demo"],
        "originAlertId": f"{RULE.strip('/').replace('/', '_')}_{alert.id}",
        "firedDateTime": "2026-11-25T03:01:00.0000000Z",
        "resolvedDateTime": None,
        "description": "A deployment failed.",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
        "targetResourceGroup": "lazulite",
        "targetResourceType": "microsoft.machinelearningservices/workspaces",
        "investigationLink": "",
    }
    assert body["data"]["alertContext"] == {
        "properties": {"team": "ml"},
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": {
            "windowSize": "PT1M",
            "allOf": [
                {
                    "metricName": "Model Deploy Failed",
                    "metricNamespace": "Microsoft.MachineLearningServices/workspaces",
                    "operator": "GreaterThan",
                    "threshold": "0",
                    "timeAggregation": "Total",
                    "dimensions": [{"name": "Scenario", "value": "batch"}],
                    "metricValue": 2.0,
                    "webTestName": None,
                }
            ],
            "windowStartTime": "2026-11-25T03:00:00.0000000Z",
            "windowEndTime": "2026-11-25T03:01:00.0000000Z",
        },
    }


def test_the_end_of_an_alert_is_told_too(room: Room, receiver: Receiver) -> None:
    fire(room, receiver.url)
    room.measured.clear()
    room.minute(3)
    room.notifier.deliver_due()
    told = {body["data"]["essentials"]["monitorCondition"]: body["data"] for body in receiver.bodies}
    assert told["Resolved"]["essentials"]["resolvedDateTime"] == "2026-11-25T03:04:00.0000000Z"
    condition = told["Resolved"]["alertContext"]["condition"]["allOf"][0]
    assert (condition["metricValue"], condition["dimensions"]) == (None, [{"name": "Scenario", "value": "batch"}])


@pytest.mark.parametrize("status", [408, 429, 503, 504])
def test_failures_that_pass_are_tried_again_after_azures_delays(room: Room, receiver: Receiver, status: int) -> None:
    receiver.answers = [status] * 5
    fire(room, receiver.url)
    assert room.notifier.deliver_due() == 0
    for delay in AG_WEBHOOK_DELAYS:
        room.clock.advance(delay - 1)
        assert room.notifier.deliver_due() == 0
        attempts = len(receiver.bodies)
        room.clock.advance(1)
        room.notifier.deliver_due()
        assert len(receiver.bodies) == attempts + 1
    assert len(receiver.bodies) == 6
    assert room.queue.depth() == 0
    assert room.counters.value("lazulite_alert_notifications_total", outcome="delivered") == 1
    assert len({headers["x-lazulite-notification"] for headers in receiver.headers}) == 1


def test_after_the_last_retry_it_is_kept_as_a_dead_letter_with_its_error(room: Room, receiver: Receiver) -> None:
    receiver.answers = [503] * 6
    fire(room, receiver.url)
    room.notifier.deliver_due()
    for delay in AG_WEBHOOK_DELAYS:
        room.clock.advance(delay)
        room.notifier.deliver_due()
    (dead,) = room.queue.dead()
    assert dead.error == f"Given up after 6 attempts. http://127.0.0.1:{receiver.port}/... The receiver answered 503."
    assert room.counters.value("lazulite_alert_notifications_total", outcome="failed") == 1
    failed = room.store.history(room.alerts()[0].id)[0]
    assert (failed.event, failed.description) == ("ActionsFailed", f"Receiver hook0: {dead.error}")


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500])
def test_other_answers_end_it_at_once(room: Room, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    fire(room, receiver.url)
    room.notifier.deliver_due()
    assert f"The receiver answered {status}" in room.queue.dead()[0].error
    assert room.queue.depth() == 0


def test_a_refused_address_ends_it_and_says_why(room: Room) -> None:
    fire(room, "http://169.254.169.254/")
    room.notifier.deliver_due()
    assert "is a link-local or metadata address: it is not called" in room.queue.dead()[0].error


def test_a_receiver_that_is_down_holds_up_no_other(room: Room, receiver: Receiver) -> None:
    fire(room, "http://127.0.0.1:1/down", receiver.url)
    assert room.notifier.deliver_due() == 1
    assert room.queue.depth() == 1


def test_a_notification_outlives_a_restart_and_a_lost_lease(room: Room, receiver: Receiver) -> None:
    fire(room, receiver.url)
    assert len(room.queue.take(10)) == 1
    room.reopen()
    assert room.notifier.deliver_due() == 0
    room.clock.advance(121)
    assert room.notifier.deliver_due() == 1
    assert len(receiver.bodies) == 1


def test_the_address_is_the_one_of_the_group_now(room: Room, receiver: Receiver) -> None:
    fire(room, "http://127.0.0.1:1/old")
    room.put(GROUP, group_body(receiver.url))
    assert room.notifier.deliver_due() == 1


@pytest.mark.parametrize("how", ["deleted", "disabled", "removed"])
def test_when_nobody_is_left_to_tell_it_is_kept_and_said(room: Room, receiver: Receiver, how: str) -> None:
    fire(room, receiver.url)
    if how == "deleted":
        room.resources.delete(parse(GROUP), ALICE)
    else:
        room.put(GROUP, group_body(receiver.url, enabled=False) if how == "disabled" else group_body())
    assert room.notifier.deliver_due() == 0
    assert room.queue.dead()[0].error == "The action group or its receiver was removed or disabled."
    assert receiver.bodies == []


def test_no_secret_of_an_address_reaches_the_log_or_the_queue(
    room: Room, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [404]
    with caplog.at_level(logging.DEBUG):
        fire(room, receiver.url)
        assert "s3cret" not in str(room.queue.dead())
        room.notifier.deliver_due()
    shown = caplog.text + str([vars(record) for record in caplog.records])
    assert "s3cret" not in shown + str(room.queue.dead())
