"""What the evaluator needs of metrics: each time series of a criterion, aggregated over one window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lazulite.alerts.conditions import SeriesValue
from lazulite.alerts.rule import CriterionBody
from lazulite.core.resource_id import ResourceId


class Measure(Protocol):
    """Blocking. Raises a LazuliteError when it cannot measure, and when a criterion has too many time series."""

    def values(self, target: ResourceId, criterion: CriterionBody, start: int, end: int) -> Sequence[SeriesValue]:
        """The series in [start, end) ticks, split by the criterion's dimensions; one alone when it has none.

        May hold more series than the criterion's dimension values ask for; those are dropped by `conditions`.
        """
        ...
