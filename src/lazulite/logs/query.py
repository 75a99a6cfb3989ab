"""The query service of Log Analytics: scope, time range and limits around the language and the engine.

LogQuery -> workspaces in scope -> WorkspaceDatabase -> kql.compile -> engine -> LogAnswer
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lazulite import kql
from lazulite.core import resource_id as ids
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest
from lazulite.engine.interface import Answer, Engine, QueryLimits, Schema
from lazulite.logs import timespans
from lazulite.logs.database import WorkspaceDatabase
from lazulite.logs.workspaces import TYPE, Workspace, Workspaces

MAX_WORKSPACES = 100
MAX_QUERY_LENGTH = 100_000
MAX_SECONDS = 600.0


@dataclass(frozen=True)
class LogQuery:
    """One question. `workspaces` are customer ids, names or ARM ids; with `resource_id` the rows of that resource.

    `resource_id` asks every workspace (and any in `workspaces`); `timespan` is ISO 8601; `seconds` how long to wait.
    """

    text: str
    workspaces: tuple[str, ...] = ()
    resource_id: str | None = None
    timespan: str | None = None
    seconds: float | None = None
    slot: str = "query"


@dataclass(frozen=True)
class Scope:
    """What a query may see: the workspaces, and the resource to which it is restricted (lower case), if any."""

    workspaces: tuple[Workspace, ...]
    resource_id: str | None = None


@dataclass(frozen=True)
class LogTable:
    """One table of an answer; the rows are in kql.local's column form."""

    name: str
    columns: tuple[kql.Column, ...]
    rows: pa.Table


@dataclass(frozen=True)
class Partial:
    """The answer was cut. `limit` is the name of the limit, `message` says what it is and what to do."""

    limit: str
    message: str


@dataclass(frozen=True)
class LogAnswer:
    """What came back; `partial` is None when it is whole."""

    tables: tuple[LogTable, ...]
    render: kql.Render | None
    statistics: Mapping[str, Any] = field(default_factory=dict)
    partial: Partial | None = None

    @property
    def size(self) -> int:
        """Bytes of the rows in memory."""
        return sum(table.rows.nbytes for table in self.tables)


class LogQueries:
    """Answers log queries. Blocking: call it in threads."""

    def __init__(self, engine: Engine, workspaces: Workspaces, clock: Clock, limits: QueryLimits | None = None) -> None:
        self._engine = engine
        self._workspaces = workspaces
        self._clock = clock
        self._limits = limits or QueryLimits()

    def scope(self, query: LogQuery) -> Scope:
        """The scope of a query; raises NotFound for a workspace that does not exist, BadRequest past 100 of them."""
        named = [self._workspaces.require(text) for text in dict.fromkeys(query.workspaces)]
        if query.resource_id is None:
            return Scope(_bounded(named))
        resource = ids.parse(query.resource_id)
        if resource.type.lower() == TYPE.lower() and not resource.is_collection:
            return Scope(_bounded([self._workspaces.require(resource.key), *named]))
        # Workspaces without a table are left out: they have nothing to add, and would count against the limit.
        holding = {space for space, _ in self._engine.schema().tables}
        everywhere = [each for each in self._workspaces.all() if each.customer_id in holding]
        return Scope(_bounded([*everywhere, *named]), resource.key)

    def run(
        self, query: LogQuery, cancelled: Callable[[], bool] | None = None, scope: Scope | None = None
    ) -> LogAnswer:
        """Compile and run, within `scope` where the caller has resolved it already.

        Raises kql.KqlError, BadRequest, NotFound, DeadlineExceeded, Throttled or Unavailable.
        """
        if not query.text.strip():
            raise BadRequest("BadArgumentError", "The query is empty. Give a KQL query.", target="query")
        if len(query.text) > MAX_QUERY_LENGTH:
            raise BadRequest(
                "BadArgumentError", f"The query is longer than {MAX_QUERY_LENGTH} characters.", target="query"
            )
        seen = scope or self.scope(query)
        now = self._clock.now()
        options = kql.Options(now=now, time_range=timespans.parse(query.timespan, now), resource_id=seen.resource_id)
        spaces = tuple(each.customer_id for each in seen.workspaces)

        def plan(schema: Schema) -> kql.Compiled:
            return kql.compile(query.text, WorkspaceDatabase(schema, spaces), options)

        return _answer(self._engine.query(plan, self._bounds(query), cancelled), self._limits)

    def _bounds(self, query: LogQuery) -> QueryLimits:
        seconds = self._limits.seconds if query.seconds is None else query.seconds
        return QueryLimits(
            seconds=min(max(seconds, 0.001), MAX_SECONDS),
            max_rows=self._limits.max_rows,
            max_bytes=self._limits.max_bytes,
            slot=query.slot,
        )


def _bounded(found: list[Workspace]) -> tuple[Workspace, ...]:
    distinct = tuple(dict.fromkeys(found))
    if len(distinct) > MAX_WORKSPACES:
        raise BadRequest(
            "BadArgumentError",
            f"The query asks {len(distinct)} workspaces; at most {MAX_WORKSPACES} can be asked at once.",
            target="workspaces",
        )
    return distinct


def _answer(answer: Answer, limits: QueryLimits) -> LogAnswer:
    table = LogTable("PrimaryResult", answer.compiled.columns, answer.rows)
    return LogAnswer((table,), answer.compiled.render, _statistics(answer), _partial(answer, limits))


def _partial(answer: Answer, limits: QueryLimits) -> Partial | None:
    if answer.cut is None:
        return None
    return Partial(
        answer.cut,
        f"The results of this query exceed the limit {answer.cut}, so only the first {answer.rows.num_rows} rows were"
        f" returned (E_QUERY_RESULT_SET_TOO_LARGE). The limits are {limits.max_rows} rows (max_rows) and"
        f" {limits.max_bytes} bytes (max_bytes). Filter, summarize or project fewer columns.",
    )


def _statistics(answer: Answer) -> dict[str, Any]:
    return {
        "query": {
            "executionTime": answer.seconds,
            "datasetStatistics": [{"tableRowCount": answer.rows.num_rows, "tableSize": answer.rows.nbytes}],
            **answer.statistics,
        }
    }
