"""What stands after a `|`."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.syntax.expressions import Call, Name, Ordered
from lazulite.kql.syntax.node import Node, Operator
from lazulite.kql.syntax.queries import Search, Union


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
class Leg(Node):
    """One result of a fork: its name (or "") and operators."""

    name: str
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Fork(Operator):
    """`fork (operators) (operators) ...`: a result each."""

    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Facet(Operator):
    """`facet by columns with (operators)`: a result for the operators, then one a column."""

    columns: tuple[Name, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class SearchIn(Operator):
    """`| search ...`."""

    search: Search


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
class TopHitters(Operator):
    """`top-hitters count of value by number`."""

    count: Node
    of: Node
    by: Node | None


@dataclass(frozen=True, slots=True)
class Level(Node):
    """`count of value with others=constant by aggregate` of a top-nested."""

    count: Node | None
    of: Node
    others: Node | None
    by: Ordered


@dataclass(frozen=True, slots=True)
class TopNested(Operator):
    """top-nested, level by level."""

    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class MvApply(Operator):
    """mv-apply: what is unfolded, and the operators that see the elements of one row at a time."""

    unfolding: Expand
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Partition(Operator):
    """`partition by key (operators)`, or `{query}` with a source of its own."""

    options: tuple[tuple[str, str], ...]
    key: Name
    operators: tuple[Operator, ...]
    query: Node | None


@dataclass(frozen=True, slots=True)
class Series(Operator):
    """make-series: aggregates with their defaults, the axis, its bounds and step, and the keys.

    `through` is the older form, `in range(low, high, step)`, whose high bound is a value of the axis.
    """

    options: tuple[tuple[str, str], ...]
    aggregates: tuple[tuple[Node, Node | None], ...]
    axis: Node
    low: Node | None
    high: Node | None
    step: Node
    keys: tuple[Node, ...]
    through: bool = False


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
