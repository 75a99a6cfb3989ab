"""The text inside typed literals (`datetime(...)`, `long(...)`, ...) -> Python values.

A datetime and a timespan become ticks, a guid its canonical text, a decimal a Decimal.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

from lazulite.kql import ticks, types

# What a decimal holds here: DECIMAL(38, 17).
WHOLE_DIGITS: Final = 21
DECIMAL_PLACES: Final = 17

Value = bool | int | float | Decimal | str | None


def parse_typed(kind: str, text: str) -> Value:
    """The value of a literal of this Kusto type; "null" (or nothing, for a guid) is None.

    Raises ValueError for what is not of the type, OverflowError for a decimal that would have to be rounded.
    """
    text = _unquoted(text.strip())
    if text == "null" or (not text and kind != types.DATETIME):
        return None
    return PARSERS[kind](text)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _bool(text: str) -> bool:
    words = {"true": True, "false": False, "1": True, "0": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _integer(bits: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text.replace(" ", ""), 16 if "0x" in text.lower() else 10)
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            raise ValueError(text)
        return value

    return parse


def _real(text: str) -> float:
    compact = text.replace(" ", "")
    if compact.lower() in ("nan", "+inf", "-inf", "inf"):
        return float(compact)
    if "_" in compact or not any(character.isdigit() for character in compact):
        raise ValueError(text)
    value = float(compact)
    if math.isinf(value):
        raise ValueError(text)
    return value


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite():
        raise ValueError(text)
    if not value:
        return Decimal(0)
    # Rounding a literal would be an approximation that nobody asked for; an exponent may be too great to normalize.
    if not -DECIMAL_PLACES <= value.adjusted() < WHOLE_DIGITS:
        raise OverflowError(text)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMAL_PLACES:
        raise OverflowError(text)
    return value


def _datetime(text: str) -> int:
    found = ticks.parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return found


def _timespan(text: str) -> int:
    found = ticks.parse_timespan(text)
    if found is None:
        raise ValueError(text)
    return found


def _guid(text: str) -> str:
    return str(uuid.UUID(text))


PARSERS: Final[dict[str, Callable[[str], Value]]] = {
    types.BOOL: _bool,
    types.INT: _integer(32),
    types.LONG: _integer(64),
    types.REAL: _real,
    types.DECIMAL: _decimal,
    types.DATETIME: _datetime,
    types.TIMESPAN: _timespan,
    types.GUID: _guid,
}
