"""join, lookup and union: two and more relations into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scanning import scoped_all
from lazulite.kql.binder.scope import Col, Context, Rel, materialised, renewed, unique, unknown
from lazulite.kql.errors import KqlError, Span, closest, semantic, unsupported
from lazulite.kql.plan import Const, Expr, Join, Ref, UnionAll
from lazulite.kql.scopes import ScopedTable

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
# What stands for the name of another scope's table: Kusto qualifies it, in a form that is not documented.
SCOPED: Final = "$scoped"
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
    plan = Join(kind, left.plan, right.plan, tuple(on), left.refs, _refs(right), within)
    weakened = left.partition and replace(left.partition, lost="a join")
    return Rel(plan, columns, partition=weakened)


def _kind(node: s.Join) -> str:
    given = dict(node.options).get("kind", "leftouter" if node.word == "lookup" else "innerunique")
    if given not in KINDS:
        raise semantic(f"There is no join kind '{given}'", node.span, closest(given, KINDS))
    if node.word == "lookup" and given not in ("leftouter", "inner"):
        raise semantic("lookup is of kind leftouter or inner", node.span)
    return KINDS[given]


def _refs(rel: Rel) -> tuple[Ref, ...]:
    return tuple(column.ref for column in rel.columns)


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
            raise semantic("Each side of the condition is a column of $left or of $right", side.span)
    one, two = scope.bind(node.left), scope.bind(node.right)
    if one in _refs(left):
        return one, two
    return two, one


def _key(context: Context, left: Rel, right: Rel, one: Expr, two: Expr, span: Span) -> tuple[Rel, Rel, tuple[Ref, Ref]]:
    if types.DYNAMIC in (one.type, two.type):
        raise semantic("A dynamic cannot be joined on: convert it, e.g. with tostring()", span)
    if one.type != two.type:
        if not {one.type, two.type} <= set(types.NUMBERS):
            raise semantic(f"The join compares a column of type {one.type} with one of type {two.type}", span)
        wide = types.widest(one.type, two.type)
        one, two = convert(one, wide, span), convert(two, wide, span)
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


# ---- union


def union(scope: Scope, node: s.Union, first: Rel | None = None) -> Rel:
    """`union` as a source, or (with the rows piped in first) as an operator."""
    options = dict(node.options)
    if options.get("kind", "outer") not in ("inner", "outer"):
        raise semantic("union is of kind inner or outer", node.span)
    inputs = [(first.alias or "union_arg0", first)] if first else []
    for table in node.tables:
        inputs.extend(_tables(scope, table, len(inputs), options.get("isfuzzy") == "true"))
    if not inputs:
        raise semantic("No table of the union exists", node.span)
    source = options.get("withsource") or options.get("with_source")
    return _united(scope.context, inputs, source, options.get("kind") == "inner", node.span)


def union_with(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`| union ...`."""
    assert isinstance(node, s.UnionWith)
    return union(scope, node.union, rel)


def _tables(scope: Scope, node: s.Node, position: int, fuzzy: bool) -> Iterator[tuple[str, Rel]]:
    if isinstance(node, s.Wildcard):
        names = sorted(name for name in scope.context.database.names() if fnmatchcase(name, node.pattern))
        for name in names:
            yield from _tables(scope, s.Name(node.start, node.end, name, True), position, fuzzy)
        if not names and not fuzzy:
            raise unknown("table like", node.pattern, node.span, ())
        return
    if isinstance(node, ScopedTable):
        yield from _scoped(scope, node, fuzzy)
        return
    try:
        found = scope.tabular(node, scope.environment, None)
    except KqlError as error:
        if fuzzy and isinstance(node, s.Name) and error.kind == "SemanticError":
            return
        raise
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


def _source_name(node: s.Node) -> str:
    if isinstance(node, s.Name):
        return node.text
    return node.name if isinstance(node, s.Call) else ""


def _united(context: Context, inputs: list[tuple[str, Rel]], source: str | None, inner: bool, span: Span) -> Rel:
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
        parts.append((rel.plan, tuple([Const(types.STRING, name), *values] if source else values)))
    return Rel(UnionAll(tuple(refs), tuple(parts)), tuple(columns))


Slot = tuple[str, str]


def _slots(inputs: list[tuple[str, Rel]], inner: bool) -> list[Slot]:
    """The columns of a union: each name once for each type that it has."""
    slots: dict[Slot, None] = {}
    for _, rel in inputs:
        slots.update(dict.fromkeys((column.name, column.ref.type) for column in rel.columns))
    if not inner:
        return list(slots)
    kept = [{(column.name, column.ref.type) for column in rel.columns} for _, rel in inputs]
    return [slot for slot in slots if all(slot in one for one in kept)]


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
        yield columns.get(slot) or Const(slot[1], "" if slot[1] == types.STRING else None)
