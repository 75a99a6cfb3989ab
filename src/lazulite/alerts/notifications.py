"""What is to be told to whom: decided and queued in the transaction that fires or resolves an alert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection

from lazulite.alerts.groups import GroupBody, read_group
from lazulite.alerts.instance import Alert, Modification
from lazulite.alerts.payload import common_alert
from lazulite.alerts.rule import ActionBody, Rule
from lazulite.alerts.rules import Find
from lazulite.alerts.store import AlertStore
from lazulite.core.caller import SYSTEM
from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError
from lazulite.core.ids import Ids
from lazulite.core.resource_id import parse
from lazulite.state.queue import DurableQueue

NOTIFIED = "lazulite_alert_notifications_total"


class Notification(msgspec.Struct, frozen=True):
    """One call of one receiver. The address is looked up when it is sent, so that no secret is copied into the queue.

    `id` is what a receiver may deduplicate on: delivery is at least once.
    """

    id: str
    alert_id: str
    group: str
    receiver: str
    payload: dict[str, Any]


class Notifications:
    """Queues one item for each receiver of each action group of a rule, and writes in the alert's history who."""

    def __init__(self, store: AlertStore, queue: DurableQueue, find: Find, ids: Ids, counters: Counters) -> None:
        self._store = store
        self._queue = queue
        self._find = find
        self._ids = ids
        self._counters = counters

    def put(self, connection: Connection, rule: Rule, alert: Alert) -> None:
        """Raises Throttled when the queue is full: the evaluation is then undone as a whole and tried again."""
        for action in rule.actions:
            for change in self._put_group(connection, action, alert):
                self._store.note(connection, alert.id, change)

    def _put_group(self, connection: Connection, action: ActionBody, alert: Alert) -> Iterator[Modification]:
        group_id = parse(action.action_group_id)
        try:
            resource = self._find(group_id)
            group = read_group(resource) if resource else None
        except LazuliteError as error:
            self._counters.add(NOTIFIED, outcome="unreadable_group")
            yield _change(alert, "ActionsFailed", f"Action group {group_id.name} cannot be read: {error.message}")
            return
        if group is None:
            self._counters.add(NOTIFIED, outcome="missing_group")
            yield _change(alert, "ActionsFailed", f"Action group {group_id.text} does not exist; nobody was told.")
        elif not group.enabled:
            self._counters.add(NOTIFIED, outcome="disabled_group")
            yield _change(alert, "ActionsSuppressed", f"Action group {group_id.name} is disabled; nobody was told.")
        else:
            yield self._queued(connection, action, group, alert)

    def _queued(self, connection: Connection, action: ActionBody, group: GroupBody, alert: Alert) -> Modification:
        payload = common_alert(alert, action)
        for webhook in group.webhooks:
            item = Notification(self._ids.guid(), alert.id, action.action_group_id, webhook.name, payload)
            self._queue.put(msgspec.to_builtins(item), connection=connection)
            self._counters.add(NOTIFIED, outcome="queued")
        names = ", ".join(webhook.name for webhook in group.webhooks) or "no receivers"
        return _change(alert, "ActionsTriggered", f"Action group {parse(action.action_group_id).name}: {names}.")


def _change(alert: Alert, event: str, description: str) -> Modification:
    return Modification(event, "", alert.monitor_condition, alert.modified, SYSTEM.name, "", description)
