"""What a storage engine promises.

A *space* is a namespace of tables: one a Log Analytics workspace (its customer id) and internal ones (`_metrics`).
Everything that the batches (after, through] make is one `Delivery`, committed in one transaction together with the
cursor (epoch, through): after a crash either all of it is there or none. `Engine` methods block; call them in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from lazulite import kql
from lazulite.core.errors import LazuliteError


@dataclass(frozen=True)
class Append:
    """Rows for one table, in storage form (core.batch). The engine creates the table and adds missing columns.

    `columns` declares names and Kusto types; `rows` may lack some of them (null, or "" for strings) and has no others.
    """

    space: str
    table: str
    columns: tuple[kql.Column, ...]
    rows: pa.Table


@dataclass(frozen=True)
class Delivery:
    """All that the batches after the engine's cursor up to `through` make, of the intake named by `epoch`.

    `after` is where the cursor was when they were read: given, the delivery is refused if it has moved since.
    """

    epoch: str
    through: int
    appends: tuple[Append, ...]
    after: int | None = None


@dataclass(frozen=True)
class Delivered:
    """The engine's cursor: everything of intake `epoch` up to `through` is committed."""

    epoch: str
    through: int


@dataclass(frozen=True)
class Expiry:
    """Delete the rows of a table whose later one of `columns` (datetime) is before `before` ticks."""

    space: str
    table: str
    columns: tuple[str, ...]
    before: int


@dataclass(frozen=True)
class StoredTable:
    """A table that has had a row: its columns and the physical relation a plan reads."""

    columns: tuple[kql.Column, ...]
    relation: kql.Relation


@dataclass(frozen=True)
class Schema:
    """One revision of what is stored, by (space, table); names compare with case."""

    revision: int
    tables: Mapping[tuple[str, str], StoredTable]

    def of(self, space: str) -> dict[str, StoredTable]:
        return {name: table for (where, name), table in self.tables.items() if where == space}


@dataclass(frozen=True)
class QueryLimits:
    """Bounds of one query. Past `max_rows` or `max_bytes` the answer is cut and says so; past `seconds` it fails.

    It also fails when the functions that are computed beside the engine make more than `max_bytes`.
    """

    seconds: float = 180.0
    max_rows: int = 500_000
    max_bytes: int = 100 * 1024 * 1024
    slot: str = "query"


@dataclass(frozen=True)
class Answer:
    """Rows under their KQL names (kql.local's column form). `cut` says which limit cut the rows, or is None.

    `further` are the other results of a query that has several.
    """

    rows: pa.Table
    compiled: kql.Compiled
    seconds: float
    cut: str | None = None
    statistics: Mapping[str, float] = field(default_factory=dict)
    further: tuple[Answer, ...] = ()


class EngineRefused(LazuliteError):
    """The engine cannot store this data however often it is tried: the sender of the rows is at fault."""


class QueryCancelled(LazuliteError):
    """The caller of a query no longer wants its answer."""


# Binds a query. The second argument runs a part of it in the same transaction, where its columns depend on the rows.
Plan = Callable[[Schema, kql.Discover], kql.Compiled]


class Engine(Protocol):
    """Blocking calls; Unavailable while the engine is reopening or the disk reserve is reached."""

    def delivered(self) -> Delivered | None:
        """The cursor, or None on a new store."""
        ...

    def adopt(self, epoch: str, through: int = 0) -> None:
        """Set the cursor without rows: of a new store, or where an operator accepts a foreign epoch or a gap."""
        ...

    def deliver(self, delivery: Delivery) -> None:
        """Commit; raises EngineRefused for bad data, Unavailable when it should be tried again.

        After Unavailable it may or may not be committed: read `delivered` and go on from there. Conflict: it was.
        """
        ...

    def rehearse(self, delivery: Delivery) -> None:
        """Do all that `deliver` would, and roll back; raises what `deliver` would. Finds the rows that are refused."""
        ...

    def expire(self, expiry: Expiry) -> int:
        """Delete expired rows; returns how many."""
        ...

    def schema(self) -> Schema:
        """The current revision."""
        ...

    def query(self, plan: Plan, limits: QueryLimits = ..., cancelled: Callable[[], bool] | None = None) -> Answer:
        """Bind against the published schema and run in one transaction, on rows at least as new as that schema.

        Raises DeadlineExceeded, QueryCancelled, Throttled (queue full), Unavailable, TooLarge (memory), BadRequest (a
        value the query cannot compute), or what `plan` raises (kql.KqlError).
        """
        ...

    def close(self) -> None:
        """Commit what is running, checkpoint and close."""
        ...
