"""Operators that work group by group, or with operators of their own: mv-apply, partition, top-nested, fork, facet."""

from __future__ import annotations

from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import expression, item
from lazulite.kql.parser.parts import options, ordered
from lazulite.kql.parser.shapes import expand
from lazulite.kql.syntax import Facet, Fork, Leg, Level, MvApply, Name, Operator, Partition, TopHitters, TopNested


def mv_apply(cursor: Cursor, word: str, start: int) -> Operator:
    """`mv-apply arrays on (operators)`."""
    unfolding = expand(cursor, word, start)
    cursor.expect_word("on")
    operators = cursor.operators()
    return MvApply(start, cursor.last_end, word, unfolding, operators)


def partition(cursor: Cursor, word: str, start: int) -> Operator:
    """`partition by column (operators)` or `{query}`."""
    found = options(cursor)
    cursor.expect_word("by")
    at = cursor.token.start
    name = cursor.name()
    key = Name(at, cursor.last_end, name)
    if cursor.accept("{"):
        query = cursor.pipeline()
        cursor.expect("}")
        return Partition(start, cursor.last_end, word, found, key, (), query)
    operators = cursor.operators()
    return Partition(start, cursor.last_end, word, found, key, operators, None)


def top_hitters(cursor: Cursor, word: str, start: int) -> Operator:
    """`top-hitters count of value by number`."""
    count = expression(cursor)
    cursor.expect_word("of")
    of = expression(cursor)
    by = expression(cursor) if cursor.accept_word("by") else None
    return TopHitters(start, cursor.last_end, word, count, of, by)


def top_nested(cursor: Cursor, word: str, start: int) -> Operator:
    """`top-nested count of value with others=constant by aggregate, top-nested ...`."""
    levels = [_level(cursor)]
    while cursor.accept(","):
        cursor.expect_word("top")
        cursor.expect("-")
        cursor.expect_word("nested")
        levels.append(_level(cursor))
    return TopNested(start, cursor.last_end, word, tuple(levels))


def _level(cursor: Cursor) -> Level:
    start = cursor.token.start
    count = None if cursor.sees_word("of") else expression(cursor)
    cursor.expect_word("of")
    of = item(cursor)
    others = None
    if cursor.accept_word("with"):
        cursor.expect_word("others")
        cursor.expect("=")
        others = expression(cursor)
    cursor.expect_word("by")
    by = ordered(cursor, item)
    return Level(start, cursor.last_end, count, of, others, by)


def fork(cursor: Cursor, word: str, start: int) -> Operator:
    """`fork name=(operators) (operators) ...`."""
    legs = [_leg(cursor)]
    while cursor.sees("(") or (cursor.token.kind == "name" and cursor.ahead().text == "="):
        legs.append(_leg(cursor))
    return Fork(start, cursor.last_end, word, tuple(legs))


def _leg(cursor: Cursor) -> Leg:
    start, name = cursor.token.start, ""
    if not cursor.sees("("):
        name = cursor.name()
        cursor.expect("=")
    operators = cursor.operators()
    return Leg(start, cursor.last_end, name, operators)


def facet(cursor: Cursor, word: str, start: int) -> Operator:
    """`facet by columns with (operators)`."""
    cursor.expect_word("by")
    columns = cursor.separated(_column)
    operators = cursor.operators() if cursor.accept_word("with") else ()
    return Facet(start, cursor.last_end, word, columns, operators)


def _column(cursor: Cursor) -> Name:
    start = cursor.token.start
    name = cursor.name()
    return Name(start, cursor.last_end, name, quoted=True)
