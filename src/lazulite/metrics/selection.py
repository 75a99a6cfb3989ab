"""Which series a query reads, and into which answer row each of them goes.

A row is one time series of the answer: a metric of a subject, with one value for each dimension that it is split by.
Where nothing is filtered or split, whole groups go into one row, and no single series is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lazulite.catalog import Metric
from lazulite.core.errors import BadRequest
from lazulite.metrics.definitions import dimension_spelling, valid_dimensions
from lazulite.metrics.dimensions import decode
from lazulite.metrics.filter import Clause
from lazulite.metrics.series import HOLE, Group

MAX_SELECTED_SERIES = 500_000
RESOURCE_DIMENSION = "Microsoft.ResourceId"

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """The clauses that a series must meet, and the dimensions that rows are told apart by; names in true spelling."""

    clauses: tuple[tuple[str, Clause], ...] = ()
    by: tuple[str, ...] = ()

    def row_of(self, dimensions: Mapping[str, str]) -> tuple[str, ...] | None:
        """The values that the series is split by, or None if it does not meet the clauses."""
        if all(clause.holds(dimensions.get(name, "").lower()) for name, clause in self.clauses):
            return tuple(dimensions.get(name, "") for name in self.by)
        return None


def bind_split(
    clauses: tuple[Clause, ...], rollup: tuple[str, ...], metric: Metric, *, together: bool, validate: bool
) -> Split:
    """The filter for one metric. An unknown dimension raises BadRequest, or is ignored when `validate` is off."""
    bound = []
    for clause in clauses:
        name = _spelling(metric, clause.dimension, together)
        if name is not None:
            bound.append((name, clause))
        elif validate:
            raise BadRequest(
                "BadRequest",
                f"'{clause.dimension[:100]}' is not a dimension of the metric '{metric.name}'; it has:"
                f" {valid_dimensions(metric)}.",
                target="$filter",
            )
    names = tuple(dict.fromkeys(name for name, _ in bound))
    rolled = {name.lower() for name in rollup}
    unknown = rolled - {clause.dimension.lower() for clause in clauses}
    if unknown:
        raise BadRequest(
            "BadRequest", f"rollupby names '{min(unknown)[:100]}', which the filter does not.", target="rollupby"
        )
    return Split(tuple(bound), tuple(name for name in names if name.lower() not in rolled))


def _spelling(metric: Metric, name: str, together: bool) -> str | None:
    if together and name.lower() == RESOURCE_DIMENSION.lower():
        return RESOURCE_DIMENSION
    return dimension_spelling(metric, name)


@dataclass
class Selection:
    """Rows being filled: `whole` gives the row of a group, `ids` and `rows` go side by side for single series."""

    labels: list[tuple[str, ...]] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    whole: dict[int, int] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def add(self, slot: int, groups: Iterable[tuple[str, Group]], split: Split) -> None:
        """Take the series of `groups` (with the id of their resource) that `split` keeps as rows of `slot`."""
        found: dict[tuple[str, ...], int] = {}
        for resource_id, group in groups:
            if split.clauses:
                self._add_series(slot, resource_id, group, split, found)
            else:
                self.whole[group.number] = self._row(slot, (), found)

    def _add_series(
        self, slot: int, resource_id: str, group: Group, split: Split, found: dict[tuple[str, ...], int]
    ) -> None:
        for ordinal, text in enumerate(list(group.dimensions)):
            if text == HOLE:
                continue
            values = split.row_of({**decode(text), RESOURCE_DIMENSION: resource_id})
            if values is not None:
                self.ids.append(group.first_id + ordinal)
                self.rows.append(self._row(slot, values, found))
        if len(self.ids) > MAX_SELECTED_SERIES:
            raise BadRequest(
                "BadRequest",
                f"The filter selects more than {MAX_SELECTED_SERIES} series: make it narrower.",
                target="$filter",
            )

    def _row(self, slot: int, values: tuple[str, ...], found: dict[tuple[str, ...], int]) -> int:
        """The row of these values, whose case does not count: the spelling seen first is shown."""
        key = tuple(value.lower() for value in values)
        if key not in found:
            found[key] = len(self.labels)
            self.labels.append(values)
            self.slots.append(slot)
        return found[key]

    def keep(self, rows: list[int]) -> Selection:
        """Only these rows, in this order."""
        number = {row: at for at, row in enumerate(rows)}
        pairs = [(found, number[row]) for found, row in zip(self.ids, self.rows, strict=True) if row in number]
        return Selection(
            [self.labels[row] for row in rows],
            [self.slots[row] for row in rows],
            {group: number[row] for group, row in self.whole.items() if row in number},
            [found for found, _ in pairs],
            [row for _, row in pairs],
        )
