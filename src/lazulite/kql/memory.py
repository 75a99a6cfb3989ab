"""run(): one query over Arrow tables, in an in-memory DuckDB. For tests, documentation and the conformance corpus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.kql import local, ticks, types
from lazulite.kql.binder.scope import unique
from lazulite.kql.compiler import Compiled
from lazulite.kql.compiler import compile as compile_query
from lazulite.kql.schema import Column, Options, Relation, Table

KINDS: Final = (
    (pa.types.is_boolean, types.BOOL),
    (pa.types.is_int64, types.LONG),
    (pa.types.is_integer, types.INT),
    (pa.types.is_floating, types.REAL),
    (pa.types.is_decimal, types.DECIMAL),
    (pa.types.is_timestamp, types.DATETIME),
    (pa.types.is_duration, types.TIMESPAN),
)
PER_UNIT: Final = {"s": ticks.TICKS_PER_SECOND, "ms": ticks.TICKS_PER_MILLISECOND, "us": ticks.TICKS_PER_MICROSECOND}


class Memory:
    """A database of Arrow tables, loaded in storage form."""

    def __init__(self, tables: Mapping[str, Any], connection: duckdb.DuckDBPyConnection) -> None:
        self._tables = {name: _load(name, at, table, connection) for at, (name, table) in enumerate(tables.items())}

    def table(self, name: str) -> Table | None:
        """The table of this name."""
        return self._tables.get(name)

    def names(self) -> Iterable[str]:
        """All names."""
        return self._tables


def run(query: str, tables: Mapping[str, Any], *, now: int | None = None) -> Any:
    """The query's rows in real Arrow types (timestamps, durations): of several results the first. Raises KqlError.

    `tables` are pyarrow.Tables; field metadata `kusto_type` may say more than the Arrow type. `now` is in ticks.
    """
    return next(iter(run_all(query, tables, now=now).values()))


def run_all(query: str, tables: Mapping[str, Any], *, now: int | None = None) -> dict[str, Any]:
    """All results of a query (fork, facet give several) by their names, with a number where a name is taken."""
    moment = ticks.from_unix_ns(time.time_ns()) if now is None else now
    with duckdb.connect(config={"threads": 2}) as connection:
        database = Memory(tables, connection)
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")

        def discover(part: Compiled) -> Any:
            return local.execute(part, connection)

        compiled = compile_query(query, database, Options(now=moment), discover)
        found: dict[str, Any] = {}
        for one in (compiled, *compiled.further):
            found[unique(one.name, found)] = real_types(local.execute(one, connection))
        return found


def kusto_type(field: Any) -> str:
    """The Kusto type of an Arrow field."""
    given = (field.metadata or {}).get(b"kusto_type")
    if given:
        return str(given.decode())
    if pa.types.is_nested(field.type):
        return types.DYNAMIC
    return next((kind for test, kind in KINDS if test(field.type)), types.STRING)


def _load(name: str, position: int, table: Any, connection: duckdb.DuckDBPyConnection) -> Table:
    columns = tuple(Column(field.name, kusto_type(field)) for field in table.schema)
    stored = pa.table(
        [_stored(c, data) for c, data in zip(columns, table.columns, strict=True)],
        names=[f"p{at}" for at in range(len(columns))],
    )
    connection.register("incoming", stored)
    forms = ", ".join(
        f"TRY_CAST(p{at} AS JSON)::VARIANT AS p{at}" if column.type == types.DYNAMIC else f"p{at}"
        for at, column in enumerate(columns)
    )
    connection.execute(f"CREATE TABLE t{position} AS SELECT {forms} FROM incoming")
    connection.unregister("incoming")
    physical = {column.name: f"p{at}" for at, column in enumerate(columns)}
    return Table(name, columns, (Relation("main", f"t{position}", physical),))


def _stored(column: Column, data: Any) -> Any:
    """A column in storage form: ticks, '' for a null string, text for guid and decimal."""
    if column.type == types.STRING:
        return pc.fill_null(data.cast(pa.string()), "")
    if pa.types.is_timestamp(data.type) or pa.types.is_duration(data.type):
        base = ticks.UNIX_EPOCH_TICKS if pa.types.is_timestamp(data.type) else 0
        return _ticks(data, base)
    if column.type in (types.DATETIME, types.TIMESPAN) and not pa.types.is_integer(data.type):
        parse = ticks.parse_datetime if column.type == types.DATETIME else ticks.parse_timespan
        return pa.chunked_array([[None if v is None else parse(v) for v in data.to_pylist()]], pa.int64())
    if column.type in (types.GUID, types.DECIMAL):
        return data.cast(pa.string())
    return data


def _ticks(data: Any, base: int) -> Any:
    numbers = data.cast(pa.int64())
    nanoseconds = data.type.unit == "ns"
    scaled = pc.divide(numbers, 100) if nanoseconds else pc.multiply(numbers, PER_UNIT[data.type.unit])
    return pc.add(scaled, base)


def real_types(table: Any) -> Any:
    """A result with timestamps and durations instead of ticks, as far as nanoseconds reach; else text, exact."""
    arrays, fields = [], []
    for field, data in zip(table.schema, table.columns, strict=True):
        made = REAL.get(kusto_type(field), lambda column: column)(data)
        arrays.append(made)
        fields.append(pa.field(field.name, made.type, metadata=field.metadata))
    return pa.table(arrays, schema=pa.schema(fields))


def _datetimes(data: Any) -> Any:
    unix = pc.subtract(data, ticks.UNIX_EPOCH_TICKS)
    bounds = pc.min_max(unix).as_py()
    span = 1 << 62
    if bounds["min"] is not None and not -span // 100 < bounds["min"] <= bounds["max"] < span // 100:
        return ticks.format_datetime_column(data)
    return pc.multiply(unix, 100).cast(pa.timestamp("ns", tz="UTC"))


def _timespans(data: Any) -> Any:
    bounds = pc.min_max(data).as_py()
    span = 1 << 62
    if bounds["min"] is not None and not -span // 100 < bounds["min"] <= bounds["max"] < span // 100:
        return ticks.format_timespan_column(data)
    return pc.multiply(data, 100).cast(pa.duration("ns"))


REAL: Final = {types.DATETIME: _datetimes, types.TIMESPAN: _timespans}
