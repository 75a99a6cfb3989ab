"""What is asked of the metric store, and what it answers: the types between the wire (and alerts) and the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lazulite.catalog import Metric
from lazulite.core.clock import TICKS_PER_MINUTE
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.filter import Clause

MAX_METRICS = 20
MAX_RESOURCES = 50
DEFAULT_TOP = 10

Reals = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MetricQuery:
    """Values of metrics of one or more resources of one type.

    `start` and `end` are ticks, end exclusive (default: the last hour); `interval` is ticks or FULL. Without
    `aggregations` each metric gives its primary one; without `metrics`, the first of the namespace. A `filter` splits
    by every dimension that it names, but for those in `rollup`; `clauses` are more of it, read already. With `together`
    the resources are read as one, and `Microsoft.ResourceId` is a dimension.
    """

    resources: tuple[ResourceId, ...]
    metrics: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    interval: int = TICKS_PER_MINUTE
    aggregations: tuple[str, ...] = ()
    namespace: str | None = None
    filter: str | None = None
    clauses: tuple[Clause, ...] = ()
    top: int | None = None
    orderby: str | None = None
    rollup: tuple[str, ...] = ()
    metadata_only: bool = False
    validate_dimensions: bool = True
    auto_adjust: bool = False
    together: ResourceId | None = None

    @property
    def splits(self) -> bool:
        """Whether series are filtered, and told apart."""
        return bool(self.filter or self.clauses)


@dataclass(frozen=True)
class TimeSeries:
    """`values` by aggregation ("average", "total", ...), one real a bucket; NaN where the bucket has no point."""

    dimensions: tuple[tuple[str, str], ...]
    values: Mapping[str, Reals]


@dataclass(frozen=True)
class MetricValues:
    """The series of one metric that had points in the range; `left_out` more had, and are beyond the top."""

    metric: Metric
    series: tuple[TimeSeries, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class ResourceValues:
    resource: ResourceId
    namespace: str
    metrics: tuple[MetricValues, ...]


@dataclass(frozen=True)
class MetricAnswer:
    """`start` and `end` as asked; `timestamps` are the starts of the buckets (one with FULL), the same for all."""

    start: int
    end: int
    interval: int
    timestamps: Instants
    resources: tuple[ResourceValues, ...]
    split: bool = False
