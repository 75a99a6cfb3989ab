"""What follows `workspace("x")` and its kin: a table of that scope, a pattern of tables, or a scope inside it."""

from __future__ import annotations

from collections.abc import Callable

from lazulite.kql.errors import semantic
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.scopes import NAMES, ScopedTable
from lazulite.kql.syntax import Call, Literal, Node


def begins(cursor: Cursor, node: Node) -> bool:
    """Whether the node is a scope and a table of it follows."""
    return isinstance(node, Call) and node.name in NAMES and cursor.sees(".")


def table(cursor: Cursor, scope: Node, call: Callable[[Cursor], Node]) -> Node:
    """The table, from the dot on; `call` parses a name and its arguments."""
    scopes: tuple[Call, ...] = ()
    while isinstance(scope, Call):
        scopes = (*scopes, scope)
        cursor.expect(".")
        if not _called(cursor):
            name = _name(cursor)
            return ScopedTable(scopes[0].start, cursor.last_end, scopes, name)
        scope = call(cursor)
        if isinstance(scope, Call) and scope.name not in NAMES:
            return _call(cursor, scopes, scope)
    raise cursor.error("a table of the scope")


def _called(cursor: Cursor) -> bool:
    return cursor.token.kind == "name" and cursor.ahead().text == "(" and cursor.ahead().kind == "symbol"


def _call(cursor: Cursor, scopes: tuple[Call, ...], found: Call) -> Node:
    """`.table("T")`, or the call of a function that is stored there."""
    start = scopes[0].start
    if found.name != "table":
        return ScopedTable(start, cursor.last_end, scopes, found.name, called=True)
    name = found.arguments[0] if found.arguments else None
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        raise semantic("table() takes a constant text", found.span)
    return ScopedTable(start, cursor.last_end, scopes, name.value, exact=True)


def _name(cursor: Cursor) -> str:
    """A name, plain or quoted, or a pattern such as `A*`, whose parts touch each other."""
    if cursor.sees("["):
        return cursor.name()
    text = ""
    while (cursor.token.kind == "name" or cursor.sees("*")) and (not text or cursor.token.start == cursor.last_end):
        text += cursor.take().text
    if not text:
        raise cursor.error("a table of the scope")
    return text
