"""Plugins that KQL can say itself: a text with names for what the call brings, parsed and bound like any query."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lazulite.kql import syntax as s
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Col, Environment, Meaning, Rel
from lazulite.kql.errors import KqlError, Span
from lazulite.kql.parser import parse
from lazulite.kql.plan import Ref
from lazulite.kql.schema import Options
from lazulite.kql.tokens import tokenize


def bound(scope: Scope, text: str, names: Mapping[str, Meaning], span: Span) -> Rel:
    """The rows that the text gives, with these names known to it and no others. Errors point at the call."""
    try:
        return bound_node(scope, _parsed(text), names)
    except KqlError as error:
        error.start, error.end = span.start, span.end
        raise


def bound_node(scope: Scope, node: s.Node, names: Mapping[str, Meaning]) -> Rel:
    """The rows of a query that is made of nodes."""
    found = scope.tabular(node, Environment(names), None)
    assert isinstance(found, Rel)
    return found


@lru_cache(maxsize=64)
def _parsed(text: str) -> s.Query:
    options = Options(now=0)
    return parse(tokenize(text, options), options)


def under(rel: Rel, names: Mapping[str, Ref]) -> Rel:
    """The rows with exactly these columns, under the names that a text knows them by."""
    return Rel(rel.plan, tuple(Col(name, ref) for name, ref in names.items()), rel.order, rel.serialized)


def called(rel: Rel, names: Mapping[str, str]) -> Rel:
    """The rows with some columns renamed back to the user's names."""
    columns = tuple(Col(names.get(column.name, column.name), column.ref) for column in rel.columns)
    return Rel(rel.plan, columns, rel.order, rel.serialized)


__all__ = ["bound", "called", "under"]
