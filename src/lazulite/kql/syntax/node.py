"""What all nodes share."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.errors import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in the text."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """What stands after a `|`; `word` as written."""

    word: str
