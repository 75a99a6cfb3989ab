"""join and lookup: the rows of two tables side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Col, Context, Rel, materialised, plain_key, renewed, unique
from lazulite.kql.errors import NOT_COMPARABLE, Span, closest, semantic, unsupported
from lazulite.kql.plan import Expr, Join, Ref

KINDS: Final = {
    "inner": "inner",
    "innerunique": "innerunique",
    "leftouter": "leftouter",
    "rightouter": "rightouter",
    "fullouter": "fullouter",
    "leftsemi": "leftsemi",
    "rightsemi": "rightsemi",
    "leftanti": "leftanti",
    "anti": "leftanti",
    "leftantisemi": "leftanti",
    "rightanti": "rightanti",
    "rightantisemi": "rightanti",
}
# Kinds whose every row comes from one of the left, and so from its partition.
INSIDE: Final = ("inner", "innerunique", "leftouter", "leftsemi", "leftanti")
LEFT_ONLY: Final = ("leftsemi", "leftanti")
RIGHT_ONLY: Final = ("rightsemi", "rightanti")


def join(scope: Scope, left: Rel, node: s.Operator) -> Rel:
    """`join` and `lookup`: the right side's columns follow the left's, with a number where a name is taken."""
    assert isinstance(node, s.Join)
    kind = _kind(node)
    right = scope.tabular(node.table, scope.environment, None)
    if not isinstance(right, Rel):
        raise semantic("The right side of a join must be a table", node.table.span)
    right = renewed(scope.context, right)
    if left.partition and kind not in INSIDE:
        raise unsupported(f"A join of kind {kind} inside of mv-apply or partition", node.span)
    left = replace(left, order=(), serialized=False)
    on: list[tuple[Ref, Ref]] = []
    for one, two, span in _conditions(scope, left, right, node.on):
        left, right, pair = _key(scope.context, left, right, one, two, span)
        on.append(pair)
    keys = {pair[1] for pair in on} if node.word == "lookup" else set()
    columns = _columns(kind, left, right, keys)
    within = left.partition.group if left.partition else ()
    plan = Join(kind, left.plan, right.plan, tuple(on), left.refs, right.shown, within)
    weakened = left.partition and replace(left.partition, lost="a join")
    return Rel(plan, columns, partition=weakened)


def _kind(node: s.Join) -> str:
    given = dict(node.options).get("kind", "leftouter" if node.word == "lookup" else "innerunique")
    if given not in KINDS:
        raise semantic(f"There is no join kind '{given}'", node.span, closest(given, KINDS))
    if node.word == "lookup" and given not in ("leftouter", "inner"):
        raise semantic("lookup is of kind leftouter or inner", node.span)
    return KINDS[given]


def _conditions(scope: Scope, left: Rel, right: Rel, on: tuple[s.Node, ...]) -> Iterator[tuple[Expr, Expr, Span]]:
    sides = {"$left": left.by_name, "$right": right.by_name}
    inner = replace(scope, sides=sides, columns={})
    for node in on:
        for part in node.operands if isinstance(node, s.Logical) and node.operator == "and" else (node,):
            if isinstance(part, s.Name):
                yield left.column(part.text, part.span), right.column(part.text, part.span), part.span
            elif isinstance(part, s.Binary) and part.operator == "==":
                yield *_ordered(inner, part, left), part.span
            else:
                raise semantic("A join is on columns, or on $left.a == $right.b", part.span)


def _ordered(scope: Scope, node: s.Binary, left: Rel) -> tuple[Expr, Expr]:
    for side in (node.left, node.right):
        if not (isinstance(side, s.Path) and isinstance(side.of, s.Name) and side.of.text in ("$left", "$right")):
            named = side.of.text if isinstance(side, s.Path) and isinstance(side.of, s.Name) else ""
            message = "Each side of the condition is a column of $left or of $right"
            raise semantic(message, side.span, closest(named, ("$left", "$right")))
    one, two = scope.bind(node.left), scope.bind(node.right)
    if one in left.shown:
        return one, two
    return two, one


def _key(context: Context, left: Rel, right: Rel, one: Expr, two: Expr, span: Span) -> tuple[Rel, Rel, tuple[Ref, Ref]]:
    for side in (one, two):
        plain_key("join", side, span)
    if one.type != two.type:
        if not {one.type, two.type} <= set(types.INTEGERS):
            message = f"The join compares a column of type {one.type} with one of type {two.type}: convert one before"
            raise semantic(message, span, code=NOT_COMPARABLE)
        one, two = convert(one, types.LONG, span), convert(two, types.LONG, span)
    left, first = materialised(context, left, one)
    right, second = materialised(context, right, two)
    return left, right, (first, second)


def _columns(kind: str, left: Rel, right: Rel, keys: set[Ref]) -> tuple[Col, ...]:
    if kind in LEFT_ONLY:
        return left.columns
    if kind in RIGHT_ONLY:
        return right.columns
    columns = list(left.columns)
    for column in right.columns:
        if column.ref not in keys:
            columns.append(Col(unique(column.name, (c.name for c in columns)), column.ref))
    return tuple(columns)
