"""What the functions of series share: arrays as numbers, and the records of functions that take and give series."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import numpy as np

from lazulite.kql.errors import KqlError, Span, unsupported
from lazulite.kql.functions.arrays import array
from lazulite.kql.functions.record import Function, Signature, function

Json = Any
Number = int | float
# JSON has no such numbers: in a dynamic they are text.
NON_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# Kusto counts these as numbers. Here they are text in a dynamic, and from where it counts is documented in two ways.
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z|-?(?:\d+\.)?\d\d:\d\d:\d\d(?:\.\d{7})?")
# Multiplications that one value may cost: a stage is only interrupted between values.
MAX_WORK: Final = 20_000_000


def numbers(value: Json) -> list[Number | None]:
    """The elements of an array, None for each that is no number."""
    return [one if type(one) in (int, float) else _other(one) for one in array(value)]


def _other(element: Json) -> Number | None:
    if not isinstance(element, str):
        return None
    if TIME.fullmatch(element):
        raise refused("A series of datetimes or timespans where numbers are computed")
    return NON_FINITE.get(element)


def finite(value: Json) -> Any:
    """The elements as a vector. Raises ValueError where one is missing or not finite, which makes the result null."""
    found = np.array([math.nan if one is None else one for one in numbers(value)], float)
    if not np.isfinite(found).all():
        raise ValueError(value)
    return found


def complete(name: str, value: Json) -> list[Number]:
    """The elements, which must all be numbers: what Kusto makes of others is not documented."""
    found = numbers(value)
    if any(one is None for one in found):
        raise refused(f"{name}() of a series with an element that is no number")
    return [one for one in found if one is not None]


def refused(what: str) -> KqlError:
    """A value that cannot be answered for, found while the query runs."""
    return unsupported(what, Span(0, 0))


def bounded(name: str, work: int) -> None:
    """Refuses what would run too long, or take too much memory, in one piece."""
    if work > MAX_WORK:
        raise refused(f"{name}() of so long a series with so many coefficients")


def listed(vector: Any) -> list[float]:
    """A vector as a dynamic has it."""
    return [float(one) for one in vector.tolist()]


def record(name: str, doc: str, arguments: str, *signatures: Signature, named: str = "") -> Function:
    """A function that gives one value."""
    return function(name, doc, *signatures, example=f"print {name}({arguments})", named=named, null=NULLS)


NULLS: Final = "null for what is no array of numbers"
