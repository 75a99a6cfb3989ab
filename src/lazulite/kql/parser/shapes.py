"""Operators that change the shape of rows: parse, mv-expand, make-series."""

from __future__ import annotations

from lazulite.kql import types
from lazulite.kql.errors import unsupported
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import expression, item
from lazulite.kql.parser.parts import declared, options
from lazulite.kql.syntax import Expand, Literal, Node, Operator, Parse, Series, Star


def parse(cursor: Cursor, word: str, start: int) -> Operator:
    found = options(cursor)
    operand = expression(cursor)
    cursor.expect_word("with")
    pieces: list[Node] = []
    while cursor.token.kind in ("name", "string") or cursor.sees("*", "["):
        pieces.append(_piece(cursor))
    if not pieces:
        raise cursor.error("a pattern of texts, columns and *")
    return Parse(start, cursor.last_end, word, found, operand, tuple(pieces))


def _piece(cursor: Cursor) -> Node:
    token = cursor.token
    if cursor.accept("*"):
        return Star(token.start, token.end)
    if token.kind == "string":
        cursor.take()
        return Literal(token.start, token.end, types.STRING, token.text)
    return declared(cursor, types.STRING)


def expand(cursor: Cursor, word: str, start: int) -> Expand:
    found = options(cursor)
    items = cursor.separated(_expand_item)
    bound = expression(cursor) if cursor.accept_word("limit") else None
    return Expand(start, cursor.last_end, word, found, items, bound)


def _expand_item(cursor: Cursor) -> tuple[Node, str | None]:
    value = item(cursor)
    if not cursor.accept_word("to"):
        return value, None
    cursor.expect_word("typeof")
    cursor.expect("(")
    kind = type_name(cursor)
    cursor.expect(")")
    return value, kind


def series(cursor: Cursor, word: str, start: int) -> Operator:
    found = options(cursor)
    aggregates = cursor.separated(_series_aggregate)
    cursor.expect_word("on")
    axis = item(cursor)
    if cursor.sees_word("in"):
        raise unsupported("The operator 'make-series' with 'in range(...)'", cursor.token.span)
    low = expression(cursor) if cursor.accept_word("from") else None
    high = expression(cursor) if cursor.accept_word("to") else None
    cursor.expect_word("step")
    step = expression(cursor)
    keys = cursor.separated(item) if cursor.accept_word("by") else ()
    return Series(start, cursor.last_end, word, found, aggregates, axis, low, high, step, keys)


def _series_aggregate(cursor: Cursor) -> tuple[Node, Node | None]:
    value = item(cursor)
    if not cursor.accept_word("default"):
        return value, None
    cursor.expect("=")
    return value, expression(cursor)
