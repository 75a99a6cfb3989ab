"""Operators that keep the columns: where, sort, take, top, serialize; and count and getschema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import collected
from lazulite.kql.binder.expressions import Scope, boolean
from lazulite.kql.binder.partitions import filtered, grouped, limited
from lazulite.kql.binder.projections import distinct, extend
from lazulite.kql.binder.scope import Col, Rel, constant_int, materialised, plain_key
from lazulite.kql.plan import Const, Order, Ref, Values


def where(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Where)
    return filtered(rel, boolean(scope, node.predicate))


def sort_key(key: s.Ordered, ref: Ref) -> Order:
    """The column as a key is written: desc unless said, nulls last in desc and first in asc."""
    descending = key.descending is not False
    return Order(ref, descending, key.nulls_first if key.nulls_first is not None else not descending)


def sorted_by(scope: Scope, rel: Rel, keys: tuple[s.Ordered, ...]) -> Rel:
    """The relation in the order of these keys."""
    order: list[Order] = []
    for key in keys:
        value = scope.bind(key.value)
        plain_key("sort", value, key.value.span)
        rel, ref = materialised(scope.context, rel, value)
        order.append(sort_key(key, ref))
    return replace(rel, order=tuple(order), serialized=True)


def sort(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Sort)
    return sorted_by(scope, replace(rel, order=()), node.keys)


def take(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Take)
    count = constant_int(scope.bind(node.count), f"The count of '{node.word}'", node.count.span)
    return limited(rel, count)


def top(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Top)
    count = constant_int(scope.bind(node.count), f"The count of '{node.word}'", node.count.span)
    if node.word == "sample-distinct":
        items = (node.keys[0].value,)
        rel = distinct(scope, rel, s.Project(node.start, node.end, "distinct", items))
    else:
        rel = sorted_by(scope, replace(rel, order=()), node.keys)
    return limited(rel, count)


def bare(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Bare)
    return BARE[node.word](scope, rel, node)


def _count(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    ref = scope.context.fresh(types.LONG)
    counted = grouped(scope.context, rel, (), ((ref, collected("count")),), node.span)
    return replace(counted, columns=(Col("Count", ref),))


def _serialize(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    rel = replace(rel, serialized=True)
    return extend(scope.over(rel), rel, node.items) if node.items else rel


def _consume(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    """No columns and no rows: the query runs for what its reading does, which is nothing here."""
    return Rel(Values((), ()), ())


def _getschema(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    kinds = (
        ("ColumnName", types.STRING),
        ("ColumnOrdinal", types.LONG),
        ("DataType", types.STRING),
        ("ColumnType", types.STRING),
    )
    refs = tuple(scope.context.fresh(kind) for _, kind in kinds)
    rows = tuple(
        (
            Const(types.STRING, column.name),
            Const(types.LONG, position),
            Const(types.STRING, types.DOTNET[column.ref.type]),
            Const(types.STRING, column.ref.type),
        )
        for position, column in enumerate(rel.columns)
    )
    columns = tuple(Col(name, ref) for (name, _), ref in zip(kinds, refs, strict=True))
    return Rel(Values(refs, rows), columns, serialized=True)


BARE: Mapping[str, Callable[[Scope, Rel, s.Bare], Rel]] = {
    "count": _count,
    "serialize": _serialize,
    "getschema": _getschema,
    "consume": _consume,
}
