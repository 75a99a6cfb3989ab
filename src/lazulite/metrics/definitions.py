"""Which metrics a resource type has, found without regard to case; and what a name that is none may have meant."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache

from lazulite.catalog import Metric, metrics_of
from lazulite.catalog.packaged import MAX_TYPES


@dataclass(frozen=True)
class Namespace:
    """A metric namespace of a resource; `classification` is Platform until custom metrics exist."""

    name: str
    classification: str = "Platform"


@dataclass(frozen=True)
class Definitions:
    """The metrics of one resource type, in the catalog's order; empty for a type that has none."""

    resource_type: str
    metrics: tuple[Metric, ...]

    @staticmethod
    @lru_cache(MAX_TYPES)
    def of(resource_type: str) -> Definitions:
        """By type, without regard to case; the catalog's spelling of the type where it knows it."""
        found = metrics_of(resource_type)
        return Definitions(found[0].resource_type if found else resource_type, found)

    @cached_property
    def _by_name(self) -> dict[str, Metric]:
        return {metric.name.lower(): metric for metric in self.metrics}

    @cached_property
    def namespaces(self) -> tuple[Namespace, ...]:
        return tuple(Namespace(name) for name in dict.fromkeys(metric.metric_namespace for metric in self.metrics))

    def find(self, name: str) -> Metric | None:
        return self._by_name.get(name.lower())

    def in_namespace(self, namespace: str | None) -> tuple[Metric, ...]:
        """The metrics of a namespace, or all of them when none is named."""
        if namespace is None:
            return self.metrics
        return tuple(metric for metric in self.metrics if metric.metric_namespace.lower() == namespace.lower())

    def describe_unknown(self, name: str) -> str:
        """Why `name` is no metric here, and the nearest one that is: a whole sentence or two."""
        shown = name[:100]
        if not self.metrics:
            return f"'{shown}' is not a metric: the resource type '{self.resource_type}' has no platform metrics."
        sentence = f"'{shown}' is not a metric of '{self.resource_type}'."
        near = get_close_matches(shown.lower(), list(self._by_name), n=1)
        return f"{sentence} Did you mean '{self._by_name[near[0]].name}'?" if near else sentence


def dimension_spelling(metric: Metric, name: str) -> str | None:
    """The catalog's spelling of a dimension of the metric, or None if it has no such dimension."""
    wanted = name.lower()
    return next((known for known in metric.dimensions if known.lower() == wanted), None)


def valid_dimensions(metric: Metric) -> str:
    """The metric's dimensions for an error message."""
    return ", ".join(f"'{name}'" for name in metric.dimensions) or "none"
