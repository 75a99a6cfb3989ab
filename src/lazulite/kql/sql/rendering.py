"""A bound query as its stages: which form each node has, and the last SELECT, which gives the result."""

from __future__ import annotations

from typing import Final

from lazulite.kql import plan
from lazulite.kql.binder.scope import Bound
from lazulite.kql.errors import Span, limit
from lazulite.kql.schema import Options
from lazulite.kql.sql import relations, sources
from lazulite.kql.sql.dialect import Dialect
from lazulite.kql.sql.printer import Forms, Printer, Stage


def render(bound: Bound, dialect: Dialect, options: Options) -> tuple[Stage, ...]:
    """The stages of a bound query; the last one gives the result's columns, in order."""
    printer = Printer(dialect, options, FORMS)
    body = printer.query(bound.plan)
    # A hidden key may be sorted by, so the edge conversions stand in the same SELECT as the ORDER BY.
    columns = ", ".join(f"{printer.shown(ref)} AS o{at}" for at, ref in enumerate(bound.refs))
    sql = f"SELECT {columns or 'NULL AS o0'} FROM ({body}){printer.order(bound.order)}"
    if len(sql) > options.max_sql_length:
        raise limit(f"The query becomes more than {options.max_sql_length} characters of SQL", Span(0, 0))
    return (*printer.stages, Stage(sql))


FORMS: Final[Forms] = {
    plan.Scan: sources.scan,
    plan.Values: sources.values,
    plan.Sequence: sources.sequence,
    plan.Local: sources.local,
    plan.Filter: relations.filter,
    plan.Extend: relations.extend,
    plan.Project: relations.project,
    plan.Aggregate: relations.aggregate,
    plan.Distinct: relations.distinct,
    plan.Limit: relations.limit,
    plan.Join: relations.join,
    plan.UnionAll: relations.union,
    plan.Expand: relations.expand,
}
