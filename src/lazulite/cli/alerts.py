"""`lazulite alerts list|show`: what fired, newest first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from lazulite.cli.data_option import DEFAULT, DataOption
from lazulite.cli.output import Output, OutputOption, Rows, write
from lazulite.cli.safe_text import visible_json
from lazulite.server.client import open_client

API_VERSION = "2019-05-05-preview"
COLUMNS = (
    ("startDateTime", "datetime"),
    ("severity", "string"),
    ("monitorCondition", "string"),
    ("alertState", "string"),
    ("alertRule", "string"),
    ("id", "string"),
)
SECONDS = len("2026-01-01T00:00:00")

app = typer.Typer(help="Alerts: what fired and what is resolved.", no_args_is_help=True)


class TimeRange(StrEnum):
    """How far back the alerts API looks."""

    hour = "1h"
    day = "1d"
    week = "7d"
    month = "30d"


@app.command("list")
def list_alerts(
    time_range: Annotated[TimeRange, typer.Option(help="Alerts that started within this time.")] = TimeRange.day,
    condition: Annotated[str | None, typer.Option(help="Only Fired or only Resolved ones.")] = None,
    output: OutputOption = Output.table,
    data: DataOption = DEFAULT,
) -> None:
    """Alerts of the subscription, newest first."""
    filters = {"timeRange": time_range.value} | ({"monitorCondition": condition} if condition else {})
    with open_client(data) as client:
        path = f"{client.subscription}/providers/Microsoft.AlertsManagement/alerts"
        found = list(client.list(path, API_VERSION, **filters))
    rows = sorted((row(alert) for alert in found), reverse=True)
    write(Rows(COLUMNS, rows), output)


def row(alert: Mapping[str, Any]) -> list[str]:
    """One line of the list: the start to the second, rule and id by their last segment."""
    essentials = alert["properties"]["essentials"]
    known = essentials | {
        "startDateTime": f"{essentials['startDateTime'][:SECONDS]}Z",
        "alertRule": _name(essentials.get("alertRule")),
        "id": _name(alert["id"]),
    }
    return [str(known.get(name) or "") for name, _ in COLUMNS]


def _name(identifier: str | None) -> str:
    return (identifier or "").rsplit("/", 1)[-1]


@app.command("show")
def show(
    alert: Annotated[str, typer.Argument(help="Id of an alert, as `alerts list` prints it.")],
    data: DataOption = DEFAULT,
) -> None:
    """Everything about one alert, as JSON."""
    with open_client(data) as client:
        path = f"{client.subscription}/providers/Microsoft.AlertsManagement/alerts/{_name(alert)}"
        body = client.get(path, API_VERSION)
    sys.stdout.write(visible_json(msgspec.json.format(msgspec.json.encode(body), indent=2).decode()) + "\n")
