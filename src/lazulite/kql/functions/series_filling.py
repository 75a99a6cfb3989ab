"""Missing values of a series, filled in. What is missing is null, or a number that stands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from lazulite.kql.functions.record import Function, Signature, local
from lazulite.kql.functions.series_values import Json, Number, numbers, record, refused

Values = list[Number | None]
# The placeholder may be of another type than the elements, which keep theirs.
KINDS: Final = ("long", "real")


def _missing(values: Values, placeholder: Number | None) -> list[bool]:
    if placeholder is None:
        return [one is None for one in values]
    if placeholder != placeholder:
        return [one != one for one in values]
    return [one == placeholder for one in values]


def _constant(value: Json, constant: Number | None, placeholder: Number | None = None) -> Values:
    found = numbers(value)
    return [constant if gap else one for one, gap in zip(found, _missing(found, placeholder), strict=True)]


def _forward(value: Json, placeholder: Number | None = None) -> Values:
    found = numbers(value)
    return _carried(found, _missing(found, placeholder))


def _backward(value: Json, placeholder: Number | None = None) -> Values:
    found = numbers(value)[::-1]
    return _carried(found, _missing(found, placeholder))[::-1]


def _carried(values: Values, gaps: Sequence[bool]) -> Values:
    """Each gap takes the last value before it; a gap at the front stays."""
    made: Values = []
    for at, one in enumerate(values):
        made.append(made[-1] if gaps[at] and made else one)
    return made


def _linear(
    value: Json, placeholder: Number | None = None, edges: bool | None = True, constant: Number | None = 0
) -> Values:
    found = numbers(value)
    gaps = _missing(found, placeholder)
    known = [at for at, gap in enumerate(gaps) if not gap]
    if not known:
        return [constant] * len(found)
    whole = all(isinstance(found[at], int) for at in known)
    made = list(found)
    for one, two in pairwise(known):
        for at in range(one + 1, two):
            made[at] = _between(found, one, two, at, whole)
    if edges is not False:
        made[: known[0]] = [found[known[0]]] * known[0]
        made[known[-1] + 1 :] = [found[known[-1]]] * (len(found) - known[-1] - 1)
    return made


def _between(values: Values, one: int, two: int, at: int, whole: bool) -> Number | None:
    """The value on the line between two others; among whole numbers it is cut to one."""
    first, last = values[one], values[two]
    if first is None or last is None:
        return None
    gap, part = two - one, (last - first) * (at - one)
    if not whole:
        return first + part / gap
    made, rest = divmod(int(first * gap + part), gap)
    if made < 0 and rest:
        raise refused("series_fill_linear() between whole numbers where the value is negative and not whole")
    return made


def _forms(parameters: str, form: Callable[..., Any]) -> tuple[Signature, ...]:
    """The signatures with `number` once as long, once as real."""
    return tuple(local(f"{parameters.replace('number', kind)} -> dynamic", form) for kind in KINDS)


FUNCTIONS: Final[tuple[Function, ...]] = (
    record(
        "series_fill_const",
        "Missing values replaced by a number.",
        "dynamic([1, null]), 0",
        *_forms("dynamic, number, number?", _constant),
        named="first",
    ),
    record(
        "series_fill_forward",
        "Missing values replaced by the last one before them.",
        "dynamic([1, null])",
        *_forms("dynamic, number?", _forward),
        named="first",
    ),
    record(
        "series_fill_backward",
        "Missing values replaced by the next one after them.",
        "dynamic([null, 1])",
        *_forms("dynamic, number?", _backward),
        named="first",
    ),
    record(
        "series_fill_linear",
        "Missing values replaced by those on the line between their neighbours; at the ends by the nearest.",
        "dynamic([1, null, 3])",
        *_forms("dynamic, number?, bool?, number?", _linear),
        named="first",
    ),
)
