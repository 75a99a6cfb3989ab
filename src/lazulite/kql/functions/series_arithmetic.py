"""Series element by element: arithmetic, comparison, and the sums over them.

An element that is no number, or that the other series lacks, makes a null.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, Final

import numpy as np

from lazulite.kql.errors import runtime
from lazulite.kql.functions.record import Function, local
from lazulite.kql.functions.series_values import Json, Number, complete, numbers, record

LONGS: Final = range(-(1 << 63), 1 << 63)
# One of the two may be a plain number, which then meets each element.
PAIRS: Final = ("dynamic, dynamic", "dynamic, long", "dynamic, real", "long, dynamic", "real, dynamic")


def _each(form: Callable[[Number], Number | None]) -> Callable[[Json], list[Number | None]]:
    return lambda value: [None if one is None else form(one) for one in numbers(value)]


def _vector(form: Callable[[Any], Any]) -> Callable[[Json], list[float | None]]:
    """A form over all elements at once, as reals; outside of its domain it gives NaN."""

    def apply(value: Json) -> list[float | None]:
        given = numbers(value)
        with np.errstate(all="ignore"):
            made = form(np.array([math.nan if one is None else one for one in given], float)).tolist()
        return [None if one is None else two for one, two in zip(given, made, strict=True)]

    return apply


def _sign(value: Number) -> int | None:
    return None if value != value else (value > 0) - (value < 0)


def _sides(one: Json, two: Json) -> Iterator[tuple[Number | None, Number | None]]:
    if isinstance(one, list) and isinstance(two, list):
        return iter(zip_longest(numbers(one), numbers(two)))
    if isinstance(one, list):
        return ((left, right) for right in _single(two) for left in numbers(one))
    return ((left, right) for left in _single(one) for right in numbers(two))


def _single(value: Json) -> list[Number | None]:
    if numbers([value]) == [None]:
        raise TypeError(value)
    return numbers([value])


def _paired(form: Callable[[Any, Any], Any]) -> Callable[[Json, Json], list[Json]]:
    def apply(one: Json, two: Json) -> list[Json]:
        return [None if a is None or b is None else form(a, b) for a, b in _sides(one, two)]

    return apply


def _checked(form: Callable[[Any, Any], Number]) -> Callable[[Any, Any], Number]:
    def apply(one: Number, two: Number) -> Number:
        made = form(one, two)
        if isinstance(made, int) and made not in LONGS:
            raise runtime("An element of the series is outside the range of long. Convert the series to reals first")
        return made

    return apply


def _divided(one: Number, two: Number) -> float:
    if two:
        return one / two
    return math.nan if not one or one != one else math.copysign(math.inf, one) * math.copysign(1.0, two)


def _power(one: Number, two: Number) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(one) ** np.float64(two))


def _numeric_pairs(one: Json, two: Json) -> tuple[Any, Any] | None:
    """Both series as vectors, cut to the shorter one, without pairs that are not numbers; None where one is empty."""
    if one == [] or two == []:
        return None
    if isinstance(one, list) and isinstance(two, list):
        shorter = min(len(one), len(two))
        one, two = one[:shorter], two[:shorter]
    pairs = [(a, b) for a, b in _sides(one, two) if a is not None and b is not None]
    vectors = np.array(pairs, float).reshape(-1, 2)
    return vectors[:, 0], vectors[:, 1]


@np.errstate(all="ignore")
def _dot(one: Json, two: Json) -> float | None:
    pairs = _numeric_pairs(one, two)
    return None if pairs is None else float(pairs[0] @ pairs[1])


@np.errstate(all="ignore")
def _cosine(one: Json, two: Json, *magnitudes: float) -> float | None:
    for series in (one, two):
        complete("series_cosine_similarity", series)
    pairs = _numeric_pairs(one, two)
    if pairs is None:
        return None
    lengths = magnitudes or tuple(math.sqrt(vector @ vector) for vector in pairs)
    return _divided(float(pairs[0] @ pairs[1]), lengths[0] * lengths[1])


def _magnitude(value: Json) -> float | None:
    square = _dot(value, value)
    return None if square is None else math.sqrt(square)


def _total(value: Json) -> float:
    return float(sum(map(float, complete("series_sum", value))))


def _product(value: Json) -> float:
    return float(math.prod(map(float, complete("series_product", value))))


@np.errstate(all="ignore")
def _correlation(one: Json, two: Json) -> float:
    """Pearson's coefficient; NaN where a series does not vary."""
    left, right = numbers(one), numbers(two)
    if len(left) != len(right) or None in left or None in right or not left:
        raise ValueError("series of one length, of numbers")
    a, b = (np.array(side, float) for side in (left, right))
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / math.sqrt((a @ a) * (b @ b))) if a.any() and b.any() else math.nan


