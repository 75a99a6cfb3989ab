"""What all nodes share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

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


def walk(value: object) -> Iterator[Node]:
    """Every node of a syntax tree."""
    if isinstance(value, Node):
        yield value
    if isinstance(value, tuple):
        for item in value:
            yield from walk(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from walk(getattr(value, field.name))
