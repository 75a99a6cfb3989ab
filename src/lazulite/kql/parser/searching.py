"""search and find: predicates over all columns of several tables."""

from __future__ import annotations

from typing import Final

from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import expression
from lazulite.kql.parser.parts import options, pattern, table
from lazulite.kql.syntax import Declared, Find, Node, Operator, Search, SearchIn
from lazulite.kql.tokens import Token

PACKS: Final = ("pack_all", "pack")


def begins(token: Token) -> bool:
    """Whether `search` or `find` is the operator before this token, and no name."""
    return token.kind in ("name", "string") or token.text in ("*", "(", "[")


def search(cursor: Cursor, start: int) -> Search:
    """`search` options, tables and predicate, after the word."""
    found = options(cursor)
    tables = _tables(cursor)
    with cursor.search_terms():
        predicate = expression(cursor)
    return Search(start, cursor.last_end, found, tables, predicate)


def search_in(cursor: Cursor, word: str, start: int) -> Operator:
    """`| search ...`."""
    return SearchIn(start, cursor.last_end, word, search(cursor, start))


def find(cursor: Cursor, start: int) -> Find:
    """`find` options, tables, predicate and projection, after the word."""
    found = options(cursor)
    tables = _tables(cursor)
    if tables:
        cursor.expect_word("where")
    else:
        cursor.accept_word("where")
    with cursor.search_terms():
        predicate = expression(cursor)
    columns, pack = _projected(cursor)
    away = _away(cursor)
    return Find(start, cursor.last_end, found, tables, predicate, columns, pack, away)


def _tables(cursor: Cursor) -> tuple[Node, ...]:
    if not (cursor.sees_word("in") and cursor.ahead().text == "("):
        return ()
    cursor.take()
    cursor.take()
    return cursor.until(")", table)


def _projected(cursor: Cursor) -> tuple[tuple[Declared, ...] | None, bool]:
    """`project a, b:long, pack_all()`; None without it, and for project-smart."""
    if not cursor.sees_word("project"):
        return None, False
    if cursor.ahead().text == "-":
        if cursor.ahead(2).text != "smart":
            return None, False
        cursor.at += 3
        return None, False
    cursor.take()
    columns: list[Declared] = []
    while True:
        if cursor.sees_word(*PACKS) and cursor.ahead().text == "(":
            cursor.at += 2
            cursor.accept("*")
            cursor.expect(")")
            return tuple(columns), True
        columns.append(_column(cursor))
        if not cursor.accept(","):
            return tuple(columns), False


def _column(cursor: Cursor) -> Declared:
    start = cursor.token.start
    name = cursor.name()
    kind = type_name(cursor) if cursor.accept(":") else ""
    return Declared(start, cursor.last_end, name, kind)


def _away(cursor: Cursor) -> tuple[Node, ...]:
    if not (cursor.sees_word("project") and cursor.ahead().text == "-" and cursor.ahead(2).text == "away"):
        return ()
    cursor.at += 3
    return cursor.separated(pattern)