def _one(name: str, doc: str, form: Callable[[Json], Any]) -> Function:
    return record(f"series_{name}", f"{doc} of each element.", "dynamic([1, 0.5])", local("dynamic -> dynamic", form))


def _two(name: str, doc: str, form: Callable[[Any, Any], Any]) -> Function:
    forms = (local(f"{pair} -> dynamic", _paired(form)) for pair in PAIRS)
    return record(f"series_{name}", doc, "dynamic([1, 2]), dynamic([3, 4])", *forms)


FUNCTIONS: Final[tuple[Function, ...]] = (
    _one("abs", "The absolute value", _each(abs)),
    _one("sign", "The sign (-1, 0 or 1)", _each(_sign)),
    _one("floor", "The greatest whole number not above", _vector(np.floor)),
    _one("ceiling", "The least whole number not below", _vector(np.ceil)),
    _one("exp", "The exponential", _vector(np.exp)),
    _one("log", "The natural logarithm", _vector(np.log)),
    _one("sin", "The sine", _vector(np.sin)),
    _one("cos", "The cosine", _vector(np.cos)),
    _one("tan", "The tangent", _vector(np.tan)),
    _one("asin", "The arc sine", _vector(np.arcsin)),
    _one("acos", "The arc cosine", _vector(np.arccos)),
    _one("atan", "The arc tangent", _vector(np.arctan)),
    _two("add", "The sums of elements.", _checked(operator.add)),
    _two("subtract", "The differences of elements.", _checked(operator.sub)),
    _two("multiply", "The products of elements.", _checked(operator.mul)),
    _two("divide", "The quotients of elements, as reals.", _divided),
    _two("pow", "The elements of one series to the power of the other's, as reals.", _power),
    _two("greater", "Whether elements are greater.", operator.gt),
    _two("greater_equals", "Whether elements are greater or equal.", operator.ge),
    _two("less", "Whether elements are less.", operator.lt),
    _two("less_equals", "Whether elements are less or equal.", operator.le),
    _two("equals", "Whether elements are equal.", operator.eq),
    _two("not_equals", "Whether elements differ.", operator.ne),
    record("series_sum", "The sum of the elements.", "dynamic([1, 2])", local("dynamic -> real", _total)),
    record("series_product", "The product of the elements.", "dynamic([1, 2])", local("dynamic -> real", _product)),
    record(
        "series_magnitude",
        "The length of the series as a vector.",
        "dynamic([3, 4])",
        local("dynamic -> real", _magnitude),
    ),
    record(
        "series_dot_product",
        "The sum of the products of elements, of as many as both series have.",
        "dynamic([1, 2]), dynamic([3, 4])",
        *(local(f"{pair} -> real", _dot) for pair in PAIRS),
    ),
    record(
        "series_cosine_similarity",
        "The cosine of the angle between two series; their magnitudes may be given.",
        "dynamic([1, 2]), dynamic([3, 4])",
        local("dynamic, dynamic -> real", _cosine),
        local("dynamic, dynamic, real, real -> real", _cosine),
    ),
    record(
        "series_pearson_correlation",
        "How two series go together: 1 in step, -1 opposed, NaN where one does not vary.",
        "dynamic([1, 2]), dynamic([3, 4])",
        local("dynamic, dynamic -> real", _correlation),
    ),
)
