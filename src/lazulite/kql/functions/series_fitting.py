"""Statistics of a series, and lines and polynomials through it. The places of the elements count from 1."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from lazulite.kql.functions.record import Function, function, local
from lazulite.kql.functions.series_values import NULLS, Json, bounded, finite, listed, numbers, record, refused

MAX_DEGREE: Final = 100


@dataclass(frozen=True)
class Fit:
    """A line through a series, and how well it fits."""

    rsquare: float
    slope: float
    variance: float
    rvariance: float
    interception: float
    line_fit: list[float]


def line_of(values: Any) -> tuple[float, float]:
    """Slope and value at place 0 of the least-squares line."""
    count = len(values)
    if count < 2:
        raise refused("A line through fewer than two points")
    places = np.arange(1, count + 1, dtype=float)
    centred = places - places.mean()
    slope = float(centred @ (values - values.mean()) / (centred @ centred))
    return slope, float(values.mean() - slope * places.mean())


def quality(values: Any, fitted: Any) -> tuple[float, float, float]:
    """R square, variance and residual variance; R square is NaN where the series does not vary."""
    residual, spread = values - fitted, values - values.mean()
    left, total = float(residual @ residual), float(spread @ spread)
    return (1 - left / total if total else math.nan), total / (len(values) - 1), left / (len(values) - 1)


def _line(value: Json) -> Fit | None:
    values = finite(value)
    if not len(values):
        return None
    slope, start = line_of(values)
    fitted = start + slope * np.arange(1, len(values) + 1)
    rsquare, variance, rvariance = quality(values, fitted)
    return Fit(rsquare, slope, variance, rvariance, start, listed(fitted))


def _line_list(value: Json) -> list[Json] | None:
    fit = _line(value)
    return None if fit is None else list(asdict(fit).values())


def _line_bag(value: Json) -> dict[str, Json] | None:
    fit = _line(value)
    return None if fit is None else asdict(fit)


def _polynomial(value: Json, places: Json = None, degree: int = 1) -> list[Json] | None:
    values = finite(value)
    if not len(values):
        return None
    x = np.arange(1, len(values) + 1, dtype=float) if places is None else finite(places)
    if len(x) != len(values) or degree < 0:
        raise ValueError(places)
    if degree > MAX_DEGREE:
        raise refused(f"series_fit_poly() of a degree above {MAX_DEGREE}")
    bounded("series_fit_poly", len(x) * (degree + 1) ** 2)
    matrix = np.vander(x, degree + 1)
    coefficients = _solved(matrix, values)
    fitted = matrix @ coefficients
    rsquare, variance, rvariance = quality(values, fitted)
    return [rsquare, listed(coefficients), variance, rvariance, listed(fitted)]


def _solved(matrix: Any, values: Any) -> Any:
    """Least squares, with columns of one scale so that high powers do not drown the low ones."""
    scale = np.sqrt((matrix * matrix).sum(axis=0))
    scale[scale == 0] = 1
    found, _, rank, _ = np.linalg.lstsq(matrix / scale, values, rcond=len(values) * np.finfo(float).eps)
    if rank < matrix.shape[1] or len(values) < 2:
        raise refused("series_fit_poly() of points that do not determine one polynomial")
    return found / scale


# ---- statistics


def _statistics(value: Json, ignoring: bool = False) -> dict[str, Json] | None:
    given = numbers(value)
    places = [at for at, one in enumerate(given) if one is not None and math.isfinite(one)]
    if (len(places) < len(given) and not ignoring) or not places:
        return None
    found = np.array([given[at] for at in places], float)
    variance = float(found.var(ddof=1)) if len(found) > 1 else 0.0
    return {
        "min": float(found.min()),
        "min_idx": places[int(found.argmin())],
        "max": float(found.max()),
        "max_idx": places[int(found.argmax())],
        "avg": float(found.mean()),
        "stdev": math.sqrt(variance),
        "variance": variance,
        "sum": float(found.sum()),
        "len": len(given),
    }


def _statistics_list(value: Json, ignoring: bool = False) -> list[Json] | None:
    found = _statistics(value, ignoring)
    return None if found is None else list(found.values())[: len(STATISTICS)]


STATISTICS: Final = (
    ("min", "real"),
    ("min_idx", "long"),
    ("max", "real"),
    ("max_idx", "long"),
    ("avg", "real"),
    ("stdev", "real"),
    ("variance", "real"),
)
LINE: Final = (
    ("rsquare", "real"),
    ("slope", "real"),
    ("variance", "real"),
    ("rvariance", "real"),
    ("interception", "real"),
    ("line_fit", "dynamic"),
)
POLYNOMIAL: Final = (
    ("rsquare", "real"),
    ("coefficients", "dynamic"),
    ("variance", "real"),
    ("rvariance", "real"),
    ("poly_fit", "dynamic"),
)
FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "series_stats",
        "Least, greatest, mean and spread of a series, a column each.",
        local("dynamic, bool? -> dynamic", _statistics_list),
        kind="several",
        results=STATISTICS,
        null=NULLS,
        example="print x = dynamic([1, 2]) | extend series_stats(x)",
    ),
    record(
        "series_stats_dynamic",
        "Least, greatest, mean, spread, sum and length of a series, as a bag.",
        "dynamic([1, 2])",
        local("dynamic, bool? -> dynamic", _statistics),
    ),
    function(
        "series_fit_line",
        "The line that fits a series best, a column for each of its measures.",
        local("dynamic -> dynamic", _line_list),
        kind="several",
        results=LINE,
        null=NULLS,
        example="print x = dynamic([1, 2, 4]) | extend (rsquare, slope) = series_fit_line(x)",
    ),
    record(
        "series_fit_line_dynamic",
        "The line that fits a series best, as a bag.",
        "dynamic([1, 2, 4])",
        local("dynamic -> dynamic", _line_bag),
    ),
    function(
        "series_fit_poly",
        "The polynomial of a degree that fits points best, a column for each of its measures.",
        local("dynamic, dynamic?, long? -> dynamic", _polynomial),
        kind="several",
        results=POLYNOMIAL,
        null=NULLS,
        example="print y = dynamic([1, 4, 9]) | extend series_fit_poly(y, dynamic([1, 2, 3]), 2)",
    ),
)
