"""What all parts of a plan share: expressions, rows, columns, sort keys, and the walk over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expr:
    """A typed value for each row."""

    type: str


@dataclass(frozen=True, slots=True)
class Ref(Expr):
    """A column of the input."""

    id: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key."""

    column: Ref
    descending: bool
    nulls_first: bool


def children(node: Plan | Expr) -> Iterator[Plan | Expr]:
    """The plans and expressions directly inside a node, for counting and explaining."""
    for name in fields(type(node)):
        yield from _nodes(getattr(node, name))


def fields(kind: type) -> list[str]:
    return [name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ())]


def _nodes(value: object) -> Iterator[Plan | Expr]:
    if isinstance(value, Plan | Expr):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)
