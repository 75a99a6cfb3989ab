"""What stands after a `|`: a table from the operator's word to the function that parses the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql.errors import closest, syntax, unsupported
from lazulite.kql.parser import contexts, relations, rows, searching, shapes, tables
from lazulite.kql.parser.cursor import Cursor
from lazulite.kql.parser.expressions import item
from lazulite.kql.parser.parts import pattern
from lazulite.kql.syntax import Operator
from lazulite.kql.tokens import Token


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


OPERATORS: Final[dict[str, Callable[[Cursor, str, int], Operator]]] = {
    "where": rows.where,
    "filter": rows.where,
    "project": rows.items(item),
    "extend": rows.items(item),
    "project-away": rows.items(pattern),
    "project-keep": rows.items(pattern),
    "project-rename": rows.items(item),
    "project-reorder": rows.items(rows.reorder_item),
    "distinct": rows.items(rows.distinct_item),
    "summarize": rows.summarize,
    "order": rows.sort,
    "sort": rows.sort,
    "take": rows.take,
    "limit": rows.take,
    "sample": rows.take,
    "top": rows.top,
    "sample-distinct": rows.sample_distinct,
    "count": rows.bare,
    "getschema": rows.bare,
    "serialize": rows.serialize,
    "join": relations.join,
    "lookup": relations.join,
    "union": relations.union_with,
    "search": searching.search_in,
    "consume": relations.consume,
    "parse": shapes.parse,
    "parse-where": shapes.parse,
    "mv-expand": shapes.expand,
    "mvexpand": shapes.expand,
    "top-hitters": contexts.top_hitters,
    "top-nested": contexts.top_nested,
    "fork": contexts.fork,
    "facet": contexts.facet,
    "mv-apply": contexts.mv_apply,
    "partition": contexts.partition,
    "make-series": shapes.series,
    "as": relations.as_name,
    "invoke": relations.invoke,
    "render": relations.render,
    "evaluate": tables.evaluate,
    "scan": tables.scan,
    "parse-kv": tables.parse_kv,
}
# Known to KQL and refused here by name.
REFUSED: Final = frozenset(
    [
        "externaldata",
        "find",
        "graph-match",
        "graph-mark-components",
        "graph-shortest-paths",
        "graph-to-table",
        "macro-expand",
        "make-graph",
        "project-by-names",
        "reduce",
        "assert-schema",
        "execute-and-cache",
    ]
)
