"""The metric store: batches of points -> rows of the engine's space `_metrics`, and the series that they belong to.

`stage` resolves series and gives the appends for one Delivery, and makes nothing known: when the engine has committed
it, `committed` makes its new series known; when not, there is nothing to undo. A delivery is exactly once, so points
need no key of their own.
The drain's thread writes (one stage at a time); queries read `index` from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lazulite import kql
from lazulite.core.batch import ALL_METRICS, StoredBatch
from lazulite.core.clock import TICKS_PER_DAY
from lazulite.engine import Append, Engine, Expiry, QueryLimits
from lazulite.metrics.points import MEASURES, POINT, SERIES, SPACE, STORED_POINT, STORED_SERIES
from lazulite.metrics.series import HOLE, Group, GroupKey, SeriesIndex, SeriesRow
from lazulite.metrics.tables import MetricTables

_SEEN_AGAIN = 7 * TICKS_PER_DAY
_LOADED_AT_ONCE = 100_000
_NO_SERIES = -1
_SEPARATOR = "\0"  # in no name, and escaped in JSON text
_TOO_OLD = (
    "The point is older than the {days} days that metric points are kept (metric_days): it would be deleted at once."
)
_TOO_MANY = (
    "The store already holds {most} series, which is the limit max_series: raise the setting, or send fewer distinct"
    " dimension values."
)
_POINT_ROWS = pa.schema(
    [("t", pa.int64()), ("series", pa.int64()), ("seq", pa.int64()), *((name, pa.float64()) for name in MEASURES)]
)

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MetricSettings:
    """`max_series` bounds the series known at once (memory: about 0.5 KB each); `retention_days` is 93 as in Azure."""

    max_series: int = 1_000_000
    retention_days: int = 93


@dataclass(frozen=True)
class RefusedPoints:
    """Points of one batch that the store cannot take: `rows` in batch form, and a code and message for their sender."""

    sequence: int
    resource_id: str
    code: str
    message: str
    rows: pa.Table


@dataclass(frozen=True)
class Staged:
    """What one delivery adds: `appends` for the engine, `refused` for the dead-letter table."""

    appends: tuple[Append, ...]
    refused: tuple[RefusedPoints, ...] = ()
    series: tuple[SeriesRow, ...] = field(default=(), repr=False)


class MetricStore:
    """Points and series of all resources. Call `load` once before the first `stage` and after an engine reopened."""

    def __init__(self, engine: Engine, settings: MetricSettings | None = None) -> None:
        self.settings = settings or MetricSettings()
        self.index = SeriesIndex()
        self._engine = engine

    def load(self) -> int:
        """Read the series from the engine; returns how many there are."""
        index = SeriesIndex()
        for row in self._stored_series():
            index.add(row)
        self.index = index
        return index.count

    def stage(self, batches: Sequence[StoredBatch]) -> Staged:
        """The appends for the batches of category AllMetrics among `batches` (the others are ignored)."""
        staging = _Staging(self.index, self.settings)
        for batch in batches:
            if batch.category == ALL_METRICS and batch.rows.num_rows:
                staging.take(batch)
        return staging.result()

    def committed(self, staged: Staged) -> None:
        """The delivery with `staged` is in the engine: its series are known from now on."""
        for row in staged.series:
            self.index.add(row)

    def expire(self, now: int) -> int:
        """Delete points (and then series) beyond the retention at `now` (ticks); returns how many points."""
        before = now - self.settings.retention_days * TICKS_PER_DAY
        points = self._engine.expire(Expiry(SPACE, POINT, ("t",), before))
        # A series may have points up to `_SEEN_AGAIN` after the minute that its row names.
        self._engine.expire(Expiry(SPACE, SERIES, ("seen",), before - _SEEN_AGAIN))
        self.index.forget(before - _SEEN_AGAIN)
        return points

    def _stored_series(self) -> Iterator[SeriesRow]:
        after = -1
        while True:
            query = (
                f"series | where id > {after} | summarize seen = max(seen) by id, resource_id, namespace, metric,"
                f" dimensions | top {_LOADED_AT_ONCE} by id asc"
            )
            rows = self._rows(query)
            for row in rows:
                key = GroupKey.of(row["resource_id"], row["namespace"], row["metric"])
                yield SeriesRow(row["id"], key, row["namespace"], row["metric"], row["dimensions"], row["seen"])
            if len(rows) < _LOADED_AT_ONCE:
                return
            after = rows[-1]["id"]

    def _rows(self, query: str) -> list[dict[str, Any]]:
        options = kql.Options(now=0)
        limits = QueryLimits(max_rows=_LOADED_AT_ONCE, max_bytes=1 << 30)
        answer = self._engine.query(lambda schema, _: kql.compile(query, MetricTables(schema), options), limits)
        rows: list[dict[str, Any]] = answer.rows.to_pylist()
        return rows


class _Staging:
    """Builds one Staged: series that exist, series seen again, and new ones that exist from this delivery on."""

    def __init__(self, index: SeriesIndex, settings: MetricSettings) -> None:
        self._index = index
        self._settings = settings
        self._new: dict[GroupKey, Group] = {}
        self._added = 0
        self._rows: dict[int, SeriesRow] = {}
        self._points: list[pa.Table] = []
        self._refused: list[RefusedPoints] = []

    def take(self, batch: StoredBatch) -> None:
        # Against the time of receipt: how long a batch waited in the intake must not decide what is kept of it.
        oldest = batch.received - self._settings.retention_days * TICKS_PER_DAY
        old = batch.rows["t"].to_numpy() < oldest
        if old.any():
            self._refuse(batch, old, "PointTooOld", _TOO_OLD.format(days=self._settings.retention_days))
            batch = replace(batch, rows=batch.rows.filter(pa.array(~old)))
        if batch.rows.num_rows:
            self._take_points(batch)

    def _take_points(self, batch: StoredBatch) -> None:
        ids = self._series_of(batch)
        if (ids == _NO_SERIES).any():
            message = _TOO_MANY.format(most=self._settings.max_series)
            self._refuse(batch, ids == _NO_SERIES, "MaxSeriesReached", message)
        columns = [batch.rows["t"], pa.array(ids), pa.array(np.full(len(ids), batch.sequence))]
        rows = pa.table([*columns, *batch.rows.select(MEASURES).columns], schema=_POINT_ROWS)
        self._points.append(rows.filter(pa.array(ids != _NO_SERIES)))

    def result(self) -> Staged:
        appends = []
        points = pa.concat_tables(self._points) if self._points else None
        if points is not None and points.num_rows:
            appends.append(Append(SPACE, POINT, STORED_POINT, _merged(points)))
        if self._rows:
            appends.append(Append(SPACE, SERIES, STORED_SERIES, _series_rows(self._rows.values())))
        return Staged(tuple(appends), tuple(self._refused), tuple(self._rows.values()))

    def _series_of(self, batch: StoredBatch) -> Ids:
        """The series id of every row, `_NO_SERIES` where there is no room for a new one."""
        names = [batch.rows[name] for name in ("namespace", "metric", "dimensions")]
        joined = pc.binary_join_element_wise(*names, _SEPARATOR).combine_chunks().dictionary_encode()
        which = joined.indices.to_numpy()
        seen = np.zeros(len(joined.dictionary), dtype=np.int64)
        np.maximum.at(seen, which, batch.rows["t"].to_numpy())
        named = zip(joined.dictionary.to_pylist(), seen.tolist(), strict=True)
        ids: Ids = np.array([self._resolve(batch.resource_id, name, last) for name, last in named], dtype=np.int64)
        of_rows: Ids = ids[which]
        return of_rows

    def _resolve(self, resource_id: str, name: str, seen: int) -> int:
        namespace, metric, dimensions = name.split(_SEPARATOR)
        key = GroupKey.of(resource_id, namespace, metric)
        known = self._index.group(key)
        found = known.id_of(dimensions) if known else None
        if known and found is not None:
            if seen >= known.seen[found - known.first_id] + _SEEN_AGAIN:
                self._row(SeriesRow(found, key, namespace, metric, dimensions, seen))
            return found
        if self._index.count + self._added >= self._settings.max_series:
            return _NO_SERIES
        found = self._add(key, known, dimensions)
        self._row(SeriesRow(found, key, namespace, metric, dimensions, seen))
        return found

    def _add(self, key: GroupKey, known: Group | None, dimensions: str) -> int:
        """The id of a series that is new in this delivery."""
        group = self._new.get(key)
        if group is None:
            number = known.number if known else self._index.next_group + len(self._new)
            group = self._new[key] = Group(number, [HOLE] * len(known.dimensions) if known else [])
        found = group.id_of(dimensions)
        if found is None:
            found = group.append(dimensions, 0)
            self._added += 1
        return found

    def _row(self, row: SeriesRow) -> None:
        before = self._rows.get(row.id)
        self._rows[row.id] = row if before is None else replace(before, seen=max(before.seen, row.seen))

    def _refuse(self, batch: StoredBatch, which: npt.NDArray[np.bool_], code: str, message: str) -> None:
        rows = batch.rows.filter(pa.array(which))
        self._refused.append(RefusedPoints(batch.sequence, batch.resource_id, code, message, rows))


def _merged(points: pa.Table) -> pa.Table:
    """One row for each series and minute of the delivery: senders repeat a minute, and the table is narrow but long."""
    grouped = points.group_by(["t", "series"], use_threads=False)
    merged = grouped.aggregate(
        [("seq", "max"), ("count", "sum"), ("sum", "sum"), ("min", "min"), ("max", "max"), ("last", "last")]
    )
    return merged.rename_columns(_POINT_ROWS.names).cast(_POINT_ROWS)


def _series_rows(rows: Iterable[SeriesRow]) -> pa.Table:
    columns = zip(*((r.id, r.key.resource_id, r.namespace, r.metric, r.dimensions, r.seen) for r in rows), strict=True)
    return pa.table(list(map(pa.array, columns)), names=[column.name for column in STORED_SERIES])
