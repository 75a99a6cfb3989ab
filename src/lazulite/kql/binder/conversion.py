"""Types made to fit: conversions, comparisons, and the common type of several values."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from lazulite.kql import types
from lazulite.kql.binder import simplify
from lazulite.kql.binder.applied import applied
from lazulite.kql.errors import NOT_COMPARABLE, Span, semantic
from lazulite.kql.literals import parse_typed
from lazulite.kql.plan import Compare, Const, Convert, Expr, Logic, absent

EXACT_REAL: Final = 1 << 53
# Texts whose value is plain: those become constants here, so that scans can skip by them. All others are converted by
# the engine, as the texts of a column are.
PLAIN: Final = {
    types.DATETIME: re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,7})?Z?)?", re.ASCII),
    types.TIMESPAN: re.compile(r"(\d{1,6}\.)?\d\d:\d\d:\d\d(\.\d{1,7})?", re.ASCII),
    types.GUID: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    types.LONG: re.compile(r"-?\d{1,18}", re.ASCII),
    types.INT: re.compile(r"-?\d{1,9}", re.ASCII),
    types.REAL: re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII),
    types.DECIMAL: re.compile(r"-?\d{1,18}(\.\d{1,17})?", re.ASCII),
    types.BOOL: re.compile(r"true|false"),
}
NEVER: Final = frozenset(
    {
        (types.DATETIME, types.BOOL),
        (types.DATETIME, types.GUID),
        (types.TIMESPAN, types.BOOL),
        (types.TIMESPAN, types.GUID),
        (types.GUID, types.BOOL),
        *((types.GUID, number) for number in types.NUMBERS),
        *((number, types.GUID) for number in types.NUMBERS),
        (types.BOOL, types.GUID),
        (types.BOOL, types.DATETIME),
        (types.BOOL, types.TIMESPAN),
        (types.GUID, types.DATETIME),
        (types.GUID, types.TIMESPAN),
        (types.DATETIME, types.TIMESPAN),
        (types.TIMESPAN, types.DATETIME),
        (types.DATETIME, types.REAL),
        (types.DATETIME, types.DECIMAL),
        (types.TIMESPAN, types.DECIMAL),
        (types.DECIMAL, types.TIMESPAN),
        (types.DECIMAL, types.DATETIME),
    }
)


def convert(value: Expr, target: str, span: Span) -> Expr:
    """The value as another type; constants are converted here, the rest by the engine."""
    if value.type == target:
        return value
    if (value.type, target) in NEVER:
        raise semantic(f"A value of type {value.type} cannot become {target}", span)
    if isinstance(value, Const):
        folded = _folded(value, target)
        if folded is not None:
            return folded
    return (simplify.as_text(value) if target == types.STRING else None) or Convert(target, value)


def _folded(value: Const, target: str) -> Const | None:
    found = value.value
    if found is None:
        return absent(target)
    if isinstance(found, bool):
        return None
    if isinstance(found, int) and value.type in types.INTEGERS:
        return _folded_integer(found, target)
    if isinstance(found, str) and value.type == types.STRING and target in PLAIN:
        return _folded_text(found, target)
    if value.type == types.REAL and target == types.DECIMAL and isinstance(found, float):
        return Const(target, Decimal(repr(found))) if found - found == 0 else None
    return None


def _folded_integer(found: int, target: str) -> Const | None:
    if target == types.LONG or (target == types.INT and -(1 << 31) <= found < 1 << 31):
        return Const(target, found)
    if target == types.REAL:
        return Const(target, float(found))
    return Const(target, Decimal(found)) if target == types.DECIMAL else None


def _folded_text(found: str, target: str) -> Const | None:
    """Only the plain forms, on which literals and the engine's conversions agree; the engine converts the rest."""
    if not PLAIN[target].fullmatch(found):
        return None
    try:
        return Const(target, parse_typed(target, found))
    except (ValueError, OverflowError):
        return None


