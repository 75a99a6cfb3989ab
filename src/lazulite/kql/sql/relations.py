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
from lazulite.kql.sql.dialect import Dialect, fill
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
    # Without keys there is one row, of whose columns nothing may be needed: an aggregate keeps it one.
    return f"SELECT {columns or 'count(*) AS nothing'} FROM ({show.layers.wrap(source)}){group}"


def distinct(printer: Printer, node: Distinct) -> str:
    """distinct."""
    columns = ", ".join(f"c{ref.id}" for ref in node.columns)
    return f"SELECT DISTINCT {columns} FROM ({printer.query(node.input)})"


def limit(printer: Printer, node: Limit) -> str:
    """take and top."""
    source = printer.query(node.input)
    if node.partition:
        return fill(
            printer.dialect.first_of_each, [source, printer.window(node.partition, node.order), str(node.count)]
        )
    return f"SELECT * FROM ({source}){printer.order(node.order)} LIMIT {node.count}"


def join(printer: Printer, node: Join) -> str:
    """join and lookup."""
    left, right = printer.query(node.left), printer.query(node.right)
    dialect = printer.dialect
    if node.kind == "innerunique":
        keys = (*(one for one, _ in node.on), *node.partition)
        left = fill(dialect.one_row_each, [", ".join(f"c{ref.id}" for ref in keys), left])
    on = " AND ".join(_matched(dialect, one, two) for one, two in node.on)
    with_left, with_right = SIDES[node.kind]
    columns = [_side("l", ref, with_left) for ref in node.left_columns if with_left]
    columns += [_side("r", ref, with_right) for ref in node.right_columns if with_right]
    return fill(dialect.joins[node.kind], [", ".join(columns) or "0 AS nothing", left, right, on])


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
    """mv-expand: first the lists, hoisted, then one unfolding of all of them."""
    source = printer.query(node.input)
    show = printer.expressions()
    dialect = printer.dialect
    lists = [_list(printer, show, item, node) for item in node.items]
    columns = [f"c{ref.id}" for ref in node.kept]
    columns += [f"{fill(dialect.unfold, [text])} AS c{ref.id}" for text, ref in zip(lists, node.elements, strict=True)]
    if node.index is not None:
        lengths = [fill(dialect.length, [text]) for text in lists]
        columns.append(f"{fill(dialect.places, lengths)} AS c{node.index.id}")
    return f"SELECT {', '.join(columns)} FROM ({show.layers.wrap(source)})"


def _list(printer: Printer, show: ExpressionPrinter, item: Expr, node: Expand) -> str:
    dialect = printer.dialect
    value = show.hoist(show(item))
    bag = dialect.unfolded_pair if node.bags_as_arrays else dialect.unfolded_bag
    text = show.hoist(fill(dialect.unfolded, [value, fill(bag, [value])]))
    if node.limit is not None:
        text = fill(dialect.first_of, [text, str(node.limit)])
    return show.hoist(fill(dialect.headed, [text]) if node.headed else text)


def _matched(dialect: Dialect, one: Ref, two: Ref) -> str:
    """A null key joins a null key; strings are never null, and a plain equality is the faster join."""
    form = dialect.same_text if one.type == types.STRING else dialect.same
    return fill(form, [f"l.c{one.id}", f"r.c{two.id}"])


# What of each side of a join comes out: "maybe" where a row of the other side may have no partner.
SIDES: Final = {
    "inner": ("all", "all"),
    "innerunique": ("all", "all"),
    "leftouter": ("all", "maybe"),
    "rightouter": ("maybe", "all"),
    "fullouter": ("maybe", "maybe"),
    "leftsemi": ("all", ""),
    "leftanti": ("all", ""),
    "rightsemi": ("", "all"),
    "rightanti": ("", "all"),
}
