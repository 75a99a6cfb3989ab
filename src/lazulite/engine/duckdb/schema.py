"""What is stored where: the `_schema` table, and the one place that creates tables and adds columns.

Users' names are compared with case, which DuckDB's own catalog does not do, so they are only values of `_schema`
rows; physical names are s1, t1, c1 and on. Columns are never dropped or retyped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

import duckdb

from lazulite import kql
from lazulite.engine.duckdb.columns import form_of
from lazulite.engine.interface import EngineRefused, Schema, StoredTable

MAX_COLUMNS = 500
TableKey = tuple[str, str]

CREATE = """
CREATE TABLE IF NOT EXISTS _schema (
    space VARCHAR NOT NULL, table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, kusto_type VARCHAR NOT NULL,
    physical_schema VARCHAR NOT NULL, physical_table VARCHAR NOT NULL, physical_column VARCHAR NOT NULL,
    ordinal INTEGER NOT NULL, revision BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS _delivered (epoch VARCHAR NOT NULL, seq BIGINT NOT NULL);
"""
_READ = """
SELECT space, table_name, physical_schema, physical_table, column_name, kusto_type, physical_column, revision
FROM _schema ORDER BY physical_schema, physical_table, ordinal
"""
_RECORD = "INSERT INTO _schema VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


def load(connection: duckdb.DuckDBPyConnection) -> Schema:
    """The schema as the connection's transaction sees it."""
    rows = connection.execute(_READ).fetchall()
    tables = {}
    for (space, name, physical_schema, physical_table), group in groupby(rows, key=lambda row: row[:4]):
        columns = [(kql.Column(row[4], row[5]), row[6]) for row in group]
        tables[space, name] = _stored(physical_schema, physical_table, columns)
    return Schema(max((row[7] for row in rows), default=0), tables)


def extend(
    connection: duckdb.DuckDBPyConnection, schema: Schema, wanted: Mapping[TableKey, Iterable[kql.Column]]
) -> Schema:
    """Create what `wanted` has and `schema` lacks, inside the open transaction; the same schema when nothing does.

    Raises EngineRefused for a column of another type than the stored one, an unknown type or too many columns.
    """
    tables = dict(schema.tables)
    for key, columns in wanted.items():
        tables[key] = _extend_table(connection, Schema(schema.revision, tables), key, columns)
    changed = any(schema.tables.get(key) is not table for key, table in tables.items())
    return Schema(schema.revision + 1, tables) if changed else schema


def _extend_table(
    connection: duckdb.DuckDBPyConnection, schema: Schema, key: TableKey, columns: Iterable[kql.Column]
) -> StoredTable:
    stored = schema.tables.get(key)
    held = {column.name: column.type for column in stored.columns} if stored else {}
    added = _added(key, held, columns)
    if stored and not added:
        return stored
    first = len(held) + 1
    named = [(column, f"c{number}") for number, column in enumerate(added, first)]
    if stored:
        relation = stored.relation
        _add_columns(connection, relation, named)
        before = [(column, relation.columns[column.name]) for column in stored.columns]
    else:
        relation = _create_table(connection, schema, key[0], named)
        before = []
    for ordinal, (column, physical) in enumerate(named, first):
        place = (relation.schema, relation.table, physical, ordinal, schema.revision + 1)
        connection.execute(_RECORD, [*key, column.name, column.type, *place])
    return _stored(relation.schema, relation.table, [*before, *named])


def _added(key: TableKey, held: Mapping[str, str], columns: Iterable[kql.Column]) -> list[kql.Column]:
    known, added = dict(held), []
    for column in columns:
        form_of(column.type)  # for its refusal of a type that is none
        if known.setdefault(column.name, column.type) != column.type:
            raise EngineRefused(
                "ColumnTypeConflict",
                f"Column '{column.name}' of table '{key[1]}' is stored as {known[column.name]}: "
                f"{column.type} values cannot be added to it. Send them under another column name.",
                target=column.name,
            )
        if column.name not in held and column not in added:
            added.append(column)
    if len(known) > MAX_COLUMNS:
        raise EngineRefused("TooManyColumns", f"Table '{key[1]}' would have {len(known)} columns of {MAX_COLUMNS}.")
    return added


def _create_table(
    connection: duckdb.DuckDBPyConnection, schema: Schema, space: str, named: list[tuple[kql.Column, str]]
) -> kql.Relation:
    places = {where: table.relation.schema for (where, _), table in schema.tables.items()}
    physical = places.get(space)
    if physical is None:
        physical = f"s{len(places) + 1}"
        connection.execute(f"CREATE SCHEMA {physical}")
    # Tables and spaces are never dropped, so their number is also the next free name.
    table = f"t{sum(where == space for where, _ in schema.tables) + 1}"
    declared = ", ".join(f"{name} {form_of(column.type).declaration}" for column, name in named)
    connection.execute(f"CREATE TABLE {physical}.{table} ({declared})")
    return kql.Relation(physical, table, {})


def _add_columns(
    connection: duckdb.DuckDBPyConnection, relation: kql.Relation, named: list[tuple[kql.Column, str]]
) -> None:
    for column, name in named:
        declaration = form_of(column.type).declaration
        connection.execute(f"ALTER TABLE {relation.schema}.{relation.table} ADD COLUMN {name} {declaration}")


def _stored(physical_schema: str, physical_table: str, columns: list[tuple[kql.Column, str]]) -> StoredTable:
    names = {column.name: physical for column, physical in columns}
    return StoredTable(tuple(column for column, _ in columns), kql.Relation(physical_schema, physical_table, names))
