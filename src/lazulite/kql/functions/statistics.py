"""Distributions and tests: the beta distribution, the error function, Welch's test. One row at a time, locally."""

from __future__ import annotations

import math
import sys
from typing import Final

from lazulite.kql.errors import runtime
from lazulite.kql.functions.record import Function, function, local

TINY: Final = sys.float_info.min
TERMS: Final = 20_000
# The greatest parameter that beta_cdf() takes; beyond it the answer is NaN, as documented.
GREATEST: Final = 10_000


def _fraction_terms(x: float, alpha: float, beta: float, at: int) -> tuple[float, float]:
    """The two coefficients of the incomplete beta function's continued fraction at an index from 1."""
    double = alpha + 2 * at
    even = at * (beta - at) * x / ((double - 1) * double)
    odd = -(alpha + at) * (alpha + beta + at) * x / (double * (double + 1))
    return even, odd


def _fraction(x: float, alpha: float, beta: float) -> float:
    """The continued fraction by Lentz's method."""
    above, below = 1.0, 1 / ((1 - (alpha + beta) * x / (alpha + 1)) or TINY)
    found = below
    for at in range(1, TERMS):
        step = 1.0
        for coefficient in _fraction_terms(x, alpha, beta, at):
            below = 1 / ((1 + coefficient * below) or TINY)
            above = (1 + coefficient / above) or TINY
            step = below * above
            found *= step
        if abs(step - 1) < sys.float_info.epsilon:
            return found
    raise ArithmeticError("the fraction does not converge")


def _log_beta(alpha: float, beta: float) -> float:
    return math.lgamma(alpha) + math.lgamma(beta) - math.lgamma(alpha + beta)


def regularized_beta(x: float, alpha: float, beta: float) -> float:
    """I_x(alpha, beta) for positive parameters and 0 <= x <= 1."""
    if x in (0.0, 1.0):
        return x
    front = math.exp(alpha * math.log(x) + beta * math.log1p(-x) - _log_beta(alpha, beta))
    if x < (alpha + 1) / (alpha + beta + 2):
        return front * _fraction(x, alpha, beta) / alpha
    return 1 - front * _fraction(1 - x, beta, alpha) / beta


def _is_pole(value: float) -> bool:
    """Zero and the negative integers, where the gamma function is infinite."""
    return value <= 0 and value == math.floor(value)


def _beta_cdf(x: float, alpha: float, beta: float) -> float:
    if not 0 <= x <= 1 or max(alpha, beta) > GREATEST:
        return math.nan
    if alpha > 0 and beta > 0:
        return regularized_beta(x, alpha, beta)
    # Continued beyond positive parameters, the function is 1 at the poles in alpha and 0 at those in beta.
    if _is_pole(alpha) and beta > 0:
        return 1.0
    if _is_pole(beta) and alpha > 0:
        return 0.0
    return math.nan


def _beta_pdf(x: float, alpha: float, beta: float) -> float:
    if not 0 < x < 1 or alpha <= 0 or beta <= 0:
        return math.nan
    return math.exp((alpha - 1) * math.log(x) + (beta - 1) * math.log1p(-x) - _log_beta(alpha, beta))


def _beta_inv(probability: float, alpha: float, beta: float) -> float:
    if not 0 < probability <= 1 or alpha <= 0 or beta <= 0:
        raise runtime("beta_inv() takes a probability above 0 and at most 1, and positive parameters")
    low, high = 0.0, 1.0
    middle = 0.5
    while low < middle < high:
        if regularized_beta(middle, alpha, beta) < probability:
            low = middle
        else:
            high = middle
        middle = (low + high) / 2
    return high


def _welch_test(mean1: float, variance1: float, count1: float, mean2: float, variance2: float, count2: float) -> float:
    """The p-value of the two-sided test, from Student's distribution as an incomplete beta function."""
    one, two = variance1 / count1, variance2 / count2
    if one + two == 0:
        return math.nan
    freedom = (one + two) ** 2 / (one**2 / (count1 - 1) + two**2 / (count2 - 1))
    square = (mean1 - mean2) ** 2 / (one + two)
    return regularized_beta(freedom / (freedom + square), freedom / 2, 0.5)


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "beta_cdf",
        "The cumulative beta distribution; NaN outside of 0 to 1.",
        local("real, real, real -> real", _beta_cdf),
        example="print beta_cdf(0.2, 10.0, 50.0)",
    ),
    function(
        "beta_inv",
        "The value whose cumulative beta distribution is the probability.",
        local("real, real, real -> real", _beta_inv),
        example="print beta_inv(0.1, 10.0, 50.0)",
    ),
    function(
        "beta_pdf",
        "The density of the beta distribution; NaN outside of 0 to 1.",
        local("real, real, real -> real", _beta_pdf),
        example="print beta_pdf(0.1, 10.0, 50.0)",
    ),
    function("erf", "The error function.", local("real -> real", math.erf), named="first", example="print erf(0.5)"),
    function(
        "erfc",
        "One minus the error function.",
        local("real -> real", math.erfc),
        named="first",
        example="print erfc(0.5)",
    ),
    function(
        "welch_test",
        "The p-value of Welch's test, from means, variances and counts of two samples.",
        local("real, real, real, real, real, real -> real", _welch_test),
        example="print welch_test(20.8, 7.9, 15, 23.0, 3.8, 15)",
    ),
)
