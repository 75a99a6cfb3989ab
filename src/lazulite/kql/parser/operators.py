"""What stands after a `|`: a table from the operator's word to the function that parses the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql import types
from lazulite.kql.errors import closest, syntax, unsupported
from lazulite.kql.parser.constants import type_name
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import argument, expression, item
from lazulite.kql.syntax import (
    As,
    Bare,
    Call,
    Declared,
    Expand,
    Invoke,
    Join,
    Literal,
    Name,
    Node,
    Operator,
    Ordered,
    Parse,
    Project,
    Rendered,
    Series,
    Sort,
    Star,
    Summarize,
    Take,
    Top,
    Union,
    UnionWith,
    Where,
    Wildcard,
)
from lazulite.kql.tokens import Token

OPTIONS: Final = frozenset(
    ["kind", "flags", "isfuzzy", "withsource", "bagexpansion", "with_itemindex", "hint", "with_source", "with_match_id"]
)


def operator(cursor: Cursor) -> Operator:
    """One operator, from its word on."""
    word, token = _word(cursor)
    if word in OPERATORS:
        return OPERATORS[word](cursor, word, token.start)
    if word in REFUSED:
        raise unsupported(f"The operator '{word}'", token.span)
    if not word:
        raise cursor.error("an operator such as where, project or summarize")
    raise syntax(f"There is no operator '{word}'", token.span, closest(word, (*OPERATORS, *REFUSED)))


def _word(cursor: Cursor) -> tuple[str, Token]:
    """The operator's word, which may have hyphens without blanks, and its first token."""
    first = cursor.token
    if first.kind != "name":
        return "", first
    word = cursor.take().text
    while cursor.sees("-") and cursor.token.start == cursor.last_end and cursor.ahead().kind == "name":
        cursor.take()
        word += "-" + cursor.take().text
    return word, first


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


def pattern(cursor: Cursor) -> Node:
    """A column name or a wildcard over names, such as `a*` or `*`."""
    start, text = cursor.token.start, ""
    if cursor.sees("["):
        return Name(start, cursor.last_end, cursor.name(), quoted=True)
    while (cursor.token.kind == "name" or cursor.sees("*")) and (not text or cursor.token.start == cursor.last_end):
        text += cursor.take().text
    if not text:
        raise cursor.error("a column name or a wildcard")
    return Wildcard(start, cursor.last_end, text) if "*" in text else Name(start, cursor.last_end, text)


def ordered(cursor: Cursor) -> Ordered:
    """A sort key: `expression [asc|desc] [nulls first|last]`."""
    value = expression(cursor)
    direction = cursor.accept_word("asc", "desc", "granny-asc", "granny-desc")
    nulls = None
    if cursor.accept_word("nulls"):
        nulls = cursor.accept_word("first", "last")
        if nulls is None:
            raise cursor.error("'first' or 'last'")
    descending = None if direction is None else direction == "desc"
    return Ordered(value.start, cursor.last_end, value, descending, None if nulls is None else nulls == "first")


def _where(cursor: Cursor, word: str, start: int) -> Operator:
    predicate = expression(cursor)
    return Where(start, predicate.end, word, predicate)


def _items(parse: Callable[[Cursor], Node]) -> Callable[[Cursor, str, int], Operator]:
    def parser(cursor: Cursor, word: str, start: int) -> Operator:
        items = cursor.separated(parse)
        return Project(start, cursor.last_end, word, items)

    return parser


def _distinct_item(cursor: Cursor) -> Node:
    return pattern(cursor) if cursor.sees("*") else expression(cursor)


def _reorder_item(cursor: Cursor) -> Node:
    found = pattern(cursor)
    if direction := cursor.accept_word("asc", "desc"):
        raise unsupported(f"The operator 'project-reorder' with '{direction}'", found.span)
    return found


def _bare(cursor: Cursor, word: str, start: int) -> Operator:
    return Bare(start, cursor.last_end, word)


def _serialize(cursor: Cursor, word: str, start: int) -> Operator:
    ends = cursor.token.kind == "end" or cursor.sees("|", ")", ";", "}")
    items = () if ends else cursor.separated(item)
    return Bare(start, cursor.last_end, word, items)


def _summarize(cursor: Cursor, word: str, start: int) -> Operator:
    _hints(cursor)
    aggregates = () if cursor.sees_word("by") else cursor.separated(item)
    keys = cursor.separated(item) if cursor.accept_word("by") else ()
    if not aggregates and not keys:
        raise cursor.error("an aggregate or 'by'")
    return Summarize(start, cursor.last_end, word, aggregates, keys)


def _hints(cursor: Cursor) -> None:
    """Hints steer a cluster's plan and change no answer."""
    if cursor.sees_word("hint"):
        options(cursor)


