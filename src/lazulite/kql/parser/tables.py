"""Operators that see a whole table at once: evaluate, scan, parse-kv."""

from __future__ import annotations

from lazulite.kql.errors import unsupported
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import argument, expression
from lazulite.kql.parser.parts import declared, hints, options, ordered
from lazulite.kql.syntax import Declared, Evaluate, Node, Operator, Ordered, OutputSchema, ParseKv, Scan, Step

OUTPUTS = ("all", "last", "none")


def evaluate(cursor: Cursor, word: str, start: int) -> Operator:
    """A plugin's call, and the columns that the query says it gives."""
    hints(cursor)
    name = cursor.name()
    cursor.expect("(")
    arguments = cursor.until(")", argument)
    schema = _schema(cursor) if cursor.accept(":") else None
    return Evaluate(start, cursor.last_end, word, name, arguments, schema)


def _schema(cursor: Cursor) -> OutputSchema:
    start = cursor.expect("(").start
    star = cursor.accept("*")
    if star and not cursor.sees(")"):
        cursor.expect(",")
    columns = cursor.until(")", declared)
    return OutputSchema(start, cursor.last_end, columns, star)


def scan(cursor: Cursor, word: str, start: int) -> Operator:
    """The clauses before the steps, in the order in which Kusto has them, and the steps."""
    match_id = dict(options(cursor)).get("with_match_id")
    order: tuple[Ordered, ...] = ()
    partition: tuple[Node, ...] = ()
    if cursor.accept_word("order"):
        cursor.expect_word("by")
        order = cursor.separated(ordered)
    if cursor.accept_word("partition"):
        cursor.expect_word("by")
        partition = cursor.separated(expression)
    columns = _declarations(cursor) if cursor.accept_word("declare") else ()
    cursor.expect_word("with")
    cursor.expect("(")
    steps = [_step(cursor)]
    while not cursor.accept(")"):
        steps.append(_step(cursor))
    return Scan(start, cursor.last_end, word, match_id, partition, order, columns, tuple(steps))


def _declarations(cursor: Cursor) -> tuple[Declared, ...]:
    cursor.expect("(")
    return cursor.until(")", _declaration)


def _declaration(cursor: Cursor) -> Declared:
    start = cursor.token.start
    name = cursor.name()
    cursor.expect(":")
    kind = type_name(cursor)
    default = expression(cursor) if cursor.accept("=") else None
    return Declared(start, cursor.last_end, name, kind, default)


def _step(cursor: Cursor) -> Step:
    start = cursor.expect_word("step").start
    name = cursor.name()
    if cursor.sees_word("optional"):
        raise unsupported("An optional step of scan", cursor.token.span)
    output = "all"
    if cursor.accept_word("output"):
        cursor.expect("=")
        found = cursor.accept_word(*OUTPUTS)
        if found is None:
            raise cursor.error("all, last or none")
        output = found
    cursor.expect(":")
    condition = expression(cursor)
    assignments = cursor.separated(_assignment) if cursor.accept("=>") else ()
    if not cursor.sees(")"):
        cursor.expect(";")
    return Step(start, cursor.last_end, name, output, condition, assignments)


def _assignment(cursor: Cursor) -> tuple[str, Node]:
    name = cursor.name()
    cursor.expect("=")
    return name, expression(cursor)


def parse_kv(cursor: Cursor, word: str, start: int) -> Operator:
    """The text, the keys and how they are told apart."""
    operand = expression(cursor)
    cursor.expect_word("as")
    cursor.expect("(")
    keys = cursor.until(")", declared)
    if not keys:
        raise cursor.error("a key with its type before ')'")
    found: tuple[tuple[str, Node], ...] = ()
    if cursor.accept_word("with"):
        cursor.expect("(")
        found = cursor.until(")", _assignment)
    return ParseKv(start, cursor.last_end, word, operand, keys, found)
