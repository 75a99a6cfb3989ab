"""Printed expressions. A subexpression that a template uses twice is hoisted: computed once, under a name, below."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from lazulite.kql import types
from lazulite.kql.errors import Span, limit, unsupported
from lazulite.kql.plan import (
    Aggregated,
    Apply,
    Compare,
    Const,
    Convert,
    Expr,
    Field,
    Logic,
    Not,
    OneOf,
    OneOfQuery,
    Order,
    Plan,
    Ref,
    RowField,
    RowOf,
    ScalarQuery,
    Windowed,
)
from lazulite.kql.pruning import pruned, references
from lazulite.kql.sql.dialect import Dialect, fill, uses

HOISTED: Final = re.compile(r"\bh\d+\b")
ATOMIC: Final = re.compile(r"[ch]\d+|\(?'?-?\d+'?::[A-Z]+\)?|'[^']{0,40}'|true|false")


@dataclass
class Layers:
    """What one relation hoists: a name and a text for each, and how deep below the relation it must stand."""

    names: dict[str, str] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)

    def wrap(self, source: str) -> str:
        """The source with the hoisted expressions added, layer by layer."""
        for level in sorted(set(self.depth.values())):
            added = ", ".join(f"{text} AS {name}" for text, name in self.names.items() if self.depth[name] == level)
            source = f"SELECT *, {added} FROM ({source})"
        return source


class ExpressionPrinter:
    """Prints the expressions of one relation; `query` prints a nested plan, `name` gives fresh names."""

    def __init__(self, dialect: Dialect, query: Callable[[Plan], str], number: Callable[[], int], bound: int) -> None:
        self.dialect = dialect
        self.layers = Layers()
        self._query = query
        self._number = number
        self._bound = bound

    def __call__(self, node: Expr) -> str:
        """The expression as SQL."""
        text = PRINTERS[type(node)](self, node)
        if len(text) > self._bound:
            raise limit(f"The query becomes more than {self._bound} characters of SQL", Span(0, 0))
        return text

    def condition(self, node: Expr) -> str:
        """The expression where null counts as false: comparisons stay bare, so that scans can skip by them."""
        if isinstance(node, Compare):
            return self._bare_comparison(node)
        if isinstance(node, Logic):
            return "(" + f" {node.operator} ".join(self.condition(operand) for operand in node.operands) + ")"
        if isinstance(node, OneOf):
            return f"({self(node.operand)} IN ({', '.join(map(self, node.items))}))"
        return self(node)

    def hoist(self, text: str) -> str:
        """A name for an expression that is computed below this relation."""
        if ATOMIC.fullmatch(text):
            return text
        known = self.layers.names.get(text)
        if known is None:
            known = f"h{self._number()}"
            below = [self.layers.depth[name] for name in HOISTED.findall(text) if name in self.layers.depth]
            self.layers.names[text] = known
            self.layers.depth[known] = max(below, default=-1) + 1
        return known

    def fill(self, template: str, arguments: list[str], over: str = "", order: str = "") -> str:
        """A template filled, with what it repeats hoisted."""
        repeated = {at for at, count in uses(template).items() if count > 1}
        given = [self.hoist(text) if at in repeated else text for at, text in enumerate(arguments)]
        return fill(template, given, over, order)

    def ordering(self, keys: tuple[Order, ...]) -> str:
        """Sort keys, without the words before them."""
        return ", ".join(map(self._sort_key, keys))

    def window(self, partition: tuple[Ref, ...], keys: tuple[Order, ...]) -> str:
        """What stands in OVER (...)."""
        parts = ("PARTITION BY " + ", ".join(map(self.ref, partition))) if partition else ""
        order = f"ORDER BY {self.ordering(keys)}" if keys else ""
        return f"{parts} {order}".strip()

    def _sort_key(self, key: Order) -> str:
        """NaN stands beside the nulls, whichever way the rest goes; SQL has it above all numbers."""
        column, direction = f"c{key.column.id}", "DESC" if key.descending else "ASC"
        text = f"{column} {direction} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
        if key.column.type != types.REAL:
            return text
        odd = f"CASE WHEN {column} IS NULL THEN 2 WHEN {fill(self.dialect.not_a_number, [column])} THEN 1 ELSE 0 END"
        return f"{odd} {'DESC' if key.nulls_first else 'ASC'}, {text}"

    # ---- one kind of expression each

    def ref(self, node: Ref) -> str:
        """A column."""
        return f"c{node.id}"

    def const(self, node: Const) -> str:
        """A literal."""
        return self.dialect.literal(node.type, node.value)

    def apply(self, node: Apply) -> str:
        """A function of the table."""
        template = self.dialect.template(node.signature)
        if template is None:
            raise unsupported(f"{node.name}() on {self.dialect.engine}", Span(0, 0))
        arguments = [self(argument) for argument in node.arguments]
        text = self.fill(template, arguments) if isinstance(template, str) else template(arguments)
        nullable = node.type == types.STRING and not self._never_null(node)
        return f"coalesce({text}, '')" if nullable else text

    def _never_null(self, node: Apply | Aggregated | Windowed) -> bool:
        plain = all(a.type == types.STRING or (isinstance(a, Const) and a.value is not None) for a in node.arguments)
        return node.signature.total and plain

    def convert(self, node: Convert) -> str:
        """A conversion, through a string where there is no shorter way."""
        direct = self.dialect.conversions.get((node.operand.type, node.type))
        if direct is not None:
            return self.fill(direct, [self(node.operand)])
        if node.operand.type == types.DYNAMIC:
            return self(Convert(node.type, Convert(types.STRING, node.operand)))
        raise unsupported(f"Converting {node.operand.type} to {node.type}", Span(0, 0))

    def _bare_comparison(self, node: Compare) -> str:
        left, right = self(node.left), self(node.right)
        if node.operator == "!=":
            return self._different(node, left, right)
        operator = "=" if node.operator == "==" else node.operator
        guard = self._guard(node, left, right)
        return f"({left} {operator} {right}{guard})"

    def _ordered(self, node: Compare) -> str:
        """A comparison by order as a value: null beside a null, whatever the other side is."""
        if node.left.type != types.REAL or not (_nullable(node.left) or _nullable(node.right)):
            return self._bare_comparison(node)
        left, right = self(node.left), self(node.right)
        return f"CASE WHEN {left} IS NOT NULL AND {right} IS NOT NULL THEN {self._bare_comparison(node)} END"

    def _guard(self, node: Compare, left: str, right: str) -> str:
        """NaN is greater than all and equal to itself in SQL; in Kusto it is neither."""
        if node.left.type != types.REAL:
            return ""
        suspects = {"<": (node.right,), "<=": (node.right,)}.get(node.operator, (node.left,))
        texts = {id(node.left): left, id(node.right): right}
        known = node.operator == "==" and (_number(node.left) or _number(node.right))
        risky = [one for one in suspects if not known and not _number(one)]
        return "".join(f" AND NOT {fill(self.dialect.not_a_number, [texts[id(one)]])}" for one in risky)

    def compare(self, node: Compare) -> str:
        """A comparison with Kusto's nulls: == of a null and a value is false, of two nulls null."""
        if node.operator not in ("==", "!="):
            return self._ordered(node)
        left, right = self(node.left), self(node.right)
        if node.operator == "!=":
            return self._different(node, left, right)
        if not _nullable(node.left) and not _nullable(node.right):
            return self._bare_comparison(node)
        same = fill(self.dialect.same, [left, right])
        if node.left.type == types.REAL:
            same = f"({same} AND NOT coalesce({fill(self.dialect.not_a_number, [left])}, false))"
        if _nullable(node.left) and _nullable(node.right):
            return f"CASE WHEN {left} IS NULL AND {right} IS NULL THEN NULL ELSE {same} END"
        return same

    def _different(self, node: Compare, left: str, right: str) -> str:
        if node.left.type != types.REAL and not _nullable(node.left) and not _nullable(node.right):
            return f"({left} <> {right})"
        test = f"(NOT {fill(self.dialect.same, [left, right])})"
        if node.left.type == types.REAL:
            test = f"({test} OR coalesce({fill(self.dialect.not_a_number, [left])}, false))"
        if _nullable(node.left) and _nullable(node.right):
            return f"CASE WHEN {left} IS NULL AND {right} IS NULL THEN NULL ELSE {test} END"
        return test

    def logic(self, node: Logic) -> str:
        """and / or."""
        return "(" + f" {node.operator} ".join(map(self, node.operands)) + ")"

    def negation(self, node: Not) -> str:
        """not."""
        return f"(NOT {self(node.operand)})"

    def one_of(self, node: OneOf) -> str:
        """in (constants), false for null."""
        return f"coalesce({self(node.operand)} IN ({', '.join(map(self, node.items))}), false)"

    def one_of_query(self, node: OneOfQuery) -> str:
        """in (query), false for null."""
        plan = pruned(node.plan, references(node.column))
        inner = f"SELECT c{node.column.id} FROM ({self._query(plan)}) WHERE c{node.column.id} IS NOT NULL"
        return f"coalesce({self(node.operand)} IN ({inner}), false)"

    def scalar_query(self, node: ScalarQuery) -> str:
        """toscalar()."""
        order = f" ORDER BY {self.ordering(node.order)}" if node.order else ""
        plan = pruned(node.plan, references((node.column, node.order)))
        text = f"(SELECT c{node.column.id} FROM ({self._query(plan)}){order} LIMIT 1)"
        return f"coalesce({text}, '')" if node.type == types.STRING else text

    def member(self, node: Field) -> str:
        """A member of a dynamic."""
        operand, key = self(node.operand), node.key
        if isinstance(key, Const) and isinstance(key.value, str):
            return fill(self.dialect.member, [operand, self.dialect.text(key.value)])
        if isinstance(key, Const) and isinstance(key.value, int) and 0 <= key.value < 1 << 31:
            return fill(self.dialect.element, [operand, str(key.value + 1)])
        if key.type == types.STRING:
            return self.fill(self.dialect.named_member, [operand, self(key)])
        return fill(self.dialect.computed_member, [operand, self(key)])

    def aggregated(self, node: Aggregated) -> str:
        """An aggregate: only inside an Aggregate."""
        template = self.dialect.template(node.signature)
        if not isinstance(template, str):
            raise unsupported(f"{node.name}() on {self.dialect.engine}", Span(0, 0))
        order = f" ORDER BY {self.ordering(node.order)}" if node.order else ""
        text = self.fill(template, [self(argument) for argument in node.arguments], order=order)
        return f"coalesce({text}, '')" if node.type == types.STRING else text

    def windowed(self, node: Windowed) -> str:
        """A window function: a layer of its own, as it may stand where SQL has none."""
        template = self.dialect.template(node.signature)
        if not isinstance(template, str):
            raise unsupported(f"{node.name}() on {self.dialect.engine}", Span(0, 0))
        arguments = [self(argument) for argument in node.arguments]
        within, restart = node.partition, _restart(node)
        if within and restart is not None:
            # The template partitions by this argument already: the partition's columns join it there.
            arguments[restart] = ", ".join([arguments[restart], *map(self.ref, within)])
            within = ()
        text = self.fill(template, arguments, over=self.window(within, node.order))
        return self.hoist(f"coalesce({text}, '')" if node.type == types.STRING else text)

    def row_of(self, node: RowOf) -> str:
        """Several columns of one row of a group."""
        columns = [f"f{at} := {self(value)}" for at, value in enumerate(node.columns)]
        row = fill(self.dialect.row, columns)
        by = [self(node.by), *self.dialect.bounds[node.by.type]] if node.by else []
        return fill(self.dialect.picks[node.pick], [row, *by])

    def row_field(self, node: RowField) -> str:
        """One column of a row value."""
        text = f"(c{node.row.id}).f{node.position}"
        return f"coalesce({text}, '')" if node.type == types.STRING else text


