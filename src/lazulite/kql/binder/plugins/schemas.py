"""schema_merge: schemas, as getschema gives them, as one."""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.scope import Col, Rel, materialised
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Local

COLUMNS: Final = (
    ("ColumnName", types.STRING),
    ("ColumnOrdinal", types.LONG),
    ("DataType", types.STRING),
    ("ColumnType", types.STRING),
)


def _merge(call: Call) -> Rel:
    keep = call.flag("PreserveOrder", True)
    rel, inputs = call.rel, []
    for name, kind in COLUMNS:
        ref = rel.by_name.get(name)
        if ref is None or (ref.type != kind and ref.type not in types.INTEGERS):
            raise semantic(f"schema_merge takes rows of getschema, with a column '{name}'", call.node.span)
        rel, ref = materialised(call.scope.context, rel, convert(ref, kind, call.node.span))
        inputs.append(ref)
    outputs = tuple(call.scope.context.fresh(kind) for _, kind in COLUMNS)
    plan = Local(rel.plan, tuple(inputs), "schema_merge", (keep,), outputs)
    columns = tuple(Col(name, ref) for (name, _), ref in zip(COLUMNS, outputs, strict=True))
    return Rel(plan, columns, serialized=True)


PLUGINS: Final = (
    Plugin(
        "schema_merge",
        "One schema of several, each as getschema gives it.",
        ("PreserveOrder",),
        0,
        _merge,
        "union (print a = 1 | getschema), (print a = 1, b = 2 | getschema) | evaluate schema_merge()",
    ),
)
