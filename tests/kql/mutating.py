"""Corpus cases changed in what an answer may not depend on, and the expectation changed with them.

Names: every table and column of a case gets a prefix, in the query and in the tables; the answer without the prefix
must be the expected one. Rows: the tables' rows in another order. Texts and moments: every text another text, every
moment 28 days later, in the query, in the tables and in the expectation, where a case's functions let that through.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lazulite.kql import Options, functions, operators, ticks
from lazulite.kql.tokens import Token, tokenize

Case = dict[str, Any]
Tables = dict[str, Any]
PREFIX = "Zq_"
DAYS = 28
# A scan's steps have columns of their own; a bag's members become columns.
NAMES_IN_DATA = {"scan", "bag_unpack"}
# What depends on the order of rows, or picks among rows that are as good as each other.
ORDER = {"any", "arg_max", "arg_min", "autocluster", "bag_unpack", "basket", "evaluate", "facet", "fork"}
ORDER |= {"join kind=innerunique", "limit", "make_bag", "make_list", "make_list_if", "make_list_with_nulls"}
ORDER |= {"mv-apply", "next", "partition", "prev", "reduce", "row_cumsum", "row_number", "row_rank_dense"}
ORDER |= {"row_rank_min", "row_window_session", "sample", "sample-distinct", "scan", "serialize", "take"}
ORDER |= {"take_any", "top-hitters", "top-nested"}
# Functions and operators that give back what they get, or do not look into it.
CARRIERS = {"abs", "and", "arg_max", "arg_min", "as", "avg", "between", "bin", "case", "coalesce", "count"}
CARRIERS |= {"count_distinct", "countif", "datatable", "dcount", "distinct", "extend", "filter", "iff", "isempty"}
CARRIERS |= {"isnotempty", "isnotnull", "isnull", "join", "join kind=fullouter", "join kind=inner"}
CARRIERS |= {"join kind=leftanti", "join kind=leftouter", "join kind=leftsemi", "join kind=rightouter", "let", "limit"}
CARRIERS |= {"lookup", "make_list", "make_set", "materialize", "max", "min", "not", "op !=", "op !in", "op =="}
CARRIERS |= {"op between", "op in", "or", "order", "percentile", "print", "project", "project-away", "project-keep"}
CARRIERS |= {"project-rename", "project-reorder", "range", "render", "round", "sort", "stdev", "sum", "sumif"}
CARRIERS |= {"summarize", "take", "take_any", "top", "toscalar", "union", "where"}
MOMENTS = CARRIERS | {"startofday", "endofday", "op has", "op contains", "strcat", "tolong", "toint", "strlen"}


@dataclass(frozen=True)
class Mutant:
    """A changed case; `restore` undoes in an answer what the change did to it."""

    case: Case
    tables: Tables
    restore: Callable[[Any], Any]


def names(case: Case) -> set[str]:
    """All operators and functions that a case uses."""
    return {*case["tags"]["operators"], *case["tags"]["functions"]}


def rewritten(query: str, change: Callable[[list[Token], int], str | None]) -> str:
    """The query with the texts of some tokens changed."""
    tokens = list(tokenize(query, Options(now=0)))
    made, at = [], 0
    for position, token in enumerate(tokens):
        new = change(tokens, position)
        if new is not None:
            made += [query[at : token.start], new]
            at = token.end
    return "".join([*made, query[at:]])


# ---- names


def renamed(case: Case, tables: Tables, dice: random.Random) -> Mutant | None:
    """Every table and column under another name."""
    if re.search(r"[A-Za-z_]\*|\*[A-Za-z_]", case["query"]) or names(case) & NAMES_IN_DATA:
        return None
    used = {name: tables[name] for name in case.get("tables") or []}
    known = {column["name"] for one in used.values() for column in one["columns"]}
    known |= set(declared(case["query"])) | set(used)
    known -= {record.name for record in functions()} | {operator.name for operator in operators()} | WORDS
    if not known:
        return None

    def change(tokens: list[Token], at: int) -> str | None:
        token, before = tokens[at], [one.text for one in tokens[max(at - 2, 0) : at]]
        # A join numbers the second of two columns.
        if token.kind not in ("name", "string") or not {token.text, re.sub(r"[0-9]$", "", token.text)} & known:
            return None
        if token.kind == "string":
            quoted = (before[-1:] == ["["] and tokens[at + 1].text == "]") or before == ["column_ifexists", "("]
            return query[token.start : token.end].replace(token.text, PREFIX + token.text) if quoted else None
        called = tokens[at + 1].text == "(" and before[-1:] not in (["by"], ["on"])
        member = before[-1:] == ["."] and before[0] not in ("$left", "$right")
        return None if called or member else PREFIX + token.text

    query = case["query"]
    other = {**case, "query": rewritten(query, change), "tables": [_new(name, known) for name in used]}
    return Mutant(other, {_new(name, known): _table(one, known) for name, one in used.items()}, _unprefixed)


WORDS = {"Count", "and", "asc", "between", "by", "default", "desc", "false", "first", "from", "in", "kind", "last"}
WORDS |= {"let", "limit", "not", "null", "nulls", "of", "on", "or", "set", "step", "title", "to", "true", "typeof"}
WORDS |= {"with"}


def declared(query: str) -> Iterator[str]:
    """The columns of its datatables."""
    for head in re.findall(r"datatable\s*\(([^)]*)\)", query):
        yield from re.findall(r"(\w+)\s*:", head)


def _new(name: str, known: set[str]) -> str:
    return PREFIX + name if name in known else name


def _table(table: Any, known: set[str]) -> Any:
    columns = [{**column, "name": _new(column["name"], known)} for column in table["columns"]]
    return {**table, "columns": columns}


def _unprefixed(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(PREFIX, "")
    if isinstance(value, list):
        return [_unprefixed(one) for one in value]
    return {_unprefixed(name): _unprefixed(one) for name, one in value.items()} if isinstance(value, dict) else value


# ---- rows, texts, moments


def permuted(case: Case, tables: Tables, dice: random.Random) -> Mutant | None:
    """The tables' rows in another order."""
    if not case.get("tables") or names(case) & ORDER:
        return None
    used = {name: tables[name] for name in case["tables"]}
    other = {name: {**one, "rows": dice.sample(one["rows"], len(one["rows"]))} for name, one in used.items()}
    return Mutant(case, other, lambda value: value)


