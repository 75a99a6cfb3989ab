"""Runs a compiled query on a DuckDB cursor, stage by stage. The cursor is the caller's: one cursor, one query.

The result has the query's columns under their KQL names, each field with metadata `kusto_type`: datetime and timespan
as int64 ticks, dynamic as JSON text, guid and decimal as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import pyarrow as pa

from lazulite.kql import types
from lazulite.kql.compiler import Compiled
from lazulite.kql.errors import KqlError, Span, runtime
from lazulite.kql.literals import Value
from lazulite.kql.schema import Column
from lazulite.kql.sql import Stage

BATCH_ROWS: Final = 65_536
ARROW: Final = {
    types.BOOL: pa.bool_(),
    types.INT: pa.int32(),
    types.LONG: pa.int64(),
    types.REAL: pa.float64(),
    types.DATETIME: pa.int64(),
    types.TIMESPAN: pa.int64(),
}
# Local stages: Arrow rows and constant arguments -> Arrow rows. None is needed yet.
LocalFunction = Callable[[pa.Table, tuple[Value, ...]], pa.Table]
FUNCTIONS: Final[dict[str, LocalFunction]] = {}


def execute(compiled: Compiled, cursor: duckdb.DuckDBPyConnection) -> Any:
    """All rows, as a pyarrow.Table. Raises KqlError (RUN0001) for values that the engine refuses."""
    with stream_errors(), _stages(compiled, cursor):
        table = cursor.sql(compiled.sql).to_arrow_table()
    return _typed_table(table, compiled.columns)


def stream(compiled: Compiled, cursor: duckdb.DuckDBPyConnection) -> Any:
    """The rows as a pyarrow.RecordBatchReader; read it before the cursor is used again."""
    schema = result_schema(compiled.columns)

    def batches() -> Iterator[Any]:
        with stream_errors(), _stages(compiled, cursor):
            reader = cursor.sql(compiled.sql).to_arrow_reader(BATCH_ROWS)
            try:
                for batch in reader:
                    yield from _typed_table(pa.Table.from_batches([batch]), compiled.columns).to_batches()
            finally:  # an open reader keeps the cursor's transaction alive, whatever the cursor's owner does
                reader.close()

    return pa.RecordBatchReader.from_batches(schema, batches())


def result_schema(columns: tuple[Column, ...]) -> Any:
    """The Arrow schema of a result."""
    return pa.schema(
        [
            pa.field(column.name, ARROW.get(column.type, pa.string()), metadata={"kusto_type": column.type})
            for column in columns
        ]
    )


def _typed_table(table: Any, columns: tuple[Column, ...]) -> Any:
    schema = result_schema(columns)
    if not columns:
        return pa.table({}, schema=schema)
    arrays = [column.cast(field.type) for column, field in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


@contextmanager
def stream_errors() -> Iterator[None]:
    """The engine's refusals of values as KqlError; interruption and fatal errors stay the engine's."""
    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise runtime(str(error).split("\n")[0]) from error


@contextmanager
def _stages(compiled: Compiled, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Runs the stages before the last; their relations are there inside, and gone after."""
    names: list[str] = []
    try:
        for stage in compiled.stages[:-1]:
            cursor.register(stage.name, _run(stage, cursor))
            names.append(stage.name)
        yield
    finally:
        for name in names:
            cursor.unregister(name)


def _run(stage: Stage, cursor: duckdb.DuckDBPyConnection) -> Any:
    function = FUNCTIONS.get(stage.function)
    if function is None:
        raise KqlError("UNS0001", "Unsupported", f"The local stage '{stage.function}' is missing", Span(0, 0))
    return function(cursor.sql(stage.sql).to_arrow_table(), stage.arguments)
