"""Statements and sources: where a query's rows come from, and what `let` names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder import operators
from lazulite.kql.binder.calls import call, call_lambda
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Pending, Scope
from lazulite.kql.binder.finding import find
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.projections import named
from lazulite.kql.binder.scanning import scan, scoped
from lazulite.kql.binder.scope import (
    Ask,
    Bound,
    Col,
    Context,
    Environment,
    Lambda,
    Meaning,
    Rel,
    renewed,
    unique,
    unknown,
)
from lazulite.kql.binder.searching import search
from lazulite.kql.binder.uniting import union
from lazulite.kql.errors import NOT_TABULAR, limit, semantic
from lazulite.kql.plan import Const, Expr, Project, Ref, Sequence, Values
from lazulite.kql.schema import Column, Database, Options
from lazulite.kql.scopes import ScopedTable

SETTINGS: Final = ("query_bin_auto_size", "query_bin_auto_at")
STEPPED: Final = (types.INT, types.LONG, types.REAL, types.DATETIME, types.TIMESPAN)


def bind(query: s.Query, database: Database, options: Options, ask: Ask | None = None) -> Bound:
    """The whole query. Raises KqlError (SEM0100, UNS0001, LIM0001)."""
    context = Context(database, options, ask)
    found = _query(_scope(context, Environment()), query, Environment())
    if isinstance(found, Expr):
        raise semantic(
            "A query gives a table, and this is a scalar: put 'print' before it", query.body.span, code=NOT_TABULAR
        )
    columns = tuple(Column(column.name, column.ref.type) for column in found.columns)
    tables, warnings = frozenset(context.tables), tuple(context.warnings)
    return Bound(found.plan, columns, found.shown, found.order, context.render, tables, warnings)


def _scope(context: Context, environment: Environment, pending: Pending | None = None) -> Scope:
    def tabular(node: s.Node, inner: Environment, waiting: Pending | None) -> Rel | Expr:
        return evaluate(_scope(context, inner, waiting), node)

    return Scope(context, environment, {}, tabular, call, pending=pending)


def evaluate(scope: Scope, node: s.Node) -> Rel | Expr:
    """A node that may be a table or a scalar."""
    if isinstance(node, s.Query):
        return _query(scope, node, scope.environment)
    if isinstance(node, s.Pipeline):
        return _pipeline(scope, node)
    if type(node) in SOURCES:
        return SOURCES[type(node)](scope, node)
    return scope.bind(node)


def _query(scope: Scope, query: s.Query, environment: Environment) -> Rel | Expr:
    for statement in query.statements:
        scope = _scope(scope.context, environment, scope.pending)
        if isinstance(statement, s.Setting):
            environment = environment.with_names(_setting(scope, statement))
            continue
        if isinstance(statement, s.Parameters):
            environment = environment.with_names({item.name: _parameter(scope, item) for item in statement.items})
            continue
        environment = environment.with_names({statement.name: _meaning(scope, statement.value)})
    return evaluate(_scope(scope.context, environment, scope.pending), query.body)


def _setting(scope: Scope, statement: s.Setting) -> dict[str, Meaning]:
    """What functions read of a `set`, under a name that no query can write; the others change nothing here."""
    if statement.name not in SETTINGS or statement.value is None:
        return {}
    return {f"set {statement.name}": scope.bind(statement.value)}


def _parameter(scope: Scope, item: s.Declared) -> Expr:
    """A query parameter: no values come with a query here, so each has its default."""
    if item.columns is not None or item.type == types.DYNAMIC:
        raise semantic(f"The query parameter '{item.name}' is a scalar, and not dynamic", item.span)
    if item.default is None:
        raise semantic(
            f"The query parameter '{item.name}' has no value: give it a default, {item.name}:type = value", item.span
        )
    value = scope.bind(item.default)
    if not isinstance(value, Const):
        raise semantic(f"The default of the query parameter '{item.name}' is a literal", item.default.span)
    return convert(value, item.type, item.default.span)


def _meaning(scope: Scope, node: s.Node) -> Meaning:
    if isinstance(node, s.Function):
        return Lambda(node, scope.environment)
    return evaluate(scope, node)


def _pipeline(scope: Scope, node: s.Pipeline) -> Rel:
    rel = _table(scope, node.source)
    for operator in node.operators:
        rel = operators.apply(scope, rel, operator)
        if isinstance(operator, s.As):
            scope = _scope(scope.context, scope.environment.with_names({operator.name: rel}))
    return rel


def _table(scope: Scope, node: s.Node) -> Rel:
    found = evaluate(scope, node)
    if not isinstance(found, Rel):
        raise semantic("A table must stand before '|'", node.span)
    return found


# ---- names and calls that are tables


def _name(scope: Scope, node: s.Node) -> Rel | Expr:
    assert isinstance(node, s.Name)
    meaning = scope.environment.get(node.text)
    if isinstance(meaning, Rel):
        # A table may stand twice in one plan: each use gets columns of its own.
        return renewed(scope.context, meaning) if not meaning.order and not meaning.partition else meaning
    if isinstance(meaning, Expr):
        return meaning
    if isinstance(meaning, Lambda):
        return call_lambda(scope, meaning, s.Call(node.start, node.end, node.text, ()))
    table = scope.context.database.table(node.text)
    if table is None:
        known = [*scope.context.database.names(), *scope.environment.names]
        raise unknown("table or variable", node.text, node.span, known)
    return scan(scope.context, table, node.span, scope.context.options.resource_id)


def _call(scope: Scope, node: s.Node) -> Rel | Expr:
    assert isinstance(node, s.Call)
    meaning = scope.environment.get(node.name)
    if isinstance(meaning, Lambda):
        return call_lambda(scope, meaning, node)
    if node.name == "materialize" and len(node.arguments) == 1:
        return evaluate(scope, node.arguments[0])
    if node.name == "table" and len(node.arguments) in (1, 2):
        name = scope.bind(node.arguments[0])
        if not isinstance(name, Const) or not isinstance(name.value, str):
            raise semantic("table() takes a constant text", node.span)
        return _name(_scope(scope.context, Environment()), s.Name(node.start, node.end, name.value, True))
    return scope.bind(node)


# ---- sources written in the query


def _datatable(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.DataTable)
    width = len(node.columns)
    if not width:
        raise semantic("A datatable has a column at least", node.span)
    if len(node.values) % width:
        raise semantic(
            f"The datatable's values do not fill its {width} columns: there are {len(node.values)}", node.span
        )
    if len({column.name for column in node.columns}) < width:
        raise semantic("Two columns of the datatable have one name", node.span)
    refs = tuple(scope.context.fresh(column.type) for column in node.columns)
    cells = [_cell(scope, node.columns[at % width], value) for at, value in enumerate(node.values)]
    rows = tuple(tuple(cells[at : at + width]) for at in range(0, len(cells), width))
    columns = tuple(Col(column.name, ref) for column, ref in zip(node.columns, refs, strict=True))
    return Rel(Values(refs, rows), columns, serialized=True)


def _cell(scope: Scope, column: s.Declared, node: s.Node) -> Expr:
    value = scope.bind(node)
    if isinstance(value, Const) and value.type == types.STRING and column.type not in (types.STRING, types.DYNAMIC):
        return convert(value, column.type, node.span)
    return convert(value, column.type, node.span)


def _print(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.Print)
    pending = Pending()
    outputs: list[tuple[str, Ref, Expr]] = []
    inner = replace(scope, pending=pending)
    columns = ((at, column) for at, item in enumerate(node.items) for column in named(inner, (item,), "print"))
    for position, (name, item, value) in columns:
        taken = [column for column, _, _ in outputs]
        outputs.append(
            (
                unique((name if isinstance(item, s.Assign) else None) or f"print_{position}", taken),
                scope.context.fresh(value.type),
                value,
            )
        )
    row = with_stages(scope.context, Rel(Values((), ((),)), ()), pending)
    plan = Project(row.plan, tuple((ref, value) for _, ref, value in outputs))
    return Rel(plan, tuple(Col(name, ref) for name, ref, _ in outputs), serialized=True)


def _range(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.Range)
    low, high, step = scope.bind(node.low), scope.bind(node.high), scope.bind(node.step)
    kind = low.type
    if {low.type, high.type, step.type} <= set(types.NUMBERS):
        kind = types.widest(types.LONG, low.type, high.type, step.type)
        low, high, step = (convert(bound, kind, node.span) for bound in (low, high, step))
    elif kind != high.type or step.type != types.TIMESPAN:
        raise semantic(f"range from {low.type} to {high.type} step {step.type} has no meaning", node.span)
    if kind not in STEPPED:
        raise semantic(f"range does not run over values of type {kind}", node.span)
    if isinstance(step, Const) and step.value == 0:
        raise limit("The step of range is zero", node.step.span)
    ref = scope.context.fresh(kind)
    return Rel(Sequence(ref, low, high, step), (Col(node.name, ref),), serialized=True)


def _scoped(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, ScopedTable)
    return scoped(scope, node)


def _union(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.Union)
    return union(scope, node)


def _search(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.Search)
    return search(scope, node)


def _find(scope: Scope, node: s.Node) -> Rel:
    assert isinstance(node, s.Find)
    return find(scope, node)


SOURCES: Final[dict[type[s.Node], Callable[[Scope, s.Node], Rel | Expr]]] = {
    s.Name: _name,
    s.Call: _call,
    s.DataTable: _datatable,
    s.Print: _print,
    s.Range: _range,
    s.Union: _union,
    s.Search: _search,
    s.Find: _find,
    ScopedTable: _scoped,
}
__all__ = ["bind"]