def compare(operator: str, left: Expr, right: Expr, span: Span) -> Expr:
    """A comparison, both sides brought to one type. Raises SEM0064 where Kusto has none."""
    mixed = types.STRING in (left.type, right.type) and types.DYNAMIC not in (left.type, right.type)
    before = left.type, right.type
    left, right = _alike(left, right, span)
    if operator not in ("==", "!=") and mixed and left.type == types.STRING and len(set(before)) > 1:
        message = f"A value of type {before[0]} is not before or after one of type {before[1]}"
        raise semantic(message, span, code=NOT_COMPARABLE)
    if left.type == types.BOOL and operator not in ("==", "!="):
        raise semantic(f"'{operator}' does not compare values of type bool", span, code=NOT_COMPARABLE)
    return simplify.scalar_text(Compare(types.BOOL, operator, left, right))


def _alike(left: Expr, right: Expr, span: Span) -> tuple[Expr, Expr]:
    kinds = {left.type, right.type}
    if kinds == {types.DYNAMIC}:
        message = "Two values of type dynamic cannot be compared. Try an explicit cast, e.g. with tostring()"
        raise semantic(message, span, code=NOT_COMPARABLE)
    if len(kinds) == 1:
        return left, right
    if kinds <= set(types.NUMBERS):
        wide = _column_type(left, right) or types.widest(left.type, right.type)
        return convert(left, wide, span), convert(right, wide, span)
    if types.DYNAMIC in kinds:
        return _with_dynamic(left, right, span)
    if types.STRING in kinds:
        return _with_string(left, right, span)
    message = f"A value of type {left.type} cannot be compared with one of type {right.type}"
    raise semantic(message, span, code=NOT_COMPARABLE)


def _column_type(left: Expr, right: Expr) -> str | None:
    """int where an int column meets a constant that fits: the column then stays bare, and its zone maps count."""
    for one, other in ((left, right), (right, left)):
        if one.type == types.INT and isinstance(other, Const) and other.type == types.LONG:
            return types.INT if _folded(other, types.INT) else None
    return None


def _with_dynamic(left: Expr, right: Expr, span: Span) -> tuple[Expr, Expr]:
    other = right if left.type == types.DYNAMIC else left
    if other.type not in types.INTEGERS:
        return convert(left, other.type, span), convert(right, other.type, span)
    # A dynamic number may have a fraction, so a constant is compared as real, which holds integers up to 2^53.
    if isinstance(other, Const) and (not isinstance(other.value, int) or abs(other.value) < EXACT_REAL):
        return convert(left, types.REAL, span), convert(right, types.REAL, span)
    return _ordinal(left, span), _ordinal(right, span)


def _ordinal(value: Expr, span: Span) -> Expr:
    """As a decimal, which holds every long; a dynamic real as one that lies as it does among whole numbers."""
    if value.type != types.DYNAMIC:
        return convert(value, types.DECIMAL, span)
    return applied("$ordinal", value)


def _with_string(left: Expr, right: Expr, span: Span) -> tuple[Expr, Expr]:
    """A constant text takes the other side's type (ResponseCode != "200"); otherwise both are text."""
    text, other = (left, right) if left.type == types.STRING else (right, left)
    if isinstance(text, Const) and text.value:
        folded = _folded(text, other.type)
        if folded is not None:
            return (folded, right) if text is left else (left, folded)
    return convert(left, types.STRING, span), convert(right, types.STRING, span)


def common_type(values: list[Expr], span: Span) -> str:
    """The type that the branches of a choice share."""
    # A null constant fits anywhere.
    kinds = [v.type for v in values if not (isinstance(v, Const) and v.value is None)] or [values[0].type]
    found = types.common(kinds)
    if found is None:
        raise semantic(f"The values have no common type: {', '.join(sorted(set(kinds)))}", span)
    return found


def conjunction(parts: list[Expr]) -> Expr:
    """All of these."""
    return parts[0] if len(parts) == 1 else Logic(types.BOOL, "and", tuple(parts))


__all__ = ["common_type", "compare", "conjunction", "convert"]
