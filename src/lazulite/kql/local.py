"""Runs a compiled query on a DuckDB cursor, stage by stage. The cursor is the caller's: one cursor, one query.

The result has the query's columns under their KQL names, each field with metadata `kusto_type`: datetime and timespan
as int64 ticks, dynamic as JSON text, guid and decimal as text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.kql import ticks, types
from lazulite.kql.compiler import Compiled
from lazulite.kql.errors import KqlError, runtime
from lazulite.kql.functions import Signature, record_of
from lazulite.kql.functions.record import REFUSAL, UNANSWERED
from lazulite.kql.schema import Column
from lazulite.kql.slices import VECTOR_BYTES, dynamic_bytes, slices
from lazulite.kql.sql import Stage
from lazulite.kql.stages.record import Check
from lazulite.kql.stages.registry import TABLES
from lazulite.kql.values import ARROW, arrow_array, python_values

BATCH_ROWS: Final = 65_536
# Few enough that a function which is slow is soon told to stop.
LOCAL_ROWS: Final = 8_192
# What the local stages of a query may hold: their rows are outside of the engine's memory.
LOCAL_BYTES: Final = 100 * 1024 * 1024
# Local stages: a stage and the rows of its SQL -> the rows that stand under its name.
LocalFunction = Callable[[Stage, Any], Any]


def execute(compiled: Compiled, cursor: duckdb.DuckDBPyConnection) -> Any:
    """All rows, as a pyarrow.Table. Raises KqlError (RUN0001) for values that the engine refuses."""
    with stream_errors(), _stages(compiled, cursor):
        table = cursor.sql(compiled.sql).to_arrow_table()
    return _typed_table(table, compiled.columns, result_schema(compiled.columns))


def stream(
    compiled: Compiled,
    cursor: duckdb.DuckDBPyConnection,
    local_bytes: int = LOCAL_BYTES,
    check: Check = lambda: None,
) -> Any:
    """The rows as a pyarrow.RecordBatchReader; read it before the cursor is used again.

    Past `local_bytes` of rows in its local stages a query fails with KqlError (RUN0001). `check` raises when the query
    should end: an interrupt of the cursor is noticed where the engine works, and `check` where a stage does.
    """
    schema = result_schema(compiled.columns)

    def batches() -> Iterator[Any]:
        with stream_errors(), _stages(compiled, cursor, local_bytes, check):
            reader = cursor.sql(compiled.sql).to_arrow_reader(BATCH_ROWS)
            try:
                for batch in reader:
                    yield from _typed_table(pa.Table.from_batches([batch]), compiled.columns, schema).to_batches()
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


def _typed_table(table: Any, columns: tuple[Column, ...], schema: Any) -> Any:
    if not columns:
        return pa.table({}, schema=schema)
    for column, data in zip(columns, table.columns, strict=True):
        if column.type == types.DATETIME:
            _check_years(column, data)
    arrays = [column.cast(field.type) for column, field in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _check_years(column: Column, data: Any) -> None:
    """Arithmetic may leave the years 1 to 9999; no datetime is printed there, and none is made up."""
    bounds = pc.min_max(data).as_py()
    if bounds["min"] is not None and not 0 <= bounds["min"] <= bounds["max"] <= ticks.MAX_TICKS:
        raise runtime(f"The column '{column.name}' has a datetime outside the years 1 to 9999")


@contextmanager
def stream_errors() -> Iterator[None]:
    """The engine's refusals of values as KqlError; interruption and fatal errors stay the engine's."""
    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException) as error:
        # "Out of Range Error: Overflow in ..." is DuckDB's word for it; the query's author needs what to do. The value
        # that it quotes may be a whole log message.
        detail = str(error).split("\n")[0].partition(": ")[2].rstrip("!. ")[:200]
        if detail.startswith(REFUSAL):
            raise runtime(detail.removeprefix(REFUSAL)) from error
        if isinstance(error, duckdb.InvalidInputException):
            raise runtime(f"An argument is not valid, such as a regular expression ({detail})") from error
        raise runtime(
            f"A value is outside the range of its type, or cannot be converted ({detail}). Filter such rows out, or"
            " convert the values first, such as with toreal()"
        ) from error


@contextmanager
def _stages(
    compiled: Compiled,
    cursor: duckdb.DuckDBPyConnection,
    most: int = LOCAL_BYTES,
    check: Check = lambda: None,
) -> Iterator[None]:
    """Runs the stages before the last; their relations are there inside, and gone after. `most` bounds their bytes."""
    names: list[str] = []
    try:
        for stage in compiled.stages[:-1]:
            rows = _run(stage, cursor, most, check)
            most -= rows.nbytes
            cursor.register(stage.name, rows)
            names.append(stage.name)
        yield
    finally:
        for name in names:
            # A transaction that an error has aborted takes them back itself, and that error is the one to tell.
            with suppress(duckdb.TransactionException):
                cursor.unregister(name)


def _run(stage: Stage, cursor: duckdb.DuckDBPyConnection, most: int, check: Check) -> Any:
    """The relation of a stage, made some rows at a time: between two of them an interrupted cursor ends it."""
    if stage.function in TABLES:
        return _run_table(stage, cursor, most, check)
    reader = cursor.sql(stage.sql).to_arrow_reader(LOCAL_ROWS)
    function = FUNCTIONS[stage.function]
    made, size, recent = [function(stage, reader.schema.empty_table())], 0, deque([(0, 0)])
    try:
        for rows in slices(reader, made, LOCAL_ROWS):
            check()
            made.append(function(stage, rows))
            size += made[-1].nbytes
            if size > most or dynamic_bytes(stage, made[-1], recent) > VECTOR_BYTES:
                raise _too_much(stage)
    finally:
        reader.close()
    return pa.concat_tables(made)


def _run_table(stage: Stage, cursor: duckdb.DuckDBPyConnection, most: int, check: Check) -> Any:
    """The relation of a stage that sees all rows: they are held, so their bytes count as well."""
    reader = cursor.sql(stage.sql).to_arrow_reader(LOCAL_ROWS)
    batches, size = [], 0
    try:
        for batch in reader:
            check()
            batches.append(batch)
            size += batch.nbytes
            if size > most:
                raise _too_much(stage)
        made = TABLES[stage.function](stage, pa.Table.from_batches(batches, schema=reader.schema), check)
    finally:
        reader.close()
    if size + made.nbytes > most:
        raise _too_much(stage)
    return made


def _too_much(stage: Stage) -> KqlError:
    row_by_row = stage.function in FUNCTIONS or stage.function == "window"
    what = f"The function {stage.arguments[0]}()" if row_by_row else f"'{stage.function}'"
    return runtime(
        f"{what} is computed row by row beside the engine, and its rows take more memory than they may. Filter,"
        " project fewer columns or aggregate before it"
    )


def _call(stage: Stage, rows: Any) -> Any:
    """A function of the table, row by row: its arguments are the last columns, its value takes their place."""
    name, position, count = stage.arguments
    signature = record_of(str(name)).signatures[int(str(position))]
    given = len(stage.inputs) - int(str(count))
    columns = [python_values(ref.type, rows.column(at)) for at, ref in enumerate(stage.inputs) if at >= given]
    found = (
        list(_bounded(stage, (_made(signature, row) for row in zip(*columns, strict=True))))
        if columns
        else [_made(signature, ())] * rows.num_rows
    )
    result = stage.columns[-1]
    kept = [rows.column(at) for at in range(given)]
    names = [f"c{ref.id}" for ref in stage.columns]
    return pa.table([*kept, arrow_array(result.type, found)], names=names)


def _bounded(stage: Stage, values: Iterable[Any]) -> Iterator[Any]:
    """The values as long as they are not too much together: a row of two numbers may make a million elements."""
    size = 0
    for value in values:
        size += _weight(value)
        if size > LOCAL_BYTES:
            raise _too_much(stage)
        yield value


def _weight(value: Any) -> int:
    """About the bytes of a value: elements of an array are taken to be as long as the first."""
    if isinstance(value, list):
        return len(value) * (8 + (len(value[0]) if value and isinstance(value[0], str) else 0))
    return len(value) if isinstance(value, str | dict) else 0


def _made(signature: Signature, row: tuple[Any, ...]) -> Any:
    """One value; what a form cannot compute is null."""
    assert signature.local is not None
    try:
        return signature.local(*row)
    except UNANSWERED:
        return None


FUNCTIONS: Final[dict[str, LocalFunction]] = {"call": _call}
