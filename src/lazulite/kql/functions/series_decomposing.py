"""Series taken apart: what repeats with a period, what goes one way, what is left, and what of that is odd.

The period must be given. How Kusto scores periods that it looks for itself is not published, so that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lazulite.kql.functions.record import Function, Refuses, function, local
from lazulite.kql.functions.series_fitting import line_of
from lazulite.kql.functions.series_outliers import scores
from lazulite.kql.functions.series_values import NULLS, Json, finite, listed, record, refused

TRENDS: Final = ("avg", "linefit", "none")


@dataclass(frozen=True)
class Parts:
    """A series as the sum of its parts."""

    baseline: Any
    seasonal: Any
    trend: Any
    residual: Any


def _detecting(name: str, position: int) -> Refuses:
    """Refuses a call whose period is left out or negative: it would be looked for."""

    def refuse(constants: tuple[object, ...]) -> str:
        absent = len(constants) <= position
        given = None if absent else constants[position]
        return _searched(name) if absent or (isinstance(given, int) and given < 0) else ""

    return refuse


def _searched(name: str) -> str:
    return f"{name}() that finds the period itself (give the period in bins, or 0 for none)"


def pattern(values: Any, period: int, name: str) -> Any:
    """The median of each phase of the period."""
    whole, rest = divmod(len(values), period)
    if not whole:
        raise refused(f"{name}() with a period that is longer than the series")
    ahead = np.median(np.reshape(values[: whole * period], (whole, period))[:, rest:], axis=0)
    if not rest:
        return ahead
    rows = np.vstack([values[: whole * period].reshape(whole, period)[:, :rest], values[whole * period :]])
    return np.concatenate([np.median(rows, axis=0), ahead])


def _seasonal(values: Any, period: int, points: int, name: str) -> Any:
    """The pattern of all but the last points, repeated over all."""
    if period < 0:
        raise refused(_searched(name))
    if not period:
        return np.zeros(len(values))
    found = pattern(values[: len(values) - points], period, name)
    return np.resize(found, len(values))


def _trend(values: Any, kind: str, points: int) -> Any:
    """The trend of all but the last points, drawn on to the end."""
    known = values[: len(values) - points]
    if kind == "none":
        return np.zeros(len(values))
    if kind == "avg":
        return np.full(len(values), known.mean())
    slope, start = line_of(known)
    return start + slope * np.arange(1, len(values) + 1)


def _parts(name: str, value: Json, period: int, kind: str, points: int) -> Parts:
    values = finite(value)
    if not len(values):
        raise ValueError("a series without points")
    if kind not in TRENDS:
        raise refused(f"{name}() with the trend '{kind[:20]}' (it is avg, linefit or none)")
    if points < 0 or points >= len(values):
        raise refused(f"{name}() with test points that are not fewer than the points of the series")
    seasonal = _seasonal(values, period, points, name)
    trend = _trend(values - seasonal, kind, points)
    return Parts(seasonal + trend, seasonal, trend, values - seasonal - trend)


def _decomposed(
    value: Json, period: int, trend: str = "avg", points: int = 0, threshold: float = 0
) -> list[list[float]]:
    parts = _parts("series_decompose", value, period, trend, points)
    return [listed(one) for one in (parts.baseline, parts.seasonal, parts.trend, parts.residual)]


def _forecast(value: Json, points: int, period: int, trend: str = "avg", threshold: float = 0) -> list[float]:
    return listed(_parts("series_decompose_forecast", value, period, trend, points).baseline)


def _anomalies(
    value: Json,
    threshold: float,
    period: int,
    trend: str = "avg",
    points: int = 0,
    method: str = "ctukey",
    seasonality: float = 0,
) -> list[Json]:
    if points:
        raise refused("series_decompose_anomalies() with test points")
    parts = _parts("series_decompose_anomalies", value, period, trend, 0)
    found = scores("series_decompose_anomalies", listed(parts.residual), method)
    flags = [(score > threshold) - (score < -threshold) for score in found]
    return [flags, found, listed(parts.baseline)]


def _repeated(value: Json, period: int) -> list[float]:
    if not period:
        raise refused("series_seasonal() with a period of 0")
    return listed(_seasonal(finite(value), period, 0, "series_seasonal"))


FUNCTIONS: Final[tuple[Function, ...]] = (
    record(
        "series_seasonal",
        "The median of each phase of a period, over the whole series.",
        "dynamic([1, 3, 5, 1, 3, 5]), 3",
        local("dynamic, long? -> dynamic", _repeated, _detecting("series_seasonal", 1)),
    ),
    function(
        "series_decompose",
        "A series as baseline, seasonal part, trend and residual, a column each; the period in bins, or 0.",
        local("dynamic, long?, string?, long?, real? -> dynamic", _decomposed, _detecting("series_decompose", 1)),
        kind="several",
        results=(("baseline", "dynamic"), ("seasonal", "dynamic"), ("trend", "dynamic"), ("residual", "dynamic")),
        null=NULLS,
        example="print y = dynamic([1, 2, 1, 2]) | extend series_decompose(y, 2, 'avg')",
    ),
    function(
        "series_decompose_anomalies",
        "Where a series leaves its baseline: flags (1, -1, 0), scores and the baseline, a column each.",
        local(
            "dynamic, real?, long?, string?, long?, string?, real? -> dynamic",
            _anomalies,
            _detecting("series_decompose_anomalies", 2),
        ),
        kind="several",
        results=(("ad_flag", "dynamic"), ("ad_score", "dynamic"), ("baseline", "dynamic")),
        null=NULLS,
        example="print y = dynamic([1, 2, 1, 3]) | extend (flag, score) = series_decompose_anomalies(y, 1.5, 0, 'avg')",
    ),
    record(
        "series_decompose_forecast",
        "The baseline of a series, drawn on over its last points.",
        "dynamic([1, 2, 1, 2, 0, 0]), 2, 2",
        local(
            "dynamic, long, long?, string?, real? -> dynamic",
            _forecast,
            _detecting("series_decompose_forecast", 2),
        ),
    ),
)
