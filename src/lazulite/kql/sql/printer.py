"""Printed relations: each plan node a SELECT around its input's. The engine's optimiser flattens them.

Only column numbers stand in the text: `c7` of the plan, `h7` hoisted here. Physical names come from the database's
relations alone, quoted; constants go through the dialect's literals.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lazulite.kql import types
from lazulite.kql.binder.scope import Bound
from lazulite.kql.errors import Span, limit
from lazulite.kql.literals import Value
from lazulite.kql.plan import (
    Aggregate,
    Const,
    Distinct,
    Expand,
    Expr,
    Extend,
    Filter,
    Join,
    Limit,
    Local,
    Order,
    Plan,
    Project,
    Ref,
    Scan,
    Sequence,
    Source,
    UnionAll,
    Values,
)
from lazulite.kql.schema import Options
from lazulite.kql.sql.dialect import Dialect, fill
from lazulite.kql.sql.expressions import ExpressionPrinter


@dataclass(frozen=True)
class Stage:
    """SQL to run; then, where `function` is named, a local function turns its rows into the relation `name`."""

    sql: str
    name: str = ""
    function: str = ""
    arguments: tuple[Value, ...] = ()
    inputs: tuple[Ref, ...] = ()
    columns: tuple[Ref, ...] = ()


def render(bound: Bound, dialect: Dialect, options: Options) -> tuple[Stage, ...]:
    """The stages of a bound query; the last one gives the result's columns, in order."""
    printer = Printer(dialect, options)
    body = printer.query(bound.plan)
    # A hidden key may be sorted by, so the edge conversions stand in the same SELECT as the ORDER BY.
    columns = ", ".join(f"{printer.edge(ref)} AS o{at}" for at, ref in enumerate(bound.refs))
    sql = f"SELECT {columns or 'NULL AS o0'} FROM ({body}){printer.order(bound.order)}"
    if len(sql) > options.max_sql_length:
        raise limit(f"The query becomes more than {options.max_sql_length} characters of SQL", Span(0, 0))
    return (*printer.stages, Stage(sql))


