"""summarize: keys, aggregates anywhere in an expression, and aggregates with several results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.calls import match, result_type
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.scope import Col, Rel, project, unique
from lazulite.kql.errors import semantic
from lazulite.kql.functions import FUNCTIONS
from lazulite.kql.plan import Aggregate, Aggregated, Apply, Const, Expr, Ref, RowField, RowOf


@dataclass
class Group:
    """One summarize while it is bound: the aggregates seen so far, and the names already given."""

    scope: Scope
    rel: Rel
    keys: list[tuple[Ref, Expr]] = field(default_factory=list)
    aggregates: list[tuple[Ref, Expr]] = field(default_factory=list)
    outputs: list[tuple[str, Expr]] = field(default_factory=list)
    unnamed: int = 0
    pending: dict[Apply, Ref] = field(default_factory=dict)

    def hold(self, value: Expr) -> Ref:
        """A column for an aggregate; the same aggregate has the same column."""
        for ref, held in self.aggregates:
            if held == value:
                return ref
        ref = self.scope.context.fresh(value.type)
        self.aggregates.append((ref, value))
        return ref

    def aggregate(self, node: s.Call) -> Expr:
        """An aggregate's call inside an expression."""
        if node.name in SEVERAL:
            found = SEVERAL[node.name](self, node)
            if len(found) != 1:
                raise semantic(f"{node.name}() with several results cannot stand inside an expression", node.span)
            return found[0][1]
        return self.hold(aggregated(self.scope, node))

    def emit(self, name: str | None, value: Expr, node: s.Node, declared: bool) -> None:
        """One column of the result."""
        taken = [column for column, _ in self.outputs]
        if name is None:
            self.unnamed += 1
            name = f"Column{self.unnamed}"
        if declared and name in taken:
            raise semantic(f"The column '{name}' is made twice", node.span)
        self.outputs.append((unique(name, taken), value))


def aggregated(scope: Scope, node: s.Call) -> Expr:
    """An aggregate over the rows of the scope."""
    record = FUNCTIONS[node.name]
    rows = replace(scope, aggregates=None)
    signature, fitted = match(record, [rows.bind(argument) for argument in node.arguments], node)
    order = tuple(scope.order or ())
    return Aggregated(result_type(signature, fitted, node.span), record.name, signature, tuple(fitted), order)