def other_texts(case: Case, tables: Tables, dice: random.Random) -> Mutant | None:
    """Every text with a letter in front, which keeps their order."""
    if not names(case) <= CARRIERS:
        return None
    return _valued(case, tables, "string", lambda text: f"q{text}" if text else text, _other_string)


def other_moments(case: Case, tables: Tables, dice: random.Random) -> Mutant | None:
    """Every moment some weeks later."""
    later = names(case) <= MOMENTS and "ago(" not in case["query"] and "now(" not in case["query"]
    return _valued(case, tables, "datetime", _later, _other_moment) if later else None


def _later(text: Any) -> Any:
    tick = ticks.parse_datetime(text) if isinstance(text, str) else None
    return text if tick is None else ticks.format_datetime(tick + DAYS * ticks.TICKS_PER_DAY)


def _other_string(token: Token, written: str) -> str | None:
    if token.kind != "string" or not token.text:
        return None
    at = re.match(r"[hH]?@?(?:```|~~~|[\"'])", written)
    assert at is not None
    return written[: at.end()] + "q" + written[at.end() :]


def _other_moment(token: Token, written: str) -> str | None:
    if token.kind != "typed" or token.type != "datetime" or not isinstance(token.value, int):
        return None
    return f"datetime({ticks.format_datetime(token.value + DAYS * ticks.TICKS_PER_DAY)})"


def _valued(
    case: Case,
    tables: Tables,
    kind: str,
    cell: Callable[[Any], Any],
    literal: Callable[[Token, str], str | None],
) -> Mutant | None:
    """Literals in the query, cells of the tables and of the expectation changed alike."""
    kinds = {column.get("type") for column in case["expected"]["columns"]}
    if "dynamic" in kinds or (kind == "string" and re.search(r"\[\s*[\"']|@now|dynamic\(", case["query"])):
        return None
    query = rewritten(case["query"], lambda tokens, at: literal(tokens[at], _written(case["query"], tokens[at])))
    used = {name: _celled(tables[name], kind, cell) for name in case.get("tables") or []}
    if query == case["query"] and not used:
        return None
    other = copy.deepcopy(case)
    other["query"] = query
    other["expected"] = {**case["expected"], **_celled(case["expected"], kind, cell)}
    return Mutant(other, used, lambda value: value)


def _written(query: str, token: Token) -> str:
    return query[token.start : token.end]


def _celled(table: Any, kind: str, cell: Callable[[Any], Any]) -> Any:
    kinds = [column.get("type") for column in table["columns"]]
    rows = [
        [cell(value) if of == kind else value for value, of in zip(row, kinds, strict=True)] for row in table["rows"]
    ]
    return {**table, "rows": rows}


CHANGES = (renamed, permuted, other_texts, other_moments)
