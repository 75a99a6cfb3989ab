"""Constants that take more than one token: `dynamic(...)`, `typeof(...)`, and Kusto type names."""

from __future__ import annotations

import json
from typing import Final

from lazulite.kql import ticks, types
from lazulite.kql.errors import syntax
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.syntax import Literal, Node, TypeOf
from lazulite.kql.tokens import Token

WORDS: Final = {"true": True, "false": False, "null": None}
FORMATS: Final = {types.DATETIME: ticks.format_datetime, types.TIMESPAN: ticks.format_timespan}

Json = bool | int | float | str | None | list["Json"] | dict[str, "Json"]


def type_name(cursor: Cursor) -> str:
    """A Kusto type, by its canonical name."""
    token = cursor.token
    if token.kind != "name" or token.text not in types.ALIASES:
        raise cursor.error(
            "a type (bool, int, long, real, decimal, string, datetime, timespan, guid, dynamic)", types.ALIASES
        )
    return types.ALIASES[cursor.take().text]


def type_of(cursor: Cursor) -> Node:
    """`typeof(long)`; the columns of a table, as in `typeof(*, a: long)`, are read for plugins that are refused."""
    start = cursor.take().start
    cursor.expect("(")
    several = cursor.sees("*") or cursor.ahead().text == ":"
    found = "table" if several else type_name(cursor)
    if several:
        cursor.until(")", _column)
    else:
        cursor.expect(")")
    return TypeOf(start, cursor.last_end, found)


def _column(cursor: Cursor) -> None:
    if not cursor.accept("*"):
        cursor.name()
        cursor.expect(":")
        type_name(cursor)


def dynamic(cursor: Cursor) -> Node:
    """`dynamic(json)`: JSON, with KQL's strings and its datetime and timespan literals."""
    start = cursor.take().start
    cursor.expect("(")
    value = _json(cursor)
    cursor.expect(")")
    text = None if value is None else json.dumps(value, ensure_ascii=False)
    return Literal(start, cursor.last_end, types.DYNAMIC, text)


def _json(cursor: Cursor) -> Json:
    with cursor.nested():
        if cursor.accept("["):
            return list(cursor.until("]", _json))
        if cursor.accept("{"):
            return dict(cursor.until("}", _member))
        sign = -1 if cursor.accept("-") else 1
        return _scalar(cursor.token, sign, cursor)


def _member(cursor: Cursor) -> tuple[str, Json]:
    if cursor.token.kind not in ("string", "name"):
        raise cursor.error("a property name")
    key = cursor.take().text
    cursor.expect(":")
    return key, _json(cursor)


def _scalar(token: Token, sign: int, cursor: Cursor) -> Json:
    if token.kind == "name" and token.text in WORDS:
        cursor.take()
        return WORDS[token.text]
    if token.kind == "number" and isinstance(token.value, int | float):
        cursor.take()
        return sign * token.value
    if token.kind == "string":
        return cursor.take().text
    if token.kind == "typed":
        cursor.take()
        if token.type in FORMATS and isinstance(token.value, int):
            return FORMATS[token.type](token.value)
        return token.value if isinstance(token.value, bool | int | float | str | None) else str(token.value)
    raise syntax("dynamic(...) holds JSON: an object, an array or a constant", token.span)
