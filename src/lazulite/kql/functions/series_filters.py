"""Filters and Fourier transforms of series. What lies before the first element counts as zero."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lazulite.kql.functions.record import Function, function, local
from lazulite.kql.functions.series_values import NULLS, Json, bounded, finite, listed, record, refused


def _convolved(values: Any, filter_: Any, name: str) -> Any:
    bounded(name, len(values) * len(filter_))
    if not len(filter_):
        raise ValueError("a filter without coefficients")
    return np.convolve(values, filter_) if len(values) else np.zeros(len(filter_))


def _finite_response(
    value: Json, filter_: Json, normalize: bool | None = None, center: bool | None = False
) -> list[float]:
    values, weights = finite(value), finite(filter_)
    negative = bool((weights < 0).any())
    if normalize if normalize is not None else not negative:
        if negative or not weights.sum():
            raise ValueError("a filter that cannot be normalized")
        weights = weights / weights.sum()
    if center and len(weights) % 2 == 0:
        raise refused("series_fir() with center=true and an even number of coefficients")
    first = len(weights) // 2 if center else 0
    return listed(_convolved(values, weights, "series_fir")[first : first + len(values)])


def _infinite_response(value: Json, numerators: Json, denominators: Json) -> list[float]:
    values, fed = finite(value), finite(denominators)
    if not len(fed) or not fed[0]:
        raise ValueError("a first denominator of zero")
    bounded("series_iir", len(values) * len(fed) * 10)
    forward = _convolved(values, finite(numerators), "series_iir")[: len(values)]
    first, back = float(fed[0]), fed[1:].tolist()
    made: list[float] = []
    for one in forward.tolist():
        recent = made[: -len(back) - 1 : -1]
        made.append((one - sum(a * y for a, y in zip(back, recent, strict=False))) / first)
    return made


def _complex(real: Json, imaginary: Json) -> Any:
    one = finite(real)
    two = np.zeros(len(one)) if imaginary is None else finite(imaginary)
    if len(one) != len(two):
        raise ValueError("parts of one length")
    return one + 1j * two


def _transformed(real: Json, imaginary: Json = None) -> list[list[float]]:
    given = _complex(real, imaginary)
    return _parts(np.fft.fft(given) if len(given) else given)


def _restored(real: Json, imaginary: Json = None) -> list[list[float]]:
    given = _complex(real, imaginary)
    return _parts(np.fft.ifft(given) if len(given) else given)


def _parts(made: Any) -> list[list[float]]:
    return [listed(made.real), listed(made.imag)]


PARTS: Final = (("real", "dynamic"), ("imag", "dynamic"))
FUNCTIONS: Final[tuple[Function, ...]] = (
    record(
        "series_fir",
        "A finite impulse response filter, such as a moving average.",
        "dynamic([1, 2, 3]), dynamic([1, 1, 1])",
        local("dynamic, dynamic, bool?, bool? -> dynamic", _finite_response),
        named="first",
    ),
    record(
        "series_iir",
        "An infinite impulse response filter, such as a running sum, from numerators and denominators.",
        "dynamic([1, 2, 3]), dynamic([1]), dynamic([1, -1])",
        local("dynamic, dynamic, dynamic -> dynamic", _infinite_response),
        named="first",
    ),
    *(
        function(
            name,
            doc,
            local("dynamic, dynamic? -> dynamic", form),
            kind="several",
            results=PARTS,
            null=NULLS,
            example=f"print y = dynamic([1, 2, 3, 4]) | extend (re, im) = {name}(y)",
        )
        for name, doc, form in (
            ("series_fft", "The Fourier transform of a series of real and imaginary parts, not scaled.", _transformed),
            ("series_ifft", "The series of a Fourier transform: what series_fft() undoes.", _restored),
        )
    ),
)
