"""What names mean while a query is bound: relations and their columns, variables, functions, and the running totals."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.errors import UNRESOLVED, KqlError, Span, closest, limit, semantic
from lazulite.kql.plan import Const, Expr, Extend, Order, Plan, Project, Ref
from lazulite.kql.schema import Column, Database, Options, Render


@dataclass(frozen=True)
class Col:
    """A column under its KQL name."""

    name: str
    ref: Ref


@dataclass(frozen=True)
class Partition:
    """What divides rows into those that an operator sees together, in hidden columns.

    `keys` tell partitions apart; `carried` are columns of the rows outside, the same for all of a partition. Where
    `live` is there, each partition has one row more, for which it is false: it stands for a partition that has lost all
    its rows, until an aggregate without keys makes a row of it. `lost` names an operator that may have dropped it.
    """

    keys: tuple[Ref, ...]
    carried: tuple[Ref, ...] = ()
    live: Ref | None = None
    lost: str = ""

    @property
    def group(self) -> tuple[Ref, ...]:
        """The columns whose values the rows of a group share."""
        return (*self.keys, *((self.live,) if self.live else ()))

    @property
    def hidden(self) -> tuple[Ref, ...]:
        """All its columns."""
        return (*self.group, *self.carried)


@dataclass(frozen=True)
class Rel:
    """Rows while they are bound: plan, visible columns, the order they are in (maybe by hidden columns).

    `alias` is the name that `as` gave, `source` that of the table whose rows these are as they are stored.
    """

    plan: Plan
    columns: tuple[Col, ...]
    order: tuple[Order, ...] = ()
    serialized: bool = False
    alias: str = ""
    source: str = ""
    partition: Partition | None = None

    @property
    def hidden(self) -> tuple[Ref, ...]:
        """Columns that no name leads to, and that its order or its partition needs."""
        found = [key.column for key in self.order]
        return (*found, *(self.partition.hidden if self.partition else ()))

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All columns that must be kept, each once."""
        return tuple(dict.fromkeys([*self.shown, *self.hidden]))

    @property
    def shown(self) -> tuple[Ref, ...]:
        """The visible columns, in order."""
        return tuple(column.ref for column in self.columns)

    @property
    def by_name(self) -> dict[str, Ref]:
        """Name -> column."""
        return {column.name: column.ref for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str, span: Span) -> Ref:
        """The column of this name, or SEM0100 with the nearest one."""
        found = self.by_name.get(name)
        if found is None:
            raise unknown("column", name, span, self.names)
        return found


@dataclass(frozen=True)
class Lambda:
    """A function of the query's author, with the names it was born among."""

    function: s.Function
    environment: Environment


Meaning = Expr | Rel | Lambda


@dataclass(frozen=True)
class Environment:
    """What `let` has named so far; an inner one shadows the outer."""

    names: Mapping[str, Meaning] = field(default_factory=dict)

    def get(self, name: str) -> Meaning | None:
        """The meaning of a name, or None."""
        return self.names.get(name)

    def with_names(self, names: Mapping[str, Meaning]) -> Environment:
        """An environment that knows these as well."""
        return Environment({**self.names, **names})


@dataclass(frozen=True)
class Bound:
    """A bound query: the plan, the result's columns with the plan's, its order, and what the caller should know."""

    plan: Plan
    columns: tuple[Column, ...]
    refs: tuple[Ref, ...]
    order: tuple[Order, ...]
    render: Render | None
    tables: frozenset[str]
    warnings: tuple[str, ...] = ()


# Runs a bound part of a query and gives its rows, where there is data to run it on.
Ask = Callable[[Bound], Any]


class Context:
    """One binding: the database, the options, and the counters that make columns unique and bounded.

    `ask` runs a part of the query while it is bound; None where there is no data.
    """

    def __init__(self, database: Database, options: Options, ask: Ask | None = None) -> None:
        self.database = database
        self.options = options
        self.ask = ask
        self.tables: set[str] = set()
        self.render: Render | None = None
        self.warnings: list[str] = []
        self.depth = 0
        self._last = 0

    def fresh(self, type_: str) -> Ref:
        """A new column."""
        self._last += 1
        if self._last > self.options.max_plan_nodes:
            raise limit(f"The query makes more than {self.options.max_plan_nodes} columns", Span(0, 0))
        return Ref(type_, self._last)

    def enter(self, span: Span) -> None:
        """One call of a function deeper."""
        self.depth += 1
        if self.depth > 32:
            raise limit("Functions call each other more than 32 deep", span)

    def leave(self) -> None:
        """Back from a call."""
        self.depth -= 1


def unknown(
    what: str, name: str, span: Span, known: Iterable[str], preferred: Container[str] = (), code: str = UNRESOLVED
) -> KqlError:
    """A name that means nothing here, with the nearest one that does."""
    return semantic(f"There is no {what} named '{name}'", span, closest(name, known, preferred), code)


def project(rel: Rel, outputs: Iterable[tuple[str, Ref, Expr]]) -> Rel:
    """The relation with exactly these columns; those that only its order needs stay, out of sight."""
    found = list(outputs)
    made = {ref.id: (ref, value) for _, ref, value in found}
    for ref in rel.hidden:
        made.setdefault(ref.id, (ref, ref))
    columns = tuple(Col(name, ref) for name, ref, _ in found)
    return replace(rel, plan=Project(rel.plan, tuple(made.values())), columns=columns)


def extended(rel: Rel, outputs: Iterable[tuple[Ref, Expr]]) -> Rel:
    """The relation with more columns that no name leads to yet."""
    return replace(rel, plan=Extend(rel.plan, tuple(outputs)))


def renewed(context: Context, rel: Rel) -> Rel:
    """The relation under fresh columns, so that it can stand beside another use of itself."""
    fresh = [(column.name, context.fresh(column.ref.type), column.ref) for column in rel.columns]
    return project(replace(rel, order=()), fresh)


def materialised(context: Context, rel: Rel, value: Expr) -> tuple[Rel, Ref]:
    """The value as a column of the relation, which it may be already."""
    if isinstance(value, Ref):
        return rel, value
    ref = context.fresh(value.type)
    return extended(rel, [(ref, value)]), ref


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the least number from 1 that is free."""
    names = set(taken)
    candidate, number = name, 0
    while candidate in names:
        number += 1
        candidate = f"{name}{number}"
    return candidate


def plain_key(what: str, value: Expr, span: Span) -> None:
    """Raises SEM0100, with Kusto's advice, for a key of type dynamic."""
    if value.type == types.DYNAMIC:
        raise semantic(f"A {what} key is of type dynamic. Please use an explicit cast, such as tostring()", span)


def constant_int(value: Expr, what: str, span: Span) -> int:
    """A constant whole number, as `take` needs it."""
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    raise semantic(f"{what} must be a constant whole number", span)
