"""The three alert rules that the service recommends for every machine-learning workspace, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lazulite.alerts.rule import SINGLE
from lazulite.core.caller import Caller
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import Resource

# Metric, aggregation, operator, threshold, description.
RECOMMENDED = (
    ("Model Deploy Failed", "Total", "GreaterThan", 0, "A model deployment failed."),
    ("Quota Utilization Percentage", "Average", "GreaterThan", 90, "Over 90 % of the compute quota is in use."),
    ("Unusable Nodes", "Total", "GreaterThan", 0, "Compute nodes are broken and wait for recycling."),
)
SEVERITY = 3
FREQUENCY = "PT1M"
WINDOW = "PT5M"


class Rules(Protocol):
    """What of the resource store is needed here."""

    def get(self, id: ResourceId, /) -> Resource | None: ...

    def put(self, id: ResourceId, body: Mapping[str, Any], caller: Caller, /) -> tuple[Resource, bool]: ...


def ensure_recommended(store: Rules, ml_workspace_id: ResourceId, caller: Caller) -> list[Resource]:
    """Create those of the three rules that are missing beside the workspace; returns what was created.

    Call it at first start only, so that a rule which an administrator deletes stays deleted.
    """
    group = f"/subscriptions/{ml_workspace_id.subscription}/resourceGroups/{ml_workspace_id.resource_group}"
    created = []
    for metric, aggregation, operator, threshold, description in RECOMMENDED:
        name = f"{metric} - {ml_workspace_id.name}"
        rule = parse(f"{group}/providers/Microsoft.Insights/metricAlerts/{name}")
        if store.get(rule) is None:
            condition = (metric, aggregation, operator, threshold)
            created.append(store.put(rule, _body(ml_workspace_id, description, condition), caller)[0])
    return created


def _body(workspace: ResourceId, description: str, condition: tuple[str, str, str, int]) -> dict[str, Any]:
    metric, aggregation, operator, threshold = condition
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": metric,
        "metricName": metric,
        "metricNamespace": workspace.type,
        "timeAggregation": aggregation,
        "operator": operator,
        "threshold": threshold,
        "dimensions": [],
    }
    return {
        "location": "global",
        "tags": {},
        "properties": {
            "description": description,
            "severity": SEVERITY,
            "enabled": True,
            "scopes": [workspace.text],
            "evaluationFrequency": FREQUENCY,
            "windowSize": WINDOW,
            "criteria": {"odata.type": SINGLE, "allOf": [criterion]},
            "autoMitigate": True,
            "actions": [],
        },
    }
