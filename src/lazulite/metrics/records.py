"""Metric records as senders write them -> points in batch form (`points.POINT_COLUMNS`), or the reason why not.

A record is {"time", "metricName", "dimensions": {..}} with either "value" (one measurement) or all of "total", "count",
"minimum", "maximum" (a minute's aggregate; "last" too where the sender knows it). Azure's exported form has the same
names, and more that are not needed here. Called by the records door; a bad record never costs its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lazulite.catalog import Metric
from lazulite.core.clock import TICKS_PER_DAY
from lazulite.core.resource_id import ResourceId
from lazulite.kql import ticks
from lazulite.metrics.definitions import Definitions
from lazulite.metrics.dimensions import BadDimensions, canonical
from lazulite.metrics.points import MEASURES, POINT_COLUMNS, minute_of

Reals = npt.NDArray[np.float64]
Point = tuple[int, int, str, str, str, float, float, float, float, float]

_AGGREGATE = ("count", "total", "minimum", "maximum")
_TIME_GRAIN = "PT1M"
# A total is a sum that the sender rounded: it may leave [count * minimum, count * maximum] by this share of it.
_TOLERANCE = 1e-9
_UNKNOWN = float("nan")
# A day ahead is what Azure lets pass in TimeGenerated. A point of the year 9999 would never expire.
_MOST_AHEAD = TICKS_PER_DAY


@dataclass(frozen=True)
class RejectedPoint:
    """Record `index` of the sender's list, and why it is not a point: a stable code, and what to do about it."""

    index: int
    code: str
    message: str


@dataclass(frozen=True)
class DecodedPoints:
    """`rows` are the good records' points in order, in `POINT_COLUMNS`; `rejected` are the others by index."""

    rows: pa.Table
    rejected: tuple[RejectedPoint, ...]


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def decode_metric_records(records: Sequence[Any], resource_id: ResourceId, received: int) -> DecodedPoints:
    """Points of the platform metrics of a resource. `received` (ticks) dates the records that carry no time."""
    reader = _Reader(Definitions.of(resource_id.type), received)
    points: list[Point] = []
    rejected: list[RejectedPoint] = []
    for index, record in enumerate(records):
        try:
            points.append(reader.point(index, record))
        except (_Refused, BadDimensions) as refused:
            rejected.append(RejectedPoint(index, refused.code, refused.message))
    rows, inconsistent = _checked(points)
    return DecodedPoints(rows, tuple(sorted([*rejected, *inconsistent], key=lambda found: found.index)))


class _Reader:
    """Reads records of one call, and remembers the times, names and dimensions that it has seen in it."""

    def __init__(self, definitions: Definitions, received: int) -> None:
        self._definitions = definitions
        self._received = minute_of(received)
        self._minutes: dict[str, int] = {}
        self._metrics: dict[str, Metric] = {}
        self._dimensions: dict[tuple[str, bytes], str] = {}

    def point(self, index: int, record: Any) -> Point:
        if not isinstance(record, dict):
            raise _Refused("InvalidRecord", "A metric record is a JSON object.")
        name = record.get("metricName")
        metric = self._metrics.get(name) if isinstance(name, str) else None
        metric = metric or self._metric(name)
        sent = record.get("dimensions")
        where = self._series(metric, sent) if sent else "{}"
        if record.get("timeGrain", _TIME_GRAIN) != _TIME_GRAIN:
            raise _Refused("UnsupportedTimeGrain", f"Points are kept by the minute: send timeGrain {_TIME_GRAIN}.")
        return (index, self._minute(record), metric.metric_namespace, metric.name, where, *_measures(record))

    def _metric(self, name: Any) -> Metric:
        if not isinstance(name, str) or not name:
            raise _Refused("MissingMetricName", 'The record has no "metricName".')
        metric = self._definitions.find(name)
        if metric is None:
            raise _Refused("UnknownMetric", self._definitions.describe_unknown(name))
        self._metrics[name] = metric
        return metric

    def _series(self, metric: Metric, sent: Any) -> str:
        # The encoded form is the key, because 1, True and 1.0 are one key of a Python dict and three values here.
        try:
            key = (metric.name, msgspec.json.encode(sent))
        except UnicodeEncodeError:
            words = "The dimensions hold half a surrogate pair, which is no text: send whole characters."
            raise _Refused("InvalidDimensions", words) from None
        text = self._dimensions.get(key)
        if text is None:
            text = self._dimensions[key] = canonical(metric, sent)
        return text

    def _minute(self, record: dict[str, Any]) -> int:
        sent = record.get("time")
        if sent is None:
            return self._received
        minute = self._minutes.get(sent) if isinstance(sent, str) else None
        if minute is None:
            found = ticks.parse_datetime(sent) if isinstance(sent, str) else None
            if found is None:
                raise _Refused("InvalidTime", f"The time {str(sent)[:50]!r} is not a datetime: send ISO 8601 with a Z.")
            if found > self._received + _MOST_AHEAD:
                raise _Refused(
                    "TimeInFuture", f"The time {sent[:50]!r} is more than a day ahead of the service's clock."
                )
            minute = self._minutes[sent] = minute_of(found)
        return minute


