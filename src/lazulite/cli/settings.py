"""`lazulite settings list`: the diagnostic settings of a resource, which say what is kept where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lazulite.cli.data_option import DEFAULT, DataOption
from lazulite.cli.output import Output, OutputOption, Rows, write
from lazulite.server.client import open_client

API_VERSION = "2021-05-01-preview"
COLUMNS = (("name", "string"), ("logs", "string"), ("metrics", "string"), ("workspace", "string"))

app = typer.Typer(help="Diagnostic settings: which categories and metrics go where.", no_args_is_help=True)


@app.command("list")
def list_settings(
    resource: Annotated[str | None, typer.Option(help="ARM id of the resource. Default: the ML workspace.")] = None,
    output: OutputOption = Output.table,
    data: DataOption = DEFAULT,
) -> None:
    """The diagnostic settings of a resource."""
    with open_client(data) as client:
        path = f"{resource or client.ml_workspace}/providers/Microsoft.Insights/diagnosticSettings"
        rows = [row(setting) for setting in client.list(path, API_VERSION)]
    write(Rows(COLUMNS, rows), output)


def row(setting: Mapping[str, Any]) -> list[str]:
    """One line of the list: enabled categories and groups, and the workspace by its name."""
    properties = setting["properties"]
    workspace = (properties.get("workspaceId") or "").rsplit("/", 1)[-1]
    return [setting["name"], _enabled(properties.get("logs")), _enabled(properties.get("metrics")), workspace]


def _enabled(entries: list[dict[str, Any]] | None) -> str:
    return ", ".join(
        str(entry.get("category") or entry.get("categoryGroup")) for entry in entries or () if entry.get("enabled")
    )
