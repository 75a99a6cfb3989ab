"""What all parts of a plan share: expressions, rows, columns, sort keys, and the walk over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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


FIELDS: Final[dict[type, tuple[str, ...]]] = {}


def children(node: Plan | Expr) -> list[Plan | Expr]:
    """The plans and expressions directly inside a node, for counting and explaining."""
    found: list[Plan | Expr] = []
    for name in fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, Plan | Expr):
            found.append(value)
        elif isinstance(value, tuple):
            _gather(value, found)
    return found


def fields(kind: type) -> tuple[str, ...]:
    """The names of a node's parts; a compilation asks thousands of times."""
    known = FIELDS.get(kind)
    if known is None:
        known = tuple(name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ()))
        FIELDS[kind] = known
    return known


def _gather(values: tuple[object, ...], found: list[Plan | Expr]) -> None:
    for value in values:
        if isinstance(value, Plan | Expr):
            found.append(value)
        elif isinstance(value, tuple):
            _gather(value, found)
