"""Metric values: what the metrics list, the batch call and alert rules ask.

    MetricQuery -> metrics, filter -> Selection (series to rows) -> Grid (rows by buckets) -> top rows -> MetricAnswer

A request's errors are BadRequest in the vendor's words where they are known, naming what would be right.
"""

from __future__ import annotations

import numpy as np

from lazulite.catalog import Metric
from lazulite.core.clock import TICKS_PER_MINUTE, Clock
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.engine import Engine, QueryLimits
from lazulite.metrics.ask import Order, Slot, read_slots, read_top
from lazulite.metrics.grains import supported
from lazulite.metrics.grid import Grid, GridReader, Window
from lazulite.metrics.request import MetricAnswer, MetricQuery, MetricValues, Reals, ResourceValues, TimeSeries
from lazulite.metrics.selection import Selection
from lazulite.metrics.series import Group, GroupKey
from lazulite.metrics.store import MetricStore

MAX_POINTS = 2_000_000
_DEFAULT_RANGE = 60 * TICKS_PER_MINUTE


class MetricQueries:
    """Answers metric queries from the store's series and the engine's points. Call from threads.

    `seconds` bounds each query of the engine that an answer needs.
    """

    def __init__(self, engine: Engine, store: MetricStore, clock: Clock, seconds: float = QueryLimits.seconds) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._seconds = seconds

    def values(self, query: MetricQuery, slot: str = "query") -> MetricAnswer:
        """Raises BadRequest for a wrong request, and what Engine.query raises. `slot` is the engine's query slot."""
        start, end, window = self._window(query)
        slots = read_slots(query)
        selection = self._select(query, slots)
        reader = GridReader(self._engine, slot, self._clock.now(), self._seconds)
        top = read_top(query)
        # A split of thousands of series is ranked by one row each, and only the best are then read bucket by bucket.
        whole = reader.read(selection, window.whole()) if _must_rank(query, selection, top) else None
        grid = None
        if whole is None:
            _check_size(len(selection.labels), window)
            grid = reader.read(selection, window)
            whole = grid.whole()
        chosen, left_out = _ranked(slots, selection, whole, Order.parse(query.orderby), top)
        kept = selection.keep(chosen)
        if grid is not None:
            grid = grid.take(chosen)
        elif not query.metadata_only:
            _check_size(len(chosen), window)
            grid = reader.read(kept, window)
        return MetricAnswer(
            start, end, window.interval, window.timestamps, _by_subject(slots, kept, grid, left_out), query.splits
        )

    def resources_under(self, scope: ResourceId, resource_type: str) -> tuple[ResourceId, ...]:
        """The resources of one type under a subscription or group that have series, by id."""
        ids = self._store.index.resource_ids(scope.key + "/")
        return tuple(found for found in map(parse, ids) if found.type.lower() == resource_type.lower())

    def _window(self, query: MetricQuery) -> tuple[int, int, Window]:
        end = self._clock.now() if query.end is None else query.end
        start = max(0, end - _DEFAULT_RANGE) if query.start is None else query.start
        if start >= end:
            raise BadRequest(
                "BadRequest", "The time range is empty: its start must be before its end.", target="timespan"
            )
        interval = supported(query.interval, query.auto_adjust)
        window = Window(start - start % (interval or TICKS_PER_MINUTE), end, interval)
        _check_size(1, window)
        return start, end, window

    def _select(self, query: MetricQuery, slots: list[Slot]) -> Selection:
        selection = Selection()
        for number, slot in enumerate(slots):
            resources = query.resources if query.together else (slot.subject,)
            selection.add(number, self._groups(resources, slot.metric), slot.split)
        return selection

    def _groups(self, resources: tuple[ResourceId, ...], metric: Metric) -> list[tuple[str, Group]]:
        found = []
        for resource in resources:
            group = self._store.index.group(GroupKey.of(resource.key, metric.metric_namespace, metric.name))
            if group is not None:
                found.append((resource.text, group))
        return found


def _must_rank(query: MetricQuery, selection: Selection, top: int | None) -> bool:
    """Whether the rows must be ranked over the whole range before any is read bucket by bucket."""
    most = int(np.bincount(selection.slots).max()) if selection.slots else 0
    return query.metadata_only or (top is not None and most > top)


def _check_size(rows: int, window: Window) -> None:
    if rows * window.buckets > MAX_POINTS:
        raise BadRequest(
            "BadRequest",
            f"The answer would have {rows * window.buckets} points ({rows} series of {window.buckets}); at most"
            f" {MAX_POINTS} are given. Use a coarser interval, a shorter timespan or a smaller top.",
            target="interval",
        )


def _ranked(
    slots: list[Slot], selection: Selection, whole: Grid, order: Order, top: int | None
) -> tuple[list[int], list[int]]:
    """The rows that have points, best first within their slot and at most `top` of them; and how many more each has."""
    chosen: list[int] = []
    left_out: list[int] = []
    filled: list[list[int]] = [[] for _ in slots]
    for row in np.flatnonzero(whole.count[:, 0] > 0).tolist():
        filled[selection.slots[row]].append(row)
    for slot, rows in zip(slots, filled, strict=True):
        values = whole.values(order.aggregation or slot.aggregations[0])[:, 0]
        sign = 1 if order.ascending else -1
        rows.sort(key=lambda row: (sign * values[row], selection.labels[row]))
        chosen += rows[:top]
        left_out.append(len(rows) - len(rows[:top]))
    return chosen, left_out


def _by_subject(
    slots: list[Slot], kept: Selection, grid: Grid | None, left_out: list[int]
) -> tuple[ResourceValues, ...]:
    rows: list[list[int]] = [[] for _ in slots]
    for row, slot in enumerate(kept.slots):
        rows[slot].append(row)
    names = {name for slot in slots for name in slot.aggregations}
    values = {name: grid.values(name) for name in names} if grid else {}
    answers: dict[ResourceId, list[MetricValues]] = {}
    for asked, own, more in zip(slots, rows, left_out, strict=True):
        series = tuple(_series(asked, kept.labels[row], row, values) for row in own)
        answers.setdefault(asked.subject, []).append(MetricValues(asked.metric, series, more))
    return tuple(ResourceValues(of, found[0].metric.metric_namespace, tuple(found)) for of, found in answers.items())


def _series(slot: Slot, labels: tuple[str, ...], row: int, values: dict[str, Reals]) -> TimeSeries:
    named = tuple(zip(slot.split.by, labels, strict=True))
    return TimeSeries(named, {name: values[name][row] for name in slot.aggregations} if values else {})
