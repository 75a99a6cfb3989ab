"""Queries with several results: each result is a query of its own, with the statements and the source that they share.

Before: `let a = 1; T | fork (count) (where x > a)`. After: `let a = 1; T | count` and `let a = 1; T | where x > a`.
They run one after another on one snapshot of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql.errors import limit, semantic

PRIMARY: Final = "PrimaryResult"
MOST: Final = 16
# The plugin that gives two results.
PREVIEW: Final = "preview"


@dataclass(frozen=True)
class Result:
    """One result: what it is called, and the query that gives it."""

    name: str
    query: s.Query


def results(query: s.Query) -> tuple[Result, ...]:
    """The results of a query, in order; nearly always one."""
    body = query.body
    last = body.operators[-1] if isinstance(body, s.Pipeline) else None
    if not isinstance(body, s.Pipeline) or last is None or not _gives_several(last):
        return (Result(PRIMARY, query),)
    legs = tuple(_legs(last))
    if len(legs) > MOST:
        raise limit(f"The query has more than {MOST} results", last.span)
    return tuple(Result(_name(leg), replace(query, body=_followed(body, leg.operators))) for leg in legs)


def _gives_several(node: s.Operator) -> bool:
    return isinstance(node, s.Fork | s.Facet) or (isinstance(node, s.Evaluate) and node.name == PREVIEW)


def _legs(node: s.Operator) -> Iterator[s.Leg]:
    if isinstance(node, s.Evaluate):
        yield from _preview(node)
        return
    assert isinstance(node, s.Fork | s.Facet)
    if isinstance(node, s.Fork):
        yield from node.legs
        return
    if node.operators:
        yield s.Leg(node.start, node.end, "", node.operators)
    for column in node.columns:
        where = (column.start, column.end)
        count = s.Assign(*where, (f"count_{column.text}",), s.Call(*where, "count", ()))
        yield s.Leg(*where, "", (s.Summarize(*where, "summarize", (count,), (column,)),))


def _preview(node: s.Evaluate) -> Iterator[s.Leg]:
    """So many rows, and how many there are."""
    where = (node.start, node.end)
    if len(node.arguments) != 1 or node.schema is not None:
        raise semantic("preview takes (NumberOfRows)", node.span)
    yield s.Leg(*where, "", (s.Take(*where, "take", node.arguments[0]),))
    yield s.Leg(*where, "", (s.Bare(*where, "count"),))


def _name(leg: s.Leg) -> str:
    """The name that the leg is given, or that `as` gives it."""
    last = leg.operators[-1]
    return leg.name or (last.name if isinstance(last, s.As) else PRIMARY)


def _followed(body: s.Pipeline, operators: tuple[s.Operator, ...]) -> s.Pipeline:
    return replace(body, operators=(*body.operators[:-1], *operators))
