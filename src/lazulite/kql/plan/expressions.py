"""Typed values."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql import types
from lazulite.kql.functions.record import Signature
from lazulite.kql.literals import Value
from lazulite.kql.plan.node import Expr, Order, Plan, Ref


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A constant; datetime and timespan in ticks, a dynamic as JSON text, null as None."""

    value: Value


def absent(kind: str) -> Const:
    """No value, of this type."""
    return Const(kind, types.absent(kind))


@dataclass(frozen=True, slots=True)
class Apply(Expr):
    """A function of the table, with arguments converted to what its signature asks for."""

    name: str
    signature: Signature
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Convert(Expr):
    """`operand` as another type, null (or "") where it cannot be."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """== != < <= > >= of two values of one type, with Kusto's rules for null and NaN."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic(Expr):
    """and / or over two or more."""

    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not(Expr):
    """The opposite; null stays null."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class OneOf(Expr):
    """Whether `operand` equals one of the constants of its type."""

    operand: Expr
    items: tuple[Const, ...]


@dataclass(frozen=True, slots=True)
class OneOfQuery(Expr):
    """Whether `operand` equals a value of the plan's column."""

    operand: Expr
    plan: Plan
    column: Ref


@dataclass(frozen=True, slots=True)
class ScalarQuery(Expr):
    """The column of the plan's first row; null (or "") when it has none."""

    plan: Plan
    column: Ref
    order: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """A member of a dynamic: a name, or a position from 0 (from the end when negative), known or computed."""

    operand: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Aggregated(Expr):
    """An aggregate over a group, or (with `window`) over the rows so far; `order` is that of the input rows."""

    name: str
    signature: Signature
    arguments: tuple[Expr, ...]
    order: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Windowed(Expr):
    """A function of a row's place among the others (of its partition), in the order of the input."""

    name: str
    signature: Signature
    arguments: tuple[Expr, ...]
    order: tuple[Order, ...]
    partition: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class RowOf(Expr):
    """Several columns of the row where `by` is greatest (or least, or of any row), read with Member."""

    pick: str
    by: Expr | None
    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class RowField(Expr):
    """One column of a RowOf."""

    row: Ref
    position: int
