"""make-series: arrays of values by step of an axis. Grouped by keys and step, then by keys, then gaps are filled."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.calls import apply
from lazulite.kql.binder.conversion import compare, conjunction, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.grouping import Group, add_key
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.scope import Col, Rel, project, unique
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.functions import FUNCTIONS, OPERATORS
from lazulite.kql.plan import Aggregate, Aggregated, Apply, Const, Expr, Filter, Ref

AXES = {types.DATETIME: types.TIMESPAN, types.TIMESPAN: types.TIMESPAN, types.LONG: types.LONG, types.INT: types.LONG}


@dataclass(frozen=True)
class Axis:
    """What the values are laid along: from low, below high, by step, all of one kind; `count` steps."""

    name: str
    value: Expr
    low: Expr
    step: Expr
    high: Expr
    count: Expr


@dataclass(frozen=True)
class Made:
    """One aggregate: its name, its value of each step, and what a step without rows has."""

    name: str
    value: Expr
    default: Expr


def series(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """The `make-series` operator."""
    assert isinstance(node, s.Series)
    axis = _axis(scope, node)
    inside = conjunction(
        [compare(">=", axis.value, axis.low, node.span), compare("<", axis.value, axis.high, node.span)]
    )
    group = Group(scope, replace(rel, plan=Filter(rel.plan, inside), order=(), serialized=False))
    for key in node.keys:
        add_key(group, key)
    bucket = _operator("/", _operator("-", axis.value, axis.low, node), axis.step, node)
    place = scope.context.fresh(types.LONG)
    made = [_made(group, item, default) for item, default in node.aggregates]
    stepped = Aggregate(group.rel.plan, (*group.keys, (place, _whole(bucket))), tuple(group.aggregates))
    return _laid(scope, group, Rel(stepped, ()), place, made, axis, node)


def _operator(name: str, left: Expr, right: Expr, node: s.Series) -> Expr:
    return apply(OPERATORS[name], [left, right], s.Call(node.start, node.end, name, ()))


def _whole(bucket: Expr) -> Expr:
    """The step that a distance falls in; two spans divide to a real, which is cut."""
    return bucket if bucket.type == types.LONG else convert(bucket, types.LONG, s.Star(0, 0).span)


def _axis(scope: Scope, node: s.Series) -> Axis:
    if node.low is None or node.high is None:
        raise unsupported("The operator 'make-series' without 'from' and 'to'", node.span)
    value = scope.bind(node.axis.value if isinstance(node.axis, s.Assign) else node.axis)
    if value.type not in AXES:
        raise unsupported(f"The operator 'make-series' on an axis of type {value.type}", node.axis.span)
    outside = replace(scope, columns={})
    low, high = (convert(outside.bind(bound), value.type, bound.span) for bound in (node.low, node.high))
    step = convert(outside.bind(node.step), AXES[value.type], node.step.span)
    if isinstance(step, Const) and (not isinstance(step.value, int) or step.value <= 0):
        raise semantic("The step of make-series is greater than zero", node.step.span)
    count = Apply(types.LONG, "$steps", FUNCTIONS["$steps"].signatures[0], (low, high, step))
    return Axis(result_name(node.axis) or "Column1", value, low, step, high, count)


def _made(group: Group, item: s.Node, default: s.Node | None) -> Made:
    inner = replace(group.scope, columns={}, aggregates=group.aggregate, pending=None)
    value = inner.bind(item.value if isinstance(item, s.Assign) else item)
    if value.type not in (*types.NUMBERS, types.TIMESPAN):
        raise unsupported(f"The operator 'make-series' of values of type {value.type}", item.span)
    given = inner.bind(default) if default else convert(Const(types.LONG, 0), value.type, item.span)
    if given.type == types.REAL and value.type in types.INTEGERS:
        value = convert(value, types.REAL, item.span)
    return Made(result_name(item) or "Column1", value, convert(given, value.type, item.span))


def _laid(scope: Scope, group: Group, stepped: Rel, place: Ref, made: list[Made], axis: Axis, node: s.Series) -> Rel:
    """The second group: for each key one map from step to value for each aggregate."""
    keys = [ref for ref, _ in group.keys]
    values = [(scope.context.fresh(one.value.type), one.value) for one in made]
    stepped = project(stepped, [("", ref, ref) for ref in (*keys, place)] + [("", ref, value) for ref, value in values])
    record = FUNCTIONS["$steps_of"]
    maps = [
        (scope.context.fresh("map"), Aggregated("map", record.name, record.signatures[0], (place, ref)))
        for ref, _ in values
    ]
    fresh = [(scope.context.fresh(ref.type), ref) for ref in keys]
    counting = FUNCTIONS["count"]
    rows = scope.context.fresh(types.LONG)
    total = (rows, Aggregated(types.LONG, counting.name, counting.signatures[0], ()))
    plan: Filter | Aggregate = Aggregate(stepped.plan, tuple(fresh), (*maps, total))
    if dict(node.options).get("kind") != "nonempty":
        plan = Filter(plan, compare(">", rows, Const(types.LONG, 0), node.span))
    names = [name for name, _ in group.outputs]
    outputs: list[tuple[str, Ref, Expr]] = [(name, ref, ref) for name, (ref, _) in zip(names, fresh, strict=True)]
    for one, (held, _) in zip(made, maps, strict=True):
        filled = Apply(types.DYNAMIC, "$filled", FUNCTIONS["$filled"].signatures[0], (held, axis.count, one.default))
        outputs.append((unique(one.name, names), scope.context.fresh(types.DYNAMIC), filled))
        names.append(one.name)
    outputs.append((unique(axis.name, names), scope.context.fresh(types.DYNAMIC), _labels(scope, axis)))
    return project(Rel(plan, tuple(Col("", ref) for ref in keys)), outputs)


def _labels(scope: Scope, axis: Axis) -> Expr:
    """The axis itself: the same for all groups, so it is made once."""
    record = FUNCTIONS["$axis"]
    kind = next(at for at, one in enumerate(record.signatures) if one.parameters[0].kind == axis.low.type)
    call = Apply(types.DYNAMIC, record.name, record.signatures[kind], (axis.low, axis.step, axis.count))
    return staged(replace(scope, pending=None), call)
