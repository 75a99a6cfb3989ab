"""A metric query read and checked: its slots (a metric of a subject each), its order and its top.

Every error is BadRequest, in the vendor's words where they are known, and names what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lazulite.catalog import Metric
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.definitions import Definitions
from lazulite.metrics.filter import parse_filter
from lazulite.metrics.request import DEFAULT_TOP, MAX_METRICS, MAX_RESOURCES, MetricQuery
from lazulite.metrics.selection import Split, bind_split

_AGGREGATIONS = ("average", "minimum", "maximum", "total", "count")
_ORDERS: Mapping[str, str] = {name: name for name in _AGGREGATIONS} | {
    "sum": "total",
    "min": "minimum",
    "max": "maximum",
}


@dataclass(frozen=True)
class Slot:
    """One metric of one subject, with what it is asked for."""

    subject: ResourceId
    metric: Metric
    split: Split
    aggregations: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """By which aggregation rows are ranked (None: each metric's first), and whether the least comes first."""

    aggregation: str | None = None
    ascending: bool = False

    @staticmethod
    def parse(text: str | None) -> Order:
        """`sum desc`, `average`; without a direction ascending, as OData has it; without a text the greatest first."""
        words = (text or "").lower().split()
        if not words:
            return Order()
        if words[0] not in _ORDERS or words[1:] not in ([], ["asc"], ["desc"]):
            raise BadRequest(
                "BadRequest",
                f"orderby '{(text or '')[:100]}' is not an aggregation ({', '.join(_ORDERS)}) with asc or desc.",
                target="orderby",
            )
        return Order(_ORDERS[words[0]], words[1:] != ["desc"])


def read_slots(query: MetricQuery) -> list[Slot]:
    """Every metric of every subject; subjects are of one type."""
    subjects = (query.together,) if query.together else tuple(dict.fromkeys(query.resources))
    types = {resource.type.lower() for resource in query.resources}
    if len(types) > 1:
        raise BadRequest("BadRequest", f"The resources must be of one type; these are of {', '.join(sorted(types))}.")
    if not query.together and not 0 < len(subjects) <= MAX_RESOURCES:
        raise BadRequest("BadRequest", f"Ask for 1 to {MAX_RESOURCES} resources at once, not {len(subjects)}.")
    asked = _aggregations(query.aggregations)
    clauses = (*query.clauses, *(parse_filter(query.filter) if query.filter else ()))
    together, validate = query.together is not None, query.validate_dimensions
    metrics = _metrics(query)
    splits = [bind_split(clauses, query.rollup, found, together=together, validate=validate) for found in metrics]
    return [
        Slot(subject, metric, split, asked or (metric.primary_aggregation.lower(),))
        for subject in subjects
        for metric, split in zip(metrics, splits, strict=True)
    ]


def _metrics(query: MetricQuery) -> tuple[Metric, ...]:
    definitions = Definitions.of(query.resources[0].type if query.resources else query.namespace or "")
    known = definitions.in_namespace(query.namespace)
    if not known:
        names = ", ".join(f"'{found.name}'" for found in definitions.namespaces) or "none"
        raise BadRequest(
            "BadRequest",
            f"'{query.namespace or definitions.resource_type}' is not a metric namespace of"
            f" '{definitions.resource_type}'; it has: {names}.",
            target="metricnamespace",
        )
    if len(query.metrics) > MAX_METRICS:
        raise BadRequest(
            "BadRequest",
            f"Ask for at most {MAX_METRICS} metrics at once, not {len(query.metrics)}.",
            target="metricnames",
        )
    if not query.metrics:
        return known[:1]
    found = {name.lower(): definitions.find(name) for name in query.metrics}
    for name in query.metrics:
        if found[name.lower()] is None:
            raise BadRequest("BadRequest", definitions.describe_unknown(name), target="metricnames")
    return tuple(metric for metric in found.values() if metric is not None)


def _aggregations(asked: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.lower() for name in asked if name.lower() != "none"))
    for name in names:
        if name not in _AGGREGATIONS:
            raise BadRequest(
                "BadRequest",
                f"'{name[:100]}' is not an aggregation; there are: {', '.join(_AGGREGATIONS)}, none.",
                target="aggregation",
            )
    return names


def read_top(query: MetricQuery) -> int | None:
    """How many rows a metric may have; without a filter there is one, and top means nothing."""
    if query.top is not None and query.top < 1:
        raise BadRequest("BadRequest", f"top is {query.top}: it must be 1 or more.", target="top")
    return (query.top or DEFAULT_TOP) if query.splits else None
