"""The one error a query's author sees: what was wrong, where, and what to do about it.

KqlError
  syntax(...)       SYN0002   the text is not KQL
  semantic(...)     SEM0100   a name, a type or an argument does not fit; where Kusto's own code is known, that one:
                    SEM0260 no such function, SEM0219 too few or many arguments, SEM0064 types that do not compare,
                    SEM0085 a table where a scalar is expected, SEM0003 a scalar where a table is
  unsupported(...)  UNS0001   KQL that this compiler does not run: named, never approximated
  limit(...)        LIM0001   longer, deeper or wider than a query may be
  denied(...)       InsufficientAccessError   the caller may not read what the query names
  runtime(...)      RUN0001   the engine refused a value while the query ran
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A half-open range of offsets in the query text."""

    start: int
    end: int


# Of an error that is raised by one who does not know the text; whoever does places it with `KqlError.at`.
NOWHERE = Span(0, 0)
UNRESOLVED = "SEM0100"
NO_FUNCTION = "SEM0260"
ARGUMENT_COUNT = "SEM0219"
NOT_COMPARABLE = "SEM0064"
NOT_SCALAR = "SEM0085"
NOT_TABULAR = "SEM0003"
# The kind of an error that says nothing of the query: it was compiled without the data that decides its columns.
DATA_NEEDED = "DataNeeded"
# The codes that a query may be refused with before it runs.
COMPILING = (
    *("SYN0002", "UNS0001", "LIM0001", "InsufficientAccessError"),
    *(UNRESOLVED, NO_FUNCTION, ARGUMENT_COUNT, NOT_COMPARABLE, NOT_SCALAR, NOT_TABULAR),
)


class KqlError(Exception):
    """A query that was refused. `line` and `column` count from 1; `token` is the text at fault."""

    def __init__(self, code: str, kind: str, message: str, span: Span, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.message = message
        self.start = span.start
        self.end = span.end
        self.line = 0
        self.column = 0
        self.token = ""
        self.suggestion = suggestion

    def at(self, span: Span) -> KqlError:
        """Place an error that was raised by one who does not know the text; returns itself."""
        self.start, self.end = span.start, span.end
        return self

    def locate(self, text: str) -> KqlError:
        """Fill line, column and token from the text; returns itself so that it can be raised."""
        start = self.start = min(self.start, len(text))
        self.end = max(start, min(self.end, len(text)))
        self.line = text.count("\n", 0, start) + 1
        self.column = start - (text.rfind("\n", 0, start) + 1) + 1
        self.token = text[start : min(self.end, start + 80)]
        return self

    def __str__(self) -> str:
        where = f" (line {self.line}, column {self.column})" if self.line else ""
        hint = f" Did you mean '{self.suggestion}'?" if self.suggestion else ""
        return f"{self.code}: {self.message}{where}{hint}"


def syntax(message: str, span: Span, suggestion: str | None = None) -> KqlError:
    """The text is not KQL."""
    return KqlError("SYN0002", "SyntaxError", message, span, suggestion)


def semantic(message: str, span: Span = NOWHERE, suggestion: str | None = None, code: str = UNRESOLVED) -> KqlError:
    """A name, a type or an argument does not fit."""
    return KqlError(code, "SemanticError", message, span, suggestion)


def unsupported(what: str, span: Span = NOWHERE) -> KqlError:
    """KQL that is known and not run here. `what` names the construct."""
    return KqlError("UNS0001", "Unsupported", f"{what} is not supported", span)


def data_needed(what: str, span: Span) -> KqlError:
    """What only a query that runs can be told: the columns that its rows make."""
    return KqlError("UNS0001", DATA_NEEDED, f"{what} is not supported", span)


def limit(message: str, span: Span = NOWHERE) -> KqlError:
    """A bound of the language was passed; the message names the bound."""
    return KqlError("LIM0001", "LimitExceeded", message, span)


def denied(message: str) -> KqlError:
    """The caller may not read what the query names; whoever binds the name places it."""
    return KqlError("InsufficientAccessError", "AccessDenied", message, NOWHERE)


def runtime(message: str) -> KqlError:
    """The engine refused a value while the query ran (overflow, memory, interruption)."""
    return KqlError("RUN0001", "RuntimeError", message, NOWHERE)


def closest(name: str, candidates: Iterable[str], preferred: Container[str] = ()) -> str | None:
    """The candidate within a third of the name's length in edits, case apart; the nearest first, or None.

    Of two as near: a preferred one, then one of which letters are only missing, then the longer one, for a letter is
    forgotten more often than typed twice.
    """
    best: tuple[int, bool, bool, int, str] | None = None
    bound = max(1, len(name) // 3)
    for candidate in candidates:
        if abs(len(candidate) - len(name)) > bound:
            continue
        found = distance(name.lower(), candidate.lower())
        if found > bound:
            continue
        rank = (found, candidate not in preferred, not _abridged(name, candidate), -len(candidate), candidate)
        if best is None or rank < best:
            best = rank
    return best[-1] if best else None


def _abridged(name: str, whole: str) -> bool:
    """Whether the name is the whole one with letters left out."""
    letters = iter(whole.lower())
    return all(letter in letters for letter in name.lower())


def distance(left: str, right: str) -> int:
    """Levenshtein distance with neighbours swapped counted as one edit."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        current = [row]
        for column, two in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (one != two))
            if row > 1 and column > 1 and one == right[column - 2] and left[row - 2] == two:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
