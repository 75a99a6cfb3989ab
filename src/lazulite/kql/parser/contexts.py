"""Operators whose own operators run in a context: mv-apply, partition."""

from __future__ import annotations

from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.parts import options
from lazulite.kql.parser.shapes import expand
from lazulite.kql.syntax import MvApply, Name, Operator, Partition


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
    key = Name(at, cursor.last_end, cursor.name())
    if cursor.accept("{"):
        query = cursor.pipeline()
        cursor.expect("}")
        return Partition(start, cursor.last_end, word, found, key, (), query)
    operators = cursor.operators()
    return Partition(start, cursor.last_end, word, found, key, operators, None)
