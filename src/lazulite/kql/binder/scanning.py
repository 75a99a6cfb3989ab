"""Tables as they are read: with the caller's time range and resource at the scan, in this scope and in others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.conversion import compare, conjunction
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Col, Context, Rel, unknown
from lazulite.kql.errors import KqlError, Span, semantic, unsupported
from lazulite.kql.plan import Const, Expr, Filter, Logic, Plan, Scan, Source
from lazulite.kql.schema import Federation, Options, Other, Table
from lazulite.kql.scopes import ANSWERED, REFUSED, ScopedTable

TIME: Final = "TimeGenerated"
RESOURCE: Final = "_ResourceId"


def scan(context: Context, table: Table, span: Span, resource_id: str | None = None) -> Rel:
    """A table with the caller's time range, and the rows of one resource where it is restricted to that."""
    context.tables.add(table.name)
    refs = tuple(context.fresh(column.type) for column in table.columns)
    sources = tuple(
        Source(one.schema, one.table, tuple(one.columns.get(column.name) for column in table.columns))
        for one in table.relations
    )
    plan: Plan = Scan(table.name, sources, refs, tuple(column.name for column in table.columns))
    columns = tuple(Col(column.name, ref) for column, ref in zip(table.columns, refs, strict=True))
    rel = Rel(plan, columns, source=table.name)
    tests = _time_tests(context.options, rel, span) + _resource_tests(resource_id, rel, span)
    return replace(rel, plan=Filter(plan, conjunction(tests))) if tests else rel


def _time_tests(options: Options, rel: Rel, span: Span) -> list[Expr]:
    column = rel.by_name.get(TIME)
    if column is None or column.type != types.DATETIME or options.time_range is None:
        return []
    bounds = zip((">=", "<"), options.time_range, strict=True)
    return [
        compare(operator, column, Const(types.DATETIME, tick), span) for operator, tick in bounds if tick is not None
    ]


def _resource_tests(resource_id: str | None, rel: Rel, span: Span) -> list[Expr]:
    column = rel.by_name.get(RESOURCE)
    if column is None or column.type != types.STRING or resource_id is None:
        return []
    below = applied("startswith_cs", column, Const(types.STRING, resource_id + "/"))
    same = compare("==", column, Const(types.STRING, resource_id), span)
    return [Logic(types.BOOL, "or", (same, below))]


# ---- tables of other scopes


def scoped(scope: Scope, node: ScopedTable) -> Rel:
    """The one table that a scoped name means."""
    found = list(scoped_all(scope, node, patterns=False))
    return found[0]


def scoped_all(scope: Scope, node: ScopedTable, patterns: bool = True) -> Iterator[Rel]:
    """Every table that a scoped name means; with `patterns` both names may match several, and one at least must."""
    _answerable(node)
    (call,) = node.scopes
    several = _is_pattern(call, patterns)
    found = 0
    for other in list(_others(scope, call, several)):
        for name in _names(other, node, patterns):
            table = other.database.table(name)
            if table is not None:
                found += 1
                yield scan(scope.context, table, node.span, other.resource_id)
            elif not several:
                raise unknown(f"table of this {call.name}", name, node.span, other.database.names())
    if not found:
        raise unknown(f"table of this {call.name} like", node.name, node.span, ())


def _answerable(node: ScopedTable) -> None:
    for call in node.scopes:
        if call.name in REFUSED:
            raise unsupported(f"{call.name}() ({REFUSED[call.name]})", call.span)
    if len(node.scopes) > 1:
        raise unsupported(f"{node.scopes[1].name}() inside {node.scopes[0].name}()", node.scopes[1].span)
    if node.called:
        raise unsupported(f"The function '{node.name}' of another scope", node.span)


def _names(other: Other, node: ScopedTable, patterns: bool) -> list[str]:
    if not patterns or node.exact or "*" not in node.name:
        return [node.name]
    return sorted(name for name in other.database.names() if _matches(node.name, name))


def _matches(pattern: str, name: str) -> bool:
    """`*` alone stands for other letters."""
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def _is_pattern(call: s.Call, patterns: bool) -> bool:
    """Whether the call may name several scopes: only a database's name may be a pattern."""
    first = call.arguments[0] if call.arguments else None
    return patterns and call.name == "database" and isinstance(first, s.Literal) and "*" in str(first.value)


def _others(scope: Scope, call: s.Call, several: bool) -> Iterator[Other]:
    text = _argument(scope, call)
    database = scope.context.database
    if not isinstance(database, Federation):
        raise unsupported(f"{call.name}() (these tables belong to no server)", call.span)
    names = [name for name in database.others(call.name) if _matches(text, name)] if several else [text]
    for name in names:
        yield _other(database, call, name)
    if not names:
        raise unknown(f"{call.name} like", text, call.span, ())


def _argument(scope: Scope, call: s.Call) -> str:
    value = scope.bind(call.arguments[0]) if len(call.arguments) == 1 else None
    if not isinstance(value, Const) or not isinstance(value.value, str):
        raise semantic(f"{call.name}() takes one constant text: {ANSWERED[call.name]}", call.span)
    return value.value


def _other(database: Federation, call: s.Call, name: str) -> Other:
    try:
        found = database.other(call.name, name)
    except KqlError as error:
        raise error.at(call.span) from None
    if found is None:
        raise unknown(call.name, name, call.span, database.others(call.name))
    return found


__all__ = ["scan", "scoped", "scoped_all"]
