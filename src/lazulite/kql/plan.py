"""The bound, typed plan: what a query means, with no names and no text left in it.

Columns are numbers (`Ref`), unique in a plan; user names return on the result alone. Relational nodes say which
columns they produce; expressions say their Kusto type. Nothing here is SQL: the printer and a dialect make that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lazulite.kql.functions.record import Signature
from lazulite.kql.literals import Value


@dataclass(frozen=True, slots=True)
class Expr:
    """A typed value for each row."""

    type: str


@dataclass(frozen=True, slots=True)
class Ref(Expr):
    """A column of the input."""

    id: int


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A constant; datetime and timespan in ticks, a dynamic as JSON text, null as None."""

    value: Value


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
class Order:
    """A sort key."""

    column: Ref
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Aggregated(Expr):
    """An aggregate over a group, or (with `window`) over the rows so far; `order` is that of the input rows."""

    name: str
    signature: Signature
    arguments: tuple[Expr, ...]
    order: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Windowed(Expr):
    """A function of a row's place among the others, in the order of the input."""

    name: str
    signature: Signature
    arguments: tuple[Expr, ...]
    order: tuple[Order, ...]


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


# ---- relational nodes


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows."""


@dataclass(frozen=True, slots=True)
class Source:
    """One physical relation and, for each column of its scan, the physical column (None: absent)."""

    schema: str
    table: str
    columns: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Scan(Plan):
    """A table: all its sources, one after another; none is no rows."""

    name: str
    sources: tuple[Source, ...]
    columns: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Values(Plan):
    """Rows written in the query."""

    columns: tuple[Ref, ...]
    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Sequence(Plan):
    """`range`: from low by step, not beyond high."""

    column: Ref
    low: Expr
    high: Expr
    step: Expr


@dataclass(frozen=True, slots=True)
class Filter(Plan):
    """Rows for which the predicate is true (null is not)."""

    input: Plan
    predicate: Expr


@dataclass(frozen=True, slots=True)
class Project(Plan):
    """Exactly these columns."""

    input: Plan
    outputs: tuple[tuple[Ref, Expr], ...]


@dataclass(frozen=True, slots=True)
class Extend(Plan):
    """All columns of the input and these."""

    input: Plan
    outputs: tuple[tuple[Ref, Expr], ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Plan):
    """One row a group; without keys one row, always."""

    input: Plan
    keys: tuple[tuple[Ref, Expr], ...]
    outputs: tuple[tuple[Ref, Expr], ...]


@dataclass(frozen=True, slots=True)
class Join(Plan):
    """`kind`: inner innerunique leftouter rightouter fullouter leftsemi leftanti rightsemi rightanti.

    A null key joins a null key. Columns of a side without partner are null ("" for strings).
    """

    kind: str
    left: Plan
    right: Plan
    on: tuple[tuple[Ref, Ref], ...]
    left_columns: tuple[Ref, ...]
    right_columns: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class UnionAll(Plan):
    """All rows of all inputs; each input gives an expression a column."""

    columns: tuple[Ref, ...]
    inputs: tuple[tuple[Plan, tuple[Expr, ...]], ...]


@dataclass(frozen=True, slots=True)
class Limit(Plan):
    """The first rows in this order (any rows without one)."""

    input: Plan
    count: int
    order: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Distinct(Plan):
    """Each combination of these columns once."""

    input: Plan
    columns: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Expand(Plan):
    """mv-expand: `items` (dynamic) are unfolded side by side into `elements`; `index` counts from 0."""

    input: Plan
    kept: tuple[Ref, ...]
    items: tuple[Expr, ...]
    elements: tuple[Ref, ...]
    index: Ref | None
    bags_as_arrays: bool
    limit: int | None


@dataclass(frozen=True, slots=True)
class Local(Plan):
    """A stage over Arrow: `function` of `lazulite.kql.local.FUNCTIONS` turns the input's rows into these columns."""

    input: Plan
    inputs: tuple[Ref, ...]
    function: str
    arguments: tuple[Value, ...]
    columns: tuple[Ref, ...]


def children(node: Plan | Expr) -> Iterator[Plan | Expr]:
    """The plans and expressions directly inside a node, for counting and explaining."""
    for name in fields(type(node)):
        yield from _nodes(getattr(node, name))


def fields(kind: type) -> list[str]:
    return [name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ())]


def _nodes(value: object) -> Iterator[Plan | Expr]:
    if isinstance(value, Plan | Expr):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)
