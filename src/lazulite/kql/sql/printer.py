"""The printer: nested plans into text within bounds, and the stages that must run before.

Only column numbers stand in the text: `c7` of the plan, `h7` hoisted here. Physical names come from the database's
relations alone, quoted; constants go through the dialect's literals.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lazulite.kql import types
from lazulite.kql.errors import Span, limit
from lazulite.kql.plan import Order, Plan, Ref
from lazulite.kql.schema import Options
from lazulite.kql.sql.dialect import Dialect, fill
from lazulite.kql.sql.expressions import ExpressionPrinter


@dataclass(frozen=True)
class Stage:
    """SQL to run; then, where `function` is named, a local function turns its rows into the relation `name`."""

    sql: str
    name: str = ""
    function: str = ""
    arguments: tuple[object, ...] = ()
    inputs: tuple[Ref, ...] = ()
    columns: tuple[Ref, ...] = ()


class Printer:
    """Prints relations; collects the stages that must run before."""

    def __init__(self, dialect: Dialect, options: Options, forms: Forms) -> None:
        self.dialect = dialect
        self.max_length = options.max_sql_length
        self.max_depth = options.max_plan_depth
        self.depth = 0
        self.stages: list[Stage] = []
        self._forms = forms
        self._numbers = itertools.count(1)

    def query(self, node: Plan) -> str:
        """The relation as a SELECT."""
        self.depth += 1
        if self.depth > self.max_depth:
            raise limit(f"More than {self.max_depth} operators follow one another", Span(0, 0))
        text = self._forms[type(node)](self, node)
        self.depth -= 1
        if len(text) > self.max_length:
            raise limit(f"The query becomes more than {self.max_length} characters of SQL", Span(0, 0))
        return text

    def expressions(self) -> ExpressionPrinter:
        """A printer for one relation's expressions."""
        return ExpressionPrinter(self.dialect, self.query, lambda: next(self._numbers), self.max_length)

    def order(self, keys: tuple[Order, ...]) -> str:
        """ORDER BY, or nothing."""
        return f" ORDER BY {self.expressions().ordering(keys)}" if keys else ""

    def window(self, partition: tuple[Ref, ...], keys: tuple[Order, ...]) -> str:
        """What stands in OVER (...)."""
        return self.expressions().window(partition, keys)

    def null(self, ref: Ref) -> str:
        """The absent value of a column: null, or '' for a string."""
        return self.dialect.literal(ref.type, types.absent(ref.type))

    def edge(self, ref: Ref) -> str:
        """A column as a local stage takes it."""
        return fill(self.dialect.edge.get(ref.type, "{0}"), [f"c{ref.id}"])

    def shown(self, ref: Ref) -> str:
        """A column as the result has it."""
        return fill(self.dialect.shown.get(ref.type, "{0}"), [f"c{ref.id}"])


# How each kind of node is printed.
Forms = Mapping[type[Plan], Callable[[Printer, Any], str]]
