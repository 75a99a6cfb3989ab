"""The common alert schema, as webhooks get it, and the alert context of metric alerts inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazulite.alerts.conditions import Reading, Verdict
from lazulite.alerts.instance import Alert
from lazulite.alerts.rule import ActionBody, Rule
from lazulite.kql import ticks

SCHEMA_ID = "azureMonitorCommonAlertSchema"
VERSION = "1.0"


def alert_context(rule: Rule, verdict: Verdict, instant: int) -> dict[str, Any]:
    """`alertContext`: what was measured in the window [instant - window, instant), against what."""
    return {
        "properties": None,
        "conditionType": rule.body.criteria.odata_type.rsplit(".", 1)[-1],
        "condition": {
            "windowSize": rule.body.window_size,
            "allOf": [_condition(reading, verdict) for reading in verdict.readings],
            "windowStartTime": ticks.format_datetime(instant - rule.window),
            "windowEndTime": ticks.format_datetime(instant),
        },
    }


def common_alert(alert: Alert, action: ActionBody) -> dict[str, Any]:
    """The body of one notification; the action's webHookProperties travel as `alertContext.properties`."""
    context: Mapping[str, Any] = {**alert.context, "properties": action.web_hook_properties}
    data = {"essentials": _essentials(alert), "alertContext": context, "customProperties": None}
    return {"schemaId": SCHEMA_ID, "data": data}


def _condition(reading: Reading, verdict: Verdict) -> dict[str, Any]:
    criterion = reading.criterion
    return {
        "metricName": criterion.metric_name,
        "metricNamespace": criterion.metric_namespace or verdict.target.type,
        "operator": criterion.operator,
        "threshold": _number(criterion.threshold),
        "timeAggregation": criterion.time_aggregation,
        "dimensions": [{"name": name, "value": value} for name, value in reading.dimensions],
        "metricValue": reading.value,
        "webTestName": None,
    }


def _number(value: float) -> str:
    """A threshold is a string in this schema: 90, not 90.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _essentials(alert: Alert) -> dict[str, Any]:
    return {
        "alertId": alert.resource_id,
        "alertRule": alert.name,
        "alertRuleId": alert.rule,
        "severity": alert.severity,
        "signalType": alert.signal_type,
        "monitorCondition": alert.monitor_condition,
        "monitoringService": alert.monitor_service,
        "alertTargetIDs": [alert.target.lower()],
        "configurationItems": [alert.target_name],
        "originAlertId": f"{alert.rule.strip('/').replace('/', '_')}_{alert.id}",
        "firedDateTime": ticks.format_datetime(alert.started),
        "resolvedDateTime": None if alert.resolved is None else ticks.format_datetime(alert.resolved),
        "description": alert.description,
        "essentialsVersion": VERSION,
        "alertContextVersion": VERSION,
        "targetResourceGroup": alert.target_group,
        "targetResourceType": alert.target_type.lower(),
        "investigationLink": "",
    }
