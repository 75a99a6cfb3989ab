"""Asks the data while a query is bound, where columns depend on it: through a bound plan like any other, bounded."""

from __future__ import annotations

from typing import Any, Final

from lazulite.kql.binder.scope import Bound, Context, Rel
from lazulite.kql.errors import Span, data_needed, limit
from lazulite.kql.plan import Limit
from lazulite.kql.schema import Column

# How many columns the rows of a query may make.
MOST_COLUMNS: Final = 1_000


def discovered(context: Context, rel: Rel, what: str, span: Span) -> list[tuple[Any, ...]]:
    """The rows of a relation, as Python values of `local.execute`'s column form.

    Raises UNS0001 where there is no data to ask, and LIM0001 past `MOST_COLUMNS` rows.
    """
    if context.ask is None:
        raise data_needed(
            f"{what} without data to find its columns in (declare them, as in: evaluate ... : (name:string))", span
        )
    columns = tuple(Column(column.name, column.ref.type) for column in rel.columns)
    plan = Limit(rel.plan, MOST_COLUMNS + 1, rel.order)
    rows = context.ask(Bound(plan, columns, rel.shown, rel.order, None, frozenset(context.tables)))
    if rows.num_rows > MOST_COLUMNS:
        raise limit(f"{what} would make more than {MOST_COLUMNS} columns", span)
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
