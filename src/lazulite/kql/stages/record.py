"""What a stage over a whole table is: a function of all rows, which must ask now and then whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from lazulite.kql.sql import Stage

# Raises when the query should end.
Check = Callable[[], None]
# A stage, the rows of its SQL (a pyarrow.Table) and the check -> the rows that stand under its name.
TableFunction = Callable[[Stage, Any, Check], Any]
CHECK_ROWS: Final = 4_096
# Rows are turned into Python's values so many at a time: those take several times the memory.
BATCH_ROWS: Final = 8_192
# How many rows a stage may make one by one, of values that Python holds.
MOST_ROWS: Final = 1_000_000
MOST_CHARACTERS: Final = 50_000_000
T = TypeVar("T")


def slices(rows: Any) -> Iterator[Any]:
    """The rows of a table, some at a time."""
    for start in range(0, rows.num_rows, BATCH_ROWS):
        yield rows.slice(start, BATCH_ROWS)


def checked(items: Iterable[T], check: Check) -> Iterator[T]:
    """The items, with a check every so many."""
    for at, item in enumerate(items):
        if at % CHECK_ROWS == 0:
            check()
        yield item
