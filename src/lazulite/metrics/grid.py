"""Reads points of selected series into a grid of answer rows by time buckets, through KQL made of numbers alone.

Ids of series and instants are all that a query says: no name and no value of a user is in its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lazulite import kql
from lazulite.core.clock import TICKS_PER_SECOND
from lazulite.core.errors import TooLarge
from lazulite.engine import Engine, QueryLimits
from lazulite.kql import ticks
from lazulite.metrics.grains import FULL
from lazulite.metrics.points import GROUP_SHIFT
from lazulite.metrics.request import Instants, Reals
from lazulite.metrics.selection import Ids, Selection
from lazulite.metrics.tables import MetricTables

_GROUP_SIZE = 1 << GROUP_SHIFT
_MAX_LISTED = 1_000  # ids spelled out in one query; more are read as a range, and those not asked for are dropped
_MAX_ROWS = 400_000

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """[start, end) in ticks by `interval` ticks, `start` being on a bucket's edge; with FULL it is one bucket."""

    start: int
    end: int
    interval: int

    @property
    def buckets(self) -> int:
        return 1 if self.interval == FULL else -(-(self.end - self.start) // self.interval)

    @property
    def timestamps(self) -> Instants:
        return self.start + np.arange(self.buckets, dtype=np.int64) * self.interval

    def whole(self) -> Window:
        return Window(self.start, self.end, FULL)


@dataclass(frozen=True)
class Grid:
    """Merged points by (row, bucket); where `count` is 0 there was no point, and the others mean nothing."""

    count: Reals
    total: Reals
    low: Reals
    high: Reals

    def whole(self) -> Grid:
        """Each row's buckets merged into one."""
        return Grid(
            self.count.sum(axis=1, keepdims=True),
            self.total.sum(axis=1, keepdims=True),
            self.low.min(axis=1, keepdims=True),
            self.high.max(axis=1, keepdims=True),
        )

    def values(self, aggregation: str) -> Reals:
        """One aggregation, NaN where there is no point: no point is not 0."""
        with np.errstate(all="ignore"):
            return np.where(self.count > 0, _VALUES[aggregation](self), np.nan)

    def take(self, rows: list[int]) -> Grid:
        return Grid(self.count[rows], self.total[rows], self.low[rows], self.high[rows])


_VALUES: Mapping[str, Callable[[Grid], Reals]] = {
    "average": lambda grid: grid.total / grid.count,
    "minimum": lambda grid: grid.low,
    "maximum": lambda grid: grid.high,
    "total": lambda grid: grid.total,
    "count": lambda grid: grid.count,
}


class GridReader:
    """Reads grids through one engine. `slot` is the engine's query slot (alerts have their own).

    `seconds` bounds each of the queries that a grid is read by.
    """

    def __init__(self, engine: Engine, slot: str, now: int, seconds: float) -> None:
        self._engine = engine
        self._limits = QueryLimits(seconds=seconds, max_rows=_MAX_ROWS * 2, slot=slot)
        self._options = kql.Options(now=now)

    def read(self, selection: Selection, window: Window) -> Grid:
        """A grid of len(selection.labels) rows by window.buckets."""
        building = _Building(len(selection.labels), window)
        if selection.whole:
            groups, rows = _ascending([group * _GROUP_SIZE for group in selection.whole], selection.whole.values())
            for where in _group_conditions(groups, window.buckets):
                building.add(self._run(where, f"bin(series, {_GROUP_SIZE})", window), groups, rows)
        if selection.ids:
            ids, rows = _ascending(selection.ids, selection.rows)
            for where in _conditions(ids, window.buckets):
                building.add(self._run(where, "series", window), ids, rows)
        return building.grid()

    def _run(self, where: str, by: str, window: Window) -> pa.Table:
        bucket = "" if window.interval == FULL else f", b = bin(t, {window.interval // TICKS_PER_SECOND}s)"
        query = (
            f"point | where t >= {_instant(window.start)} and t < {_instant(window.end)} and {where}"
            " | summarize n = sum(['count']), total = sum(['sum']), low = min(['min']), high = max(['max'])"
            f" by s = {by}{bucket}"
        )
        answer = self._engine.query(
            lambda schema, _: kql.compile(query, MetricTables(schema), self._options), self._limits
        )
        if answer.cut is not None:
            raise TooLarge(
                "TooLarge", f"The query reads too many points at once ({answer.cut}): use a coarser interval."
            )
        return answer.rows


class _Building:
    def __init__(self, rows: int, window: Window) -> None:
        self._window = window
        self._shape = (rows, window.buckets)
        size = rows * window.buckets
        self._count = np.zeros(size)
        self._total = np.zeros(size)
        self._low = np.full(size, np.inf)
        self._high = np.full(size, -np.inf)

    def add(self, points: pa.Table, ids: Ids, rows: Positions) -> None:
        """Merge what a query gave; `ids` ascend, and `rows` are theirs. Series that are not among `ids` are dropped."""
        series = points["s"].to_numpy()
        # A series beyond the last id would be found behind the end; it differs from what stands there, and drops out.
        at = np.minimum(np.searchsorted(ids, series), len(ids) - 1)
        asked = ids[at] == series
        cells = rows[at] * self._window.buckets
        if self._window.interval != FULL:
            cells = cells + (points["b"].to_numpy() - self._window.start) // self._window.interval
        cells = cells[asked]
        count, total, low, high = (points[name].to_numpy()[asked] for name in ("n", "total", "low", "high"))
        self._count += np.bincount(cells, count, len(self._count))
        self._total += np.bincount(cells, total, len(self._total))
        np.minimum.at(self._low, cells, low)
        np.maximum.at(self._high, cells, high)

    def grid(self) -> Grid:
        return Grid(*(cells.reshape(self._shape) for cells in (self._count, self._total, self._low, self._high)))


def _ascending(ids: Iterable[int], rows: Iterable[int]) -> tuple[Ids, Positions]:
    """Both by ascending id, side by side."""
    given = np.fromiter(ids, dtype=np.int64)
    order = np.argsort(given)
    return given[order], np.fromiter(rows, dtype=np.int64)[order]


def _group_conditions(groups: Ids, buckets: int) -> Iterator[str]:
    """Conditions that cover whole groups, given as the first ids of theirs in ascending order."""
    listed = min(max(1, _MAX_ROWS // buckets), _MAX_LISTED)
    for at in range(0, len(groups), listed):
        part = groups[at : at + listed]
        condition = _range(part[0], part[-1] + _GROUP_SIZE - 1)
        yield condition if len(part) == 1 else f"{condition} and bin(series, {_GROUP_SIZE}) in ({_listed(part)})"


def _conditions(ids: Ids, buckets: int) -> Iterator[str]:
    """Conditions that cover `ids` (ascending), each giving at most `_MAX_ROWS` rows of series by buckets."""
    room = max(1, _MAX_ROWS // buckets)
    listed = min(room, _MAX_LISTED)
    at = 0
    while at < len(ids):
        near = int(np.searchsorted(ids, ids[at] + room)) - at
        part = ids[at : at + max(near, listed)]
        unbroken = near > listed or int(part[-1] - part[0]) == len(part) - 1
        condition = _range(part[0], part[-1])
        yield condition if unbroken else f"{condition} and series in ({_listed(part)})"
        at += len(part)


def _range(first: np.int64 | int, last: np.int64 | int) -> str:
    return f"series >= {int(first)} and series <= {int(last)}"


def _listed(ids: Ids) -> str:
    return ", ".join(map(str, ids.tolist()))


def _instant(value: int) -> str:
    return f"datetime({ticks.format_datetime(value)})"
