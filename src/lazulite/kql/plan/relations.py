"""Relational nodes: rows out of rows."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.plan.node import Expr, Order, Plan, Ref


@dataclass(frozen=True, slots=True)
class Source:
    """One physical relation and, for each column of its scan, the physical column (None: absent)."""

    schema: str
    table: str
    columns: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Scan(Plan):
    """A table: all its sources, one after another; none is no rows. `names` are its columns' own, for explaining."""

    name: str
    sources: tuple[Source, ...]
    columns: tuple[Ref, ...]
    names: tuple[str, ...] = ()


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

    A null key joins a null key. Columns of a side without partner are null ("" for strings). innerunique takes one row
    of the left for each key, within a partition.
    """

    kind: str
    left: Plan
    right: Plan
    on: tuple[tuple[Ref, Ref], ...]
    left_columns: tuple[Ref, ...]
    right_columns: tuple[Ref, ...]
    partition: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class UnionAll(Plan):
    """All rows of all inputs; each input gives an expression a column."""

    columns: tuple[Ref, ...]
    inputs: tuple[tuple[Plan, tuple[Expr, ...]], ...]


@dataclass(frozen=True, slots=True)
class Limit(Plan):
    """The first rows in this order (any rows without one); of each partition where there is one."""

    input: Plan
    count: int
    order: tuple[Order, ...]
    partition: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Distinct(Plan):
    """Each combination of these columns once."""

    input: Plan
    columns: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Expand(Plan):
    """mv-expand: `items` (dynamic) are unfolded side by side into `elements`; `index` counts from 0.

    With `headed` each row gives one row of nulls more, before the others.
    """

    input: Plan
    kept: tuple[Ref, ...]
    items: tuple[Expr, ...]
    elements: tuple[Ref, ...]
    index: Ref | None
    bags_as_arrays: bool
    limit: int | None
    headed: bool = False


@dataclass(frozen=True, slots=True)
class Local(Plan):
    """A stage over Arrow: a function of `local.FUNCTIONS` (some rows at a time) or `stages.registry` (all rows, in
    `order`) turns the input's rows into these columns. The expressions among the arguments are over the inputs.
    """

    input: Plan
    inputs: tuple[Ref, ...]
    function: str
    arguments: tuple[object, ...]
    columns: tuple[Ref, ...]
    order: tuple[Order, ...] = ()
