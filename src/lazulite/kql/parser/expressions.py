"""Scalar expressions, by precedence climbing.

or < and < comparison, string operators, in, between < + - < * / % < unary < postfix
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql import types
from lazulite.kql.errors import syntax
from lazulite.kql.parser import scopes
from lazulite.kql.parser.constants import dynamic, type_name, type_of
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.syntax import (
    Assign,
    Between,
    Binary,
    Call,
    Index,
    Literal,
    Logical,
    Member,
    Name,
    Node,
    Path,
    Star,
    Unary,
)
from lazulite.kql.tokens import Token
from lazulite.kql.types import LEAST_LONG

STRING_OPERATORS: Final = [
    "contains",
    "contains_cs",
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
]
COMPARISONS: Final = frozenset(("==", "!=", "<>", "<", "<=", ">", ">=", "=~", "!~", ":"))
WORD_COMPARISONS: Final = frozenset((*STRING_OPERATORS, *(f"!{word}" for word in STRING_OPERATORS), "matches"))
MEMBERSHIPS: Final = frozenset(("in", "!in", "in~", "!in~", "has_any", "!has_any", "has_all"))
BETWEENS: Final = frozenset(("between", "!between"))


def expression(cursor: Cursor) -> Node:
    """One scalar expression."""
    with cursor.nested():
        return _logical(cursor, "or", lambda inner: _logical(inner, "and", _comparison))


def item(cursor: Cursor) -> Node:
    """An expression that may be given a name: `x`, `n = x`, `(a, b) = x`, `*`."""
    start = cursor.token.start
    if cursor.sees("*"):
        cursor.take()
        return Star(start, cursor.last_end)
    names = _assigned(cursor)
    if not names:
        return expression(cursor)
    value = expression(cursor)
    return Assign(start, value.end, names, value)


def _assigned(cursor: Cursor) -> tuple[str, ...]:
    """The names before `=`, passing it; nothing passed when there is none."""
    before = cursor.at
    if cursor.token.kind == "name" or cursor.sees("["):
        if cursor.token.kind == "name" and cursor.ahead().text == "=" and cursor.ahead().kind == "symbol":
            found: tuple[str, ...] = (cursor.name(),)
            cursor.take()
            return found
        if cursor.sees("[") and cursor.ahead().kind == "string" and cursor.ahead(3).text == "=":
            found = (cursor.name(),)
            cursor.take()
            return found
    elif cursor.sees("(") and _tuple_ahead(cursor):
        cursor.take()
        found = cursor.until(")", Cursor.name)
        cursor.expect("=")
        return found
    cursor.at = before
    return ()


def _tuple_ahead(cursor: Cursor) -> bool:
    at = cursor.at + 1
    tokens = cursor.tokens
    while tokens[at].kind == "name" and tokens[at + 1].text == ",":
        at += 2
    closed = tokens[at].kind == "name" and tokens[at + 1].text == ")"
    return closed and at + 2 < len(tokens) and tokens[at + 2].kind == "symbol" and tokens[at + 2].text == "="


def _logical(cursor: Cursor, word: str, operand: Callable[[Cursor], Node]) -> Node:
    operands = [operand(cursor)]
    while cursor.accept_word(word):
        operands.append(operand(cursor))
    if len(operands) == 1:
        return operands[0]
    return Logical(operands[0].start, operands[-1].end, word, tuple(operands))


def _comparison(cursor: Cursor) -> Node:
    left = _star(cursor) if cursor.sees("*") else additive(cursor)
    while True:
        token = cursor.token
        if token.kind == "symbol" and token.text in COMPARISONS and (token.text != ":" or cursor.searching):
            cursor.take()
            word = "!=" if token.text == "<>" else token.text
            right = additive(cursor)
            left = Binary(left.start, right.end, word, left, right)
        elif token.kind == "name" and token.text in WORD_COMPARISONS:
            left = _word_comparison(cursor, left)
        elif token.kind == "name" and token.text in MEMBERSHIPS:
            cursor.take()
            left = _member(cursor, token.text, left)
        elif token.kind == "name" and token.text in BETWEENS:
            cursor.take()
            left = _between(cursor, token.text, left)
        else:
            return left


def _star(cursor: Cursor) -> Node:
    """`*` before an operator is any column; as a predicate of its own it is true of all rows."""
    token = cursor.take()
    compared = cursor.token.text in COMPARISONS or cursor.token.text in WORD_COMPARISONS
    if not compared and not cursor.searching:
        raise cursor.error("an operator such as has or contains after '*'")
    return Star(token.start, token.end)


def _word_comparison(cursor: Cursor, left: Node) -> Node:
    word = cursor.take().text
    if word == "matches":
        cursor.expect_word("regex")
        word = "matches regex"
    right = additive(cursor)
    return Binary(left.start, right.end, word, left, right)


def _member(cursor: Cursor, word: str, operand: Node) -> Node:
    cursor.expect("(")
    items = cursor.until(")", Cursor.pipeline)
    return Member(operand.start, cursor.last_end, word, operand, items)


def _between(cursor: Cursor, word: str, operand: Node) -> Node:
    cursor.expect("(")
    low = additive(cursor)
    cursor.expect("..")
    high = additive(cursor)
    cursor.expect(")")
    return Between(operand.start, cursor.last_end, operand, low, high, word.startswith("!"))


def _left_associative(cursor: Cursor, symbols: tuple[str, ...], operand: Callable[[Cursor], Node]) -> Node:
    left = operand(cursor)
    length = 0
    while cursor.sees(*symbols):
        word = cursor.take().text
        right = operand(cursor)
        left = Binary(left.start, right.end, word, left, right)
        length += 1
        if length > cursor.max_depth * 2:
            raise syntax(f"More than {length} operands in one chain of {word}", left.span)
    return left


def additive(cursor: Cursor) -> Node:
    """Sums and what binds tighter: all that may stand beside `..`."""
    return _left_associative(cursor, ("+", "-"), _multiplicative)


def _multiplicative(cursor: Cursor) -> Node:
    return _left_associative(cursor, ("*", "/", "%"), _unary)


def _unary(cursor: Cursor) -> Node:
    if not cursor.sees("-", "+"):
        return _postfix(cursor, _primary(cursor))
    sign = cursor.take()
    with cursor.nested():
        operand = _unary(cursor)
    bare = isinstance(operand, Literal) and operand.end == cursor.last_end
    if bare and isinstance(operand, Literal) and type(operand.value) in (int, float) and operand.value != LEAST_LONG:
        value = operand.value if sign.text == "+" else -operand.value  # type: ignore[operator]
        return Literal(sign.start, operand.end, operand.type, value)
    return Unary(sign.start, operand.end, sign.text, operand)


def _postfix(cursor: Cursor, node: Node) -> Node:
    if scopes.begins(cursor, node):
        return scopes.table(cursor, node, _named)
    length = 0
    while cursor.sees(".", "["):
        length += 1
        if length > cursor.max_depth:
            raise syntax(f"A path longer than {cursor.max_depth} steps", node.span)
        if cursor.accept(".") and not cursor.sees("["):
            name = cursor.name()
            node = Path(node.start, cursor.last_end, node, name)
        else:
            cursor.expect("[")
            index = expression(cursor)
            cursor.expect("]")
            node = _indexed(node, cursor.last_end, index)
    return node


def _indexed(node: Node, end: int, index: Node) -> Node:
    """A member, or a side's column whose name must be quoted: $left.["the name"]."""
    if isinstance(node, Name) and node.text in ("$left", "$right") and isinstance(index, Literal):
        return Path(node.start, end, node, str(index.value))
    return Index(node.start, end, node, index)


