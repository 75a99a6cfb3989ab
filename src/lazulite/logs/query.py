"""The query service of Log Analytics: scope, time range and limits around the language and the engine.

LogQuery -> workspaces in scope -> WorkspaceDatabase -> kql.compile -> engine -> LogAnswer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lazulite import kql
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest
from lazulite.engine.interface import Answer, Engine, Plan, QueryLimits, Schema
from lazulite.logs import timespans
from lazulite.logs.answer import LogAnswer, LogTable, Partial
from lazulite.logs.database import WorkspaceDatabase
from lazulite.logs.explaining import explained
from lazulite.logs.metadata import DescribedWorkspace, described
from lazulite.logs.rights import EVERYTHING, Rights
from lazulite.logs.scopes import Scope, ScopedDatabase, Scopes
from lazulite.logs.workspaces import Workspaces

MAX_QUERY_LENGTH = 100_000
MAX_SECONDS = 600.0
TOO_LARGE = "E_QUERY_RESULT_SET_TOO_LARGE"
DENIED = "InsufficientAccessError"


@dataclass(frozen=True)
class LogQuery:
    """One question. `workspaces` are customer ids, names or ARM ids; with `resource_id` the rows of that resource.

    `resource_id` asks every workspace (and any in `workspaces`); `timespan` is ISO 8601; `seconds` how long to wait.
    With `explain` it is compiled and not run: the answer tells how it would be.
    """

    text: str
    workspaces: tuple[str, ...] = ()
    resource_id: str | None = None
    timespan: str | None = None
    seconds: float | None = None
    slot: str = "query"
    explain: bool = False


class LogQueries:
    """Answers log queries. Blocking: call it in threads."""

    def __init__(self, engine: Engine, workspaces: Workspaces, clock: Clock, limits: QueryLimits | None = None) -> None:
        self._engine = engine
        self._workspaces = workspaces
        self._scopes = Scopes(workspaces)
        self._clock = clock
        self._limits = limits or QueryLimits()

    def scope(self, query: LogQuery, rights: Rights = EVERYTHING) -> Scope:
        """The scope of a query; raises NotFound, Forbidden, or BadRequest past 100 workspaces."""
        if query.resource_id is None:
            return self._scopes.of_workspaces(query.workspaces, rights)
        holding = frozenset(space for space, _ in self._engine.schema().tables)
        return self._scopes.of_resource(query.resource_id, query.workspaces, holding, rights)

    def run(
        self, query: LogQuery, cancelled: Callable[[], bool] | None = None, rights: Rights = EVERYTHING
    ) -> LogAnswer:
        """Compile and run (or explain), over what `rights` permit to read.

        Raises kql.KqlError, BadRequest, NotFound, Forbidden, DeadlineExceeded, Throttled or Unavailable.
        """
        if not query.text.strip():
            raise BadRequest("BadArgumentError", "The query is empty. Give a KQL query.", target="query")
        if len(query.text) > MAX_QUERY_LENGTH:
            raise BadRequest(
                "BadArgumentError", f"The query is longer than {MAX_QUERY_LENGTH} characters.", target="query"
            )
        seen = self.scope(query, rights)
        now = self._clock.now()
        options = kql.Options(now=now, time_range=timespans.parse(query.timespan, now), resource_id=seen.resource_id)

        def plan(schema: Schema, discover: kql.Discover) -> kql.Compiled:
            database = ScopedDatabase(schema, seen, self._workspaces, rights)
            return kql.compile(query.text, database, options, discover)

        if query.explain:
            return self._explained(plan, query, cancelled)
        return _answer(self._engine.query(plan, self._bounds(query), cancelled), self._limits, seen)

    def _explained(self, plan: Plan, query: LogQuery, cancelled: Callable[[], bool] | None) -> LogAnswer:
        """What the query would do; it is bound as ever, where its columns may be asked of the data, and not run."""
        found: list[kql.Compiled] = []

        def nothing(schema: Schema, discover: kql.Discover) -> kql.Compiled:
            found.append(plan(schema, discover))
            return kql.compile("print 1", WorkspaceDatabase(schema, ()), kql.Options(now=self._clock.now()))

        self._engine.query(nothing, self._bounds(query), cancelled)
        return explained(found[-1])

    def describe(self, workspace: str, rights: Rights = EVERYTHING) -> DescribedWorkspace:
        """The tables of a workspace; raises NotFound or Forbidden."""
        found = self._workspaces.require(workspace)
        rights.require(found.id.text)
        return described(found, self._engine.schema())

    def _bounds(self, query: LogQuery) -> QueryLimits:
        seconds = self._limits.seconds if query.seconds is None else query.seconds
        return QueryLimits(
            seconds=min(max(seconds, 0.001), MAX_SECONDS),
            max_rows=self._limits.max_rows,
            max_bytes=self._limits.max_bytes,
            slot=query.slot,
        )


def _answer(answer: Answer, limits: QueryLimits, scope: Scope) -> LogAnswer:
    answers = (answer, *answer.further)
    tables = tuple(LogTable(one.compiled.name, one.compiled.columns, one.rows) for one in answers)
    cut = next((one for one in answers if one.cut is not None), answer)
    partial = (*_cut(cut, limits), *_denied(answer, scope))
    return LogAnswer(tables, answer.compiled.render, _statistics(answer), partial)


def _cut(answer: Answer, limits: QueryLimits) -> Iterator[Partial]:
    if answer.cut is not None:
        yield Partial(
            TOO_LARGE,
            f"The results of this query exceed the limit {answer.cut}, so only the first {answer.rows.num_rows} rows"
            f" were returned ({TOO_LARGE}). The limits are {limits.max_rows} rows (max_rows) and {limits.max_bytes}"
            " bytes (max_bytes). Filter, summarize or project fewer columns.",
            limit=answer.cut,
        )


def _denied(answer: Answer, scope: Scope) -> Iterator[Partial]:
    for each in scope.denied:
        yield Partial(DENIED, f"The workspace '{each.name}' may not be read by the caller: its rows are missing.")
    for warning in answer.compiled.warnings:
        yield Partial(DENIED, f"{warning}: its rows are missing.")


def _statistics(answer: Answer) -> dict[str, Any]:
    return {
        "query": {
            "executionTime": answer.seconds,
            "datasetStatistics": [
                {"tableRowCount": one.rows.num_rows, "tableSize": one.rows.nbytes} for one in (answer, *answer.further)
            ],
            **answer.statistics,
        }
    }
