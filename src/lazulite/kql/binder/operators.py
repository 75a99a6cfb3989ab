"""What stands after a `|`: a table from the operator's node to the function that binds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder import shaping
from lazulite.kql.binder.expressions import Scope, boolean
from lazulite.kql.binder.grouping import summarize
from lazulite.kql.binder.joining import join, union_with
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.making_series import series
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.scope import Col, Rel, constant_int, materialised, project, unique
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.functions import FUNCTIONS
from lazulite.kql.plan import (
    Aggregate,
    Aggregated,
    Apply,
    Const,
    Distinct,
    Expr,
    Filter,
    Limit,
    Order,
    Ref,
    Values,
)
from lazulite.kql.schema import Render

Binder = Callable[[Scope, Rel, s.Operator], Rel]


def apply(scope: Scope, rel: Rel, operator: s.Operator) -> Rel:
    """The relation after one operator; `scope` knows the variables."""
    binder = BINDERS[type(operator)]
    if not isinstance(operator, s.UnionWith):
        rel = replace(rel, alias="")
    pending: dict[Apply, Ref] = {}
    inner = replace(scope.over(rel), pending=pending)
    found = binder(inner, rel, operator)
    # What a local stage must compute is known only now: the operator is bound again, over rows that have it.
    return binder(inner, with_stages(scope.context, rel, pending), operator) if pending else found


# ---- projections


def named(scope: Scope, items: tuple[s.Node, ...]) -> Iterator[tuple[str | None, s.Node, Expr]]:
    """Each item with the name it is given or brings along, and its value."""
    for item in items:
        if isinstance(item, s.Assign):
            if len(item.names) != 1:
                raise semantic("Several names stand only before an aggregate with several results", item.span)
            yield item.names[0], item, scope.bind(item.value)
        else:
            yield result_name(item), item, scope.bind(item)


def _projection(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Project)
    return PROJECTIONS[node.word](scope, rel, node)


def _project(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    outputs: list[tuple[str, Ref, Expr]] = []
    number = 1
    for name, item, value in named(scope, _unfolded(rel, node)):
        taken = [column for column, _, _ in outputs]
        if name is None:
            while f"Column{number}" in taken or f"Column{number}" in rel.names:
                number += 1
            name, number = f"Column{number}", number + 1
        elif name in taken and isinstance(item, s.Assign | s.Name):
            raise semantic(f"The column '{name}' is made twice", item.span)
        ref = (
            value
            if isinstance(value, Ref) and value not in [r for _, r, _ in outputs]
            else scope.context.fresh(value.type)
        )
        outputs.append((unique(name, taken), ref, value))
    return project(rel, outputs)


def _unfolded(rel: Rel, node: s.Project) -> tuple[s.Node, ...]:
    items: list[s.Node] = []
    for item in node.items:
        if isinstance(item, s.Star):
            items.extend(s.Name(item.start, item.end, name, True) for name in rel.names)
        else:
            items.append(item)
    return tuple(items)


def _extend(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    return extend(scope, rel, node.items)


def extend(scope: Scope, rel: Rel, items: tuple[s.Node, ...]) -> Rel:
    """Columns added; one of a name that exists takes its place."""
    outputs = {column.name: (column.ref, column.ref) for column in rel.columns}
    made: set[str] = set()
    number = 1
    for name, item, value in named(scope, items):
        if name is None:
            while f"Column{number}" in outputs:
                number += 1
            name = f"Column{number}"
        elif name in outputs and not isinstance(item, s.Assign):
            raise semantic(f"The column '{name}' exists: give the new one a name", item.span)
        if name in made:
            raise semantic(f"The column '{name}' is made twice", item.span)
        made.add(name)
        outputs[name] = (scope.context.fresh(value.type), value)  # type: ignore[assignment]
    return project(rel, ((name, ref, value) for name, (ref, value) in outputs.items()))


def _matching(rel: Rel, items: tuple[s.Node, ...]) -> list[str]:
    """The columns that names and wildcards mean, in the order of the items, each once."""
    found: dict[str, None] = {}
    for item in items:
        if isinstance(item, s.Wildcard):
            found.update(dict.fromkeys(name for name in rel.names if fnmatchcase(name, item.pattern)))
        elif isinstance(item, s.Name):
            rel.column(item.text, item.span)
            found[item.text] = None
        else:
            raise semantic("A column's name or a wildcard stands here", item.span)
    return list(found)


def _keeping(rel: Rel, names: list[str]) -> Rel:
    columns = rel.by_name
    return replace(rel, columns=tuple(Col(name, columns[name]) for name in names))


def _away(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    gone = set(_matching(rel, node.items))
    return _keeping(rel, [name for name in rel.names if name not in gone])


def _keep(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    kept = set(_matching(rel, node.items))
    return _keeping(rel, [name for name in rel.names if name in kept])


def _reorder(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    first = _matching(rel, node.items)
    return _keeping(rel, first + [name for name in rel.names if name not in first])


def _rename(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    renamed: dict[str, str] = {}
    for item in node.items:
        if not isinstance(item, s.Assign) or not isinstance(item.value, s.Name) or len(item.names) != 1:
            raise semantic("project-rename takes new = old", item.span)
        rel.column(item.value.text, item.value.span)
        if item.value.text in renamed:
            raise semantic(f"The column '{item.value.text}' is renamed twice", item.span)
        renamed[item.value.text] = item.names[0]
    names = [renamed.get(name, name) for name in rel.names]
    if len(set(names)) < len(names):
        raise semantic("Two columns would have one name", node.span)
    return replace(rel, columns=tuple(Col(name, old.ref) for name, old in zip(names, rel.columns, strict=True)))


def _distinct(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    rel = replace(rel, order=(), serialized=False)
    items = tuple(item for item in node.items if not (isinstance(item, s.Wildcard) and item.pattern == "*"))
    if items:
        rel = _project(scope, rel, replace(node, items=items))
    for column in rel.columns:
        if column.ref.type == types.DYNAMIC:
            raise semantic(
                f"The column '{column.name}' is dynamic: distinct needs e.g. tostring({column.name})", node.span
            )
    return replace(rel, plan=Distinct(rel.plan, tuple(column.ref for column in rel.columns)))


PROJECTIONS: Mapping[str, Callable[[Scope, Rel, s.Project], Rel]] = {
    "project": _project,
    "extend": _extend,
    "project-away": _away,
    "project-keep": _keep,
    "project-reorder": _reorder,
    "project-rename": _rename,
    "distinct": _distinct,
}


# ---- rows


def _where(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Where)
    return replace(rel, plan=Filter(rel.plan, boolean(scope, node.predicate)))


def sorted_by(scope: Scope, rel: Rel, keys: tuple[s.Ordered, ...]) -> Rel:
    """The relation in the order of these keys: desc unless said, nulls last in desc and first in asc."""
    order: list[Order] = []
    for key in keys:
        value = scope.bind(key.value)
        if value.type == types.DYNAMIC:
            raise semantic("A dynamic cannot be sorted by: convert it, e.g. with tostring()", key.value.span)
        rel, ref = materialised(scope.context, rel, value)
        descending = key.descending is not False
        nulls_first = key.nulls_first if key.nulls_first is not None else not descending
        order.append(Order(ref, descending, nulls_first))
    return replace(rel, order=tuple(order), serialized=True)


def _sort(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Sort)
    return sorted_by(scope, replace(rel, order=()), node.keys)


def _take(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Take)
    count = constant_int(scope.bind(node.count), f"The count of '{node.word}'", node.count.span)
    return replace(rel, plan=Limit(rel.plan, max(count, 0), rel.order))


def _top(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Top)
    count = constant_int(scope.bind(node.count), f"The count of '{node.word}'", node.count.span)
    if node.word == "sample-distinct":
        items = (node.keys[0].value,)
        rel = _distinct(scope, rel, s.Project(node.start, node.end, "distinct", items))
    else:
        rel = sorted_by(scope, replace(rel, order=()), node.keys)
    return replace(rel, plan=Limit(rel.plan, max(count, 0), rel.order))


def _bare(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Bare)
    return BARE[node.word](scope, rel, node)


def _count(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    ref = scope.context.fresh(types.LONG)
    record = FUNCTIONS["count"]
    value = Aggregated(types.LONG, record.name, record.signatures[0], ())
    return Rel(Aggregate(rel.plan, (), ((ref, value),)), (Col("Count", ref),))


def _serialize(scope: Scope, rel: Rel, node: s.Bare) -> Rel:
    rel = replace(rel, serialized=True)
    return extend(scope.over(rel), rel, node.items) if node.items else rel


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
}


def _render(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Rendered)
    scope.context.render = Render(node.visualization, dict(node.properties))
    return rel


def _as(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.As)
    return replace(rel, alias=node.name)


def _invoke(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Invoke)
    piped = "$invoke"
    inner = replace(scope, environment=scope.environment.with_names({piped: rel}), columns={})
    first = s.Name(node.call.start, node.call.end, piped)
    found = scope.tabular(replace(node.call, arguments=(first, *node.call.arguments)), inner.environment, None)
    if isinstance(found, Expr):
        raise unsupported("'invoke' of a function that gives no table", node.span)
    return found


BINDERS: Mapping[type[s.Operator], Binder] = {
    s.Project: _projection,
    s.Where: _where,
    s.Sort: _sort,
    s.Take: _take,
    s.Top: _top,
    s.Bare: _bare,
    s.Rendered: _render,
    s.As: _as,
    s.Invoke: _invoke,
    s.Summarize: summarize,
    s.Join: join,
    s.UnionWith: union_with,
    s.Parse: shaping.parse,
    s.Expand: shaping.expand,
    s.Series: series,
}
