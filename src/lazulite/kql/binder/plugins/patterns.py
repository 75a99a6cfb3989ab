"""basket: which values many rows share."""

from __future__ import annotations

from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.plugins.template import bound, under
from lazulite.kql.binder.scope import Col, Rel
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.literals import Value
from lazulite.kql.plan import Const, Local

DIMENSIONS: Final = 5.0
MOST_DIMENSIONS: Final = 100
COLUMNS: Final = (("SegmentId", types.LONG), ("Count", types.LONG), ("Percent", types.REAL))


def _basket(call: Call) -> Rel:
    if call.given("WeightColumn"):
        raise unsupported("basket with a column of weights", call.node.span)
    rel = call.rel
    for column in rel.columns:
        if column.ref.type == types.DYNAMIC:
            raise semantic(f"The column '{column.name}' is dynamic: basket needs e.g. tostring() of it", call.node.span)
        if column.name in dict(COLUMNS):
            raise semantic(f"The column '{column.name}' is made twice", call.node.span)
    threshold = call.number("Threshold", 0.05, 0.015, 1.0)
    most = int(call.number("MaxDimensions", DIMENSIONS, 1, MOST_DIMENSIONS))
    wildcards = _wildcards(call)
    names = [f"d{at}" for at in range(len(rel.columns))]
    rows = under(rel, {name: column.ref for name, column in zip(names, rel.columns, strict=True)})
    counted = bound(call.scope, f"rows | summarize n = count() by {', '.join(names)}", {"rows": rows}, call.node.span)
    fresh = call.scope.context.fresh
    outputs = [Col(name, fresh(kind)) for name, kind in COLUMNS]
    outputs += [Col(column.name, fresh(column.ref.type)) for column in rel.columns]
    chosen = tuple(wildcards.get(column.ref.type) for column in rel.columns)
    arguments = (threshold, most, chosen)
    plan = Local(counted.plan, counted.shown, "basket", arguments, tuple(column.ref for column in outputs))
    return Rel(plan, tuple(outputs))


def _wildcards(call: Call) -> dict[str, Value]:
    """What stands for any value, by type."""
    found: dict[str, Value] = {types.STRING: ""}
    for node in call.rest:
        if isinstance(node, s.Literal) and node.value == "~":
            continue
        value = call.scope.bind(node)
        if not isinstance(value, Const):
            raise semantic("A wildcard of basket is a constant", node.span)
        found[value.type] = value.value
    return found


PLUGINS: Final = (
    Plugin(
        "basket",
        "The values that a share of the rows have in common, with all that follows from them.",
        ("Threshold", "WeightColumn", "MaxDimensions"),
        0,
        _basket,
        "datatable(a:string, b:string)['x', 'y', 'x', 'z'] | evaluate basket(0.6)",
        several="wildcards...",
    ),
)
