"""Printed relations: each node a SELECT around its input's."""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.plan import (
    Aggregate,
    Distinct,
    Expand,
    Expr,
    Extend,
    Filter,
    Join,
    Limit,
    Plan,
    Project,
    Ref,
    UnionAll,
)
from lazulite.kql.sql.dialect import fill
from lazulite.kql.sql.expressions import ExpressionPrinter
from lazulite.kql.sql.printer import Printer


def filter(printer: Printer, node: Filter) -> str:
    """where."""
    source = printer.query(node.input)
    show = printer.expressions()
    test = show.condition(node.predicate)
    return f"SELECT * FROM ({show.layers.wrap(source)}) WHERE {test}"


def project(printer: Printer, node: Project) -> str:
    """Exactly these columns."""
    source = printer.query(node.input)
    show = printer.expressions()
    columns = _outputs(show, node.outputs)
    return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(source)})"


def extend(printer: Printer, node: Extend) -> str:
    """All columns and these."""
    source = printer.query(node.input)
    show = printer.expressions()
    return f"SELECT *, {_outputs(show, node.outputs)} FROM ({show.layers.wrap(source)})"


def _outputs(show: ExpressionPrinter, outputs: tuple[tuple[Ref, Expr], ...]) -> str:
    return ", ".join(f"{show(value)} AS c{ref.id}" for ref, value in outputs)


def aggregate(printer: Printer, node: Aggregate) -> str:
    """summarize."""
    source = printer.query(node.input)
    show = printer.expressions()
    columns = _outputs(show, (*node.keys, *node.outputs))
    group = " GROUP BY " + ", ".join(str(at + 1) for at in range(len(node.keys))) if node.keys else ""
    return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(source)}){group}"


def distinct(printer: Printer, node: Distinct) -> str:
    """distinct."""
    columns = ", ".join(f"c{ref.id}" for ref in node.columns)
    return f"SELECT DISTINCT {columns} FROM ({printer.query(node.input)})"


def limit(printer: Printer, node: Limit) -> str:
    """take and top."""
    return f"SELECT * FROM ({printer.query(node.input)}){printer.order(node.order)} LIMIT {node.count}"


def join(printer: Printer, node: Join) -> str:
    """join and lookup."""
    left, right = printer.query(node.left), printer.query(node.right)
    if node.kind == "innerunique":
        keys = ", ".join(f"c{one.id}" for one, _ in node.on)
        left = f"SELECT DISTINCT ON ({keys}) * FROM ({left})"
    on = " AND ".join(_matched(one, two) for one, two in node.on)
    word, swapped, with_left, with_right = JOINS[node.kind]
    sources = f"({right}) AS r {word} ({left}) AS l" if swapped else f"({left}) AS l {word} ({right}) AS r"
    columns = [_side("l", ref, with_left) for ref in node.left_columns if with_left]
    columns += [_side("r", ref, with_right) for ref in node.right_columns if with_right]
    return f"SELECT {', '.join(columns) or '0 AS nothing'} FROM {sources} ON {on}"


def _side(alias: str, ref: Ref, how: str) -> str:
    text = f"{alias}.c{ref.id}"
    return (
        f"coalesce({text}, '') AS c{ref.id}" if how == "maybe" and ref.type == types.STRING else f"{text} AS c{ref.id}"
    )


def union(printer: Printer, node: UnionAll) -> str:
    """union."""
    return " UNION ALL ".join(_part(printer, node, plan, values) for plan, values in node.inputs)


def _part(printer: Printer, node: UnionAll, plan: Plan, values: tuple[Expr, ...]) -> str:
    show = printer.expressions()
    columns = _outputs(show, tuple(zip(node.columns, values, strict=True)))
    return f"SELECT {columns or '0 AS nothing'} FROM ({show.layers.wrap(printer.query(plan))})"


def expand(printer: Printer, node: Expand) -> str:
    """mv-expand: first the lists, hoisted, then one unnest of all of them."""
    source = printer.query(node.input)
    show = printer.expressions()
    lists = [_list(printer, show, item, node) for item in node.items]
    lengths = ", ".join(f"coalesce(len({text}), 0)" for text in lists)
    kept = [f"c{ref.id}" for ref in node.kept]
    columns = [f"unnest({text}) AS c{ref.id}" for text, ref in zip(lists, node.elements, strict=True)]
    if node.index is not None:
        columns.append(f"unnest(range(greatest({lengths}, 1))) AS c{node.index.id}")
    return f"SELECT {', '.join((*kept, *columns))} FROM ({show.layers.wrap(source)})"


def _list(printer: Printer, show: ExpressionPrinter, item: Expr, node: Expand) -> str:
    value = show.hoist(show(item))
    bag = printer.dialect.unfolded_pair if node.bags_as_arrays else printer.dialect.unfolded_bag
    text = show.hoist(fill(printer.dialect.unfolded, [value, fill(bag, [value])]))
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
