"""Parts that several operators have: options, names and wildcards, sort keys, table operands, declared columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql.errors import closest, syntax, unsupported
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import expression
from lazulite.kql.syntax import Declared, Name, Node, Ordered, Wildcard

DIRECTIONS: Final = ("asc", "desc")
OPTIONS: Final = frozenset(
    ["kind", "flags", "isfuzzy", "withsource", "bagexpansion", "with_itemindex", "hint", "with_source", "with_match_id"]
)


def options(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """`kind=inner hint.strategy=shuffle ...`: the names and values before an operator's own arguments."""
    found: list[tuple[str, str]] = []
    while cursor.token.kind == "name" and cursor.token.text in OPTIONS and cursor.ahead().text in ("=", "."):
        name = cursor.take().text
        while cursor.accept("."):
            name += "." + cursor.name()
        cursor.expect("=")
        if cursor.token.kind not in ("name", "string", "number"):
            raise cursor.error(f"a value for {name}")
        found.append((name, cursor.take().text))
    return tuple(found)


def no_option(cursor: Cursor) -> None:
    """Raise for `name = ...` where all options have been read and only a table may follow."""
    token = cursor.token
    if token.kind == "name" and cursor.ahead().text == "=" and cursor.ahead().kind == "symbol":
        raise syntax(f"There is no option '{token.text}' here", token.span, closest(token.text, OPTIONS))


def hints(cursor: Cursor) -> None:
    """Hints steer a cluster's plan and change no answer."""
    if cursor.sees_word("hint"):
        options(cursor)


def pattern(cursor: Cursor) -> Node:
    """A column name or a wildcard over names, such as `a*` or `*`."""
    start, text = cursor.token.start, ""
    if cursor.sees("["):
        name = cursor.name()
        return Name(start, cursor.last_end, name, quoted=True)
    while (cursor.token.kind == "name" or cursor.sees("*")) and (not text or cursor.token.start == cursor.last_end):
        text += cursor.take().text
    if not text:
        raise cursor.error("a column name or a wildcard")
    return Wildcard(start, cursor.last_end, text) if "*" in text else Name(start, cursor.last_end, text)


def refuse_granny(cursor: Cursor) -> None:
    """How numbers inside of names are compared is told in two ways, so it is refused by name."""
    if cursor.sees_word("granny") and cursor.ahead().text == "-":
        raise unsupported(f"The order 'granny-{cursor.ahead(2).text}'", cursor.token.span)


def ordered(cursor: Cursor, parse: Callable[[Cursor], Node] = expression) -> Ordered:
    """A sort key: `expression [asc|desc] [nulls first|last]`."""
    value = parse(cursor)
    refuse_granny(cursor)
    direction = cursor.accept_word("asc", "desc")
    if direction is None and cursor.token.kind == "name" and closest(cursor.token.text, DIRECTIONS):
        raise cursor.error("'asc' or 'desc'", DIRECTIONS)
    nulls = None
    if cursor.accept_word("nulls"):
        nulls = cursor.accept_word("first", "last")
        if nulls is None:
            raise cursor.error("'first' or 'last'", ("first", "last"))
    descending = None if direction is None else direction == "desc"
    return Ordered(value.start, cursor.last_end, value, descending, None if nulls is None else nulls == "first")


def table(cursor: Cursor) -> Node:
    """A table operand: a name, a call or a query in parentheses."""
    if cursor.accept("("):
        inner = cursor.pipeline()
        cursor.expect(")")
        return inner
    if cursor.token.kind == "name" and cursor.ahead().text == "(" and cursor.ahead().start == cursor.token.end:
        return expression(cursor)
    if cursor.token.kind == "name" and cursor.ahead().text == ".":
        return expression(cursor)
    return pattern(cursor)


def declared(cursor: Cursor, default: str | None = None) -> Declared:
    """`name: type`; the type may be left out where there is a default."""
    start = cursor.token.start
    name = cursor.name()
    if default is not None and not cursor.sees(":"):
        return Declared(start, cursor.last_end, name, default)
    cursor.expect(":")
    return Declared(start, cursor.last_end, name, type_name(cursor))