def _sort(cursor: Cursor, word: str, start: int) -> Operator:
    _hints(cursor)
    cursor.expect_word("by")
    keys = cursor.separated(ordered)
    return Sort(start, cursor.last_end, word, keys)


def _take(cursor: Cursor, word: str, start: int) -> Operator:
    count = expression(cursor)
    return Take(start, count.end, word, count)


def _top(cursor: Cursor, word: str, start: int) -> Operator:
    _hints(cursor)
    count = expression(cursor)
    cursor.expect_word("by")
    keys = cursor.separated(ordered)
    return Top(start, cursor.last_end, word, count, keys)


def _sample_distinct(cursor: Cursor, word: str, start: int) -> Operator:
    count = expression(cursor)
    cursor.expect_word("of")
    value = expression(cursor)
    return Top(start, cursor.last_end, word, count, (Ordered(value.start, value.end, value, None, None),))


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


def _join(cursor: Cursor, word: str, start: int) -> Operator:
    found = options(cursor)
    right = table(cursor)
    cursor.expect_word("on")
    on = cursor.separated(expression)
    return Join(start, cursor.last_end, word, found, right, on)


def union(cursor: Cursor, start: int) -> Union:
    """`union` options and tables, after the word."""
    found = options(cursor)
    tables = cursor.separated(table)
    return Union(start, cursor.last_end, found, tables)


def _union(cursor: Cursor, word: str, start: int) -> Operator:
    return UnionWith(start, cursor.last_end, word, union(cursor, start))


def _parse(cursor: Cursor, word: str, start: int) -> Operator:
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


def declared(cursor: Cursor, default: str | None = None) -> Declared:
    """`name: type`; the type may be left out where there is a default."""
    start = cursor.token.start
    name = cursor.name()
    if default is not None and not cursor.sees(":"):
        return Declared(start, cursor.last_end, name, default)
    cursor.expect(":")
    return Declared(start, cursor.last_end, name, type_name(cursor))


def _expand(cursor: Cursor, word: str, start: int) -> Operator:
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


def _series(cursor: Cursor, word: str, start: int) -> Operator:
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


def _as(cursor: Cursor, word: str, start: int) -> Operator:
    options(cursor)
    return As(start, cursor.last_end, word, cursor.name())


def _invoke(cursor: Cursor, word: str, start: int) -> Operator:
    at = cursor.token.start
    name = cursor.name()
    cursor.expect("(")
    arguments = cursor.until(")", argument)
    return Invoke(start, cursor.last_end, word, Call(at, cursor.last_end, name, arguments))


def _render(cursor: Cursor, word: str, start: int) -> Operator:
    visualization = cursor.name()
    properties = list(options(cursor))
    if cursor.accept_word("with"):
        cursor.expect("(")
        properties += cursor.until(")", _property)
    return Rendered(start, cursor.last_end, word, visualization, tuple(properties))


def _property(cursor: Cursor) -> tuple[str, str]:
    name = cursor.name()
    cursor.expect("=")
    words: list[str] = []
    while cursor.token.kind != "end" and not cursor.sees(")") and not _next_property(cursor):
        words.append(cursor.take().text)
    return name, "".join(words)


def _next_property(cursor: Cursor) -> bool:
    return cursor.sees(",") and cursor.ahead().kind == "name" and cursor.ahead(2).text == "="


OPERATORS: Final[dict[str, Callable[[Cursor, str, int], Operator]]] = {
    "where": _where,
    "filter": _where,
    "project": _items(item),
    "extend": _items(item),
    "project-away": _items(pattern),
    "project-keep": _items(pattern),
    "project-rename": _items(item),
    "project-reorder": _items(_reorder_item),
    "distinct": _items(_distinct_item),
    "summarize": _summarize,
    "order": _sort,
    "sort": _sort,
    "take": _take,
    "limit": _take,
    "sample": _take,
    "top": _top,
    "sample-distinct": _sample_distinct,
    "count": _bare,
    "getschema": _bare,
    "serialize": _serialize,
    "join": _join,
    "lookup": _join,
    "union": _union,
    "parse": _parse,
    "parse-where": _parse,
    "mv-expand": _expand,
    "mvexpand": _expand,
    "make-series": _series,
    "as": _as,
    "invoke": _invoke,
    "render": _render,
}
# Known to KQL and refused here by name.
REFUSED: Final = frozenset(
    [
        "consume",
        "evaluate",
        "externaldata",
        "facet",
        "find",
        "fork",
        "graph-match",
        "graph-mark-components",
        "graph-shortest-paths",
        "graph-to-table",
        "macro-expand",
        "make-graph",
        "mv-apply",
        "parse-kv",
        "partition",
        "project-by-names",
        "reduce",
        "scan",
        "search",
        "top-hitters",
        "top-nested",
        "assert-schema",
        "execute-and-cache",
    ]
)
