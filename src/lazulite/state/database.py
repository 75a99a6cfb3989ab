"""The connection to `state.db`: resources, principals, rules, alerts and queues, through SQLAlchemy Core.

Rooms define their tables on `METADATA` in their own modules; statements are portable, so that PostgreSQL can take
SQLite's place one day (no driver is installed and nothing is tested on it yet).

A write is one transaction that owns the database while it lasts (`begin`), so a check and the write that relies on it
cannot be torn apart. It is on disk when `begin` returns.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
)

from lazulite.core.errors import Unavailable

METADATA = MetaData()
BUSY_SECONDS = 10.0

_STEPS = Table(
    "schema_step",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
)


@dataclass(frozen=True)
class Migration:
    """One numbered change of an existing database. A new database has its outcome already, from `METADATA`."""

    number: int
    name: str
    apply: Callable[[Connection], None]


MIGRATIONS: tuple[Migration, ...] = ()


class Database:
    """One database by URL, such as `sqlite:////data/state.db`. Safe to use from many threads.

    Transactions do not nest: opening a second one inside `begin` waits for itself and fails with Unavailable.
    """

    def __init__(self, url: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self._engine = create_engine(url)
        self._migrations = sorted(migrations, key=lambda step: step.number)
        self._turn = threading.Lock()
        if self._engine.dialect.name == "sqlite":
            _set_up_sqlite(self._engine)
        self._writer = self._engine.execution_options(lazulite_write=True)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed durably at the end of the block, rolled back when it raises."""
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise Unavailable("StateBusy", f"The state database was busy for {BUSY_SECONDS:g} s. Try again.")
        try:
            with self._writer.begin() as connection:
                yield connection
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one consistent snapshot, never waiting for a writer."""
        with self._engine.connect() as connection:
            yield connection

    def create(self) -> None:
        """Create missing tables and apply missing migrations, each in its own transaction.

        Raises Unavailable `StateTooNew` when a newer lazulite has migrated this database.
        """
        fresh = not inspect(self._engine).has_table(_STEPS.name)
        known = [step.number for step in self._migrations]
        applied = set() if fresh else self._applied()
        if applied - set(known):
            raise Unavailable(
                "StateTooNew",
                f"The state database has migration {max(applied)}, this lazulite knows up to {max(known, default=0)}."
                " Start the newer version again, or restore a backup made before it.",
            )
        # A new database is made from METADATA, which has the outcome of every step already.
        for step in [] if fresh else self._migrations:
            if step.number not in applied:
                self._apply(step)
        self._create_tables(mark=self._migrations if fresh else ())

    def _applied(self) -> set[int]:
        with self.read() as connection:
            return set(connection.scalars(select(_STEPS.c.number)))

    def _apply(self, step: Migration) -> None:
        with self.begin() as connection:
            step.apply(connection)
            _mark(connection, step)

    def _create_tables(self, mark: Sequence[Migration]) -> None:
        with self.begin() as connection:
            METADATA.create_all(connection)
            for step in mark:
                _mark(connection, step)

    def close(self) -> None:
        self._engine.dispose()


def _mark(connection: Connection, step: Migration) -> None:
    connection.execute(insert(_STEPS).values(number=step.number, name=step.name))


def _set_up_sqlite(engine: Engine) -> None:
    """Durable settings on each connection, and transactions that say from the start whether they write.

    A deferred transaction that turns into a write can fail at any statement with SQLITE_BUSY, past the busy time-out.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("lazulite_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
