"""Operators that see a whole table at once: evaluate, scan, parse-kv."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.syntax.expressions import Declared, Ordered
from lazulite.kql.syntax.node import Node, Operator


@dataclass(frozen=True, slots=True)
class OutputSchema(Node):
    """`: (*, name: type, ...)` after a plugin: the columns that it gives."""

    columns: tuple[Declared, ...]
    star: bool


@dataclass(frozen=True, slots=True)
class Evaluate(Operator):
    """`evaluate name(arguments) : schema`."""

    name: str
    arguments: tuple[Node, ...]
    schema: OutputSchema | None


@dataclass(frozen=True, slots=True)
class Step(Node):
    """`step name output=all : condition => column = value, ...;` of scan."""

    name: str
    output: str
    condition: Node
    assignments: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Scan(Operator):
    """`scan with_match_id=id partition by keys order by keys declare (columns) with (steps)`."""

    match_id: str | None
    partition: tuple[Node, ...]
    order: tuple[Ordered, ...]
    declared: tuple[Declared, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ParseKv(Operator):
    """`parse-kv text as (key: type, ...) with (options)`; an option may stand several times."""

    operand: Node
    keys: tuple[Declared, ...]
    options: tuple[tuple[str, Node], ...]
