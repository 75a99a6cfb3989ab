"""What a query binds against, and what bounds it: tables, their physical relations, and the caller's options.

Nothing here reads data: a `Database` answers which columns a table has and where its rows are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Column:
    """A KQL column; `type` is a Kusto scalar name: bool int long real decimal string datetime timespan guid dynamic."""

    name: str
    type: str


@dataclass(frozen=True)
class Relation:
    """Rows in storage form: KQL column name -> physical column. A column missing here reads as null ("" for string)."""

    schema: str
    table: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table as KQL sees it. No relation means no rows yet; several are read as one (UNION ALL)."""

    name: str
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...]


class Database(Protocol):
    """The tables that a query may name; names compare with case."""

    def table(self, name: str) -> Table | None:
        """The table of this name, or None."""
        ...

    def names(self) -> Iterable[str]:
        """All names, for wildcards and for "did you mean"."""
        ...


@dataclass(frozen=True)
class Other:
    """What a query names beside its own database; with `resource_id` (lower case) the rows of that resource alone."""

    database: Database
    resource_id: str | None = None


@runtime_checkable
class Federation(Database, Protocol):
    """A database that knows others: `workspace("x").T`, `database("x").T`, `resource("id").T`."""

    def other(self, kind: str, name: str) -> Other | None:
        """What `kind("name")` is, or None where there is none; raises KqlError where it may not be named here."""
        ...

    def others(self, kind: str) -> Iterable[str]:
        """The names that may be given, for wildcards and for "did you mean"."""
        ...


@dataclass(frozen=True)
class Options:
    """What the caller decides for one query. Times are ticks; `now` is the single instant of now() and ago().

    `time_range` [start, end) restricts every scanned table that has TimeGenerated; `resource_id` (lower case) keeps
    rows of that resource and those below it, in tables that have _ResourceId. The rest are limits, each an error.
    """

    now: int
    time_range: tuple[int | None, int | None] | None = None
    resource_id: str | None = None
    max_length: int = 1_000_000
    max_tokens: int = 200_000
    max_depth: int = 80
    max_plan_depth: int = 150
    max_plan_nodes: int = 20_000
    max_sql_length: int = 8_000_000


@dataclass(frozen=True)
class Render:
    """The `render` instruction: what the client should draw, e.g. timechart, with its properties."""

    visualization: str
    properties: Mapping[str, str] = field(default_factory=dict)
