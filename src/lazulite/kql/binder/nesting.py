"""top-hitters and top-nested: the values with the greatest aggregates, also level by level.

Each level of top-nested is a table of paths: the values of its level and of those above, and their aggregates. It is
grouped from the rows that lie on the paths above; what lies on no path of its own is aggregated as one, for `others`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import collected
from lazulite.kql.binder.conversion import compare, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.grouping import Group, summarize
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.rows import sort_key, top
from lazulite.kql.binder.scope import Col, Context, Rel, constant_int, extended, plain_key, project, renewed, unique
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.plan import (
    Aggregate,
    Const,
    Expr,
    Filter,
    Join,
    Limit,
    Plan,
    Ref,
    UnionAll,
    absent,
)


def top_hitters(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`top-hitters`: exact here, under the names that Kusto gives its approximation."""
    assert isinstance(node, s.TopHitters)
    where = (node.start, node.end)
    summed, of = node.by or node.of, result_name(node.by or node.of) or ""
    name = f"approximate_{'sum' if node.by else 'count'}_{of}"
    value: s.Node = s.Call(*where, "sum", (summed,)) if node.by else s.Call(*where, "count", ())
    if node.by and scope.bind(node.by).type == types.INT:
        value = s.Call(*where, "toint", (value,))
    grouped = summarize(scope, rel, s.Summarize(*where, "summarize", (s.Assign(*where, (name,), value),), (node.of,)))
    key = s.Ordered(*where, s.Name(*where, name, True), True, None)
    return top(scope.over(grouped), grouped, s.Top(*where, "top", node.count, (key,)))


# ---- top-nested


@dataclass(frozen=True)
class Level:
    """One level: its names, how many values it keeps, its column of the rows, and what stands for the others."""

    node: s.Level
    name: str
    total: str
    count: int | None
    key: Ref
    others: Expr | None


@dataclass(frozen=True)
class Paths:
    """The paths down to a level: the columns of each level's value and aggregate."""

    rel: Rel
    keys: tuple[Ref, ...] = ()
    totals: tuple[Ref, ...] = ()

    @property
    def pairs(self) -> list[Expr]:
        """Value and aggregate of each level, as the result has them."""
        return [ref for pair in zip(self.keys, self.totals, strict=True) for ref in pair]


Part = tuple[Plan, list[Expr]]


