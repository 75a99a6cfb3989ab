"""rows_near: the rows around those that fit a condition; dcount_intersect: how many values sets share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import windowed
from lazulite.kql.binder.expressions import boolean
from lazulite.kql.binder.partitions import filtered
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.scope import Col, Rel, extended
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.plan import Const

MOST_ROWS: Final = 1 << 31
MOST_SETS: Final = 16
# Nodes that the query's text does not hold.
AT: Final = (0, 0)


def _near(call: Call) -> Rel:
    order = call.scope.order
    if order is None:
        raise semantic("rows_near needs rows in order: put 'sort by' or 'serialize' before it", call.node.span)
    before = _count(call, "NumRows")
    after = _count(call, "RowsAfter") if call.given("RowsAfter") else before
    condition = boolean(call.scope, call.arguments["Condition"])
    near = windowed("$near", condition, after, before, order=order, partition=call.scope.partition)
    ref = call.scope.context.fresh(types.BOOL)
    return filtered(extended(call.rel, [(ref, near)]), ref)


def _count(call: Call, name: str) -> Const:
    found = call.constant(name, types.LONG)
    if not isinstance(found.value, int) or not 0 <= found.value < MOST_ROWS:
        raise semantic(f"The argument '{name}' of rows_near is a number of rows", call.arguments[name].span)
    return found


def _intersect(call: Call) -> Rel:
    if not 2 <= len(call.rest) <= MOST_SETS:
        raise semantic(f"dcount_intersect takes 2 to {MOST_SETS} columns of hll states", call.node.span)
    states = [s.Name(*AT, name, True) for name, _ in call.dimensions()]
    values = [_index(states[0])]
    for state in states[1:]:
        values.append(s.Call(*AT, "set_intersect", (values[-1], _index(state))))
    for ref in (ref for _, ref in call.dimensions()):
        if ref.type != types.DYNAMIC:
            raise semantic("dcount_intersect takes columns of hll states, which are dynamic", call.node.span)
    rel, columns = call.rel, list(call.rel.columns)
    for at, node in enumerate(values):
        name = f"s{at}"
        if name in call.rel.by_name:
            raise semantic(f"The column '{name}' is made twice", call.node.span)
        value = call.scope.bind(s.Call(*AT, "array_length", (node,)))
        ref = call.scope.context.fresh(types.LONG)
        rel = extended(rel, [(ref, value)])
        columns.append(Col(name, ref))
    return replace(rel, columns=tuple(columns))


def _index(state: s.Node) -> s.Node:
    """The values of a state stand in its second place."""
    return s.Index(*AT, state, s.Literal(*AT, types.LONG, 1))


def _preview(call: Call) -> Rel:
    raise unsupported("The plugin 'preview' anywhere but at the end of a query", call.node.span)


PLUGINS: Final = (
    Plugin(
        "preview",
        "So many rows, and as a second result how many there are; at the end of a query.",
        ("NumberOfRows",),
        1,
        _preview,
        "range n from 1 to 9 step 1 | evaluate preview(3)",
    ),
    Plugin(
        "rows_near",
        "The rows that are near one for which the condition is true.",
        ("Condition", "NumRows", "RowsAfter"),
        2,
        _near,
        "range n from 1 to 9 step 1 | evaluate rows_near(n == 5, 1)",
    ),
    Plugin(
        "dcount_intersect",
        "How many different values the first sets share: of the first, the first two, and so on.",
        (),
        0,
        _intersect,
        "range n from 1 to 9 step 1 | summarize a = hll(n), b = hll(n % 4) | evaluate dcount_intersect(a, b)",
        several="hll states...",
    ),
)
