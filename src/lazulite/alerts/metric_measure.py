"""Measures criteria with the metric store."""

from __future__ import annotations

from collections.abc import Sequence

from lazulite import catalog
from lazulite.alerts.conditions import SeriesValue
from lazulite.alerts.limits import MA_SERIES_PER_RULE
from lazulite.alerts.rule import CriterionBody
from lazulite.core.errors import TooLarge
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.grains import FULL
from lazulite.metrics.query import MetricQueries
from lazulite.metrics.request import MetricQuery, TimeSeries

SLOT = "alerts"


class MetricMeasure:
    """Measures with the metric store, in the engine's query slot of alert rules."""

    def __init__(self, queries: MetricQueries) -> None:
        self._queries = queries

    def values(self, target: ResourceId, criterion: CriterionBody, start: int, end: int) -> Sequence[SeriesValue]:
        """Raises TooLarge `TooManyTimeSeries`, and what MetricQueries.values raises."""
        metric = catalog.metric(target.type, criterion.metric_name)
        asked = [dimension.name.lower() for dimension in criterion.dimensions or ()]
        if metric is None or not set(asked) <= {name.lower() for name in metric.dimensions}:
            # Possible with skipMetricValidation only: what has never been emitted has no series yet.
            return ()
        # Only the catalog's own names enter the filter; values are compared by `conditions`.
        split = " and ".join(f"{name} eq '*'" for name in metric.dimensions if name.lower() in asked)
        aggregation = criterion.time_aggregation.lower()
        answer = self._queries.values(
            MetricQuery(
                resources=(target,),
                metrics=(metric.name,),
                start=start,
                end=end,
                interval=FULL,
                aggregations=(aggregation,),
                filter=split or None,
                top=MA_SERIES_PER_RULE if split else None,
            ),
            SLOT,
        )
        found = [values for resource in answer.resources for values in resource.metrics]
        if any(values.left_out for values in found):
            raise TooLarge(
                "TooManyTimeSeries",
                f"'{criterion.metric_name}' split by {', '.join(asked)} has over {MA_SERIES_PER_RULE} series.",
            )
        return [_value(series, aggregation) for values in found for series in values.series]


def _value(series: TimeSeries, aggregation: str) -> SeriesValue:
    value = float(series.values[aggregation][0])
    return SeriesValue(series.dimensions, None if value != value else value)
