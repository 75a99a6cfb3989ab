"""Functions of a row among the others, in order: each reads its arguments' columns and makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from lazulite.kql.sql import Stage
from lazulite.kql.stages.record import Check, checked, slices
from lazulite.kql.values import arrow_array, python_values

# The arguments of each row, and whether it is the first of its partition -> a value for each row.
RowFunction = Callable[[Iterator[tuple[tuple[Any, ...], bool]]], Iterator[Any]]


def window(stage: Stage, rows: Any, check: Check) -> Any:
    """The rows with one column more. The last columns read are the function's arguments and the partition's keys."""
    name, count, keys = str(stage.arguments[0]), int(str(stage.arguments[1])), int(str(stage.arguments[2]))
    given, made = len(stage.inputs) - count - keys, stage.columns[-1]
    values = FUNCTIONS[name](checked(_read(stage, rows, given, count), check))
    parts = [arrow_array(made.type, list(islice(values, part.num_rows))) for part in slices(rows)]
    kept = {ref.id: rows.column(at) for at, ref in enumerate(stage.inputs[:given])}
    columns = [kept[ref.id] for ref in stage.columns[:-1]]
    column = pa.chunked_array(parts) if parts else arrow_array(made.type, [])
    return pa.table([*columns, column], names=[f"c{ref.id}" for ref in stage.columns])


def _read(stage: Stage, rows: Any, given: int, count: int) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """The arguments of each row, and whether a partition begins with it."""
    last: tuple[Any, ...] | None = None
    for part in slices(rows):
        columns = [python_values(ref.type, part.column(at)) for at, ref in enumerate(stage.inputs) if at >= given]
        for row in zip(*columns, strict=True):
            key = row[count:]
            yield row[:count], key != last
            last = key


def _session(rows: Iterator[tuple[tuple[Any, ...], bool]]) -> Iterator[Any]:
    began = before = None
    for (moment, longest, gap, *restart), first in rows:
        if (
            first
            or moment is None
            or began is None
            or before is None
            or (restart and restart[0] is True)
            or (longest is not None and moment >= began + longest)
            or (gap is not None and moment >= before + gap)
        ):
            began = moment
        before = moment
        yield began


FUNCTIONS: Final[dict[str, RowFunction]] = {"row_window_session": _session}
