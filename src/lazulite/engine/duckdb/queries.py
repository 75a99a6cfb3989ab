"""The read path: a place, a cursor, one transaction in which the query is bound and run, and a bounded answer."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from lazulite import kql
from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError, TooLarge, Unavailable
from lazulite.engine.duckdb.failures import ENGINE_ERRORS, Nature, nature, of_query
from lazulite.engine.duckdb.instance import Connection, Instance
from lazulite.engine.duckdb.settings import DuckDbSettings
from lazulite.engine.duckdb.slots import Slots
from lazulite.engine.duckdb.watch import Watch, Watchdog
from lazulite.engine.interface import Answer, Plan, QueryLimits, Schema
from lazulite.kql import local


@dataclass(frozen=True)
class _Rows:
    rows: pa.Table
    cut: str | None


class Queries:
    """Runs queries on cursors of their own. `broken` is told of a dead instance."""

    def __init__(
        self,
        instance: Instance,
        settings: DuckDbSettings,
        counters: Counters,
        schema: Callable[[], Schema],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._instance = instance
        self._counters = counters
        self._schema = schema
        self._broken = broken
        self._slots = Slots(settings.slots, settings.queries_waiting)
        self._watchdog = Watchdog()

    @property
    def depth(self) -> int:
        """How many queries wait for a place."""
        return self._slots.depth

    def stop(self) -> None:
        self._watchdog.stop()

    def run(self, plan: Plan, limits: QueryLimits, cancelled: Callable[[], bool] | None) -> Answer:
        """See Engine.query."""
        started, watch, outcome = time.monotonic(), Watch(limits.seconds, cancelled), "failed"
        try:
            with self._slots.take(limits.slot, watch.check):
                answer = self._answer(plan, limits, watch, started)
            outcome = "cut" if answer.cut else "complete"
            return answer
        finally:
            seconds = time.monotonic() - started
            self._counters.observe("lazulite_engine_query_seconds", seconds, slot=limits.slot, outcome=outcome)

    def _answer(self, plan: Plan, limits: QueryLimits, watch: Watch, asked: float) -> Answer:
        begun = time.monotonic()
        with self._instance.cursor() as cursor:
            try:
                with self._watchdog.over(cursor, watch):
                    compiled, (found, *others) = _bind_and_run(cursor, self._schema(), plan, limits, watch)
            except LazuliteError:
                raise
            except ENGINE_ERRORS as error:
                raise self._translated(error, watch) from error
        seconds = time.monotonic() - begun
        statistics = {"waited": begun - asked, "rows": found.rows.num_rows, "bytes": found.rows.nbytes}
        further = tuple(
            Answer(other.rows, one, seconds, other.cut) for one, other in zip(compiled.further, others, strict=True)
        )
        return Answer(found.rows, compiled, seconds, found.cut, statistics, further)

    def _translated(self, error: BaseException, watch: Watch) -> LazuliteError:
        """The clean error; an interrupt is the watch's own, or that of an instance being closed."""
        kind = nature(error)
        if kind is Nature.BROKEN:
            self._broken(error)
        if kind is Nature.INTERRUPTED:
            try:
                watch.check()
            except LazuliteError as stopped:
                return stopped
            return Unavailable("EngineUnavailable", self._instance.reason or "The query was interrupted; try again.")
        return of_query(error)


def _bind_and_run(
    cursor: Connection, published: Schema, plan: Plan, limits: QueryLimits, watch: Watch
) -> tuple[kql.Compiled, list[_Rows]]:
    """In one read-only transaction. `published` was read before it, so the snapshot holds all that it names.

    Columns are never dropped nor retyped: a plan of an older revision is right on newer rows, and lacks only columns
    that no delivery had published when it was asked. So nothing is bound twice and no revision is read.
    """
    cursor.execute("BEGIN TRANSACTION READ ONLY")  # ended by closing the cursor

    def rows(compiled: kql.Compiled, left: QueryLimits) -> _Rows:
        watch.check()
        return _collect(local.stream(compiled, cursor, limits.max_bytes, watch.check), left, watch)

    compiled = plan(published, lambda part: _whole(rows(part, limits)))
    return compiled, list(_results(compiled, rows, limits))


def _results(
    compiled: kql.Compiled, rows: Callable[[kql.Compiled, QueryLimits], _Rows], limits: QueryLimits
) -> Iterator[_Rows]:
    """One after another; together they keep to the limits."""
    for one in (compiled, *compiled.further):
        found = rows(one, limits)
        yield found
        limits = replace(
            limits, max_rows=limits.max_rows - found.rows.num_rows, max_bytes=limits.max_bytes - found.rows.nbytes
        )


def _whole(found: _Rows) -> pa.Table:
    """What decides the columns of a query; half of it would make another query."""
    if found.cut is not None:
        raise TooLarge(
            "TooLarge",
            f"What decides the columns of this query exceeds the limit {found.cut}. Filter its rows, or declare the"
            " columns, as in: evaluate bag_unpack(d) : (name:string)",
        )
    return found.rows


def _collect(reader: pa.RecordBatchReader, limits: QueryLimits, watch: Watch) -> _Rows:
    """Read until the end or a limit. What is past the limit is never fetched."""
    schema, batches, rows, size, cut = reader.schema, list[pa.RecordBatch](), 0, 0, None
    try:
        for batch in reader:
            watch.check()
            kept, cut = _within(batch, limits.max_rows - rows, limits.max_bytes - size)
            batches.append(kept)
            rows, size = rows + kept.num_rows, size + kept.nbytes
            if cut:
                break
    finally:
        # The reader ends when it is forgotten, not when it is closed; an error's traceback would remember it, and with
        # it the transaction, which holds off checkpoints and keeps a dead instance from being closed.
        del reader
    return _Rows(pa.Table.from_batches(batches, schema=schema), cut)


def _within(batch: pa.RecordBatch, rows: int, size: int) -> tuple[pa.RecordBatch, str | None]:
    """As many rows of the batch as fit into `rows` and `size` bytes, and the name of the limit that cut, or None."""
    cut = None
    if batch.num_rows > rows:
        batch, cut = batch.slice(0, rows), "max_rows"
    if batch.nbytes > size:
        fitting = bisect_right(range(1, batch.num_rows + 1), size, key=lambda count: batch.slice(0, count).nbytes)
        batch, cut = batch.slice(0, fitting), "max_bytes"
    return batch, cut
