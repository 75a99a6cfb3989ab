"""Bound expressions as Python functions, for stages whose values are known row by row only, such as those of scan.

Core forms alone: comparisons, logic, arithmetic, choices, tests for null, texts put together, and functions that are
computed in Python anyway. `interpretable` says which; the rest is computed by the engine before, or refused.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from lazulite.kql import types
from lazulite.kql.functions.record import UNANSWERED
from lazulite.kql.plan import Apply, Compare, Const, Convert, Expr, Logic, Not, OneOf, Ref
from lazulite.kql.stages.arithmetic import different, equal, joined, quotient, remainder, strict, whole, within

# The columns of a row, by number -> a value.
Row = Mapping[int, Any]
Form = Callable[[Row], Any]
INTEGRAL: Final = (*types.INTEGERS, types.DATETIME, types.TIMESPAN)
COMPARISONS: Final[dict[str, Callable[..., Any]]] = {
    "==": equal,
    "!=": different,
    "<": strict(operator.lt),
    "<=": strict(operator.le),
    ">": strict(operator.gt),
    ">=": strict(operator.ge),
}
ARITHMETIC: Final[dict[str, Callable[..., Any]]] = {
    "+": strict(operator.add),
    "-": strict(operator.sub),
    "*": strict(operator.mul),
    "/": strict(quotient),
    "%": strict(remainder),
    "negate": strict(operator.neg),
}
PLAIN: Final[dict[str, Callable[..., Any]]] = {
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "isempty": lambda value: value == "",
    "isnotempty": lambda value: value != "",
    "not": strict(operator.not_),
    "strcat": joined,
    "max_of": lambda *values: max((v for v in values if v is not None), default=None),
    "min_of": lambda *values: min((v for v in values if v is not None), default=None),
}
CHOICES: Final = frozenset(("iff", "case", "coalesce"))
KINDS: Final = frozenset(types.SCALARS) - {types.DECIMAL}


def interpretable(node: Expr) -> bool:
    """Whether the node itself (whatever is in it) has a form here."""
    if node.type not in KINDS:
        return False
    if isinstance(node, Apply):
        known = node.name in ARITHMETIC or node.name in PLAIN or node.name in CHOICES
        ordered = node.name in ("max_of", "min_of") and types.REAL in (node.type,)
        return (known and not ordered) or node.signature.local is not None
    if isinstance(node, Convert):
        return (node.operand.type, node.type) in CONVERSIONS
    if isinstance(node, Compare):
        return node.left.type in KINDS - {types.DYNAMIC}
    return isinstance(node, Const | Ref | Logic | Not | OneOf)


def interpreted(node: Expr) -> Form:
    """The expression as a function of a row."""
    return FORMS[type(node)](node)


def _const(node: Const) -> Form:
    value = json.loads(str(node.value)) if node.type == types.DYNAMIC and node.value is not None else node.value
    return lambda row: value


def _ref(node: Ref) -> Form:
    key = node.id
    return lambda row: row[key]


def _compare(node: Compare) -> Form:
    left, right, form = interpreted(node.left), interpreted(node.right), COMPARISONS[node.operator]
    return lambda row: form(left(row), right(row))


def _logic(node: Logic) -> Form:
    operands, decisive = [interpreted(operand) for operand in node.operands], node.operator == "or"

    def called(row: Row) -> Any:
        unknown = False
        for operand in operands:
            found = operand(row)
            if found is decisive:
                return decisive
            unknown = unknown or found is None
        return None if unknown else not decisive

    return called


def _not(node: Not) -> Form:
    operand = interpreted(node.operand)
    return lambda row: None if (found := operand(row)) is None else not found


def _one_of(node: OneOf) -> Form:
    operand, items = interpreted(node.operand), frozenset(item.value for item in node.items)
    return lambda row: operand(row) in items


def _convert(node: Convert) -> Form:
    form = CONVERSIONS[node.operand.type, node.type]
    operand, form = interpreted(node.operand), form if node.type == types.STRING else strict(form)
    return lambda row: form(operand(row))


def _apply(node: Apply) -> Form:
    arguments = [interpreted(argument) for argument in node.arguments]
    if node.name in CHOICES:
        return CHOOSING[node.name](node, arguments)
    if node.name in ARITHMETIC:
        return _arithmetic(node, arguments)
    form = PLAIN.get(node.name) or _local(node)
    return lambda row: form(*(argument(row) for argument in arguments))


def _arithmetic(node: Apply, arguments: list[Form]) -> Form:
    form, kind = ARITHMETIC[node.name], node.type
    kinds = {argument.type for argument in node.arguments}
    if kind in INTEGRAL and types.REAL in kinds:  # a span scaled by a real
        form = strict(lambda *values: whole(float(ARITHMETIC[node.name](*values))) if values[-1] else None)
        if node.name == "*":
            form = strict(lambda *values: whole(float(values[0]) * float(values[1])))
    elif kind == types.REAL:  # of two spans as well
        plain = ARITHMETIC[node.name]
        form = strict(lambda *values: plain(*map(float, values)))
    return lambda row: within(kind, form(*(argument(row) for argument in arguments)))


def _local(node: Apply) -> Callable[..., Any]:
    """A function that is computed in Python anyway; what it cannot compute is null."""
    local, empty = node.signature.local, types.absent(node.type)
    assert local is not None

    def called(*arguments: Any) -> Any:
        try:
            found = local(*arguments)
        except UNANSWERED:
            return empty
        return empty if found is None else found

    return called


def _case(node: Apply, arguments: list[Form]) -> Form:
    pairs, last = list(zip(arguments[:-1:2], arguments[1::2], strict=False)), arguments[-1]

    def called(row: Row) -> Any:
        for test, value in pairs:
            if test(row) is True:
                return value(row)
        return last(row)

    return called


def _coalesce(node: Apply, arguments: list[Form]) -> Form:
    empty = types.absent(node.type)

    def called(row: Row) -> Any:
        for argument in arguments:
            found = argument(row)
            if found is not None and found != "":
                return found
        return empty

    return called


def _text(value: Any) -> str:
    return "" if value is None else str(value)


CHOOSING: Final[dict[str, Callable[[Apply, list[Form]], Form]]] = {"iff": _case, "case": _case, "coalesce": _coalesce}
CONVERSIONS: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    (types.INT, types.LONG): int,
    (types.INT, types.REAL): float,
    (types.LONG, types.REAL): float,
    (types.DATETIME, types.LONG): int,
    (types.TIMESPAN, types.LONG): int,
    (types.LONG, types.DATETIME): int,
    (types.LONG, types.TIMESPAN): int,
    (types.BOOL, types.STRING): _text,
    (types.INT, types.STRING): _text,
    (types.LONG, types.STRING): _text,
}
FORMS: Final[dict[type[Expr], Callable[..., Form]]] = {
    Const: _const,
    Ref: _ref,
    Compare: _compare,
    Logic: _logic,
    Not: _not,
    OneOf: _one_of,
    Convert: _convert,
    Apply: _apply,
}
