"""Rows in partitions: a sub-pipeline is bound once, over all rows, and each row keeps to those of its partition.

Filters, limits and groups go through here, so that an operator need not know whether it stands inside of `mv-apply` or
`partition`. A partition that loses all its rows still has a result where the sub-pipeline aggregates without keys
(`count` gives 0): a row of its own stands for it until then (`Partition.live`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import collected, iff, windowed
from lazulite.kql.binder.conversion import compare
from lazulite.kql.binder.scope import Context, Partition, Rel
from lazulite.kql.errors import Span, unsupported
from lazulite.kql.plan import (
    Aggregate,
    Const,
    Expr,
    Extend,
    Filter,
    Limit,
    Logic,
    Not,
    Order,
    Plan,
    Ref,
    ScalarQuery,
    Values,
    Windowed,
)
from lazulite.kql.pruning import referenced

Outputs = tuple[tuple[Ref, Expr], ...]
INSIDE: Final = (
    s.Project,
    s.Where,
    s.Sort,
    s.Take,
    s.Top,
    s.TopHitters,
    s.Summarize,
    s.Parse,
    s.Expand,
    s.Series,
    s.MvApply,
    s.Join,
    s.Scan,
    s.ParseKv,
)
WORDS_INSIDE: Final = ("count", "serialize")
ROWWISE: Final = (s.Where, s.Parse, s.ParseKv)
ROWWISE_WORDS: Final = ("project", "extend", "project-away", "project-keep", "project-rename", "project-reorder")


def check_inside(rel: Rel, operator: s.Operator) -> None:
    """Raises UNS0001 for an operator that does not keep to partitions."""
    if rel.partition and not isinstance(operator, INSIDE) and operator.word not in WORDS_INSIDE:
        raise unsupported(f"The operator '{operator.word}' inside of mv-apply or partition", operator.span)


def rowwise(operators: tuple[s.Operator, ...]) -> bool:
    """Whether each row's result depends on that row alone, so that partitions make no difference."""
    return all(isinstance(one, ROWWISE) or one.word in ROWWISE_WORDS for one in operators)


def aggregates_all(operators: tuple[s.Operator, ...]) -> bool:
    """Whether a partition without rows may have a result."""
    return any(one.word == "count" or (isinstance(one, s.Summarize) and not one.keys) for one in operators)


def filtered(rel: Rel, predicate: Expr) -> Rel:
    """The rows for which the predicate is true."""
    live = rel.partition.live if rel.partition else None
    test = Logic(types.BOOL, "or", (predicate, Not(types.BOOL, live))) if live else predicate
    return replace(rel, plan=Filter(rel.plan, test))


def limited(rel: Rel, count: int) -> Rel:
    """The first rows, of each partition."""
    partition = rel.partition
    if partition and partition.live and count < 1:
        return filtered(rel, Const(types.BOOL, False))
    return replace(rel, plan=Limit(rel.plan, max(count, 0), rel.order, partition.group if partition else ()))


def grouped(context: Context, rel: Rel, keys: Outputs, outputs: Outputs, span: Span) -> Rel:
    """One row a group, without columns that have names; a partition's rows are groups of their own."""
    partition = rel.partition
    if partition is None:
        return Rel(Aggregate(rel.plan, keys, outputs), ())
    if keys:
        return Rel(_divided(rel.plan, partition, keys, outputs), (), partition=partition)
    if partition.lost:
        raise unsupported(f"An aggregate without 'by' after {partition.lost} inside of mv-apply or partition", span)
    lost = replace(partition, live=None, lost="another aggregate without 'by'")
    if partition.live is None:
        return Rel(_divided(rel.plan, partition, (), outputs), (), partition=lost)
    return Rel(_one_each(context, rel.plan, partition, partition.live, outputs), (), partition=lost)


def _divided(plan: Plan, partition: Partition, keys: Outputs, outputs: Outputs) -> Plan:
    own = tuple((ref, ref) for ref in partition.group)
    carried = tuple(
        (ref, collected("$shared", ref, kind=ref.type)) for ref in partition.carried if ref not in partition.group
    )
    return Aggregate(plan, (*own, *keys), (*outputs, *carried))


def _one_each(context: Context, plan: Plan, partition: Partition, live: Ref, outputs: Outputs) -> Plan:
    """A row for each partition: that of its rows, or what the aggregates make of no rows."""
    inner = [(context.fresh(ref.type), ref, value) for ref, value in outputs]
    divided = _divided(plan, partition, (), tuple((new, value) for new, _, value in inner))
    chosen = Limit(divided, 1, (Order(live, True, False),), partition.keys)
    return Extend(chosen, tuple((ref, iff(live, new, _of_nothing(context, value))) for new, ref, value in inner))


def _of_nothing(context: Context, value: Expr) -> Expr:
    """An aggregate over no rows."""
    column = context.fresh(value.type)
    read = tuple(sorted((ref for ref in referenced(value) if ref.type in types.SCALARS), key=lambda ref: ref.id))
    empty = Values(read or (context.fresh(types.LONG),), ())
    return ScalarQuery(value.type, Aggregate(empty, (), ((column, value),)), column)


def guarded(rel: Rel, value: Expr) -> Expr:
    """A value to unfold that keeps the row which stands for a partition: null there, which unfolds into one row."""
    live = rel.partition.live if rel.partition else None
    return iff(live, value, Const(value.type, None)) if live else value


def row_number(order: tuple[Order, ...], partition: tuple[Ref, ...] = ()) -> Windowed:
    """The place of each row, from 1."""
    return windowed("row_number", order=order, partition=partition)


def first_of(partition: tuple[Ref, ...]) -> Expr:
    """Whether a row is the one of its partition that is counted first; which one that is does not matter."""
    return compare("==", row_number((), partition), Const(types.LONG, 1), Span(0, 0))


def finished(rel: Rel) -> Rel:
    """The rows without those that stand for partitions."""
    live = rel.partition.live if rel.partition else None
    return replace(rel, plan=Filter(rel.plan, live)) if live else rel
