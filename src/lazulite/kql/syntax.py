"""The syntax tree: frozen nodes that keep their offsets and know nothing of tables or types.

Node
  expressions  Literal Name Path Index Call Binary Logical Unary Between Member Star Assign Bag List
  queries      Query (statements + body), Pipeline (source + operators), and the sources
  operators    one class a shape; `word` tells operators of one shape apart (project, extend, ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lazulite.kql.errors import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in the text."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


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
class Declared(Node):
    """`name: type` of a datatable, a parse pattern or a parameter; `columns` for a tabular parameter."""

    name: str
    type: str
    default: Node | None = None
    columns: tuple[Declared, ...] | None = None


# ---- queries


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """A source and what follows each `|`."""

    source: Node
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let name = value;`"""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`set name = value;`"""

    name: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class Query(Node):
    """Statements and the body whose rows (or, in a function, whose value) come back."""

    statements: tuple[Let | Setting, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`(parameters) { body }`."""

    parameters: tuple[Declared, ...]
    body: Query


@dataclass(frozen=True, slots=True)
class DataTable(Node):
    """`datatable(columns) [values]`, values row by row."""

    columns: tuple[Declared, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Print(Node):
    """`print items`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`range name from low to high step step`."""

    name: str
    low: Node
    high: Node
    step: Node


@dataclass(frozen=True, slots=True)
class Union(Node):
    """`union options tables`, also as an operator (its input comes first then)."""

    options: tuple[tuple[str, str], ...]
    tables: tuple[Node, ...]


# ---- operators


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """What stands after a `|`; `word` as written."""

    word: str


@dataclass(frozen=True, slots=True)
class Bare(Operator):
    """An operator without arguments: count, serialize, getschema."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Where(Operator):
    """`where predicate`."""

    predicate: Node


@dataclass(frozen=True, slots=True)
class Project(Operator):
    """project, extend, project-away, project-keep, project-rename, project-reorder, distinct."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Operator):
    """`summarize aggregates by keys`."""

    aggregates: tuple[Node, ...]
    keys: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Sort(Operator):
    """`order by keys`."""

    keys: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Take(Operator):
    """`take count`, `limit count`, `sample count`."""

    count: Node


@dataclass(frozen=True, slots=True)
class Top(Operator):
    """`top count by key`, `sample-distinct count of key`."""

    count: Node
    keys: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Join(Operator):
    """join and lookup."""

    options: tuple[tuple[str, str], ...]
    table: Node
    on: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class UnionWith(Operator):
    """`| union ...`."""

    union: Union


@dataclass(frozen=True, slots=True)
class Parse(Operator):
    """parse and parse-where: pieces are Star, Literal (text) and Declared (a column)."""

    options: tuple[tuple[str, str], ...]
    operand: Node
    pieces: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Expand(Operator):
    """mv-expand: items, each with its `to typeof(...)` or None."""

    options: tuple[tuple[str, str], ...]
    items: tuple[tuple[Node, str | None], ...]
    limit: Node | None


@dataclass(frozen=True, slots=True)
class Series(Operator):
    """make-series: aggregates with their defaults, the axis, its bounds and step, and the keys."""

    options: tuple[tuple[str, str], ...]
    aggregates: tuple[tuple[Node, Node | None], ...]
    axis: Node
    low: Node | None
    high: Node | None
    step: Node
    keys: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class As(Operator):
    """`as name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Invoke(Operator):
    """`invoke function(arguments)`."""

    call: Call


@dataclass(frozen=True, slots=True)
class Rendered(Operator):
    """`render kind with (properties)`."""

    visualization: str
    properties: tuple[tuple[str, str], ...]
