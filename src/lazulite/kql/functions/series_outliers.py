"""Outliers of a series by Tukey's fences: how many ranges between two percentiles a value lies outside of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lazulite.kql.functions.record import Function, Refuses, local
from lazulite.kql.functions.series_values import Json, Number, numbers, record, refused

# The percentiles of a method, and what makes its scores those of quartiles where values are normally distributed.
METHODS: Final = {"ctukey": ((10.0, 90.0), 2.772605605507915), "tukey": ((25.0, 75.0), 1.0)}
PERCENTILES: Final = "series_outliers() with percentiles other than 10 and 90"


def scores(name: str, values: Any, method: str) -> list[float]:
    """A score a value; 0 for a missing one and between the percentiles, below 0 under them."""
    if method not in METHODS:
        raise refused(f"{name}() by the method '{method[:20]}' (it is ctukey or tukey)")
    shares, factor = METHODS[method]
    given = np.array([np.nan if one is None else one for one in values], float)
    known = given[~np.isnan(given)]
    if not len(known):
        return [0.0] * len(given)
    low, high = np.percentile(known, shares)
    beyond = np.where(given > high, given - high, np.where(given < low, given - low, 0.0))
    if low == high and beyond.any():
        raise refused(f"{name}() of a series whose percentiles {shares[0]:g} and {shares[1]:g} are equal")
    return [float(one) for one in beyond * factor / (high - low)] if low < high else [0.0] * len(given)


def _scored(
    value: Json,
    method: str = "ctukey",
    missing: Number | None = None,
    low: float = 10,
    high: float = 90,
) -> list[float]:
    given = numbers(value)
    if any(one is not None and abs(one) == np.inf for one in given):
        raise ValueError("infinite elements")
    if method == "ctukey" and (low, high) != (10, 90):
        raise refused(PERCENTILES)
    return scores("series_outliers", [None if one == missing else one for one in given], method)


def _percentiles() -> Refuses:
    def refuse(constants: tuple[object, ...]) -> str:
        custom = len(constants) > 3 and constants[1] != "tukey" and constants[3:5] not in ((10.0,), (10.0, 90.0))
        return PERCENTILES if custom else ""

    return refuse


FUNCTIONS: Final[tuple[Function, ...]] = (
    record(
        "series_outliers",
        "How far each value lies outside of Tukey's fences: beyond 1.5 or -1.5 it is an outlier.",
        "dynamic([1, 2, 3, 4, 90])",
        local("dynamic, string?, real?, real?, real? -> dynamic", _scored, _percentiles()),
        named="first",
    ),
)