class Printer:
    """Prints relations; collects the stages that must run before."""

    def __init__(self, dialect: Dialect, options: Options) -> None:
        self.dialect = dialect
        self.max_length = options.max_sql_length
        self.max_depth = options.max_plan_depth
        self.depth = 0
        self.stages: list[Stage] = []
        self._numbers = itertools.count(1)

    def query(self, node: Plan) -> str:
        """The relation as a SELECT."""
        self.depth += 1
        if self.depth > self.max_depth:
            raise limit(f"More than {self.max_depth} operators follow one another", Span(0, 0))
        text = PRINTERS[type(node)](self, node)
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

    def null(self, ref: Ref) -> str:
        """The absent value of a column: null, or '' for a string."""
        return self.dialect.literal(ref.type, "" if ref.type == types.STRING else None)

    # ---- sources

    def scan(self, node: Scan) -> str:
        """All relations of a table, one after another."""
        if not node.sources:
            columns = ", ".join(f"{self.null(ref)} AS c{ref.id}" for ref in node.columns)
            return f"SELECT {columns} WHERE false"
        return " UNION ALL ".join(self._source(node, source) for source in node.sources)

    def _source(self, node: Scan, source: Source) -> str:
        columns = ", ".join(
            f"{self._stored(ref, name)} AS c{ref.id}" for ref, name in zip(node.columns, source.columns, strict=True)
        )
        name = self.dialect.name
        return f"SELECT {columns} FROM {name(source.schema)}.{name(source.table)}"

    def _stored(self, ref: Ref, name: str | None) -> str:
        if name is None:
            return self.null(ref)
        return fill(self.dialect.stored.get(ref.type, "{0}"), [self.dialect.name(name)])

    def values(self, node: Values) -> str:
        """Rows written in the query."""
        if not node.columns:
            return "SELECT 0 AS nothing"
        names = ", ".join(f"c{ref.id}" for ref in node.columns)
        if not node.rows:
            return f"SELECT {', '.join(f'{self.null(ref)} AS c{ref.id}' for ref in node.columns)} WHERE false"
        show = self.expressions()
        rows = ", ".join("(" + ", ".join(show(value) for value in row) + ")" for row in node.rows)
        source = show.layers.wrap("SELECT 0") if show.layers.names else ""
        if source:
            rows = " UNION ALL ".join(
                "SELECT " + ", ".join(show(v) for v in row) + f" FROM ({source})" for row in node.rows
            )
            return f"SELECT * FROM ({rows}) AS v({names})"
        return f"SELECT * FROM (VALUES {rows}) AS v({names})"

    def sequence(self, node: Sequence) -> str:
        """range."""
        show = self.expressions()
        bounds = (node.low, node.high, node.step)
        texts = [show(bound) for bound in bounds]
        forms = self.dialect.sequence
        kind = "real" if node.column.type == types.REAL else "count"
        known = all(isinstance(bound, Const) and bound.value is not None for bound in bounds)
        name = f"c{node.column.id}"
        count = fill(forms[kind], texts)
        return fill(forms["known" if known else "computed"], [*texts, count, name])

    def local(self, node: Local) -> str:
        """A stage that runs before, whose rows stand under its name then."""
        source = self.query(node.input)
        inputs = ", ".join(f"{self.edge(ref)} AS c{ref.id}" for ref in node.inputs)
        name = f"$stage_{len(self.stages)}"
        sql = f"SELECT {inputs or '0 AS nothing'} FROM ({source})"
        self.stages.append(Stage(sql, name, node.function, node.arguments, node.inputs, node.columns))
        columns = ", ".join(
            f"{fill(self.dialect.back.get(ref.type, '{0}'), [f'c{ref.id}'])} AS c{ref.id}" for ref in node.columns
        )
        return f"SELECT {columns} FROM {self.dialect.name(name)}"

    def edge(self, ref: Ref) -> str:
        """A column as Arrow takes it."""
        return fill(self.dialect.edge.get(ref.type, "{0}"), [f"c{ref.id}"])

    # ---- rows and columns

    def filter(self, node: Filter) -> str:
        """where."""
        source = self.query(node.input)
        show = self.expressions()
        test = show.condition(node.predicate)
        return f"SELECT * FROM ({show.layers.wrap(source)}) WHERE {test}"

    def project(self, node: Project) -> str:
        """Exactly these columns."""
        source = self.query(node.input)
        show = self.expressions()
        columns = self._outputs(show, node.outputs)
        return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(source)})"

    def extend(self, node: Extend) -> str:
        """All columns and these."""
        source = self.query(node.input)
        show = self.expressions()
        return f"SELECT *, {self._outputs(show, node.outputs)} FROM ({show.layers.wrap(source)})"

    def _outputs(self, show: ExpressionPrinter, outputs: tuple[tuple[Ref, Expr], ...]) -> str:
        return ", ".join(f"{show(value)} AS c{ref.id}" for ref, value in outputs)

    def aggregate(self, node: Aggregate) -> str:
        """summarize."""
        source = self.query(node.input)
        show = self.expressions()
        columns = self._outputs(show, (*node.keys, *node.outputs))
        group = " GROUP BY " + ", ".join(str(at + 1) for at in range(len(node.keys))) if node.keys else ""
        return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(source)}){group}"

    def distinct(self, node: Distinct) -> str:
        """distinct."""
        columns = ", ".join(f"c{ref.id}" for ref in node.columns)
        return f"SELECT DISTINCT {columns} FROM ({self.query(node.input)})"

    def limit(self, node: Limit) -> str:
        """take and top."""
        return f"SELECT * FROM ({self.query(node.input)}){self.order(node.order)} LIMIT {node.count}"

    # ---- several relations

    def join(self, node: Join) -> str:
        """join and lookup."""
        left, right = self.query(node.left), self.query(node.right)
        if node.kind == "innerunique":
            keys = ", ".join(f"c{one.id}" for one, _ in node.on)
            left = f"SELECT DISTINCT ON ({keys}) * FROM ({left})"
        on = " AND ".join(_matched(one, two) for one, two in node.on)
        word, swapped, with_left, with_right = JOINS[node.kind]
        sources = f"({right}) AS r {word} ({left}) AS l" if swapped else f"({left}) AS l {word} ({right}) AS r"
        columns = [self._side("l", ref, with_left) for ref in node.left_columns if with_left]
        columns += [self._side("r", ref, with_right) for ref in node.right_columns if with_right]
        return f"SELECT {', '.join(columns) or '0 AS nothing'} FROM {sources} ON {on}"

    def _side(self, alias: str, ref: Ref, how: str) -> str:
        text = f"{alias}.c{ref.id}"
        return (
            f"coalesce({text}, '') AS c{ref.id}"
            if how == "maybe" and ref.type == types.STRING
            else f"{text} AS c{ref.id}"
        )

    def union(self, node: UnionAll) -> str:
        """union."""
        return " UNION ALL ".join(self._part(node, plan, values) for plan, values in node.inputs)

    def _part(self, node: UnionAll, plan: Plan, values: tuple[Expr, ...]) -> str:
        show = self.expressions()
        columns = self._outputs(show, tuple(zip(node.columns, values, strict=True)))
        return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(self.query(plan))})"

    # ---- arrays

    def expand(self, node: Expand) -> str:
        """mv-expand: first the lists, hoisted, then one unnest of all of them."""
        source = self.query(node.input)
        show = self.expressions()
        lists = [self._list(show, item, node) for item in node.items]
        lengths = ", ".join(f"coalesce(len({text}), 0)" for text in lists)
        kept = [f"c{ref.id}" for ref in node.kept]
        columns = [f"unnest({text}) AS c{ref.id}" for text, ref in zip(lists, node.elements, strict=True)]
        if node.index is not None:
            columns.append(f"unnest(range(greatest({lengths}, 1))) AS c{node.index.id}")
        return f"SELECT {', '.join((*kept, *columns))} FROM ({show.layers.wrap(source)})"

    def _list(self, show: ExpressionPrinter, item: Expr, node: Expand) -> str:
        value = show.hoist(show(item))
        bag = self.dialect.unfolded_pair if node.bags_as_arrays else self.dialect.unfolded_bag
        text = show.hoist(fill(self.dialect.unfolded, [value, fill(bag, [value])]))
        return show.hoist(f"{text}[1:{node.limit}]") if node.limit is not None else text


