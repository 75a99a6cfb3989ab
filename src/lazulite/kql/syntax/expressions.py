"""Scalar expressions and the parts that operators share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lazulite.kql.syntax.node import Node


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant of a known Kusto type; a dynamic's value is JSON text."""

    type: str
    value: bool | int | float | Decimal | str | None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name, which may be a column, a variable or a table; `quoted` when written ['so']."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Wildcard(Node):
    """A pattern of names: `x*`, `*`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`of.name` on a dynamic, or `$left.name` in a join."""

    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`of[index]`."""

    of: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`; named arguments are Assign nodes."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation(Call):
    """An operator with its operands, bound as a call; the binder makes it, and no name in a text is one."""


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, comparison and string operators."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """`and` / `or` over two or more: flat, so that long chains are not deep."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`x between (low .. high)`."""

    operand: Node
    low: Node
    high: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`x in (...)`, `x has_any (...)` and their kin: `operator` as written."""

    operator: str
    operand: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Star(Node):
    """`*` where an expression may stand."""


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`name = value` or `(a, b) = value`."""

    names: tuple[str, ...]
    value: Node


@dataclass(frozen=True, slots=True)
class TypeOf(Node):
    """`typeof(long)`."""

    type: str


@dataclass(frozen=True, slots=True)
class Ordered(Node):
    """A sort key; None where the text says nothing."""

    value: Node
    descending: bool | None
    nulls_first: bool | None


@dataclass(frozen=True, slots=True)
class Placed(Node):
    """A column or pattern of project-reorder, and how the columns of the pattern are sorted."""

    pattern: Node
    descending: bool


@dataclass(frozen=True, slots=True)
class Declared(Node):
    """`name: type` of a datatable, a parse pattern or a parameter; `columns` for a tabular parameter."""

    name: str
    type: str
    default: Node | None = None
    columns: tuple[Declared, ...] | None = None