def _primary(cursor: Cursor) -> Node:
    token = cursor.token
    if token.kind in ("string", "number", "typed"):
        cursor.take()
        if token.kind == "string":
            return _text(cursor, token)
        return Literal(token.start, token.end, token.type, token.value)
    if token.kind == "name" and token.text[0] != "!":
        return _named(cursor)
    if cursor.sees("("):
        cursor.take()
        inner = cursor.pipeline()
        cursor.expect(")")
        return inner
    if cursor.sees("["):
        start = token.start
        name = cursor.name()
        return Name(start, cursor.last_end, name, quoted=True)
    raise cursor.error("an expression")


def _text(cursor: Cursor, first: Token) -> Node:
    """A string; several in a row are one."""
    text = first.text
    while cursor.token.kind == "string":
        text += cursor.take().text
    return Literal(first.start, cursor.last_end, types.STRING, text)


def _named(cursor: Cursor) -> Node:
    token = cursor.token
    called = cursor.ahead().kind == "symbol" and cursor.ahead().text == "("
    if token.text in ("true", "false"):
        cursor.take()
        return Literal(token.start, token.end, types.BOOL, token.text == "true")
    if called and token.text == "dynamic":
        return dynamic(cursor)
    if called and token.text == "typeof":
        return type_of(cursor)
    cursor.take()
    if not called:
        return Name(token.start, token.end, token.text)
    if token.text[0] == "$":
        raise syntax(f"No function has a name such as '{token.text[:40]}'", token.span)
    cursor.take()
    return Call(token.start, cursor.last_end, token.text, ()) if cursor.accept(")") else _call(cursor, token.start)


def _call(cursor: Cursor, start: int) -> Node:
    name = cursor.tokens[cursor.at - 2].text
    arguments = cursor.until(")", argument)
    return Call(start, cursor.last_end, name, arguments)


def argument(cursor: Cursor) -> Node:
    """An argument of a call: an expression, a query, `name = expression` or `*`."""
    start = cursor.token.start
    if cursor.sees("*"):
        cursor.take()
        return Star(start, cursor.last_end)
    names = _assigned(cursor)
    value = cursor.pipeline()
    return Assign(start, value.end, names, value) if names else value


__all__ = ["additive", "argument", "expression", "item", "type_name"]
