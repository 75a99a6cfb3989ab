"""pivot: a column for each value of a column; narrow: a row for each column."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.discovery import discovered
from lazulite.kql.binder.grouping import summarize
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.plugins.template import bound, bound_node, under
from lazulite.kql.binder.scope import Col, Rel
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const

# Each aggregate that pivot takes, and its form over the rows of one value.
CONDITIONAL: Final = {
    "min": "minif",
    "max": "maxif",
    "take_any": "take_anyif",
    "any": "take_anyif",
    "sum": "sumif",
    "dcount": "dcountif",
    "avg": "avgif",
    "stdev": "stdevif",
    "variance": "varianceif",
    "make_list": "make_list_if",
    "make_bag": "make_bag_if",
    "make_set": "make_set_if",
    "count": "countif",
}
# Aggregates that may be taken of their own results, and by which.
AGAIN: Final = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}
# What a result is called meanwhile; no text of a query can say it.
CELL: Final = "\0cell"
NAMEABLE: Final = (types.STRING, types.LONG, types.INT, types.BOOL, types.GUID)
# Nodes that the query's text does not hold.
AT: Final = (0, 0)
NARROWED: Final = """
rows
| serialize Row = row_number(0)
| mv-expand Column = titles to typeof(string), Value = values to typeof(string)
| project Row, Column, Value
"""
VALUES: Final = "rows | extend value = tostring(value) | distinct value | order by value asc"


def _pivot(call: Call) -> Rel:
    name, ref = call.column("pivotColumn")
    if ref.type not in NAMEABLE:
        raise semantic(f"pivot takes a column of texts; '{name}' is of type {ref.type}", call.node.span)
    aggregate = call.arguments.get("aggregationFunction")
    chosen = call.rest
    if aggregate is not None and not isinstance(aggregate, s.Call):
        chosen, aggregate = (aggregate, *call.rest), None
    used = aggregate or s.Call(call.node.start, call.node.end, "count", ())
    if used.name not in CONDITIONAL:
        raise semantic(f"pivot aggregates with one of {', '.join(CONDITIONAL)}, not with {used.name}()", used.span)
    gone = {name, *(node.text for node in used.arguments if isinstance(node, s.Name))}
    keys = [call.named(node)[0] for node in chosen] or [c.name for c in call.rel.columns if c.name not in gone]
    return _cells(call, name, used, keys)


def _cells(call: Call, name: str, aggregate: s.Call, keys: list[str]) -> Rel:
    values = _declared(call, keys) if call.node.schema else _values(call, name)
    if not values and not keys:
        return replace(call.rel, columns=())
    rel = call.rel
    if aggregate.name in AGAIN:
        # Few rows are left for what has a condition for each value.
        rel = _summarized(call, rel, [s.Assign(*AT, (CELL,), aggregate)], [*keys, name])
        aggregate = s.Call(*AT, AGAIN[aggregate.name], (s.Name(*AT, CELL, True),))
    subject = s.Call(*AT, "tostring", (s.Name(*AT, name, True),))
    cells = []
    for value in values:
        test = s.Binary(*AT, "==", subject, s.Literal(*AT, types.STRING, value))
        cell = s.Call(*AT, CONDITIONAL[aggregate.name], (*aggregate.arguments[:1], test, *aggregate.arguments[1:]))
        cells.append(s.Assign(*AT, (value,), cell))
    return _checked(call, _summarized(call, rel, cells, keys))


def _summarized(call: Call, rel: Rel, aggregates: list[s.Assign], keys: list[str]) -> Rel:
    by = tuple(s.Name(*AT, key, True) for key in dict.fromkeys(keys))
    at = (call.node.start, call.node.end)
    return summarize(call.scope.over(rel), rel, s.Summarize(*at, "summarize", tuple(aggregates), by))


def _values(call: Call, name: str) -> list[str]:
    """The values of the pivoted column as texts, in their order."""
    rows = under(call.rel, {"value": call.rel.by_name[name]})
    shown = bound(call.scope, VALUES, {"rows": rows}, call.node.span)
    found = [str(row[0]) for row in discovered(call.scope.context, shown, "pivot", call.node.span)]
    if "" in found:
        raise semantic(f"A value of '{name}' is empty, which no column can be called: filter it out", call.node.span)
    return found


def _declared(call: Call, keys: list[str]) -> list[str]:
    assert call.node.schema is not None
    return [column.name for column in call.node.schema.columns if column.name not in keys]


def _checked(call: Call, rel: Rel) -> Rel:
    """The columns as declared: in that order, and of those types."""
    schema = call.node.schema
    if schema is None:
        return rel
    for column in schema.columns:
        kind = rel.column(column.name, column.span).type
        if kind != column.type:
            raise semantic(f"The column '{column.name}' of pivot is of type {kind}, not {column.type}", column.span)
    names = [column.name for column in schema.columns]
    kept = [name for name in rel.names if schema.star and name not in names] + names
    return replace(rel, columns=tuple(Col(name, rel.by_name[name]) for name in kept))


def _narrow(call: Call) -> Rel:
    names = [s.Name(*AT, f"v{at}") for at in range(len(call.rel.columns))]
    columns = {node.text: column.ref for node, column in zip(names, call.rel.columns, strict=True)}
    titles = Const(types.DYNAMIC, json.dumps([column.name for column in call.rel.columns]))
    rows = under(call.rel, columns)
    values = s.Call(*AT, "pack_array", tuple(s.Call(*AT, "tostring", (node,)) for node in names))
    packed = s.Project(*AT, "project", (s.Assign(*AT, ("values",), values),))
    rows = bound_node(call.scope, s.Pipeline(*AT, s.Name(*AT, "rows"), (packed,)), {"rows": rows})
    return bound(call.scope, NARROWED, {"rows": rows, "titles": titles}, call.node.span)


PLUGINS: Final = (
    Plugin(
        "pivot",
        "A column for each value of a column, with an aggregate of the rows that have it.",
        ("pivotColumn", "aggregationFunction"),
        1,
        _pivot,
        'datatable(k:string, v:string)["a", "x", "a", "y"] | evaluate pivot(v)',
        several="keys...",
        declares=True,
    ),
    Plugin(
        "narrow",
        "A row for each value of the rows: the row's number, the column's name, the value as text.",
        (),
        0,
        _narrow,
        "print a = 1, b = true | evaluate narrow()",
    ),
)
