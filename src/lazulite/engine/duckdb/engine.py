"""DuckDbEngine: the Engine interface on one DuckDB file.

deliver, expire, adopt -> Writer (one thread, one transaction a job) -+
                                                                      +-> Instance (the file)
query                  -> Queries (places, deadline, cursor)         -+
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lazulite.core.counters import Counters
from lazulite.core.disk import require_disk
from lazulite.core.errors import Conflict, LazuliteError, Unavailable
from lazulite.engine.duckdb import append, schema
from lazulite.engine.duckdb.failures import ENGINE_ERRORS
from lazulite.engine.duckdb.instance import Connection, Instance
from lazulite.engine.duckdb.queries import Queries
from lazulite.engine.duckdb.settings import DuckDbSettings
from lazulite.engine.duckdb.writer import Writer
from lazulite.engine.interface import Answer, Delivered, Delivery, Expiry, Plan, QueryLimits, Schema

DEFAULT_LIMITS = QueryLimits()


@dataclass(frozen=True)
class _Committed:
    """What the file holds, as of the last commit. Set on the writer thread alone, before its next job."""

    schema: Schema
    delivered: Delivered | None


class _Rehearsed(LazuliteError):
    """Ends a rehearsal's transaction."""


class DuckDbEngine:
    """The embedded engine in `folder`. Raises Unavailable when the file cannot be opened, naming who holds it."""

    def __init__(self, folder: Path, settings: DuckDbSettings, counters: Counters) -> None:
        self._folder = folder
        self._settings = settings
        self._counters = counters
        self._committed = _Committed(Schema(0, {}), None)
        self._instance = Instance(folder, settings, self._load)
        self._writer = Writer(self._instance, settings, counters)
        self._queries = Queries(self._instance, settings, counters, self.schema, self._broken)
        self._register_gauges()

    def delivered(self) -> Delivered | None:
        """The cursor as committed; Unavailable while the file is being reopened, because it may have moved."""
        if self._instance.reason is not None:
            raise Unavailable("EngineUnavailable", self._instance.reason)
        return self._committed.delivered

    def adopt(self, epoch: str, through: int = 0) -> None:
        """See Engine.adopt."""
        require_disk(self._folder, self._settings.disk_reserve_bytes)

        def work(connection: Connection) -> _Committed:
            return _Committed(self._committed.schema, _move(connection, Delivered(epoch, through)))

        self._writer.run(work, self._publish)

    def deliver(self, delivery: Delivery) -> None:
        """See Engine.deliver. Conflict when the cursor is not where the delivery begins, or of another epoch."""
        require_disk(self._folder, self._settings.disk_reserve_bytes)
        self._writer.run(lambda connection: self._write(connection, delivery), self._publish)
        self._counters.add("lazulite_engine_rows_total", sum(append.rows.num_rows for append in delivery.appends))

    def rehearse(self, delivery: Delivery) -> None:
        """See Engine.rehearse."""
        try:
            self._writer.run(lambda connection: self._undo(connection, delivery))
        except _Rehearsed:
            return

    def expire(self, expiry: Expiry) -> int:
        """See Engine.expire."""
        return self._writer.run(lambda connection: _expire(connection, self._committed.schema, expiry))

    def schema(self) -> Schema:
        """See Engine.schema."""
        return self._committed.schema

    def query(
        self, plan: Plan, limits: QueryLimits = DEFAULT_LIMITS, cancelled: Callable[[], bool] | None = None
    ) -> Answer:
        """See Engine.query."""
        return self._queries.run(plan, limits, cancelled)

    def close(self) -> None:
        """See Engine.close. Queries that still run are interrupted and get Unavailable."""
        self._writer.stop()
        self._instance.close()
        self._queries.stop()

    def _write(self, connection: Connection, delivery: Delivery) -> _Committed:
        _require_place(self._committed.delivered, delivery)
        groups = append.by_table(delivery.appends)
        wanted = {key: append.declared(appends) for key, appends in groups.items()}
        stored = schema.extend(connection, self._committed.schema, wanted)
        for key, appends in groups.items():
            append.insert(connection, stored.tables[key], appends)
        return _Committed(stored, _move(connection, Delivered(delivery.epoch, delivery.through)))

    def _undo(self, connection: Connection, delivery: Delivery) -> None:
        self._write(connection, delivery)
        raise _Rehearsed("Rehearsed", "Everything was written, and is rolled back.")

    def _publish(self, committed: _Committed) -> None:
        self._committed = committed

    def _load(self, connection: Connection) -> None:
        """On every opening: what was committed is read from the file, whatever was thought before."""
        connection.execute(schema.CREATE)
        row = connection.execute("SELECT epoch, seq FROM _delivered").fetchone()
        self._publish(_Committed(schema.load(connection), Delivered(*row) if row else None))

    def _broken(self, error: BaseException) -> None:
        """A reader found the instance dead: the writer thread opens it anew."""
        self._instance.broken(error)
        self._writer.wake()

    def _register_gauges(self) -> None:
        gauge = self._counters.gauge
        gauge("lazulite_engine_wal_bytes", lambda: float(self._instance.wal_bytes))
        gauge("lazulite_engine_write_queue_depth", lambda: float(self._writer.depth))
        gauge("lazulite_engine_query_queue_depth", lambda: float(self._queries.depth))
        gauge("lazulite_engine_memory_bytes", self._memory_bytes)

    def _memory_bytes(self) -> float:
        """What DuckDB holds; NaN while there is no instance to ask."""
        try:
            with self._instance.cursor() as connection:
                row = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()
        except (*ENGINE_ERRORS, Unavailable):
            return float("nan")
        return float(row[0]) if row else float("nan")


def _require_place(current: Delivered | None, delivery: Delivery) -> None:
    """A delivery counts once: one that was committed before an unclear failure must not be committed again."""
    if current is None and not delivery.after:
        return
    if current is None or current.epoch != delivery.epoch:
        raise Conflict(
            "ForeignEpoch",
            f"The store follows intake {current.epoch if current else 'none'}, not {delivery.epoch}: adopt it first.",
        )
    if delivery.through <= current.through or delivery.after not in (None, current.through):
        raise Conflict(
            "CursorMoved",
            f"The store holds everything up to {current.through}; a delivery of ({delivery.after}, "
            f"{delivery.through}] does not follow it. Read `delivered` and go on from there.",
        )


def _move(connection: Connection, to: Delivered) -> Delivered:
    # An update in place: deleting and inserting leaves a dead row a delivery behind until the next checkpoint.
    moved = connection.execute("UPDATE _delivered SET epoch = ?, seq = ?", [to.epoch, to.through]).fetchone()
    if not moved or not moved[0]:
        connection.execute("INSERT INTO _delivered VALUES (?, ?)", [to.epoch, to.through])
    return to


def _expire(connection: Connection, stored: Schema, expiry: Expiry) -> int:
    table = stored.tables.get((expiry.space, expiry.table))
    columns = table.relation.columns if table else {}
    names = [columns[name] for name in expiry.columns if name in columns]
    if table is None or not names:
        return 0
    # One comparison a column lets zone maps prune; a null column leaves the decision to the others.
    old = " AND ".join(f"({name} < $before OR {name} IS NULL)" for name in names)
    some = f"coalesce({', '.join(names)}) IS NOT NULL"
    place = f"{table.relation.schema}.{table.relation.table}"
    row = connection.execute(f"DELETE FROM {place} WHERE {old} AND {some}", {"before": expiry.before}).fetchone()
    return int(row[0]) if row else 0
