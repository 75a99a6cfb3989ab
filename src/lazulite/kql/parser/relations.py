"""Operators on several tables and on the whole: join, union, as, invoke, render."""

from __future__ import annotations

from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import argument, expression
from lazulite.kql.parser.parts import no_option, options, table
from lazulite.kql.syntax import As, Bare, Call, Invoke, Join, Operator, Rendered, Union, UnionWith


def join(cursor: Cursor, word: str, start: int) -> Operator:
    found = options(cursor)
    no_option(cursor)
    right = table(cursor)
    cursor.expect_word("on")
    on = cursor.separated(expression)
    return Join(start, cursor.last_end, word, found, right, on)


def union(cursor: Cursor, start: int) -> Union:
    """`union` options and tables, after the word."""
    found = options(cursor)
    no_option(cursor)
    tables = cursor.separated(table)
    return Union(start, cursor.last_end, found, tables)


def union_with(cursor: Cursor, word: str, start: int) -> Operator:
    return UnionWith(start, cursor.last_end, word, union(cursor, start))


def consume(cursor: Cursor, word: str, start: int) -> Operator:
    """`consume`, whose options steer how much is read."""
    options(cursor)
    return Bare(start, cursor.last_end, word)


def as_name(cursor: Cursor, word: str, start: int) -> Operator:
    options(cursor)
    return As(start, cursor.last_end, word, cursor.name())


def invoke(cursor: Cursor, word: str, start: int) -> Operator:
    at = cursor.token.start
    name = cursor.name()
    cursor.expect("(")
    arguments = cursor.until(")", argument)
    return Invoke(start, cursor.last_end, word, Call(at, cursor.last_end, name, arguments))


def render(cursor: Cursor, word: str, start: int) -> Operator:
    visualization = cursor.name()
    properties = list(options(cursor))
    if cursor.accept_word("with"):
        cursor.expect("(")
        properties += cursor.until(")", _property)
    return Rendered(start, cursor.last_end, word, visualization, tuple(properties))


def _property(cursor: Cursor) -> tuple[str, str]:
    name = cursor.name()
    cursor.expect("=")
    words: list[str] = []
    while cursor.token.kind != "end" and not cursor.sees(")") and not _next_property(cursor):
        words.append(cursor.take().text)
    return name, "".join(words)


def _next_property(cursor: Cursor) -> bool:
    return cursor.sees(",") and cursor.ahead().kind == "name" and cursor.ahead(2).text == "="
