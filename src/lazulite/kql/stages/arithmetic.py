"""Arithmetic on Python values as the engine has it: null for null, integers within 64 bits, IEEE reals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from lazulite.kql import types
from lazulite.kql.errors import runtime

MOST_TEXT: Final = 1 << 20
BOUNDS: Final = {types.INT: 31, types.LONG: 63, types.DATETIME: 63, types.TIMESPAN: 63}


def strict(form: Callable[..., Any]) -> Callable[..., Any]:
    """A form that is null where an argument is."""

    def called(*arguments: Any) -> Any:
        return None if None in arguments else form(*arguments)

    return called


def within(kind: str, value: Any) -> Any:
    """The value, if its type holds it."""
    bits = BOUNDS.get(kind)
    if bits is not None and value is not None and not -(1 << bits) <= value < 1 << bits:
        raise runtime(
            f"A value is outside the range of its type ({kind}). Filter such rows out, or convert the values first,"
            " such as with toreal()"
        )
    return value


def joined(*texts: str) -> str:
    """Texts one after another."""
    return bounded("".join(texts))


def bounded(text: str) -> str:
    """The text, if it is as long as it may be: what is remembered could grow with every row."""
    if len(text) > MOST_TEXT:
        raise runtime(f"A text of scan grows beyond {MOST_TEXT:,} characters: let it begin again, or keep less")
    return text


def quotient(left: Any, right: Any) -> Any:
    """Of integers cut towards zero, null by zero; of reals with infinities and NaN."""
    if isinstance(left, float) or isinstance(right, float):
        return _real_quotient(float(left), float(right))
    if right == 0:
        return None
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _real_quotient(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: Any, right: Any) -> Any:
    """Never negative; null (for reals NaN) by zero."""
    if isinstance(left, float):
        try:
            return math.fmod(math.fmod(left, right) + abs(right), abs(right))
        except ValueError:
            return math.nan
    return None if right == 0 else left % abs(right)


def whole(value: float) -> int | None:
    """A real cut towards zero, null beyond 64 bits."""
    return int(value) if -(2.0**63) <= value < 2.0**63 else None


def equal(left: Any, right: Any) -> Any:
    """Null of two nulls, false of one."""
    if left is None or right is None:
        return None if left is right else False
    return left == right


def different(left: Any, right: Any) -> Any:
    """Null of two nulls, true of one."""
    if left is None or right is None:
        return None if left is right else True
    return left != right
