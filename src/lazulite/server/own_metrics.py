"""The service's own counters as metrics of its own resource: charted, kept and alerted on like everybody's.

Once a minute, what `GET /metrics` shows goes through the intake as AllMetrics records of `Lazulite.Monitor/services`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lazulite.core.batch import ALL_METRICS, Batch, Emission, Emit
from lazulite.core.clock import Clock
from lazulite.core.counters import Counters
from lazulite.core.resource_id import ResourceId
from lazulite.kql.ticks import format_datetime
from lazulite.metrics.records import decode_metric_records

TYPE = "Lazulite.Monitor/services"
DOOR = "self"

# Metric -> the counter whose growth in the minute it is.
GROWTHS: Mapping[str, str] = {
    "Records Accepted": "lazulite_accepted_records_total",
    "Records Rejected": "lazulite_rejected_records_total",
    "Records Unrouted": "lazulite_unrouted_records_total",
    "Records Stored": "lazulite_engine_rows_total",
}
# Metric -> the gauge whose value it is.
GAUGES: Mapping[str, str] = {
    "Intake Batches": "lazulite_intake_batches",
    "Intake Bytes": "lazulite_intake_bytes",
    "Intake Lag": "lazulite_intake_lag_seconds",
    "Memory": "lazulite_memory_bytes",
}
# Metric -> the durations whose mean over the minute it is; none in a minute is no point.
MEANS: Mapping[str, str] = {
    "Commit Time": "lazulite_engine_commit_seconds",
    "Checkpoint Time": "lazulite_engine_checkpoint_seconds",
    "Query Time": "lazulite_engine_query_seconds",
    "Rule Lag": "lazulite_alert_rule_lag_seconds",
}


@dataclass(frozen=True)
class _Seen:
    totals: Mapping[str, float]
    durations: Mapping[str, tuple[float, float]]


class OwnMetrics:
    """Call `report` once a minute. The first call tells gauges and what has been counted since the start."""

    def __init__(self, counters: Counters, emit: Emit, clock: Clock, resource_id: ResourceId) -> None:
        self._counters = counters
        self._emit = emit
        self._clock = clock
        self._resource_id = resource_id
        self._seen = _Seen(dict.fromkeys(GROWTHS.values(), 0.0), dict.fromkeys(MEANS.values(), (0.0, 0.0)))

    def report(self) -> int:
        """Hand the minute's points to the intake; returns how many. Raises what the intake refuses with."""
        now, seen = self._clock.now(), self._look()
        time = format_datetime(now)
        records: list[Mapping[str, Any]] = [
            {"time": time, "metricName": name, "value": value} for name, value in self._values(seen)
        ]
        rows = decode_metric_records(records, self._resource_id, now).rows
        batch = Batch(self._resource_id.key, ALL_METRICS, rows)
        self._emit.emit(Emission((batch,), now, DOOR, DOOR)).result()
        # Only now: what the intake refused is told with the next minute's growth.
        self._seen = seen
        return len(records)

    def _look(self) -> _Seen:
        return _Seen(
            {name: self._counters.total(name) for name in GROWTHS.values()},
            {name: self._counters.durations(name) for name in MEANS.values()},
        )

    def _values(self, seen: _Seen) -> Iterator[tuple[str, float]]:
        for metric, name in GROWTHS.items():
            yield metric, seen.totals[name] - self._seen.totals[name]
        for metric, name in GAUGES.items():
            value = self._counters.read(name)
            if value is not None and isfinite(value):
                yield metric, value
        for metric, name in MEANS.items():
            (count, total), (before, sum_before) = seen.durations[name], self._seen.durations[name]
            if count > before:
                yield metric, (total - sum_before) / (count - before)
