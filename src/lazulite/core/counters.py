"""Counts, gauges and durations of the service itself, printed as Prometheus text at `GET /metrics`."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator

from lazulite.core.measures import MEASURES

Labels = tuple[tuple[str, str], ...]
DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MAX_SERIES = 2_000


class Counters:
    """All counters of one process. Names are full Prometheus names; labels are keyword arguments.

    Past `MAX_SERIES` label sets a name's new sets are counted under the label set `overflow="true"`: bounded by design.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, dict[Labels, float]] = {}
        self._gauges: dict[str, Callable[[], float]] = {}
        self._durations: dict[str, dict[Labels, list[float]]] = {}

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        with self._lock:
            series = self._counts.setdefault(name, {})
            key = _bounded(series, labels)
            series[key] = series.get(key, 0.0) + amount

    def value(self, name: str, **labels: str) -> float:
        with self._lock:
            return self._counts.get(name, {}).get(tuple(sorted(labels.items())), 0.0)

    def total(self, name: str) -> float:
        """A counter's sum over all its label sets."""
        with self._lock:
            return sum(self._counts.get(name, {}).values())

    def durations(self, name: str) -> tuple[float, float]:
        """How many durations `name` has seen over all its label sets, and their sum in seconds."""
        with self._lock:
            series = list(self._durations.get(name, {}).values())
        return sum(sum(cells[:-1]) for cells in series), sum(cells[-1] for cells in series)

    def read(self, name: str) -> float | None:
        """A gauge's value now, None for one that is not registered."""
        found = self._gauges.get(name)
        return found() if found else None

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Register a value that is read when the page is printed."""
        self._gauges[name] = read

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration into the histogram `name` (buckets `DURATION_BUCKETS`)."""
        with self._lock:
            series = self._durations.setdefault(name, {})
            cells = series.setdefault(_bounded(series, labels), [0.0] * (len(DURATION_BUCKETS) + 2))
            cells[bisect_left(DURATION_BUCKETS, seconds)] += 1
            cells[-1] += seconds

    def text(self) -> str:
        """The whole page in Prometheus text format 0.0.4."""
        with self._lock:
            lines = list(self._lines())
        # Gauges ask other rooms, which may hold locks of their own while they count here: not under ours.
        for name, read in sorted(self._gauges.items()):
            lines += [*_head(name, "gauge"), f"{name} {read():g}"]
        return "\n".join(lines) + "\n"

    def _lines(self) -> Iterator[str]:
        for name, series in sorted(self._counts.items()):
            yield from _head(name, "counter")
            for labels, amount in sorted(series.items()):
                yield f"{name}{_label_text(labels)} {amount:g}"
        for name, durations in sorted(self._durations.items()):
            yield from _head(name, "histogram")
            for labels, cells in sorted(durations.items()):
                yield from _histogram(name, labels, cells)


def _head(name: str, kind: str) -> list[str]:
    described = [f"# HELP {name} {MEASURES[name]}"] if name in MEASURES else []
    return [*described, f"# TYPE {name} {kind}"]


def _bounded(series: dict[Labels, float] | dict[Labels, list[float]], labels: dict[str, str]) -> Labels:
    key = tuple(sorted(labels.items()))
    return key if key in series or len(series) < MAX_SERIES else (("overflow", "true"),)


def _histogram(name: str, labels: Labels, cells: list[float]) -> Iterator[str]:
    total = 0.0
    for bound, amount in zip((*DURATION_BUCKETS, float("inf")), cells, strict=False):
        total += amount
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        yield f"{name}_bucket{_label_text((*labels, ('le', le)))} {total:g}"
    yield f"{name}_sum{_label_text(labels)} {cells[-1]:g}"
    yield f"{name}_count{_label_text(labels)} {total:g}"


def _label_text(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(text)}"' for name, text in labels) + "}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