def _measures(record: dict[str, Any]) -> tuple[float, float, float, float, float]:
    """count, sum, min, max, last."""
    if "value" in record:
        if any(name in record for name in _AGGREGATE):
            raise _Refused("AmbiguousValue", f'Send "value" or all of {", ".join(_AGGREGATE)}, not both.')
        value = _number(record, "value")
        return 1.0, value, value, value, value
    missing = [name for name in _AGGREGATE if record.get(name) is None]
    if missing:
        raise _Refused("MissingValue", f'The record has no "value", and of an aggregate it lacks {", ".join(missing)}.')
    count, total, low, high = (_number(record, name) for name in _AGGREGATE)
    return count, total, low, high, _UNKNOWN if record.get("last") is None else _number(record, "last")


def _number(record: dict[str, Any], name: str) -> float:
    value = record[name]
    if type(value) is float:
        return value
    if type(value) is not int:
        raise _Refused("InvalidNumber", f'"{name}" is not a number.')
    try:
        return float(value)
    except OverflowError:
        raise _Refused("InvalidNumber", f'"{name}" is beyond the range of a real.') from None


# Each check marks the points that fail it, over whole columns (count, sum, min, max, last). The first that fails is the
# reason.
_CHECKS: tuple[tuple[str, str, Callable[[Reals, Reals, Reals, Reals, Reals], npt.NDArray[np.bool_]]], ...] = (
    (
        "InvalidNumber",
        "Every value of a point is a finite number.",
        lambda n, total, low, high, last: ~np.isfinite([n, total, low, high]).all(axis=0) | np.isinf(last),
    ),
    ("InvalidCount", "The count of a point is more than 0.", lambda n, total, low, high, last: n <= 0),
    (
        "InconsistentPoint",
        "The minimum of a point is at most its maximum.",
        lambda n, total, low, high, last: low > high,
    ),
    (
        "InconsistentPoint",
        "The total of a point lies between count * minimum and count * maximum.",
        lambda n, total, low, high, last: _outside(total, n * low, n * high),
    ),
    (
        "InconsistentPoint",
        "The last value of a point lies between its minimum and maximum.",
        lambda n, total, low, high, last: (last < low) | (last > high),
    ),
)


def _outside(total: Reals, least: Reals, most: Reals) -> npt.NDArray[np.bool_]:
    slack = _TOLERANCE * np.maximum(np.abs(least), np.abs(most))
    return (total < least - slack) | (total > most + slack)


def _checked(points: list[Point]) -> tuple[pa.Table, list[RejectedPoint]]:
    columns: list[Sequence[Any]] = list(zip(*points, strict=True)) or [()] * (len(POINT_COLUMNS) + 1)
    indexes = np.array(columns[0], dtype=np.int64)
    measures = [np.array(column, dtype=np.float64) for column in columns[-len(MEASURES) :]]
    verdict = _verdicts(measures, len(points))
    rejected = [RejectedPoint(int(indexes[at]), *_CHECKS[verdict[at]][:2]) for at in np.flatnonzero(verdict >= 0)]
    names = [pa.array(column, type=kind) for column, kind in zip(columns[1:5], POINT_COLUMNS.types, strict=False)]
    numbers = [pa.array(column, mask=np.isnan(column)) for column in measures]
    rows = pa.table([*names, *numbers], schema=POINT_COLUMNS)
    return (rows.filter(pa.array(verdict < 0)) if rejected else rows), rejected


def _verdicts(measures: list[Reals], size: int) -> npt.NDArray[np.int64]:
    """For each point the first check that it fails, -1 for none."""
    verdict = np.full(size, -1)
    with np.errstate(all="ignore"):  # infinities are what is being looked for
        for number, (_, _, fails) in enumerate(_CHECKS):
            verdict[(verdict < 0) & fails(*measures)] = number
    return verdict
