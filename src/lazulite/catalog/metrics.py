"""The 90 platform metrics, and lazulite's own: units, aggregations and dimensions by resource type.

Metric and dimension names compare without case; `name` is the catalog's spelling.
"""

from __future__ import annotations

from functools import cache, lru_cache

import msgspec

from lazulite.catalog.packaged import MAX_TYPES, read


class Metric(msgspec.Struct, frozen=True):
    """A platform metric. `time_grains` are ISO 8601 durations; larger grains are roll-ups of PT1M."""

    name: str
    display_name: str
    description: str
    resource_type: str
    metric_namespace: str
    category: str
    unit: str
    primary_aggregation: str
    supported_aggregations: tuple[str, ...]
    dimensions: tuple[str, ...]
    time_grains: tuple[str, ...]


@cache
def metrics() -> tuple[Metric, ...]:
    """Azure's metrics, in the catalog's order."""
    return read("metrics.json", Metric)


@cache
def _emitting() -> frozenset[str]:
    return frozenset(found.resource_type.lower() for found in metrics())


def emits_metrics(resource_type: str) -> bool:
    """Whether resources of this type send platform metrics. lazulite's own type does not: nobody sends for it."""
    return resource_type.lower() in _emitting()


@cache
def own_metrics() -> tuple[Metric, ...]:
    """What the service tells of itself, under its own resource type."""
    return read("own_metrics.json", Metric)


# Types come from callers' paths and parameters: a cache of all that were ever asked for would grow without end.
@lru_cache(MAX_TYPES)
def metrics_of(resource_type: str) -> tuple[Metric, ...]:
    """The metrics of one resource type."""
    wanted = resource_type.lower()
    return tuple(found for found in metrics() + own_metrics() if found.resource_type.lower() == wanted)


@cache
def _by_name() -> dict[tuple[str, str], Metric]:
    return {(found.resource_type.lower(), found.name.lower()): found for found in metrics() + own_metrics()}


def metric(resource_type: str, name: str) -> Metric | None:
    return _by_name().get((resource_type.lower(), name.lower()))
