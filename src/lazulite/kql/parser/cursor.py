"""A place in the tokens of one query. Every loop of the parser moves it on or raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from lazulite.kql.errors import KqlError, closest, limit, syntax
from lazulite.kql.slips import meant
from lazulite.kql.syntax import Node, Operator
from lazulite.kql.tokens import Token

T = TypeVar("T")


class Cursor:
    """`pipeline` parses a nested query, `operator` what stands after a `|`: all of them may hold each other."""

    def __init__(
        self,
        tokens: tuple[Token, ...],
        max_depth: int,
        pipeline: Callable[[Cursor], Node],
        operator: Callable[[Cursor], Operator],
    ) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.max_depth = max_depth
        self._pipeline = pipeline
        self._operator = operator
        self.searching = False

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    @property
    def last_end(self) -> int:
        """Where the token before ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    def ahead(self, count: int = 1) -> Token:
        """A token further on; the end token past the end."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        """The next token, moving on."""
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def sees(self, *symbols: str) -> bool:
        """Whether one of these symbols comes next."""
        token = self.tokens[self.at]
        return token.kind == "symbol" and token.text in symbols

    def accept(self, *symbols: str) -> bool:
        """Pass one of these symbols, if it comes next."""
        found = self.sees(*symbols)
        if found:
            self.at += 1
        return found

    def expect(self, symbol: str) -> Token:
        """Pass this symbol or raise SYN0002."""
        if not self.sees(symbol):
            raise self.error(f"'{symbol}'")
        return self.take()

    def sees_word(self, *words: str) -> bool:
        """Whether one of these words comes next."""
        token = self.tokens[self.at]
        return token.kind == "name" and token.text in words

    def accept_word(self, *words: str) -> str | None:
        """Pass one of these words, if it comes next, and say which."""
        return self.take().text if self.sees_word(*words) else None

    def expect_word(self, word: str) -> Token:
        """Pass this word or raise SYN0002."""
        if not self.sees_word(word):
            raise self.error(f"'{word}'", (word,))
        return self.take()

    def name(self) -> str:
        """Pass a name, plain or ['quoted'], or raise SYN0002."""
        if self.token.kind == "name" and self.token.text[0] not in "!$":
            return self.take().text
        if self.sees("[") and self.ahead().kind == "string" and self.ahead(2).text == "]":
            self.at += 3
            return self.tokens[self.at - 2].text
        raise self.error("a name")

    def error(self, expected: str, known: Iterable[str] = ()) -> KqlError:
        """SYN0002 at the next token; `known` are the words that may stand here."""
        token = self.token
        found = "the query ends" if token.kind == "end" else f"'{token.text[:40]}' stands"
        word = "" if token.kind == "string" else token.text
        return syntax(f"Expected {expected}, but {found} here", token.span, closest(word, known) or meant(word))

    def pipeline(self) -> Node:
        """A nested query or expression."""
        with self.nested():
            return self._pipeline(self)

    @contextmanager
    def search_terms(self) -> Iterator[None]:
        """Where `column:"term"` and `*` are predicates."""
        before, self.searching = self.searching, True
        yield
        self.searching = before

    def operators(self) -> tuple[Operator, ...]:
        """`(operator | operator ...)`, which has its source from outside."""
        self.expect("(")
        with self.nested():
            found = [self._operator(self)]
            while self.accept("|"):
                found.append(self._operator(self))
        self.expect(")")
        return tuple(found)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper, which is bounded: a query must not exhaust the stack."""
        self.depth += 1
        if self.depth > self.max_depth:
            raise limit(f"The query nests deeper than {self.max_depth} levels", self.token.span)
        yield
        self.depth -= 1

    def separated(self, parse: Callable[[Cursor], T]) -> tuple[T, ...]:
        """One or more of something, separated by commas."""
        found = [parse(self)]
        while self.accept(","):
            found.append(parse(self))
        return tuple(found)

    def until(self, closing: str, parse: Callable[[Cursor], T]) -> tuple[T, ...]:
        """None or more, separated by commas (one may trail), up to and past the closing symbol."""
        found: list[T] = []
        while not self.accept(closing):
            found.append(parse(self))
            if not self.accept(",") and not self.sees(closing):
                raise self.error(f"',' or '{closing}'")
        return tuple(found)