def _restart(node: Windowed) -> int | None:
    """The place of the argument that the function starts again by."""
    kinds = [parameter.kind for parameter in node.signature.parameters]
    return kinds.index("restart") if "restart" in kinds else None


def _number(node: Expr) -> bool:
    """Whether it is known not to be NaN."""
    return isinstance(node, Const) and node.value == node.value


def _nullable(node: Expr) -> bool:
    return node.type != types.STRING and not (isinstance(node, Const) and node.value is not None)


PRINTERS: Final[dict[type[Expr], Callable[[ExpressionPrinter, Expr], str]]] = {
    Ref: ExpressionPrinter.ref,  # type: ignore[dict-item]
    Const: ExpressionPrinter.const,  # type: ignore[dict-item]
    Apply: ExpressionPrinter.apply,  # type: ignore[dict-item]
    Convert: ExpressionPrinter.convert,  # type: ignore[dict-item]
    Compare: ExpressionPrinter.compare,  # type: ignore[dict-item]
    Logic: ExpressionPrinter.logic,  # type: ignore[dict-item]
    Not: ExpressionPrinter.negation,  # type: ignore[dict-item]
    OneOf: ExpressionPrinter.one_of,  # type: ignore[dict-item]
    OneOfQuery: ExpressionPrinter.one_of_query,  # type: ignore[dict-item]
    ScalarQuery: ExpressionPrinter.scalar_query,  # type: ignore[dict-item]
    Field: ExpressionPrinter.member,  # type: ignore[dict-item]
    Aggregated: ExpressionPrinter.aggregated,  # type: ignore[dict-item]
    Windowed: ExpressionPrinter.windowed,  # type: ignore[dict-item]
    RowOf: ExpressionPrinter.row_of,  # type: ignore[dict-item]
    RowField: ExpressionPrinter.row_field,  # type: ignore[dict-item]
}
