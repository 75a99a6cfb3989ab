"""mv-apply and partition: a sub-pipeline for each row, or for each value of a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder import partitions
from lazulite.kql.binder.applied import iff
from lazulite.kql.binder.conversion import compare
from lazulite.kql.binder.discovery import discovered
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Col, Partition, Rel, extended, project
from lazulite.kql.binder.shaping import Unfolded, unfolded
from lazulite.kql.binder.uniting import united
from lazulite.kql.errors import closest, limit, semantic, unsupported
from lazulite.kql.plan import Const, Distinct, Expand, Filter, Limit, Order, Ref, absent

# Names that the rows inside have while their operators are bound; no text of a query can say it.
ROWS: Final = "\0rows"
LEGACY: Final = "legacy"
STRATEGIES: Final = (LEGACY, "native", "shuffle")
# What Kusto bounds the strategy legacy to.
MOST_VALUES: Final = 64


def mv_apply(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`mv-apply`: its operators see the elements of one row at a time, beside the row's own columns."""
    assert isinstance(node, s.MvApply)
    if partitions.rowwise(node.operators):
        inside = replace(unfolded(scope, rel, node.unfolding).rel, partition=Partition((), rel.refs))
        return _named(rel, _piped(scope, inside, node), node, ())
    number = scope.context.fresh(types.LONG)
    numbered = extended(rel, [(number, partitions.row_number(rel.order))])
    numbered = replace(numbered, order=(*rel.order, Order(number, False, True)))
    found = unfolded(scope, numbered, node.unfolding, headed=partitions.aggregates_all(node.operators), indexed=True)
    inside = _divided(rel, found, number)
    return _named(rel, _piped(scope, inside, node), node, (number,))


def _divided(outer: Rel, found: Unfolded, number: Ref) -> Rel:
    assert found.index is not None
    carried = tuple(ref for ref in outer.refs if ref != number)
    partition = Partition((number,), carried, found.live)
    return replace(found.rel, order=(Order(found.index, False, True),), serialized=False, partition=partition)


def _piped(scope: Scope, rel: Rel, node: s.MvApply | s.Partition) -> Rel:
    """The rows after the operators inside."""
    source = s.Name(node.start, node.end, ROWS)
    pipeline = s.Pipeline(node.start, node.end, source, node.operators)
    found = scope.tabular(pipeline, scope.environment.with_names({ROWS: rel}), None)
    assert isinstance(found, Rel)
    return found


def _named(outer: Rel, inside: Rel, node: s.MvApply, keys: tuple[Ref, ...]) -> Rel:
    """The outer columns that are not unfolded, then those of the rows inside, which take the place of their names."""
    inside = partitions.finished(inside)
    gone = {item.text for item, _ in node.unfolding.items if isinstance(item, s.Name)}
    made = inside.by_name
    columns = {column.name: made.get(column.name, column.ref) for column in outer.columns if column.name not in gone}
    columns.update(made)
    order = (*outer.order, *(Order(key, False, True) for key in keys), *(inside.order if keys else ()))
    found = replace(inside, order=order, serialized=outer.serialized, partition=outer.partition)
    return project(_weakened(found, node), [(name, ref, ref) for name, ref in columns.items()])


def _weakened(rel: Rel, node: s.MvApply) -> Rel:
    """Around it the row that stands for a partition may be gone."""
    partition = rel.partition
    return replace(rel, partition=replace(partition, lost=f"'{node.word}'")) if partition and partition.live else rel


