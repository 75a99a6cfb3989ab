"""Metric answers, definitions and namespaces as the vendor's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from lazulite.catalog import Metric
from lazulite.core.resource_id import ResourceId
from lazulite.kql import ticks
from lazulite.metrics.definitions import Namespace
from lazulite.metrics.grains import available, grain_text
from lazulite.metrics.request import MetricAnswer, MetricValues, TimeSeries

_PROVIDER = "providers/Microsoft.Insights"
_WHOLE_SECONDS = len("2024-05-01T00:00:00")

Json = dict[str, Any]


def list_body(answer: MetricAnswer, resource: ResourceId, region: str) -> Json:
    """The answer of a metrics list; its only resource."""
    found = answer.resources[0]
    return {
        "cost": _cost(answer),
        "timespan": f"{_instant(answer.start)}/{_instant(answer.end)}",
        "interval": grain_text(answer.interval),
        "namespace": found.namespace,
        "resourceregion": region,
        "value": _metrics(answer, resource, found.metrics),
    }


def batch_body(answer: MetricAnswer, asked: Iterable[tuple[ResourceId, str]]) -> Json:
    """The answer of metrics:getBatch: one item for each resource asked (with its region), in their order."""
    of = {found.resource: found for found in answer.resources}
    values = [
        {
            "starttime": _instant(answer.start),
            "endtime": _instant(answer.end),
            "interval": grain_text(answer.interval),
            "namespace": of[resource].namespace,
            "resourceregion": region,
            "resourceid": resource.text,
            "value": _metrics(answer, resource, of[resource].metrics),
        }
        for resource, region in asked
    ]
    return {"values": values}


def definitions_body(resource: ResourceId, metrics: Iterable[Metric], retention_days: int) -> Json:
    """The answer of metricDefinitions."""
    return {"value": [_definition(resource, metric, retention_days) for metric in metrics]}


def namespaces_body(resource: ResourceId, namespaces: Iterable[Namespace]) -> Json:
    """The answer of metricNamespaces."""
    return {
        "value": [
            {
                "id": f"{resource.text}/{_PROVIDER}/metricNamespaces/{found.name}",
                "type": "Microsoft.Insights/metricNamespaces",
                "name": found.name,
                "classification": found.classification,
                "properties": {"metricNamespaceName": found.name},
            }
            for found in namespaces
        ]
    }


def _definition(resource: ResourceId, metric: Metric, retention_days: int) -> Json:
    return {
        "id": f"{resource.text}/{_PROVIDER}/metricDefinitions/{metric.name}",
        "resourceId": resource.text,
        "namespace": metric.metric_namespace,
        "category": metric.category,
        "name": _localized(metric.name, metric.display_name),
        "displayDescription": metric.description,
        "isDimensionRequired": False,
        "unit": metric.unit,
        "primaryAggregationType": metric.primary_aggregation,
        "supportedAggregationTypes": metric.supported_aggregations,
        "metricAvailabilities": [
            {"timeGrain": grain, "retention": f"P{retention_days}D"} for grain in available(metric.time_grains)
        ],
        "dimensions": [_localized(name) for name in metric.dimensions],
    }


def _metrics(answer: MetricAnswer, resource: ResourceId, metrics: Iterable[MetricValues]) -> list[Json]:
    times = _timestamps(answer)
    return [_metric(answer, resource, found, times) for found in metrics]


def _metric(answer: MetricAnswer, resource: ResourceId, found: MetricValues, times: list[str]) -> Json:
    series = [_series(one, times) for one in found.series]
    # A metric that is not split has one series always: without points, one without data.
    if not series and not answer.split:
        series = [{"metadatavalues": [], "data": []}]
    body: Json = {
        "id": f"{resource.text}/{_PROVIDER}/metrics/{found.metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": _localized(found.metric.name, found.metric.display_name),
        "displayDescription": found.metric.description,
        "unit": found.metric.unit,
        "timeseries": series,
        "errorCode": "Success",
    }
    if found.left_out:
        # The vendor leaves series out in silence; this property is ours, and its clients ignore it.
        body["timeseriesLeftOut"] = found.left_out
    return body


def _series(series: TimeSeries, times: list[str]) -> Json:
    # The service gives dimension names in lower case.
    named = [{"name": _localized(name.lower()), "value": value} for name, value in series.dimensions]
    return {"metadatavalues": named, "data": _data(series, times) if series.values else []}


def _data(series: TimeSeries, times: list[str]) -> list[Json]:
    data: list[Json] = [{"timeStamp": time} for time in times]
    for aggregation, values in series.values.items():
        numbers = values.tolist()
        for at in np.flatnonzero(~np.isnan(values)).tolist():
            data[at][aggregation] = numbers[at]
    return data


def _timestamps(answer: MetricAnswer) -> list[str]:
    texts: list[str] = ticks.format_datetime_column(pa.array(answer.timestamps)).to_pylist()
    return [text[:_WHOLE_SECONDS] + "Z" for text in texts]


def _cost(answer: MetricAnswer) -> int:
    """The vendor's measure is not documented; this is the number of points in the answer."""
    series = sum(len(metric.series) for resource in answer.resources for metric in resource.metrics)
    return series * len(answer.timestamps)


def _instant(value: int) -> str:
    whole, _, part = ticks.format_datetime(value).removesuffix("Z").partition(".")
    return f"{whole}.{part.rstrip('0')}Z" if part.strip("0") else f"{whole}Z"


def _localized(value: str, shown: str | None = None) -> Json:
    return {"value": value, "localizedValue": shown or value}
