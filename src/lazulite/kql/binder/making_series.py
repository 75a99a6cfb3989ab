"""make-series: arrays of values by step of an axis. Grouped by keys and step, then by keys, then gaps are filled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import collected, fitting
from lazulite.kql.binder.conversion import compare, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.grouping import Group, add_key
from lazulite.kql.binder.local_calls import staged, with_stages
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.scope import Col, Rel, project, unique
from lazulite.kql.binder.series_axis import Axis, axis_of
from lazulite.kql.binder.several import SEVERAL
from lazulite.kql.errors import closest, semantic, unsupported
from lazulite.kql.plan import Aggregate, Const, Expr, Extend, Filter, Plan, Ref

NONEMPTY: Final = "nonempty"


@dataclass(frozen=True)
class Made:
    """One aggregate: its name, its value of each step, and what a step without rows has."""

    name: str
    value: Expr
    default: Expr


@dataclass(frozen=True)
class Laid:
    """One row a series: its keys, a map from place to value for each aggregate, its first place and their count."""

    plan: Plan
    keys: list[tuple[Ref, Ref]]
    maps: list[tuple[Ref, Expr]]
    first: Expr
    count: Expr


def series(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """The `make-series` operator."""
    assert isinstance(node, s.Series)
    _check_kind(node)
    axis = axis_of(scope, node)
    group = Group(scope, replace(rel, plan=Filter(rel.plan, axis.inside(node.span)), order=(), serialized=False))
    for key in node.keys:
        add_key(group, key)
    place = scope.context.fresh(types.LONG)
    made = [_made(group, item, default) for item, default in node.aggregates]
    stepped = Aggregate(group.rel.plan, (*group.keys, (place, axis.place)), tuple(group.aggregates))
    held = [place, *(ref for ref, _ in (*group.keys, *group.aggregates))]
    rows = with_stages(scope.context, Rel(stepped, tuple(Col("", ref) for ref in held)), group.pending)
    laid = _laid(scope, group, rows, place, made, axis, node)
    return _filled(scope, [name for name, _ in group.outputs], laid, made, axis)


def _check_kind(node: s.Series) -> None:
    kind = dict(node.options).get("kind", NONEMPTY)
    if kind != NONEMPTY:
        raise semantic(f"make-series is of kind nonempty, not '{kind}'", node.span, closest(kind, (NONEMPTY,)))


def _made(group: Group, item: s.Node, default: s.Node | None) -> Made:
    inner = replace(group.scope, columns={}, aggregates=group.aggregate, pending=group.pending)
    node = item.value if isinstance(item, s.Assign) else item
    value = inner.bind(node)
    if value.type not in (*types.NUMBERS, types.TIMESPAN):
        raise unsupported(f"The operator 'make-series' of values of type {value.type}", item.span)
    given = inner.bind(default) if default else Const(types.LONG, 0)
    if isinstance(given, Const) and given.value is None:
        given = Const(value.type, None)
    if given.type == types.REAL and value.type in types.INTEGERS:
        value = convert(value, types.REAL, item.span)
    return Made(_name(group, item, node), value, convert(given, value.type, item.span))


def _name(group: Group, item: s.Node, node: s.Node) -> str:
    """The name that is given, or that the aggregate brings (percentile_x_50)."""
    if isinstance(node, s.Call) and node.name in SEVERAL and not isinstance(item, s.Assign):
        return SEVERAL[node.name](group, node)[0][0]
    return result_name(item) or "Column1"


def _laid(scope: Scope, group: Group, stepped: Rel, place: Ref, made: list[Made], axis: Axis, node: s.Series) -> Laid:
    """The second group: for each key its rows in one."""
    keys = [ref for ref, _ in group.keys]
    values = [(scope.context.fresh(one.value.type), one.value) for one in made]
    stepped = project(stepped, [("", ref, ref) for ref in (*keys, place)] + [("", ref, value) for ref, value in values])
    maps: list[tuple[Ref, Expr]] = [
        (scope.context.fresh("map"), collected("$steps_of", place, ref, kind="map")) for ref, _ in values
    ]
    fresh = [(scope.context.fresh(ref.type), ref) for ref in keys]
    rows, first, last = (
        (scope.context.fresh(types.LONG), collected(name, *over, kind=types.LONG))
        for name, over in (("count", ()), ("min", (place,)), ("max", (place,)))
    )
    plan: Plan = Aggregate(stepped.plan, tuple(fresh), (*maps, rows, first, last))
    if "kind" not in dict(node.options):
        plan = Filter(plan, compare(">", rows[0], Const(types.LONG, 0), node.span))
    elif axis.low is None or axis.high is None:
        raise unsupported("The operator 'make-series' of kind nonempty without both bounds", node.span)
    start: Expr = Const(types.LONG, 0) if axis.low else first[0]
    return Laid(plan, fresh, maps, start, _count(axis, start, last[0]))


def _count(axis: Axis, first: Expr, last: Expr) -> Expr:
    """How many places a series has; the same for all where both bounds are given."""
    if axis.high is None:
        return fitting("$places", first, last)
    return axis.count(axis.low or fitting("$start", axis.origin, axis.step, first))


def _filled(scope: Scope, names: list[str], laid: Laid, made: list[Made], axis: Axis) -> Rel:
    """The keys, an array for each aggregate, and the axis."""
    count = scope.context.fresh(types.LONG)
    rel = Rel(Extend(laid.plan, ((count, laid.count),)), ())
    outputs: list[tuple[str, Ref, Expr]] = [(name, ref, ref) for name, (ref, _) in zip(names, laid.keys, strict=True)]
    for one, (held, _) in zip(made, laid.maps, strict=True):
        taken = [name for name, _, _ in outputs]
        values = fitting("$filled", held, laid.first, count, one.default)
        outputs.append((unique(one.name, taken), scope.context.fresh(types.DYNAMIC), values))
    return _labelled(scope, rel, outputs, laid, axis, count)


def _labelled(scope: Scope, rel: Rel, outputs: list[tuple[str, Ref, Expr]], laid: Laid, axis: Axis, count: Ref) -> Rel:
    name = unique(axis.name, [name for name, _, _ in outputs])
    if axis.low is not None and axis.high is not None:
        # The axis is the same for all series, so it is made once.
        call = fitting("$axis", axis.low, axis.step, axis.count(axis.low))
        label = staged(replace(scope, pending=None), call)
        return project(rel, [*outputs, (name, scope.context.fresh(types.DYNAMIC), label)])
    start = fitting("$start", axis.origin, axis.step, laid.first)
    low = scope.context.fresh(start.type)
    ends = [("", low, start), ("", count, count)]
    arrays = project(rel, [*outputs, *ends])
    made = scope.context.fresh(types.DYNAMIC)
    arrays = with_stages(scope.context, arrays, {fitting("$axis", low, axis.step, count): made})
    return replace(arrays, columns=(*arrays.columns[: -len(ends)], Col(name, made)))
