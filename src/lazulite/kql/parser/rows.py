"""Operators that choose, compute, group and order: where, project and its kin, summarize, sort, take, top."""

from __future__ import annotations

from collections.abc import Callable

from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import expression, item
from lazulite.kql.parser.parts import hints, ordered, pattern, refuse_granny
from lazulite.kql.syntax import Bare, Node, Operator, Ordered, Placed, Project, Sort, Summarize, Take, Top, Where


def where(cursor: Cursor, word: str, start: int) -> Operator:
    predicate = expression(cursor)
    return Where(start, predicate.end, word, predicate)


def items(parse: Callable[[Cursor], Node]) -> Callable[[Cursor, str, int], Operator]:
    def parser(cursor: Cursor, word: str, start: int) -> Operator:
        items = cursor.separated(parse)
        return Project(start, cursor.last_end, word, items)

    return parser


def distinct_item(cursor: Cursor) -> Node:
    return pattern(cursor) if cursor.sees("*") else expression(cursor)


def reorder_item(cursor: Cursor) -> Node:
    found = pattern(cursor)
    refuse_granny(cursor)
    direction = cursor.accept_word("asc", "desc")
    return Placed(found.start, cursor.last_end, found, direction == "desc") if direction else found


def bare(cursor: Cursor, word: str, start: int) -> Operator:
    return Bare(start, cursor.last_end, word)


def serialize(cursor: Cursor, word: str, start: int) -> Operator:
    ends = cursor.token.kind == "end" or cursor.sees("|", ")", ";", "}")
    items = () if ends else cursor.separated(item)
    return Bare(start, cursor.last_end, word, items)


def summarize(cursor: Cursor, word: str, start: int) -> Operator:
    hints(cursor)
    aggregates = () if cursor.sees_word("by") else cursor.separated(item)
    keys = cursor.separated(item) if cursor.accept_word("by") else ()
    if not aggregates and not keys:
        raise cursor.error("an aggregate or 'by'")
    return Summarize(start, cursor.last_end, word, aggregates, keys)


def sort(cursor: Cursor, word: str, start: int) -> Operator:
    hints(cursor)
    cursor.expect_word("by")
    keys = cursor.separated(ordered)
    return Sort(start, cursor.last_end, word, keys)


def take(cursor: Cursor, word: str, start: int) -> Operator:
    count = expression(cursor)
    return Take(start, count.end, word, count)


def top(cursor: Cursor, word: str, start: int) -> Operator:
    hints(cursor)
    count = expression(cursor)
    cursor.expect_word("by")
    keys = cursor.separated(ordered)
    return Top(start, cursor.last_end, word, count, keys)


def sample_distinct(cursor: Cursor, word: str, start: int) -> Operator:
    count = expression(cursor)
    cursor.expect_word("of")
    value = expression(cursor)
    return Top(start, cursor.last_end, word, count, (Ordered(value.start, value.end, value, None, None),))
