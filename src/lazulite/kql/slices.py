"""The rows of a local stage a few at a time, so that a deadline and a bound of memory are noticed between them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from lazulite.kql import types
from lazulite.kql.sql import Stage

# The first rows are few: a function may make much of each, and takes long for long arrays.
FIRST_ROWS: Final = 16
SLICE_BYTES: Final = 1024 * 1024
SLICE_SECONDS: Final = 0.05
# The engine reads 2,048 rows at once and a dynamic takes it many times its text, outside of its memory limit too.
VECTOR_ROWS: Final = 2_048
VECTOR_BYTES: Final = 32 * 1024 * 1024


def slices(reader: Any, made: list[Any], most: int) -> Iterator[Any]:
    """The rows, few at first, more while they are light to make; `made` has what came of them."""
    count = FIRST_ROWS
    for batch in reader:
        at, most_here = 0, max(batch.num_rows * SLICE_BYTES // max(batch.nbytes, 1), 1)
        while at < batch.num_rows:
            began = time.monotonic()
            count = min(count, most_here)
            yield pa.Table.from_batches([batch.slice(at, count)])
            at += count
            light = made[-1].nbytes < SLICE_BYTES and time.monotonic() - began < SLICE_SECONDS
            count = min(count * 2, most) if light else max(count // 2, 1)


def dynamic_bytes(stage: Stage, rows: Any, recent: deque[tuple[int, int]]) -> int:
    """Bytes of dynamics in these rows and those just before that the engine may read with them."""
    dynamics = [column for column, ref in zip(rows.columns, stage.columns, strict=True) if ref.type == types.DYNAMIC]
    vectors = max(1, rows.num_rows // VECTOR_ROWS)
    recent.append((rows.num_rows, sum(column.nbytes for column in dynamics) // vectors))
    while sum(count for count, _ in recent) - recent[0][0] >= VECTOR_ROWS:
        recent.popleft()
    return sum(size for _, size in recent)
