"""Delivers queued notifications to webhooks, at least once, with Azure's retries; what fails for good is kept.

Attempts after the first follow 5, 20, 5, 40 and 5 s after the one before, on a connection error, a time-out, or status
408, 429, 503 and 504. Any other answer that is no success ends it. A notification that is given up becomes a dead
letter of the queue with its last error, and a line of its alert's history.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import msgspec

from lazulite.alerts.groups import GroupBody, WebhookReceiver, read_group
from lazulite.alerts.limits import AG_WEBHOOK_DELAYS, AG_WEBHOOK_RETRY_ON
from lazulite.alerts.notifications import NOTIFIED, Notification
from lazulite.alerts.rules import Find
from lazulite.alerts.store import AlertStore
from lazulite.alerts.webhook import Call, Outcome, WebhookClient, redacted
from lazulite.core.clock import TICKS_PER_SECOND, Clock
from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError
from lazulite.core.resource_id import parse
from lazulite.state.queue import DurableQueue, QueueItem

# All side by side, so that a round ends within one time-out and well before the queue's lease of its items.
AT_ONCE = 32
NOTIFICATION_ID = "x-lazulite-notification"
DEPTH = "lazulite_alert_notifications_waiting"
_LOG = logging.getLogger("lazulite.alerts")


@dataclass(frozen=True)
class _Delivery:
    item: QueueItem
    notification: Notification
    receiver: WebhookReceiver


class Notifier:
    """Call `deliver_due` about once a second from one thread. `clock` is the real clock, which the queue uses too."""

    def __init__(
        self,
        queue: DurableQueue,
        store: AlertStore,
        find: Find,
        client: WebhookClient,
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._queue = queue
        self._store = store
        self._find = find
        self._client = client
        self._clock = clock
        self._counters = counters
        counters.gauge(DEPTH, queue.depth)

    def deliver_due(self) -> int:
        """Try up to AT_ONCE notifications that are due, side by side; returns how many were delivered."""
        ready = [each for each in map(self._prepared, self._queue.take(AT_ONCE)) if each]
        outcomes = self._client.post_all([_call(each) for each in ready]) if ready else []
        return sum(self._settle(each, outcome) for each, outcome in zip(ready, outcomes, strict=True))

    def _prepared(self, item: QueueItem) -> _Delivery | None:
        """What to call, by the action group as it is now; None when there is nobody left to tell."""
        try:
            notification = msgspec.convert(item.payload, Notification)
        except msgspec.ValidationError as error:
            self._queue.bury(item.id, f"The queue item cannot be read: {error}")
            self._counters.add(NOTIFIED, outcome="failed")
            return None
        try:
            resource = self._find(parse(notification.group))
            group = read_group(resource) if resource else None
        except LazuliteError as error:
            self._retry_or_bury(item, notification, f"The action group cannot be read: {error.message}")
            return None
        # As it is now, not as it was when the alert fired: a receiver that was removed must not be called any more.
        receiver = _receiver(group, notification.receiver)
        if receiver is None:
            self._bury(item, notification, "The action group or its receiver was removed or disabled.")
            return None
        return _Delivery(item, notification, receiver)

    def _settle(self, delivery: _Delivery, outcome: Outcome) -> bool:
        item, notification = delivery.item, delivery.notification
        if outcome.status is not None and 200 <= outcome.status < 300:
            self._queue.done(item.id)
            self._counters.add(NOTIFIED, outcome="delivered")
            return True
        error = outcome.error or f"The receiver answered {outcome.status}."
        if outcome.status is not None and 300 <= outcome.status < 400:
            error = f"The receiver answered {outcome.status}; redirects are not followed."
        error = f"{redacted(delivery.receiver.service_uri)} {error}"
        if outcome.refused or (outcome.status is not None and outcome.status not in AG_WEBHOOK_RETRY_ON):
            self._bury(item, notification, error)
        else:
            self._retry_or_bury(item, notification, error)
        return False

    def _retry_or_bury(self, item: QueueItem, notification: Notification, error: str) -> None:
        if item.attempts > len(AG_WEBHOOK_DELAYS):
            self._bury(item, notification, f"Given up after {item.attempts} attempts. {error}")
            return
        delay = AG_WEBHOOK_DELAYS[item.attempts - 1] * TICKS_PER_SECOND
        self._queue.retry(item.id, self._clock.now() + delay, error)
        self._counters.add(NOTIFIED, outcome="retried")

    def _bury(self, item: QueueItem, notification: Notification, error: str) -> None:
        self._queue.bury(item.id, error)
        self._counters.add(NOTIFIED, outcome="failed")
        _LOG.warning("notification failed", extra={"alert": notification.alert_id, "error": error})
        self._store.note_failure(notification.alert_id, f"Receiver {notification.receiver}: {error}")


def _receiver(group: GroupBody | None, name: str) -> WebhookReceiver | None:
    return group.webhook(name) if group and group.enabled else None


def _call(delivery: _Delivery) -> Call:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "lazulite",
        NOTIFICATION_ID: delivery.notification.id,
    }
    return Call(delivery.receiver.service_uri, msgspec.json.encode(delivery.notification.payload), headers)
