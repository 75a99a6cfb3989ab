"""Azure's own clients, unmodified, against a running server: how `demo --once` reads back what was sent.

They are development dependencies: `missing_clients` names those that are not installed, and `Stock` needs all.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from lazulite.core.errors import LazuliteError
from lazulite.demo import alert_rules
from lazulite.server.client import ML_WORKSPACE_TYPE
from lazulite.server.connection import Connection

CLIENTS = {
    "azure.identity": "azure-identity",
    "azure.monitor.query": "azure-monitor-query",
    "azure.monitor.querymetrics": "azure-monitor-querymetrics",
    "azure.mgmt.monitor": "azure-mgmt-monitor",
    "azure.mgmt.alertsmanagement": "azure-mgmt-alertsmanagement",
}


class StockRefused(LazuliteError):
    """A stock client got less than the whole answer, or an error."""


def missing_clients() -> list[str]:
    """The packages of CLIENTS that this Python does not have."""
    return [package for module, package in CLIENTS.items() if not _has(module)]


def _has(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


class Stock:
    """One credential and the clients that the demo needs, all against `connection`."""

    def __init__(self, connection: Connection) -> None:
        from azure.identity import ClientSecretCredential
        from azure.mgmt.alertsmanagement import AlertsManagementClient
        from azure.mgmt.monitor import MonitorManagementClient
        from azure.monitor.query import LogsQueryClient
        from azure.monitor.querymetrics import MetricsClient

        self._connection = connection
        endpoint = connection.endpoint
        trust: dict[str, Any] = {"connection_verify": connection.ca_file}
        arm: dict[str, Any] = trust | {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
        credential = ClientSecretCredential(
            connection.tenant_id,
            connection.client_id,
            connection.client_secret,
            authority=endpoint,
            disable_instance_discovery=True,
            **trust,
        )
        self._logs = LogsQueryClient(credential, endpoint=endpoint, **trust)
        self._metrics = MetricsClient(endpoint, credential, audience=endpoint, **trust)
        self._monitor = MonitorManagementClient(credential, connection.subscription_id, **arm)
        self._alerts = AlertsManagementClient(credential, connection.subscription_id, **arm)

    def query(self, kql: str) -> list[list[Any]]:
        """The rows of the first table; raises StockRefused when the answer is partial."""
        from azure.monitor.query import LogsQueryPartialResult

        answer = self._logs.query_workspace(self._connection.log_analytics_customer_id, kql, timespan=None)
        if isinstance(answer, LogsQueryPartialResult):
            raise StockRefused("Partial", f"The answer to {kql!r} is partial: {answer.partial_error}")
        return [list(row) for row in answer.tables[0].rows]

    def totals(self, workspace: str, metric: str, dimension: str, since: datetime, until: datetime) -> dict[str, float]:
        """The sum of `metric` by the values of `dimension`, summed up from the points of a chart split by it."""
        (answer,) = self._metrics.query_resources(
            resource_ids=[workspace],
            metric_namespace=ML_WORKSPACE_TYPE,
            metric_names=[metric],
            timespan=(since, until),
            granularity=timedelta(minutes=1),
            aggregations=["Total"],
            filter=f"{dimension} eq '*'",
        )
        return {
            next(iter(series.metadata_values.values())): sum(point.total or 0.0 for point in series.data)
            for found in answer.metrics
            for series in found.timeseries
            if series.metadata_values
        }

    def make_rule(self, name: str, workspace: str, experiment: str, webhook: str) -> None:
        """An action group that calls `webhook`, and a rule of the same name that fires through it."""
        group = self._connection.resource_group
        made = self._monitor.action_groups.create_or_update(group, name, _body(alert_rules.webhook_group(webhook)))
        rule = alert_rules.failed_runs(workspace, experiment, made.id)
        self._monitor.metric_alerts.create_or_update(group, name, _body(rule))

    def fired(self, rule: str) -> str | None:
        """The id of the alert that the rule named `rule` fired, or None so far."""
        for alert in self._alerts.alerts.get_all(monitor_condition="Fired", time_range="1h"):
            essentials = alert.properties.essentials if alert.properties else None
            if essentials and str(essentials.alert_rule).rsplit("/", 1)[-1] == rule:
                return str(alert.id)
        return None

    def close(self) -> None:
        for client in (self._logs, self._metrics, self._monitor, self._alerts):
            client.close()


def _body(body: Mapping[str, Any]) -> io.BytesIO:
    return io.BytesIO(msgspec.json.encode(body))
