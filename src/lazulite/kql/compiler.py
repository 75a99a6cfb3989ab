"""compile(): the four stages in a row, and what comes out of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lazulite.kql import growth
from lazulite.kql.binder import bind
from lazulite.kql.errors import KqlError, Span, limit
from lazulite.kql.parser import parse
from lazulite.kql.plan import Expr, Plan, children
from lazulite.kql.pruning import pruned, references
from lazulite.kql.schema import Column, Database, Options, Render
from lazulite.kql.sql import Stage, render
from lazulite.kql.sql.duckdb import DUCKDB
from lazulite.kql.tokens import tokenize


@dataclass(frozen=True)
class Compiled:
    """A query ready to run: see `local.execute`. `columns` are the result's; `tables` the names that it scans.

    `warnings` say what a fuzzy union went without because the caller may not read it.
    """

    columns: tuple[Column, ...]
    render: Render | None
    tables: frozenset[str]
    stages: tuple[Stage, ...]
    plan: Plan
    warnings: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The last stage's SQL, which gives the result."""
        return self.stages[-1].sql

    def explain(self) -> str:
        """The plan as an indented tree, then the SQL of each stage."""
        lines = list(_tree(self.plan, 0))
        return "\n".join([*lines, *(f"-- stage {at}\n{stage.sql}" for at, stage in enumerate(self.stages))])


def compile(query: str, database: Database, options: Options) -> Compiled:
    """A query's text as a plan and SQL. Raises KqlError, located in the text."""
    try:
        bound = bind(parse(tokenize(query, options), options), database, options)
        bound = replace(bound, plan=pruned(bound.plan, references((bound.refs, bound.order))))
        growth.check(bound.plan)
        stages = render(bound, DUCKDB, options)
    except KqlError as error:
        raise error.locate(query) from None
    except RecursionError:
        raise limit("The query nests too deeply", Span(0, len(query))).locate(query) from None
    return Compiled(bound.columns, bound.render, bound.tables, stages, bound.plan, bound.warnings)


def _tree(node: Plan | Expr, depth: int) -> list[str]:
    lines = []
    for child in children(node):
        if isinstance(child, Plan):
            lines.extend(_tree(child, depth + 1))
    return ["  " * depth + type(node).__name__, *lines]
