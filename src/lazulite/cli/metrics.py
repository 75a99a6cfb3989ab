"""`lazulite metrics values|list`: platform metrics of a resource, as the metrics API gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from lazulite.cli.data_option import DEFAULT, DataOption
from lazulite.cli.output import Output, OutputOption, Rows, say, write
from lazulite.core.errors import BadRequest
from lazulite.server.client import Client, open_client

API_VERSION = "2024-02-01"
AGGREGATIONS = ("average", "minimum", "maximum", "total", "count")

app = typer.Typer(help="Platform metrics: their values, and which there are.", no_args_is_help=True)
ResourceOption = Annotated[str | None, typer.Option(help="ARM id of the resource. Default: the ML workspace.")]


@app.command("values")
def values(
    name: Annotated[list[str], typer.Argument(help="Metric names, e.g. 'Failed Runs'.")],
    aggregation: Annotated[
        str | None, typer.Option(help="average, minimum, maximum, total, count; several with commas.")
    ] = None,
    interval: Annotated[str | None, typer.Option(help="Time grain: PT1M, PT5M, PT1H, ... or FULL.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Dimension to split by; may be repeated.")] = None,
    where: Annotated[str | None, typer.Option("--filter", help="Filter: \"RunType eq 'Experiment'\".")] = None,
    start: Annotated[str | None, typer.Option(help="From this instant, ISO 8601. Default: an hour ago.")] = None,
    end: Annotated[str | None, typer.Option(help="Until this instant, ISO 8601; needs --start.")] = None,
    timespan: Annotated[str | None, typer.Option(help="Instead of --start and --end: PT6H, P1D, START/END.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="At most so many series of a split.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Show the time grains without a value as well.")] = False,
    resource: ResourceOption = None,
    output: OutputOption = Output.table,
    data: DataOption = DEFAULT,
) -> None:
    """Values over time, such as 'Failed Runs' --aggregation total --interval PT5M --split RunType."""
    params = {
        "metricnames": ",".join(part.replace(",", "%2C") for part in name),
        "aggregation": aggregation,
        "interval": interval,
        "$filter": filter_text(where, split or ()),
        "timespan": span(start, end, timespan),
        "top": None if top is None else str(top),
    }
    with open_client(data) as client:
        body = client.get(
            f"{resource or client.ml_workspace}/providers/Microsoft.Insights/metrics",
            API_VERSION,
            **{key: value for key, value in params.items() if value is not None},
        )
    rows = table(body, keep_empty=empty)
    write(rows, output)
    if not rows.rows:
        say(
            f"lazulite: no values of {', '.join(name)} in {body.get('timespan')};"
            " widen --timespan or look at `metrics list`."
        )


def filter_text(where: str | None, split: Sequence[str]) -> str | None:
    """One $filter out of a user's filter and the dimensions to split by."""
    terms = [f"({where})" if " or " in where.lower() else where] if where else []
    return " and ".join([*terms, *(f"{dimension} eq '*'" for dimension in split)]) or None


def span(start: str | None, end: str | None, timespan: str | None) -> str | None:
    """The API's timespan out of what was given; None leaves the last hour to the server."""
    if timespan and (start or end):
        raise BadRequest("Timespan", "Give either --timespan or --start and --end, not both.")
    if bool(start) != bool(end):
        raise BadRequest("Timespan", "Give --start and --end together, or --timespan PT6H for the time until now.")
    return f"{start}/{end}" if start else timespan


def table(body: Mapping[str, Any], keep_empty: bool = False) -> Rows:
    """One row a metric, series and time grain; a column for each dimension and aggregation that occurs."""
    points = list(_points(body))
    dimensions = _ordered(key for _, labels, _ in points for key in labels)
    found = {key for _, _, point in points for key in point}
    measures = [name for name in AGGREGATIONS if name in found]
    several = len(body["value"]) > 1
    columns = [
        ("timeStamp", "datetime"),
        *([("metric", "string")] if several else []),
        *((name, "string") for name in dimensions),
        *((name, "real") for name in measures),
    ]
    rows = [
        [
            point["timeStamp"],
            *([metric] if several else []),
            *(labels.get(name, "") for name in dimensions),
            *(point.get(name) for name in measures),
        ]
        for metric, labels, point in points
        if keep_empty or len(point) > 1
    ]
    return Rows(columns, rows)


def _points(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], dict[str, Any]]]:
    for metric in body["value"]:
        for series in metric["timeseries"]:
            labels = {label["name"]["value"]: label["value"] for label in series.get("metadatavalues", ())}
            for point in series.get("data", ()):
                yield metric["name"]["value"], labels, point


def _ordered(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


@app.command("list")
def definitions(
    resource: ResourceOption = None, output: OutputOption = Output.table, data: DataOption = DEFAULT
) -> None:
    """The metrics that a resource may have: unit, aggregations, dimensions."""
    with open_client(data) as client:
        rows = [_definition(item) for item in _definitions(client, resource)]
    columns = [("name", "string"), ("unit", "string"), ("primary", "string"), ("dimensions", "string")]
    write(Rows(columns, rows), output)


def _definitions(client: Client, resource: str | None) -> Iterator[dict[str, Any]]:
    return client.list(f"{resource or client.ml_workspace}/providers/Microsoft.Insights/metricDefinitions", API_VERSION)


def _definition(item: Mapping[str, Any]) -> list[str]:
    dimensions = ", ".join(dimension["value"] for dimension in item.get("dimensions") or ())
    return [item["name"]["value"], item["unit"], item["primaryAggregationType"], dimensions]