def partition(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`partition by`: its operators see the rows of one value of the column at a time."""
    assert isinstance(node, s.Partition)
    strategy = dict(node.options).get("hint.strategy", LEGACY)
    if strategy not in STRATEGIES:
        raise semantic(f"There is no strategy '{strategy}'", node.span, closest(strategy, STRATEGIES))
    key = rel.column(node.key.text, node.key.span)
    if key.type == types.DYNAMIC:
        raise semantic(f"The column '{node.key.text}' is dynamic: partition by a column of another type", node.key.span)
    if node.query is not None:
        return _for_each_value(scope, rel, node, strategy)
    if strategy == LEGACY and scope.context.ask is not None:
        _values(scope, rel, node)
    inside = replace(rel, serialized=False, partition=Partition((key,)))
    if partitions.aggregates_all(node.operators):
        inside = _headed(scope, inside, key)
    found = partitions.finished(_piped(scope, inside, node))
    keys = found.partition.keys if found.partition else ()
    order = (*(Order(one, False, True) for one in keys), *found.order) if found.order else ()
    found = replace(found, order=order, serialized=False, partition=None)
    return project(found, [(column.name, column.ref, column.ref) for column in found.columns])


def _values(scope: Scope, rel: Rel, node: s.Partition) -> list[Const]:
    """The values of the key, which the strategy legacy bounds."""
    key = rel.column(node.key.text, node.key.span)
    distinct = Rel(Limit(Distinct(rel.plan, (key,)), MOST_VALUES + 1, ()), (Col(node.key.text, key),))
    rows = discovered(scope.context, distinct, "partition", node.span)
    if len(rows) > MOST_VALUES:
        raise limit(
            f"partition of strategy legacy takes at most {MOST_VALUES} values of '{node.key.text}';"
            " hint.strategy=native has no such bound",
            node.span,
        )
    return [Const(key.type, value) for (value,) in rows]


def _for_each_value(scope: Scope, rel: Rel, node: s.Partition, strategy: str) -> Rel:
    """`partition by key {query}`: the query is bound for each value, under the key's name."""
    assert node.query is not None
    if strategy != LEGACY:
        raise semantic(f"A query with a source of its own is of strategy legacy, not {strategy}", node.query.span)
    key = rel.column(node.key.text, node.key.span)
    if key.type == types.DECIMAL:
        raise unsupported("partition by a decimal with a query that has a source of its own", node.key.span)
    values = _values(scope, rel, node)
    found = [("", _of_value(scope, node, value)) for value in values or [absent(key.type)]]
    whole = united(scope.context, found, None, False, node.span)
    return whole if values else replace(whole, plan=Filter(whole.plan, Const(types.BOOL, False)))


def _of_value(scope: Scope, node: s.Partition, value: Const) -> Rel:
    assert node.query is not None
    found = scope.tabular(node.query, scope.environment.with_names({node.key.text: value}), None)
    if not isinstance(found, Rel):
        raise semantic("The query of a partition gives a table", node.query.span)
    return found


def keyed(binder: Callable[[Scope, Rel, s.Operator], Rel]) -> Callable[[Scope, Rel, s.Operator], Rel]:
    """make-series inside of a partition: the partition's keys are keys of it, out of sight."""

    def bind(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
        partition = rel.partition
        if partition is None or not isinstance(node, s.Series):
            return binder(scope, rel, node)
        if partition.carried or partition.live:
            raise unsupported(
                f"The operator '{node.word}' inside of mv-apply, or beside an aggregate of all", node.span
            )
        names = [f"{ROWS}{at}" for at in range(len(partition.keys))]
        shown = tuple(Col(name, ref) for name, ref in zip(names, partition.keys, strict=True))
        opened = replace(rel, columns=(*rel.columns, *shown), partition=None)
        keys = tuple(s.Name(node.start, node.end, name, True) for name in names)
        found = binder(replace(scope, columns=opened.by_name), opened, replace(node, keys=(*node.keys, *keys)))
        made = Partition(tuple(found.by_name[name] for name in names))
        return replace(found, columns=tuple(c for c in found.columns if c.name not in names), partition=made)

    return bind


def _headed(scope: Scope, rel: Rel, key: Ref) -> Rel:
    """The rows, and one more for each partition that stands for it."""
    fresh = scope.context.fresh
    element, index, live = fresh(types.DYNAMIC), fresh(types.LONG), fresh(types.BOOL)
    twice, once = Const(types.DYNAMIC, "[0,1]"), Const(types.DYNAMIC, "[0]")
    item = iff(partitions.first_of((key,)), twice, once)
    plan = Expand(rel.plan, rel.refs, (item,), (element,), index, False, None)
    test = compare("==", index, Const(types.LONG, 0), s.Star(0, 0).span)
    return replace(extended(replace(rel, plan=plan), [(live, test)]), partition=Partition((key,), (), live))
