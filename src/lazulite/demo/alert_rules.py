"""The alert rule that the demo makes, and the action group through which `--once` is called back: ARM bodies."""

from __future__ import annotations

from typing import Any

METRIC_ALERT_TYPE = "Microsoft.Insights/metricAlerts"
METRIC_ALERT_VERSION = "2018-03-01"
LIVE_RULE = "demo-failed-runs"


def failed_runs(workspace: str, experiment: str | None = None, action_group: str | None = None) -> dict[str, Any]:
    """Fires when a run failed within five minutes; of one experiment, and through an action group, where given."""
    dimensions = [{"name": "ExperimentName", "operator": "Include", "values": [experiment]}] if experiment else []
    return {
        "location": "global",
        "properties": {
            "description": "A training job of the demo failed.",
            "severity": 2,
            "enabled": True,
            "scopes": [workspace],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "autoMitigate": True,
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "failed",
                        "metricName": "Failed Runs",
                        "metricNamespace": "Microsoft.MachineLearningServices/workspaces",
                        "timeAggregation": "Total",
                        "operator": "GreaterThan",
                        "threshold": 0,
                        "dimensions": dimensions,
                    }
                ],
            },
            "actions": [{"actionGroupId": action_group}] if action_group else [],
        },
    }


def webhook_group(address: str) -> dict[str, Any]:
    """An action group whose one receiver is `address`, called with the common alert schema."""
    receiver = {"name": "demo", "serviceUri": address, "useCommonAlertSchema": True}
    return {
        "location": "Global",
        "properties": {"groupShortName": "demo", "enabled": True, "webhookReceivers": [receiver]},
    }
