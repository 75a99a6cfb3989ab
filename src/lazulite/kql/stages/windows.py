"""Functions of a row among the others, in order: each reads its arguments' columns and makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa

from lazulite.kql.sql import Stage
from lazulite.kql.stages.record import Check, checked
from lazulite.kql.values import arrow_array, python_values

# The arguments of each row, and whether it is the first of its partition -> a value for each row.
RowFunction = Callable[[Iterator[tuple[tuple[Any, ...], bool]]], Iterator[Any]]


def window(stage: Stage, rows: Any, check: Check) -> Any:
    """The rows with one column more. The last columns read are the function's arguments and the partition's keys."""
    name, count, keys = str(stage.arguments[0]), int(str(stage.arguments[1])), int(str(stage.arguments[2]))
    read = [python_values(ref.type, rows.column(at)) for at, ref in enumerate(stage.inputs)]
    given = len(read) - count - keys
    arguments = zip(*read[given : given + count], strict=True)
    firsts = _firsts(list(zip(*read[given + count :], strict=True)), rows.num_rows)
    found = list(FUNCTIONS[name](checked(zip(arguments, firsts, strict=True), check)))
    kept = {ref.id: rows.column(at) for at, ref in enumerate(stage.inputs[:given])}
    made = stage.columns[-1]
    columns = [kept[ref.id] for ref in stage.columns[:-1]]
    return pa.table([*columns, arrow_array(made.type, found)], names=[f"c{ref.id}" for ref in stage.columns])


def _firsts(keys: list[tuple[Any, ...]], count: int) -> Iterator[bool]:
    for at in range(count):
        yield at == 0 or (bool(keys) and keys[at] != keys[at - 1])


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
