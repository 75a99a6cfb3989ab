"""From Appends to rows: everything one delivery has for one table becomes one INSERT from Arrow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from lazulite import kql
from lazulite.engine import dynamics
from lazulite.engine.duckdb.columns import form_of
from lazulite.engine.duckdb.failures import Nature, brief, nature
from lazulite.engine.duckdb.schema import TableKey
from lazulite.engine.interface import Append, EngineRefused, StoredTable

SOURCE = "incoming"


def by_table(appends: Iterable[Append]) -> dict[TableKey, list[Append]]:
    """Appends that have rows, by the table they go to, in order."""
    grouped: dict[TableKey, list[Append]] = {}
    for append in appends:
        if append.rows.num_rows:
            grouped.setdefault((append.space, append.table), []).append(append)
    return grouped


def declared(appends: Sequence[Append]) -> list[kql.Column]:
    """All columns that the appends to one table declare."""
    return [column for append in appends for column in append.columns]


def insert(connection: duckdb.DuckDBPyConnection, table: StoredTable, appends: Sequence[Append]) -> int:
    """Insert the rows of appends to one table; returns how many. Raises EngineRefused or duckdb.Error."""
    parts = [_physical(append, table.relation.columns) for append in appends]
    rows = pa.concat_tables(parts, promote_options="default")
    types = {table.relation.columns[column.name]: column.type for column in table.columns}
    targets = ", ".join(rows.column_names)
    values = ", ".join(form_of(types[name]).load.format(c=name) for name in rows.column_names)
    # Not unregistered: that fails in an aborted transaction and would hide why; the cursor is closed after the job.
    connection.register(SOURCE, rows)
    place = f"{table.relation.schema}.{table.relation.table}"
    try:
        connection.execute(f"INSERT INTO {place} ({targets}) SELECT {values} FROM {SOURCE}")
    except duckdb.Error as error:
        if nature(error) is not Nature.VALUE:
            raise
        raise _refused(error, appends[0].table, table.relation.columns) from error
    return int(rows.num_rows)


def _physical(append: Append, physical: Mapping[str, str]) -> pa.Table:
    """The rows under physical names and in the exact Arrow types, since DuckDB would fold the users' names."""
    types = {column.name: column.type for column in append.columns}
    names = append.rows.column_names
    undeclared = [name for name in names if name not in types]
    if undeclared or len(set(names)) != len(names):
        raise EngineRefused(
            "ColumnsRefused", f"Rows for '{append.table}' have undeclared or repeated columns: {undeclared or names}."
        )
    fields = [pa.field(physical[name], form_of(types[name]).arrow) for name in names]
    try:
        rows = append.rows.rename_columns([field.name for field in fields]).cast(pa.schema(fields))
        rows.validate(full=True)  # text that is not UTF-8 would be stored, and fail every later query
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise EngineRefused("RowsRefused", f"Rows for '{append.table}' are not in storage form: {error}") from error
    for name in names:
        if types[name] == "dynamic":
            dynamics.check(rows[physical[name]], name)
    return rows


def _refused(error: duckdb.Error, name: str, physical: Mapping[str, str]) -> EngineRefused:
    """The refusal in the words of the sender: the column's own name instead of ours."""
    text = brief(error)
    found = re.search(r" when casting from source column (c\d+)$", text)
    column = next((own for own, ours in physical.items() if found and ours == found[1]), None)
    text = text[: found.start()] if found else text
    where = f"column '{column}' of table '{name}'" if column else f"table '{name}'"
    return EngineRefused("RowsRefused", f"A value for {where} cannot be stored: {text}", target=column)
