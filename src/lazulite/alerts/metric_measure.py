"""Measures criteria with the metric store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lazulite import catalog
from lazulite.alerts.conditions import SeriesValue
from lazulite.alerts.limits import MA_SERIES_PER_RULE
from lazulite.alerts.rule import CriterionBody, DimensionBody
from lazulite.core.errors import TooLarge
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.filter import Clause, Term
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
        dimensions = criterion.dimensions or ()
        asked = [dimension.name.lower() for dimension in dimensions]
        if metric is None or not set(asked) <= {name.lower() for name in metric.dimensions}:
            # Possible with skipMetricValidation only: what has never been emitted has no series yet.
            return ()
        # What the rule does not watch is not read, and does not count against its limit of series.
        split = tuple(clause for dimension in dimensions for clause in _clauses(dimension))
        aggregation = criterion.time_aggregation.lower()
        answer = self._queries.values(
            MetricQuery(
                resources=(target,),
                metrics=(metric.name,),
                start=start,
                end=end,
                interval=FULL,
                aggregations=(aggregation,),
                clauses=split,
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


def _clauses(dimension: DimensionBody) -> Iterator[Clause]:
    """One of the values is included; of excluded ones there must be none."""
    name = dimension.name
    if dimension.operator.lower() == "include":
        yield Clause(name, tuple(Term(name, "eq", value) for value in dimension.values))
    else:
        yield from (Clause(name, (Term(name, "ne", value),)) for value in dimension.values)


def _value(series: TimeSeries, aggregation: str) -> SeriesValue:
    value = float(series.values[aggregation][0])
    return SeriesValue(series.dimensions, None if value != value else value)
