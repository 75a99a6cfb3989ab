"""Products and quotients of decimals, exactly: 38 digits, 17 of them after the point. What would be rounded is refused.

SQL would compute them as real, or to fewer digits.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Final

from lazulite.kql.errors import KqlError, runtime
from lazulite.kql.literals import DECIMAL_PLACES, WHOLE_DIGITS

UNIT: Final = Decimal(1).scaleb(-DECIMAL_PLACES)
# Enough digits for a product of any two; an inexact step is an error.
EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation])


def _refused(word: str) -> KqlError:
    return runtime(
        f"A {word} of decimals has more than {WHOLE_DIGITS} digits before the point or {DECIMAL_PLACES} after it, and"
        " would have to be rounded. Convert with toreal() first"
    )


def fitting(value: Decimal, word: str) -> Decimal:
    """The value, which a decimal column can hold. Raises KqlError (RUN0001)."""
    try:
        found = value.quantize(UNIT, context=EXACT)
    except (Inexact, InvalidOperation):
        raise _refused(word) from None
    if found.adjusted() >= WHOLE_DIGITS:
        raise _refused(word)
    return found


def product(one: Decimal, two: Decimal) -> Decimal | None:
    """one * two."""
    return None if one is None or two is None else fitting(EXACT.multiply(one, two), "product")


def quotient(one: Decimal, two: Decimal) -> Decimal | None:
    """one / two; by zero it is null."""
    if one is None or two is None or not two:
        return None
    scaled = Fraction(one) / Fraction(two) * 10**DECIMAL_PLACES
    if scaled.denominator != 1:
        raise _refused("quotient")
    return fitting(EXACT.scaleb(Decimal(scaled.numerator), -DECIMAL_PLACES), "quotient")
