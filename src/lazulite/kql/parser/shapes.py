"""Operators that change the shape of rows: parse, mv-expand, make-series."""

from __future__ import annotations

from lazulite.kql import types
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import additive, expression, item
from lazulite.kql.parser.parts import declared, options
from lazulite.kql.syntax import Assign, Expand, Literal, Node, Operator, Parse, Series, Star


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
    axis = _axis(cursor)
    through = cursor.accept_word("in") is not None
    low, high, step = _range(cursor) if through else _bounds(cursor)
    keys = cursor.separated(item) if cursor.accept_word("by") else ()
    return Series(start, cursor.last_end, word, found, aggregates, axis, low, high, step, keys, through)


def _axis(cursor: Cursor) -> Node:
    """What stands before `in`, `from`, `to` or `step`: no comparison, which `in` would begin."""
    if cursor.token.kind == "name" and cursor.ahead().text == "=":
        start, name = cursor.token.start, cursor.name()
        cursor.expect("=")
        return Assign(start, cursor.last_end, (name,), additive(cursor))
    return additive(cursor)


def _bounds(cursor: Cursor) -> tuple[Node | None, Node | None, Node]:
    low = expression(cursor) if cursor.accept_word("from") else None
    high = expression(cursor) if cursor.accept_word("to") else None
    cursor.expect_word("step")
    return low, high, expression(cursor)


def _range(cursor: Cursor) -> tuple[Node | None, Node | None, Node]:
    cursor.expect_word("range")
    cursor.expect("(")
    low = expression(cursor)
    cursor.expect(",")
    high = expression(cursor)
    cursor.expect(",")
    step = expression(cursor)
    cursor.expect(")")
    return low, high, step


def _series_aggregate(cursor: Cursor) -> tuple[Node, Node | None]:
    value = item(cursor)
    if not cursor.accept_word("default"):
        return value, None
    cursor.expect("=")
    return value, expression(cursor)
