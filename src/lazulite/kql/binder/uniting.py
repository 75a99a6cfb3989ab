"""union: the rows of several tables, named one by one or by a pattern, under the columns of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.partitions import row_number
from lazulite.kql.binder.scanning import scoped_all
from lazulite.kql.binder.scope import Col, Context, Lambda, Rel, extended, unique, unknown
from lazulite.kql.errors import KqlError, Span, semantic, unsupported
from lazulite.kql.plan import Const, Expr, Order, Ref, UnionAll, absent
from lazulite.kql.scopes import ScopedTable

# What stands for the name of another scope's table: Kusto qualifies it, in a form that is not documented.
SCOPED: Final = "$scoped"


def union(scope: Scope, node: s.Union, first: Rel | None = None) -> Rel:
    """`union` as a source, or (with the rows piped in first) as an operator."""
    options = dict(node.options)
    if options.get("kind", "outer") not in ("inner", "outer"):
        raise semantic("union is of kind inner or outer", node.span)
    inputs = [(first.alias or "union_arg0", first)] if first else []
    for table in node.tables:
        inputs.extend(tables(scope, table, len(inputs), options.get("isfuzzy") == "true"))
    if not inputs:
        raise semantic("No table of the union exists", node.span)
    source = options.get("withsource") or options.get("with_source")
    return united(scope.context, inputs, source, options.get("kind") == "inner", node.span)


def union_with(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`| union ...`."""
    assert isinstance(node, s.UnionWith)
    return union(scope, node.union, rel)


def tables(scope: Scope, node: s.Node, position: int, fuzzy: bool) -> Iterator[tuple[str, Rel]]:
    if isinstance(node, s.Wildcard):
        names = table_names(scope, node.pattern)
        for name in names:
            yield from tables(scope, s.Name(node.start, node.end, name, True), position, fuzzy)
        if not names and not fuzzy:
            raise unknown("table like", node.pattern, node.span, ())
        return
    if isinstance(node, ScopedTable):
        yield from _scoped(scope, node, fuzzy)
        return
    if fuzzy and not _resolves(scope, node):
        return
    found = scope.tabular(node, scope.environment, None)
    if not isinstance(found, Rel):
        raise semantic("A table must stand in a union", node.span)
    yield found.alias or _source_name(node) or f"union_arg{position}", found


def _scoped(scope: Scope, node: ScopedTable, fuzzy: bool) -> Iterator[tuple[str, Rel]]:
    """Tables of other scopes; a fuzzy union goes without those that are not there, and tells which may not be read."""
    try:
        for rel in scoped_all(scope, node):
            yield SCOPED, rel
    except KqlError as error:
        if not fuzzy or error.kind not in ("SemanticError", "AccessDenied"):
            raise
        if error.kind == "AccessDenied":
            scope.context.warnings.append(error.message)


def table_names(scope: Scope, pattern: str) -> list[str]:
    """The tables that a pattern means, and the views that `let` has made."""
    names = scope.environment.names
    views = [name for name, what in names.items() if isinstance(what, Lambda) and what.function.view]
    return sorted({name for name in (*scope.context.database.names(), *views) if fnmatchcase(name, pattern)})


def _resolves(scope: Scope, node: s.Node) -> bool:
    """Whether the table at the head of an expression exists: a fuzzy union goes without it otherwise."""
    while isinstance(node, s.Pipeline):
        node = node.source
    if not isinstance(node, s.Name | s.Call):
        return True
    name = node.text if isinstance(node, s.Name) else node.name
    known = scope.environment.get(name) is not None or scope.context.database.table(name) is not None
    return known or (isinstance(node, s.Call) and name in ("materialize", "table"))


def _source_name(node: s.Node) -> str:
    if isinstance(node, s.Name):
        return node.text
    return node.name if isinstance(node, s.Call) else ""


def united(context: Context, inputs: list[tuple[str, Rel]], source: str | None, inner: bool, span: Span) -> Rel:
    slots = _slots(inputs, inner)
    names = _slot_names(slots)
    refs = [context.fresh(kind) for _, kind in slots]
    columns = [Col(name, ref) for name, ref in zip(names, refs, strict=True)]
    if source and any(name == SCOPED for name, _ in inputs):
        raise unsupported(f"withsource={source} over tables of other scopes", span)
    if source:
        if source in names:
            raise unsupported(f"withsource={source} where a column has this name", span)
        refs.insert(0, context.fresh(types.STRING))
        columns.insert(0, Col(source, refs[0]))
    parts = []
    for name, rel in inputs:
        values = list(_values(rel, slots))
        parts.append((rel, [Const(types.STRING, name), *values] if source else values))
    if len(parts) > 1 and all(rel.serialized for rel, _ in parts):
        return _in_order(context, parts, refs, columns)
    plans = tuple((rel.plan, tuple(values)) for rel, values in parts)
    return Rel(UnionAll(tuple(refs), plans), tuple(columns))


def _in_order(context: Context, parts: list[tuple[Rel, list[Expr]]], refs: list[Ref], columns: list[Col]) -> Rel:
    """A union of serialized rows stays serialized: one input after another, each in its own order."""
    place, row = context.fresh(types.LONG), context.fresh(types.LONG)
    plans = []
    for at, (rel, values) in enumerate(parts):
        number = context.fresh(types.LONG)
        numbered = extended(rel, [(number, row_number(rel.order))])
        plans.append((numbered.plan, (*values, Const(types.LONG, at), number)))
    order = tuple(Order(key, descending=False, nulls_first=False) for key in (place, row))
    return Rel(UnionAll((*refs, place, row), tuple(plans)), tuple(columns), order, serialized=True)


Slot = tuple[str, str]


def _slots(inputs: list[tuple[str, Rel]], inner: bool) -> list[Slot]:
    """The columns of a union: each name once for each type that it has, side by side."""
    slots: dict[str, dict[Slot, None]] = {}
    for _, rel in inputs:
        for column in rel.columns:
            slots.setdefault(column.name, {})[column.name, column.ref.type] = None
    found = [slot for name in slots for slot in slots[name]]
    if not inner:
        return found
    kept = [{(column.name, column.ref.type) for column in rel.columns} for _, rel in inputs]
    return [slot for slot in found if all(slot in one for one in kept)]


def _slot_names(slots: list[Slot]) -> list[str]:
    """A name with several types becomes name_type for each; where that is taken, with a number."""
    names = [name for name, _ in slots]
    single = {name for name in names if names.count(name) == 1}
    found: list[str] = []
    for name, kind in slots:
        taken = [*found, *single]
        found.append(name if name in single else unique(f"{name}_{kind}", taken))
    return found


def _values(rel: Rel, slots: list[Slot]) -> Iterator[Expr]:
    columns = {(column.name, column.ref.type): column.ref for column in rel.columns}
    for slot in slots:
        yield columns.get(slot) or absent(slot[1])
