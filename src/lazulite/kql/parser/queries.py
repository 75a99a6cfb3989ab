"""Statements, sources and pipelines: the outermost part of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lazulite.kql.errors import syntax, unsupported
from lazulite.kql.parser import searching
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import additive, expression, item
from lazulite.kql.parser.operators import OPERATORS, operator
from lazulite.kql.parser.parts import declared
from lazulite.kql.parser.relations import union
from lazulite.kql.schema import Options
from lazulite.kql.syntax import (
    DataTable,
    Declared,
    Function,
    Let,
    Node,
    Parameters,
    Pipeline,
    Print,
    Query,
    Range,
    Setting,
)
from lazulite.kql.tokens import Token

SQL: Final = "This is SQL; a KQL query begins with a table, as in: T | where a > 1 | project b"
REFUSED_SOURCES: Final = frozenset(("externaldata", "evaluate", "macro-expand"))
REFUSED_STATEMENTS: Final = frozenset(("alias", "pattern", "restrict"))


def parse(tokens: tuple[Token, ...], options: Options) -> Query:
    """The whole query. Raises KqlError (SYN0002, UNS0001, LIM0001)."""
    cursor = Cursor(tokens, options.max_depth, pipeline, operator)
    if cursor.sees(".") and cursor.ahead().kind == "name":
        raise unsupported(f"The management command '.{cursor.ahead().text}'", cursor.ahead().span)
    query = _query(cursor, "end")
    if cursor.token.kind != "end":
        raise _trailing(cursor)
    return query


def _trailing(cursor: Cursor) -> Exception:
    token = cursor.token
    error = cursor.error("'|', ';' or the end of the query")
    if cursor.tokens[0].text.lower() == "select":
        return syntax(SQL, cursor.tokens[0].span)
    if token.kind == "name" and error.suggestion is None and token.text.lower() in OPERATORS:
        error.suggestion = f"| {token.text.lower()}"
    return error


def _query(cursor: Cursor, closing: str) -> Query:
    start = cursor.token.start
    statements: list[Let | Setting | Parameters] = []
    while statement := _statement(cursor):
        statements.append(statement)
        if not cursor.accept(";") and not _closes(cursor, closing):
            raise cursor.error("';'")
        while cursor.accept(";"):
            pass
    if _closes(cursor, closing):
        raise cursor.error("a table or an expression: the query has no body")
    body = pipeline(cursor)
    while cursor.accept(";"):
        pass
    if cursor.at and cursor.tokens[cursor.at - 1].text == ";" and not _closes(cursor, closing):
        raise unsupported("A second query in one text (only the last statement may be a query)", cursor.token.span)
    return Query(start, cursor.last_end, tuple(statements), body)


def _closes(cursor: Cursor, closing: str) -> bool:
    return cursor.token.kind == "end" or cursor.sees(closing)


def _statement(cursor: Cursor) -> Let | Setting | Parameters | None:
    start = cursor.token.start
    if cursor.accept_word("let"):
        name = cursor.name()
        cursor.expect("=")
        value = _value(cursor)
        return Let(start, cursor.last_end, name, value)
    if cursor.accept_word("set"):
        name = cursor.name()
        setting = expression(cursor) if cursor.accept("=") else None
        return Setting(start, cursor.last_end, name, setting)
    if cursor.sees_word("declare") and cursor.ahead().kind == "name":
        return _declaration(cursor, start)
    if cursor.token.kind == "name" and cursor.token.text in REFUSED_STATEMENTS and cursor.ahead().kind == "name":
        raise unsupported(f"The statement '{cursor.token.text}'", cursor.token.span)
    return None


def _declaration(cursor: Cursor, start: int) -> Parameters:
    cursor.take()
    if not cursor.accept_word("query_parameters"):
        raise unsupported(f"The statement 'declare {cursor.token.text}'", cursor.token.span)
    cursor.expect("(")
    items = cursor.until(")", _parameter)
    return Parameters(start, cursor.last_end, items)


def _value(cursor: Cursor) -> Node:
    if cursor.sees_word("view") and cursor.ahead().text == "(":
        cursor.take()
        return replace(_function(cursor), view=True)
    return _function(cursor) if cursor.sees("(") and _function_ahead(cursor) else pipeline(cursor)


def _function_ahead(cursor: Cursor) -> bool:
    """Whether the parenthesis that opens here closes before a brace."""
    depth, at = 0, cursor.at
    while cursor.tokens[at].kind != "end":
        token = cursor.tokens[at]
        if token.kind == "symbol" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if not depth:
                return cursor.tokens[at + 1].kind == "symbol" and cursor.tokens[at + 1].text == "{"
        at += 1
    return False


def _function(cursor: Cursor) -> Function:
    start = cursor.expect("(").start
    parameters = cursor.until(")", _parameter)
    cursor.expect("{")
    with cursor.nested():
        body = _query(cursor, "}")
    cursor.expect("}")
    return Function(start, cursor.last_end, parameters, body)


def _parameter(cursor: Cursor) -> Declared:
    start = cursor.token.start
    name = cursor.name()
    cursor.expect(":")
    if cursor.accept("("):
        columns = () if _any_columns(cursor) else cursor.until(")", declared)
        return Declared(start, cursor.last_end, name, "table", None, columns)
    kind = type_name(cursor)
    default = expression(cursor) if cursor.accept("=") else None
    return Declared(start, cursor.last_end, name, kind, default)


def _any_columns(cursor: Cursor) -> bool:
    if not cursor.accept("*"):
        return False
    cursor.expect(")")
    return True


def pipeline(cursor: Cursor) -> Node:
    """A source and its operators; the bare source or expression when nothing follows it."""
    source = _source(cursor)
    operators = []
    while cursor.accept("|"):
        operators.append(operator(cursor))
    if not operators:
        return source
    return Pipeline(source.start, cursor.last_end, source, tuple(operators))


def _source(cursor: Cursor) -> Node:
    token = cursor.token
    if token.kind == "name" and token.text in REFUSED_SOURCES and cursor.ahead().text not in ("|", ";", ""):
        what = f"The plugin '{cursor.ahead().text}' without rows" if token.text == "evaluate" else None
        raise unsupported(what or f"The operator '{token.text}'", token.span)
    if token.kind == "name" and token.text in SOURCES:
        parse_source, follows = SOURCES[token.text]
        if follows(cursor.ahead()):
            cursor.take()
            return parse_source(cursor, token.start)
    return expression(cursor)


def _starts_item(token: Token) -> bool:
    return token.kind in ("name", "string", "number", "typed") or token.text in ("(", "[", "-", "+")


def _print(cursor: Cursor, start: int) -> Node:
    items = cursor.separated(item)
    return Print(start, cursor.last_end, items)


def _range(cursor: Cursor, start: int) -> Node:
    name = cursor.name()
    bounds = []
    for word in ("from", "to", "step"):
        cursor.expect_word(word)
        bounds.append(additive(cursor))
    return Range(start, cursor.last_end, name, *bounds)


def _datatable(cursor: Cursor, start: int) -> Node:
    cursor.expect("(")
    columns = cursor.until(")", declared)
    cursor.expect("[")
    values = cursor.until("]", expression)
    return DataTable(start, cursor.last_end, columns, values)


Source = tuple[Callable[[Cursor, int], Node], Callable[[Token], bool]]
SOURCES: Final[dict[str, Source]] = {
    "print": (_print, _starts_item),
    "range": (_range, lambda token: token.kind == "name" or token.text == "["),
    "datatable": (_datatable, lambda token: token.text == "("),
    "search": (searching.search, searching.begins),
    "find": (searching.find, searching.begins),
    "union": (union, lambda token: token.kind == "name" or token.text in ("(", "[", "*")),
}
