"""What a plugin of `evaluate` is, and how it reads its arguments.

A plugin binds a relation to a relation, as an operator does. Its parameters have names, and may be given by place or by
name; those after `least` may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Rel, unknown
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const, Expr, Ref


@dataclass(frozen=True)
class Call:
    """A plugin's call: where it stands, the rows it gets, and its arguments by parameter; `rest` are the dimensions."""

    scope: Scope
    rel: Rel
    node: s.Evaluate
    arguments: Mapping[str, s.Node]
    rest: tuple[s.Node, ...] = ()

    def given(self, name: str) -> bool:
        """Whether the parameter has an argument; `~` stands for its default."""
        node = self.arguments.get(name)
        return node is not None and not (isinstance(node, s.Literal) and node.value == "~")

    def column(self, name: str) -> tuple[str, Ref]:
        """The column that the argument names."""
        return self.named(self.arguments[name])

    def named(self, node: s.Node) -> tuple[str, Ref]:
        """A column of the rows, by its bare name."""
        if not isinstance(node, s.Name):
            raise semantic(f"{self.node.name} takes the name of a column here", node.span)
        return node.text, self.rel.column(node.text, node.span)

    def dimensions(self) -> list[tuple[str, Ref]]:
        """The columns that the arguments past the parameters name."""
        return [self.named(node) for node in self.rest]

    def value(self, name: str) -> Expr:
        """An argument that no column takes part in."""
        return replace(self.scope, columns={}).bind(self.arguments[name])

    def constant(self, name: str, kind: str) -> Const:
        """An argument that is known while the query is bound."""
        node = self.arguments[name]
        found = convert(self.value(name), kind, node.span)
        if not isinstance(found, Const):
            raise semantic(f"The argument '{name}' of {self.node.name} must be a constant of type {kind}", node.span)
        return found

    def text(self, name: str, default: str = "") -> str:
        """A constant text."""
        return str(self.constant(name, types.STRING).value) if self.given(name) else default

    def flag(self, name: str, default: bool) -> bool:
        """A constant bool."""
        return bool(self.constant(name, types.BOOL).value) if self.given(name) else default

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A constant number within bounds."""
        if not self.given(name):
            return default
        found = self.constant(name, types.REAL).value
        if not isinstance(found, float) or not low <= found <= high:
            span = self.arguments[name].span
            raise semantic(f"The argument '{name}' of {self.node.name} is between {low:g} and {high:g}", span)
        return found

    def texts(self, name: str) -> list[str]:
        """A constant array of texts."""
        found = json.loads(str(self.constant(name, types.DYNAMIC).value)) if self.given(name) else []
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            span = self.arguments[name].span
            raise semantic(f"The argument '{name}' of {self.node.name} is an array of texts", span)
        return found

    def table(self, name: str) -> Rel:
        """An argument that is a table."""
        found = self.scope.tabular(self.arguments[name], self.scope.environment, None)
        if not isinstance(found, Rel):
            raise semantic(f"The argument '{name}' of {self.node.name} is a table", self.arguments[name].span)
        return found


@dataclass(frozen=True)
class Plugin:
    """A plugin as users know it. `several`: more arguments may follow; `declares`: it reads `: (columns)` itself."""

    name: str
    doc: str
    parameters: tuple[str, ...]
    least: int
    bind: Callable[[Call], Rel]
    example: str
    several: str = ""
    declares: bool = False

    def call(self, scope: Scope, rel: Rel, node: s.Evaluate) -> Call:
        """The arguments under the parameters' names. Raises SEM0100 for too many, too few and unknown ones."""
        named = {a.names[0]: a.value for a in node.arguments if isinstance(a, s.Assign) and self._knows(a)}
        placed = tuple(a for a in node.arguments if not (isinstance(a, s.Assign) and self._knows(a)))
        self._check(placed, named, node)
        by_place = dict(zip(self.parameters, placed, strict=False))
        return Call(scope, rel, node, by_place | named, placed[len(self.parameters) :])

    def _knows(self, argument: s.Assign) -> bool:
        return argument.names[0] in self.parameters

    def _check(self, placed: tuple[s.Node, ...], named: Mapping[str, s.Node], node: s.Evaluate) -> None:
        for argument in placed:
            if isinstance(argument, s.Assign) and not self.several:
                raise unknown(f"argument of {self.name}", argument.names[0], argument.span, self.parameters)
        most = len(self.parameters)
        missing = [name for name in self.parameters[len(placed) : self.least] if name not in named]
        if missing or (len(placed) > most and not self.several):
            raise semantic(f"{self.name} takes ({self.form()}), not {len(node.arguments)} arguments", node.span)

    def form(self) -> str:
        """The parameters as a reader writes them."""
        names = [name if at < self.least else f"{name}?" for at, name in enumerate(self.parameters)]
        return ", ".join([*names, *([self.several] if self.several else [])])
