"""Statements, pipelines and sources."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.syntax.expressions import Declared
from lazulite.kql.syntax.node import Node, Operator


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """A source and what follows each `|`."""

    source: Node
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let name = value;`"""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`set name = value;`"""

    name: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class Parameters(Node):
    """`declare query_parameters(name:type = default, ...);`"""

    items: tuple[Declared, ...]


@dataclass(frozen=True, slots=True)
class Query(Node):
    """Statements and the body whose rows (or, in a function, whose value) come back."""

    statements: tuple[Let | Setting | Parameters, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`(parameters) { body }`; a `view` is among the tables that a pattern of names means."""

    parameters: tuple[Declared, ...]
    body: Query
    view: bool = False


@dataclass(frozen=True, slots=True)
class DataTable(Node):
    """`datatable(columns) [values]`, values row by row."""

    columns: tuple[Declared, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Print(Node):
    """`print items`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`range name from low to high step step`."""

    name: str
    low: Node
    high: Node
    step: Node


@dataclass(frozen=True, slots=True)
class Search(Node):
    """`search options in (tables) predicate`, also as an operator; no tables are all of them."""

    options: tuple[tuple[str, str], ...]
    tables: tuple[Node, ...]
    predicate: Node


@dataclass(frozen=True, slots=True)
class Find(Node):
    """`find options in (tables) where predicate` and its projection; None is project-smart.

    A column is a Declared, whose type is "" where the text gives none; `pack` asks for the rest in a bag.
    """

    options: tuple[tuple[str, str], ...]
    tables: tuple[Node, ...]
    predicate: Node
    columns: tuple[Declared, ...] | None
    pack: bool
    away: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Union(Node):
    """`union options tables`, also as an operator (its input comes first then)."""

    options: tuple[tuple[str, str], ...]
    tables: tuple[Node, ...]
