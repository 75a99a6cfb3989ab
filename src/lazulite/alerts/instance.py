"""An alert instance and its history, as read from the store, and in the form that clients see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row

from lazulite.alerts.conditions import Dimensions
from lazulite.alerts.limits import ALERTS
from lazulite.kql import ticks

NEW = "New"
STATES = (NEW, "Acknowledged", "Closed")
FIRED, RESOLVED = "Fired", "Resolved"


@dataclass(frozen=True)
class Alert:
    """One firing of one rule for one time series. Times are ticks of the event clock; `context` is `alertContext`."""

    id: str
    name: str
    subscription: str
    rule: str
    rule_key: str
    series: str
    severity: str
    signal_type: str
    monitor_service: str
    alert_state: str
    monitor_condition: str
    target: str
    target_name: str
    target_group: str
    target_type: str
    description: str
    dimensions: Dimensions
    context: Mapping[str, Any]
    started: int
    modified: int
    modified_by: str
    resolved: int | None

    @property
    def resource_id(self) -> str:
        return f"/subscriptions/{self.subscription}/providers/{ALERTS}/{self.id}"


@dataclass(frozen=True)
class Modification:
    """One line of an alert's history. `event` is Azure's AlertModificationEvent."""

    event: str
    old_value: str
    new_value: str
    at: int
    by: str
    comments: str = ""
    description: str = ""


def alert_of(row: Row[Any]) -> Alert:
    found = dict(row._mapping)
    found.pop("target_key")
    found["context"] = msgspec.json.decode(found["context"])
    found["dimensions"] = dimensions_of(found["dimensions"])
    return Alert(**found)


def dimensions_of(text: str) -> Dimensions:
    """Dimension names and values as the store keeps them."""
    return msgspec.json.decode(text, type=tuple[tuple[str, str], ...])


def alert_body(alert: Alert, *, include_context: bool = True) -> dict[str, Any]:
    """The alert as Microsoft.AlertsManagement shows it."""
    properties: dict[str, Any] = {"essentials": essentials(alert), "egressConfig": None}
    if include_context:
        properties["context"] = dict(alert.context)
    return {"id": alert.resource_id, "type": ALERTS, "name": alert.name, "properties": properties}


def essentials(alert: Alert) -> dict[str, Any]:
    found = {
        "severity": alert.severity,
        "signalType": alert.signal_type,
        "alertState": alert.alert_state,
        "monitorCondition": alert.monitor_condition,
        "monitorService": alert.monitor_service,
        "alertRule": alert.rule,
        "targetResource": alert.target,
        "targetResourceName": alert.target_name,
        "targetResourceGroup": alert.target_group,
        "targetResourceType": alert.target_type,
        "sourceCreatedId": alert.id,
        "smartGroupId": "",
        "smartGroupingReason": "",
        "startDateTime": ticks.format_datetime(alert.started),
        "lastModifiedDateTime": ticks.format_datetime(alert.modified),
        "lastModifiedUserName": alert.modified_by,
        "actionStatus": {"isSuppressed": False},
        "description": alert.description,
    }
    if alert.resolved is not None:
        found["monitorConditionResolvedDateTime"] = ticks.format_datetime(alert.resolved)
    return found


def history_body(alert: Alert, modifications: list[Modification]) -> dict[str, Any]:
    return {
        "id": f"{alert.resource_id}/history/default",
        "type": f"{ALERTS}/history",
        "name": "default",
        "properties": {"alertId": alert.id, "modifications": [_modification_body(each) for each in modifications]},
    }


def _modification_body(change: Modification) -> dict[str, Any]:
    return {
        "modificationEvent": change.event,
        "oldValue": change.old_value,
        "newValue": change.new_value,
        "modifiedAt": ticks.format_datetime(change.at),
        "modifiedBy": change.by,
        "comments": change.comments,
        "description": change.description,
    }