def _matched(one: Ref, two: Ref) -> str:
    """A null key joins a null key; strings are never null, and a plain equality is the faster join."""
    operator = "=" if one.type == types.STRING else "IS NOT DISTINCT FROM"
    return f"l.c{one.id} {operator} r.c{two.id}"


# SQL's join, whether the sides are swapped, and what of each side comes out ("maybe": it may be absent).
JOINS: Final = {
    "inner": ("JOIN", False, "all", "all"),
    "innerunique": ("JOIN", False, "all", "all"),
    "leftouter": ("LEFT JOIN", False, "all", "maybe"),
    "rightouter": ("RIGHT JOIN", False, "maybe", "all"),
    "fullouter": ("FULL JOIN", False, "maybe", "maybe"),
    "leftsemi": ("SEMI JOIN", False, "all", ""),
    "leftanti": ("ANTI JOIN", False, "all", ""),
    "rightsemi": ("SEMI JOIN", True, "", "all"),
    "rightanti": ("ANTI JOIN", True, "", "all"),
}
PRINTERS: Final[dict[type[Plan], Callable[[Printer, Plan], str]]] = {
    Scan: Printer.scan,  # type: ignore[dict-item]
    Values: Printer.values,  # type: ignore[dict-item]
    Sequence: Printer.sequence,  # type: ignore[dict-item]
    Local: Printer.local,  # type: ignore[dict-item]
    Filter: Printer.filter,  # type: ignore[dict-item]
    Extend: Printer.extend,  # type: ignore[dict-item]
    Project: Printer.project,  # type: ignore[dict-item]
    Aggregate: Printer.aggregate,  # type: ignore[dict-item]
    Distinct: Printer.distinct,  # type: ignore[dict-item]
    Limit: Printer.limit,  # type: ignore[dict-item]
    Join: Printer.join,  # type: ignore[dict-item]
    UnionAll: Printer.union,  # type: ignore[dict-item]
    Expand: Printer.expand,  # type: ignore[dict-item]
}
