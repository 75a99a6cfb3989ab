"""Printed sources: tables, rows written in the query, ranges, and what a local stage made."""

from __future__ import annotations

from lazulite.kql import types
from lazulite.kql.plan import Const, Local, Ref, Scan, Sequence, Source, Values
from lazulite.kql.sql.dialect import fill
from lazulite.kql.sql.printer import Printer, Stage


def scan(printer: Printer, node: Scan) -> str:
    """All relations of a table, one after another."""
    if not node.sources:
        return _nothing(printer, node.columns)
    return " UNION ALL ".join(_source(printer, node, source) for source in node.sources)


def _nothing(printer: Printer, columns: tuple[Ref, ...]) -> str:
    """No rows of these columns."""
    return f"SELECT {', '.join(f'{printer.null(ref)} AS c{ref.id}' for ref in columns)} WHERE false"


def _source(printer: Printer, node: Scan, source: Source) -> str:
    columns = ", ".join(
        f"{_stored(printer, ref, name)} AS c{ref.id}" for ref, name in zip(node.columns, source.columns, strict=True)
    )
    name = printer.dialect.name
    return f"SELECT {columns} FROM {name(source.schema)}.{name(source.table)}"


def _stored(printer: Printer, ref: Ref, name: str | None) -> str:
    if name is None:
        return printer.null(ref)
    return fill(printer.dialect.stored.get(ref.type, "{0}"), [printer.dialect.name(name)])


def values(printer: Printer, node: Values) -> str:
    """Rows written in the query."""
    if not node.columns:
        return "SELECT 0 AS nothing"
    names = ", ".join(f"c{ref.id}" for ref in node.columns)
    if not node.rows:
        return _nothing(printer, node.columns)
    show = printer.expressions()
    # Each value is printed once: a nested query would get other names the second time.
    rows = [", ".join(show(value) for value in row) for row in node.rows]
    if not show.layers.names:
        return f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in rows)}) AS v({names})"
    source = show.layers.wrap("SELECT 0")
    return f"SELECT * FROM ({' UNION ALL '.join(f'SELECT {row} FROM ({source})' for row in rows)}) AS v({names})"


def sequence(printer: Printer, node: Sequence) -> str:
    """range."""
    show = printer.expressions()
    bounds = (node.low, node.high, node.step)
    texts = [show(bound) for bound in bounds]
    forms = printer.dialect.sequence
    kind = "real" if node.column.type == types.REAL else "count"
    known = all(isinstance(bound, Const) and bound.value is not None for bound in bounds)
    name = f"c{node.column.id}"
    count = fill(forms[kind], texts)
    # What the bounds hoist stands in one row below.
    source = show.layers.wrap("SELECT 0 AS nothing")
    return fill(forms["known" if known else "computed"], [*texts, count, name, source])


def local(printer: Printer, node: Local) -> str:
    """A stage that runs before, whose rows stand under its name then."""
    source = printer.query(node.input)
    # Other names than the columns': a key that is sorted by must not be its converted form.
    inputs = ", ".join(f"{printer.edge(ref)} AS i{ref.id}" for ref in node.inputs)
    name = f"$stage_{len(printer.stages)}"
    sql = f"SELECT {inputs or '0 AS nothing'} FROM ({source}){printer.order(node.order)}"
    printer.stages.append(Stage(sql, name, node.function, node.arguments, node.inputs, node.columns))
    columns = ", ".join(
        f"{fill(printer.dialect.back.get(ref.type, '{0}'), [f'c{ref.id}'])} AS c{ref.id}" for ref in node.columns
    )
    return f"SELECT {columns} FROM {printer.dialect.name(name)}"