def summarize(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """The `summarize` operator: keys come first, then the aggregates."""
    assert isinstance(node, s.Summarize)
    group = Group(scope, rel)
    for item in node.keys:
        add_key(group, item)
    for item in node.aggregates:
        _aggregate(group, item)
    plan = Aggregate(rel.plan, tuple(group.keys), tuple(group.aggregates))
    refs = [ref for ref, _ in (*group.keys, *group.aggregates)]
    bare = Rel(plan, tuple(Col("", ref) for ref in refs))
    bare = with_stages(scope.context, bare, group.pending)
    return project(bare, [(name, _ref(scope, value), value) for name, value in group.outputs])


def _ref(scope: Scope, value: Expr) -> Ref:
    return scope.context.fresh(value.type)


def add_key(group: Group, item: s.Node) -> None:
    """One group key, with its name."""
    value = group.scope.bind(item.value if isinstance(item, s.Assign) else item)
    if value.type == types.DYNAMIC:
        raise semantic("A dynamic cannot be grouped by: convert it, e.g. with tostring()", item.span)
    ref = group.scope.context.fresh(value.type)
    group.keys.append((ref, value))
    group.emit(result_name(item), ref, item, isinstance(item, s.Assign))


def _aggregate(group: Group, item: s.Node) -> None:
    names = item.names if isinstance(item, s.Assign) else ()
    node = item.value if isinstance(item, s.Assign) else item
    if isinstance(node, s.Call) and node.name in SEVERAL and node.name not in group.scope.environment.names:
        found = SEVERAL[node.name](group, node)
        if len(names) > len(found):
            raise semantic(f"{node.name}() gives {len(found)} columns, not {len(names)}", item.span)
        for position, (name, value) in enumerate(found):
            declared = position < len(names)
            group.emit(names[position] if declared else name, value, item, declared)
        return
    if len(names) > 1:
        raise semantic("Several names stand only before an aggregate with several results", item.span)
    inner = replace(group.scope, columns=_keys_only(group), aggregates=group.aggregate, pending=group.pending)
    value = inner.bind(node)
    group.emit(names[0] if names else result_name(node), value, item, bool(names))


def _keys_only(group: Group) -> dict[str, Ref]:
    """Beside aggregates an expression may use the group's keys."""
    return {name: value for name, value in group.outputs if isinstance(value, Ref) and value in dict(group.keys)}


# ---- aggregates with several results

Several = Callable[[Group, s.Call], list[tuple[str | None, Expr]]]


def _extreme(pick: str) -> Several:
    def bind(group: Group, node: s.Call) -> list[tuple[str | None, Expr]]:
        if not node.arguments:
            raise semantic(f"{node.name}() takes a value and the columns to return", node.span)
        rows = replace(group.scope, aggregates=None)
        by = rows.bind(node.arguments[0])
        if by.type == types.DYNAMIC:
            raise semantic(f"{node.name}() cannot compare dynamic values", node.arguments[0].span)
        named = _columns(group, rows, node.arguments[1:], skip=by)
        row = group.hold(RowOf("row", pick, by, (by, *(value for _, value in named))))
        first = result_name(node.arguments[0])
        found = [(first or f"{node.name.removeprefix('arg_')}_", _field(row, 0, by))]
        return found + [(name, _field(row, at, value)) for at, (name, value) in enumerate(named, 1)]

    return bind


def _field(row: Ref, position: int, value: Expr) -> Expr:
    return RowField(value.type, row, position)


def _columns(group: Group, rows: Scope, items: tuple[s.Node, ...], skip: Expr | None) -> list[tuple[str | None, Expr]]:
    """What `*` or a list of expressions returns; `*` leaves out the keys and the compared column."""
    found: list[tuple[str | None, Expr]] = []
    keys = [value for _, value in group.keys]
    for item in items:
        if isinstance(item, s.Star):
            rest = [column for column in group.rel.columns if column.ref not in keys and column.ref != skip]
            found.extend((column.name, column.ref) for column in rest)
        else:
            found.append((result_name(item), rows.bind(item)))
    return found


def _any(group: Group, node: s.Call) -> list[tuple[str | None, Expr]]:
    if not node.arguments:
        raise semantic(f"{node.name}() takes columns or *", node.span)
    named = _columns(group, replace(group.scope, aggregates=None), node.arguments, skip=None)
    row = group.hold(RowOf("row", "any", None, tuple(value for _, value in named)))
    return [(name, _field(row, at, value)) for at, (name, value) in enumerate(named)]


def _percentile(group: Group, node: s.Call) -> list[tuple[str | None, Expr]]:
    """percentile(x, p) and percentiles(x, p, q, ...): one column a percentage."""
    if len(node.arguments) < 2:
        raise semantic(f"{node.name}() takes a value and percentages", node.span)
    record = FUNCTIONS["percentile"]
    rows = replace(group.scope, aggregates=None)
    value = rows.bind(node.arguments[0])
    found: list[tuple[str | None, Expr]] = []
    for item in node.arguments[1:]:
        share = rows.bind(item)
        if not isinstance(share, Const) or share.type not in types.NUMBERS:
            raise semantic("A percentage must be a constant number", item.span)
        if isinstance(share.value, bool | str | None) or not 0 <= share.value <= 100:
            raise semantic("A percentage is between 0 and 100", item.span)
        signature, fitted = match(record, [value, convert(share, types.REAL, item.span)], node)
        kind = result_type(signature, fitted, node.span)
        ref = group.hold(Aggregated(kind, record.name, signature, tuple(fitted)))
        text = str(share.value).replace(".", "_").removesuffix("_0")
        found.append((f"percentile_{result_name(node.arguments[0]) or ''}_{text}", ref))
    return found


SEVERAL: Final[dict[str, Several]] = {
    "arg_max": _extreme("max"),
    "arg_min": _extreme("min"),
    "take_any": _any,
    "any": _any,
    "percentile": _percentile,
    "percentiles": _percentile,
}
