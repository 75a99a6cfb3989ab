"""Tables on the right of `in~`, `has_any` and `has_all`: their first column in small letters, or as an array."""

from __future__ import annotations

from lazulite.kql import types
from lazulite.kql.binder.applied import applied, collected
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.scope import Context, Rel, extended
from lazulite.kql.errors import Span, semantic
from lazulite.kql.plan import Aggregate, Expr, OneOfQuery, ScalarQuery


def first_text(rel: Rel, span: Span) -> Expr:
    """The first column of a table, as text."""
    if not rel.columns:
        raise semantic("The table has no column to look in", span)
    return convert(rel.columns[0].ref, types.STRING, span)


def _folded(value: Expr) -> Expr:
    return applied("tolower", value)


def one_of_texts(context: Context, operand: Expr, rel: Rel, span: Span) -> Expr:
    """Whether the operand is a text of the table's first column, ignoring case."""
    column = context.fresh(types.STRING)
    folded = extended(rel, [(column, _folded(first_text(rel, span)))])
    return OneOfQuery(types.BOOL, _folded(convert(operand, types.STRING, span)), folded.plan, column)


def array_of(context: Context, rel: Rel, span: Span) -> Expr:
    """The texts of the table's first column, as an array."""
    column = context.fresh(types.DYNAMIC)
    texts = collected("$texts", first_text(rel, span))
    return ScalarQuery(types.DYNAMIC, Aggregate(rel.plan, (), ((column, texts),)), column)
