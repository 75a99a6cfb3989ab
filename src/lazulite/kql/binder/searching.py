"""search and find: rows of several tables in which a term stands, in whichever column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Pending, Scope, any_column, boolean
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.partitions import filtered
from lazulite.kql.binder.scope import Col, Rel
from lazulite.kql.binder.uniting import SCOPED, table_names, tables, united
from lazulite.kql.errors import closest, semantic, unsupported
from lazulite.kql.functions import OPERATORS
from lazulite.kql.plan import Const, Expr, Logic, Not

KINDS: Final = {"default": False, "case_insensitive": False, "case_sensitive": True}
MOST_TABLES: Final = 100
SENSITIVE: Final = {"=~": "==", "!~": "!=", "in~": "in", "!in~": "!in"}
TABLE: Final = "$table"


@dataclass(frozen=True)
class Terms:
    """How terms are compared: over which columns, and whether case counts."""

    scope: Scope
    sensitive: bool

    def predicate(self, node: s.Node) -> Expr:
        """A search predicate."""
        if isinstance(node, s.Star):
            return Const(types.BOOL, True)
        if isinstance(node, s.Literal) and node.type == types.STRING:
            return self._term(s.Star(node.start, node.end), node)
        if isinstance(node, s.Logical):
            return Logic(types.BOOL, node.operator, tuple(map(self.predicate, node.operands)))
        if isinstance(node, s.Call) and node.name == "not" and len(node.arguments) == 1:
            return Not(types.BOOL, self.predicate(node.arguments[0]))
        if isinstance(node, s.Binary) and node.operator == ":":
            return self._column_term(node)
        return boolean(self.scope, self._cased(node))

    def _column_term(self, node: s.Binary) -> Expr:
        if not isinstance(node.right, s.Literal) or node.right.type != types.STRING:
            raise semantic("A term in quotes stands behind column:", node.right.span)
        return self._term(node.left, node.right)

    def _term(self, column: s.Node, term: s.Literal) -> Expr:
        operator, text = _operator(str(term.value), self.sensitive, term)
        right = s.Literal(term.start, term.end, types.STRING, text)
        if isinstance(column, s.Star):
            return any_column(self.scope, s.Binary(term.start, term.end, operator, column, right))
        value = convert(self.scope.bind(column), types.STRING, column.span)
        return any_column(self.scope, s.Binary(column.start, term.end, operator, column, right), (value,))

    def _cased(self, node: s.Node) -> s.Node:
        """Where case counts, each comparison of texts is the one that minds it."""
        if not self.sensitive or not isinstance(node, s.Binary | s.Member):
            return node
        minding = SENSITIVE.get(node.operator, f"{node.operator}_cs")
        return replace(node, operator=minding) if minding in OPERATORS or node.operator in SENSITIVE else node


def _operator(term: str, sensitive: bool, node: s.Node) -> tuple[str, str]:
    """What a term's wildcards mean: the operator, and the text that it takes."""
    bare = term.strip("*")
    if "*" in bare:
        if bare != term:
            raise unsupported("A search term with wildcards inside and at an end", node.span)
        pattern = ".*".join(re.escape(part) for part in bare.split("*"))
        return "matches regex", f"{'' if sensitive else '(?i)'}\\b{pattern}\\b"
    if not bare:
        raise semantic("A search term has a text beside its wildcards", node.span)
    word = {(False, False): "has", (True, False): "hassuffix", (False, True): "hasprefix", (True, True): "contains"}
    found = word[term.startswith("*"), term.endswith("*")]
    return found + ("_cs" if sensitive else ""), bare


# ---- search


def search(scope: Scope, node: s.Search) -> Rel:
    """`search` as a source: over the tables that it names, or over all."""
    named = node.tables or all_tables(scope, node)
    inputs = [found for table in named for found in tables(scope, table, 0, False)]
    return _searched(scope, inputs, node)


def search_in(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`| search`: over the rows piped in."""
    assert isinstance(node, s.SearchIn)
    if node.search.tables:
        raise semantic("search over rows piped in names no tables", node.span)
    return _searched(
        scope, [(rel.alias or rel.source or "search_arg0", replace(rel, order=(), serialized=False))], node.search
    )


def _searched(scope: Scope, inputs: list[tuple[str, Rel]], node: s.Search) -> Rel:
    kind = dict(node.options).get("kind", "default")
    if kind not in KINDS:
        raise semantic(f"There is no search kind '{kind}'", node.span, closest(kind, KINDS))
    if any(name == SCOPED for name, _ in inputs):
        raise unsupported("search over tables of other scopes", node.span)
    found = united(scope.context, inputs, TABLE, False, node.span)
    return matching(scope, found, found.columns[1:], KINDS[kind], node.predicate)


def matching(scope: Scope, rel: Rel, columns: tuple[Col, ...], sensitive: bool, predicate: s.Node) -> Rel:
    """The rows for which a search predicate over these columns holds."""
    pending = Pending()
    inner = replace(scope.over(replace(rel, columns=columns)), pending=pending)
    test = Terms(inner, sensitive).predicate(predicate)
    return filtered(with_stages(scope.context, rel, pending), test)


def all_tables(scope: Scope, node: s.Search | s.Find) -> tuple[s.Node, ...]:
    """Every table that has rows (every table where none has), and every view."""
    database = scope.context.database
    names = table_names(scope, "*")
    stored = [name for name in names if (table := database.table(name)) is None or table.relations]
    if len(stored or names) > MOST_TABLES:
        raise unsupported(f"A search of all tables where there are more than {MOST_TABLES}", node.span)
    if not names:
        raise semantic("There is no table to search", node.span)
    return tuple(s.Name(node.start, node.end, name, True) for name in stored or names)
