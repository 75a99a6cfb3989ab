"""The `$filter` of a metrics request, by a hand-written parser.

    filter := clause ("and" clause)*
    clause := part ("or" part)*            "or" binds closer than "and", and joins terms of one dimension only
    part   := term | "(" filter ")"
    term   := NAME ("eq" | "ne" | "sw") 'VALUE'     quotes doubled inside; eq '*' splits by the dimension

Names, values and words compare without case. Clients send parentheses inside names and values encoded once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from lazulite.core.errors import BadRequest

MAX_FILTER_LENGTH = 16_384
MAX_FILTER_TERMS = 200
MAX_FILTER_DEPTH = 20
WILDCARD = "*"

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "ne": lambda value, wanted: value != wanted,
    "sw": lambda value, wanted: value.startswith(wanted),
}
_JOINS = ("and", "or")
_TOKEN = re.compile(r"\s*(?:(?P<mark>[()])|(?P<quoted>'(?:[^']|'')*')|(?P<word>[^\s()']+))")
_ENCODED = {"%28": "(", "%29": ")"}


@dataclass(frozen=True)
class Term:
    """One comparison; `value` as written, unquoted."""

    dimension: str
    operator: str
    value: str

    def holds(self, value: str) -> bool:
        """For a lower-case dimension value ("" where a series lacks the dimension)."""
        return self.value == WILDCARD or _OPERATORS[self.operator](value, self.value.lower())


@dataclass(frozen=True)
class Clause:
    """Terms of one dimension of which one must hold."""

    dimension: str
    terms: tuple[Term, ...]

    def holds(self, value: str) -> bool:
        return any(term.holds(value) for term in self.terms)


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse_filter(text: str) -> tuple[Clause, ...]:
    """The clauses that must all hold, in order. Raises BadRequest with the position (from 1) of what is wrong."""
    if len(text) > MAX_FILTER_LENGTH:
        raise BadRequest("BadRequest", f"The filter has {len(text)} characters; at most {MAX_FILTER_LENGTH} are read.")
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0
        self._terms = 0

    def parse(self) -> tuple[Clause, ...]:
        clauses = self._clauses()
        if self._next.kind != "end":
            _fail(self._next, "'and', 'or' or the end")
        return tuple(clauses)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _clauses(self) -> list[Clause]:
        clauses = self._clause()
        while self._word("and"):
            clauses += self._clause()
        return clauses

    def _clause(self) -> list[Clause]:
        clauses = self._part()
        while self._next.text.lower() == "or":
            token = self._take()
            clauses = [_either(token, clauses, self._part())]
        return clauses

    def _part(self) -> list[Clause]:
        if self._next.text != "(":
            return [self._term()]
        opened = self._take()
        self._depth += 1
        if self._depth > MAX_FILTER_DEPTH:
            _fail(opened, f"at most {MAX_FILTER_DEPTH} parentheses inside each other")
        clauses = self._clauses()
        if self._next.text != ")":
            _fail(self._next, f"')' for the '(' at character {opened.position}")
        self._take()
        self._depth -= 1
        return clauses

    def _term(self) -> Clause:
        dimension = self._name()
        operator = self._take()
        if self._next.kind != "quoted":
            _fail(self._next, f"a value in single quotes after '{operator.text}'")
        value = self._take()
        self._terms += 1
        if self._terms > MAX_FILTER_TERMS:
            _fail(value, f"at most {MAX_FILTER_TERMS} comparisons")
        term = Term(dimension, operator.text.lower(), _decoded(value.text[1:-1].replace("''", "'")))
        if term.value == WILDCARD and term.operator != "eq":
            _fail(value, "a value: '*' goes with eq only")
        return Clause(dimension, (term,))

    def _name(self) -> str:
        words = []
        while self._next.kind == "word" and self._next.text.lower() not in (*_OPERATORS, *_JOINS):
            words.append(self._take().text)
        if not words:
            _fail(self._next, "the name of a dimension")
        name = " ".join(words)
        if self._next.text.lower() not in _OPERATORS:
            _fail(self._next, f"eq, ne or sw after '{name}'")
        return _decoded(name)

    def _word(self, word: str) -> bool:
        found = self._next.kind == "word" and self._next.text.lower() == word
        self._at += found
        return found


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while found := _TOKEN.match(text, position):
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind) + 1)
        position = found.end()
    rest = text[position:]
    if rest.strip():
        _fail(_Token("mark", rest.strip()[:20], text.rindex(rest.strip()) + 1), "a value with a closing quote")
    yield _Token("end", "", len(text) + 1)


def _either(joined: _Token, left: list[Clause], right: list[Clause]) -> Clause:
    names = {clause.dimension.lower() for clause in (*left, *right)}
    if len(left) > 1 or len(right) > 1 or len(names) > 1:
        _fail(joined, "'and': 'or' joins comparisons of one dimension only")
    return Clause(left[0].dimension, left[0].terms + right[0].terms)


def _decoded(text: str) -> str:
    for code, character in _ENCODED.items():
        text = text.replace(code, character)
    return text


def _fail(token: _Token, expected: str) -> NoReturn:
    found = f"'{token.text[:50]}'" if token.text else "the end"
    raise BadRequest(
        "BadRequest",
        f"The filter is wrong at character {token.position}: expected {expected}, found {found}.",
        target="$filter",
    )
