"""compile(): the four stages in a row, and what comes out of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lazulite.kql import growth
from lazulite.kql.binder import Bound, bind
from lazulite.kql.errors import KqlError, Span, limit
from lazulite.kql.parser import parse
from lazulite.kql.plan import Plan
from lazulite.kql.pruning import pruned, references
from lazulite.kql.results import PRIMARY, results
from lazulite.kql.schema import Column, Database, Options, Render
from lazulite.kql.sql import Stage, render
from lazulite.kql.sql.duckdb import DUCKDB
from lazulite.kql.tokens import tokenize


@dataclass(frozen=True)
class Compiled:
    """A query ready to run: see `local.execute`. `columns` are the result's; `tables` the names that it scans.

    `warnings` say what a fuzzy union went without because the caller may not read it. `further` are the other results
    of a query that has several (fork, facet).
    """

    columns: tuple[Column, ...]
    render: Render | None
    tables: frozenset[str]
    stages: tuple[Stage, ...]
    plan: Plan
    warnings: tuple[str, ...] = ()
    name: str = PRIMARY
    further: tuple[Compiled, ...] = ()

    @property
    def sql(self) -> str:
        """The last stage's SQL, which gives the result."""
        return self.stages[-1].sql


# Runs a part of a query while the query is compiled, and gives its rows in the form of `local.execute`.
Discover = Callable[[Compiled], Any]


def compile(query: str, database: Database, options: Options, discover: Discover | None = None) -> Compiled:
    """A query's text as a plan and SQL. Raises KqlError, located in the text.

    The columns of some operators (bag_unpack, pivot) depend on the rows: `discover` is asked for what decides them, on
    the same snapshot of the data that the query will read. Without it such an operator must declare its columns.
    """

    def ask(part: Bound) -> Any:
        assert discover is not None
        return discover(_compiled(part, options))

    try:
        syntax = parse(tokenize(query, options), options)
        made = [
            replace(_compiled(bind(one.query, database, options, ask if discover else None), options), name=one.name)
            for one in results(syntax)
        ]
    except KqlError as error:
        raise error.locate(query) from None
    except RecursionError:
        raise limit("The query nests too deeply", Span(0, len(query))).locate(query) from None
    return replace(made[0], further=tuple(made[1:]))


def _compiled(bound: Bound, options: Options) -> Compiled:
    bound = replace(bound, plan=pruned(bound.plan, references((bound.refs, bound.order))))
    growth.check(bound.plan)
    stages = render(bound, DUCKDB, options)
    return Compiled(bound.columns, bound.render, bound.tables, stages, bound.plan, bound.warnings)
