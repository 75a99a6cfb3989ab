"""`GET .../metricAlerts/NAME/status`: how a rule's last evaluation went, one row a fired series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazulite.alerts.rule import Rule
from lazulite.alerts.store import AlertStore, Run
from lazulite.kql import ticks

HEALTHY, UNHEALTHY, FAILED, NEVER = "Healthy", "Unhealthy", "EvaluationFailed", "NotEvaluated"
TYPE = "Microsoft.Insights/metricAlerts/status"


def rule_status(rule: Rule, store: AlertStore) -> list[dict[str, Any]]:
    """A failed evaluation comes first and says why; the rows of series that it had fired before stay."""
    run = store.run(rule.key)
    fired = store.open_alerts(rule.key)
    rows = [_row(rule, alert.id, UNHEALTHY, alert.modified, dict(alert.dimensions)) for alert in fired]
    general = _general(run, bool(fired))
    if general:
        error = {"error": run.error} if run and run.error else {}
        rows.insert(0, _row(rule, rule.id.name, general, run.instant if run else None, {}, error))
    return rows


def _general(run: Run | None, fired: bool) -> str | None:
    if run is None:
        return NEVER
    if run.error:
        return FAILED
    return None if fired else HEALTHY


def _row(
    rule: Rule,
    name: str,
    status: str,
    at: int | None,
    dimensions: Mapping[str, str],
    more: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    timestamp = None if at is None else ticks.format_datetime(at)
    properties = {"dimensions": dict(dimensions), "status": status, "timestamp": timestamp, **(more or {})}
    return {"name": name, "id": f"{rule.id.text}/status/{name}", "type": TYPE, "properties": properties}