def top_nested(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`top-nested`: the paths of all levels, and the others beside each of them."""
    assert isinstance(node, s.TopNested)
    rel = replace(rel, order=(), serialized=False)
    inner = scope.over(rel)
    rows, levels = _levels(inner, rel, node)
    paths = Paths(rows)
    others: list[Part] = []
    for at, level in enumerate(levels):
        on = tuple(one.key for one in levels[: at + 1])
        chosen = _chosen(inner, rows, level, on)
        if any(one.others is not None for one in levels[at:]):
            rest = _narrowed(inner.context, rows, on, chosen, "leftanti")
            others.append(_others(inner, rest, levels, at, paths))
        rows = _narrowed(inner.context, rows, on, chosen, "leftsemi")
        paths = _deeper(inner.context, paths, chosen)
    return _united(inner.context, levels, [(paths.rel.plan, paths.pairs), *others])


def _levels(scope: Scope, rel: Rel, node: s.TopNested) -> tuple[Rel, list[Level]]:
    names: list[str] = []
    found: list[Level] = []
    made: list[tuple[Ref, Expr]] = []
    for part in node.levels:
        value = scope.bind(part.of.value if isinstance(part.of, s.Assign) else part.of)
        plain_key("group", value, part.of.span)
        key = scope.context.fresh(value.type)
        made.append((key, value))
        name = unique(result_name(part.of) or "Column1", names)
        given = part.by.value.names[0] if isinstance(part.by.value, s.Assign) else f"aggregated_{name}"
        total = unique(given, [*names, name])
        names += [name, total]
        found.append(Level(part, name, total, _count(scope, part), key, _rest(scope, part, key)))
    kept = (*rel.columns, *(Col("", key) for key, _ in made))
    return replace(extended(rel, made), columns=kept), found


def _count(scope: Scope, part: s.Level) -> int | None:
    if part.count is None:
        return None
    return constant_int(scope.bind(part.count), "The count of 'top-nested'", part.count.span)


def _rest(scope: Scope, part: s.Level, key: Ref) -> Expr | None:
    if part.others is None:
        return None
    value = scope.bind(part.others)
    if not isinstance(value, Const):
        raise semantic("What stands for the others must be a constant", part.others.span)
    if value.type != key.type and not {value.type, key.type} <= set(types.NUMBERS):
        raise semantic(f"The others of a column of type {key.type} cannot be of type {value.type}", part.others.span)
    return convert(value, key.type, part.others.span)


def _aggregated(scope: Scope, group: Group, level: Level) -> Expr:
    """The level's aggregate, over rows that are yet to be grouped."""
    node = level.node.by.value
    inner = replace(scope, columns={}, aggregates=group.aggregate, pending=group.pending)
    value = inner.bind(node.value if isinstance(node, s.Assign) else node)
    if group.pending:
        raise unsupported("A function that is computed row by row over the aggregate of top-nested", node.span)
    plain_key("sort", value, node.span)
    return value


def _chosen(scope: Scope, rows: Rel, level: Level, on: tuple[Ref, ...]) -> Rel:
    """The values to keep: the keys of the levels so far, then the aggregate."""
    group = Group(scope, rows)
    value = _aggregated(scope, group, level)
    total = scope.context.fresh(value.type)
    plan = Aggregate(rows.plan, tuple((key, key) for key in on), tuple(group.aggregates))
    found = project(Rel(plan, ()), [*(("", key, key) for key in on), ("", total, value)])
    if level.count is None:
        return found
    return replace(found, plan=Limit(found.plan, max(level.count, 0), (sort_key(level.node.by, total),), on[:-1]))


def _narrowed(context: Context, rows: Rel, on: tuple[Ref, ...], chosen: Rel, kind: str) -> Rel:
    """The rows whose values are (or are not) among those to keep."""
    fresh = renewed(context, chosen)
    pairs = tuple(zip(on, fresh.shown, strict=False))
    return replace(rows, plan=Join(kind, rows.plan, fresh.plan, pairs, rows.refs, ()))


def _deeper(context: Context, paths: Paths, chosen: Rel) -> Paths:
    """The paths one level further down."""
    fresh = renewed(context, chosen)
    *keys, total = fresh.shown
    if not paths.keys:
        return Paths(fresh, tuple(keys), (total,))
    pairs = tuple(zip(keys, paths.keys, strict=False))
    plan = Join("inner", fresh.plan, paths.rel.plan, pairs, (*keys, total), paths.totals)
    columns = tuple(Col("", ref) for ref in (*keys, *paths.totals, total))
    return Paths(Rel(plan, columns), tuple(keys), (*paths.totals, total))


def _others(scope: Scope, rest: Rel, levels: list[Level], at: int, paths: Paths) -> Part:
    """What lies beside the values of a level, as one for each path above: it has no values of its own further down."""
    group = Group(scope, rest)
    above = tuple(level.key for level in levels[:at])
    values: list[Expr] = []
    for level in levels[at:]:
        total = _aggregated(scope, group, level)
        shown = level.others is not None
        values += [level.others or absent(level.key.type), total if shown else absent(total.type)]
    rows = group.hold(collected("count"))
    grouped = Aggregate(rest.plan, tuple((key, key) for key in above), tuple(group.aggregates))
    some = Filter(grouped, compare(">", rows, Const(types.LONG, 0), levels[at].node.span))
    if not above:
        return some, values
    held = tuple(ref for ref, _ in group.aggregates)
    pairs = tuple(zip(above, paths.keys, strict=True))
    fresh = Join("inner", some, paths.rel.plan, pairs, (*above, *held), (*paths.keys, *paths.totals))
    return fresh, [*paths.pairs, *values]


def _united(context: Context, levels: list[Level], parts: list[Part]) -> Rel:
    names = [name for level in levels for name in (level.name, level.total)]
    columns = tuple(Col(name, context.fresh(value.type)) for name, value in zip(names, parts[0][1], strict=True))
    inputs = tuple((plan, tuple(values)) for plan, values in parts)
    return Rel(UnionAll(tuple(column.ref for column in columns), inputs), columns)
