"""bag_unpack: a column for each slot of a bag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.discovery import discovered
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.plugins.template import bound, under
from lazulite.kql.binder.scope import Rel, project
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.plan import Const, Expr, Field, Ref

SLOTS: Final = """
bags
| where gettype(bag) == "dictionary"
| mv-expand kind=array slot = bag
| project name = tostring(slot[0]), kind = gettype(slot[1]), value = tostring(slot[1])
| where kind != "null"
| summarize kinds = count_distinct(kind), kind = max(kind),
            moments = countif(kind == "string" and value matches regex @"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d") by name
| order by name asc
"""
# What a slot whose values have all one type becomes; any other is dynamic.
KINDS: Final = {"bool": types.BOOL, "int": types.LONG, "long": types.LONG, "double": types.REAL, "string": types.STRING}
KINDS_OF: Final = {**KINDS, "real": types.REAL}
CONFLICTS: Final = ("error", "replace_source", "keep_source")


def _unpack(call: Call) -> Rel:
    name, bag = call.column("Column")
    if bag.type != types.DYNAMIC:
        raise semantic(f"bag_unpack takes a dynamic column; '{name}' is of type {bag.type}", call.node.span)
    if call.node.schema is not None:
        return _declared(call, name, bag, call.node.schema)
    prefix, ignored = call.text("OutputColumnPrefix"), call.texts("ignoredProperties")
    slots = [(key, kind) for key, kind in _slots(call, bag) if key not in ignored]
    made = {prefix + key: convert(_slot(bag, key), kind, call.node.span) for key, kind in slots}
    return _joined(call, name, made)


def _slots(call: Call, bag: Ref) -> Iterable[tuple[str, str]]:
    rel = bound(call.scope, SLOTS, {"bags": under(call.rel, {"bag": bag})}, call.node.span)
    for name, several, kind, moments in discovered(call.scope.context, rel, "bag_unpack", call.node.span):
        if not name:
            raise semantic("A slot of the bag has an empty name, which no column can have", call.node.span)
        if moments:
            what = f"bag_unpack of the slot '{name}', whose texts may be moments, without a declared type"
            raise unsupported(what, call.node.span)
        yield name, KINDS_OF.get(kind, types.DYNAMIC) if several == 1 else types.DYNAMIC


def _slot(bag: Ref, key: str) -> Expr:
    return Field(types.DYNAMIC, bag, Const(types.STRING, key))


def _joined(call: Call, name: str, made: dict[str, Expr]) -> Rel:
    """The source's columns and the new ones; where both have a name, the call says which stays."""
    conflict = call.text("columnsConflict", "error")
    if conflict not in CONFLICTS:
        raise semantic(f"columnsConflict is one of {', '.join(CONFLICTS)}, not '{conflict}'", call.node.span)
    source = {column.name: column.ref for column in call.rel.columns if column.name != name}
    both = [key for key in made if key in source]
    if both and conflict == "error":
        raise semantic(f"The bag and the rows both have a column '{both[0]}': say columnsConflict", call.node.span)
    # The place is the source's, whichever value stays.
    return _output(call, {**source, **made, **(source if conflict == "keep_source" else {})})


def _output(call: Call, outputs: dict[str, Expr]) -> Rel:
    fresh = call.scope.context.fresh
    return project(call.rel, [(key, v if isinstance(v, Ref) else fresh(v.type), v) for key, v in outputs.items()])


def _declared(call: Call, name: str, bag: Ref, schema: s.OutputSchema) -> Rel:
    """The columns that the query says: of the bag, and with `*` those of the source before them."""
    prefix = call.text("OutputColumnPrefix")
    source = {c.name: c.ref for c in call.rel.columns if c.name != name} if schema.star else {}
    made: dict[str, Expr] = {}
    for column in schema.columns:
        if column.name in made or column.name in source:
            raise semantic(f"The column '{column.name}' is made twice", column.span)
        key = column.name.removeprefix(prefix) if column.name.startswith(prefix) else ""
        own = {c.name: c.ref for c in call.rel.columns if c.name != name}.get(column.name)
        value = own if own is not None else _slot(bag, key)
        made[column.name] = convert(value, column.type, column.span)
    return _output(call, {**source, **made})


PLUGINS: Final = (
    Plugin(
        "bag_unpack",
        "A column for each slot of a bag; its type is that of the slot's values, dynamic where they differ.",
        ("Column", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"),
        1,
        _unpack,
        'datatable(d:dynamic)[dynamic({"a": 1, "b": "x"})] | evaluate bag_unpack(d)',
        declares=True,
    ),
)
