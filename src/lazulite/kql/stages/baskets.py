"""basket: the values that enough rows share, by the a priori principle: a pattern is frequent only if its parts are.

A pattern is told with all that its rows have in common: columns that follow from the others do not count against the
number of dimensions. Patterns stand by what they cover, rows times columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lazulite.kql.errors import runtime
from lazulite.kql.sql import Stage
from lazulite.kql.stages.record import Check
from lazulite.kql.values import arrow_array

MOST_PATTERNS: Final = 10_000
# For each column the code of its value, or -1 where it may be any.
Pattern = tuple[int, ...]


@dataclass
class _Search:
    """The rows as codes by column, with the number of each, and the patterns so far with their numbers."""

    codes: list[Any]
    numbers: Any
    total: float
    threshold: float
    most: int
    check: Check
    found: dict[Pattern, float] = field(default_factory=dict)

    def grow(self, first: int, size: int, rows: Any) -> None:
        """The pattern of these rows, and those that a value of a later column makes of it."""
        self.check()
        counts = [np.bincount(column[rows], weights=self.numbers[rows]) for column in self.codes]
        total = float(self.numbers[rows].sum())
        shared = tuple(int(count.argmax()) if count.max() == total else -1 for count in counts)
        if any(code >= 0 for code in shared):
            self.found[shared] = total
        if len(self.found) > MOST_PATTERNS:
            raise runtime(
                f"basket finds more than {MOST_PATTERNS:,} patterns: raise its threshold or project fewer columns"
            )
        if size == self.most:
            return
        for at in range(first, len(self.codes)):
            if shared[at] < 0:
                for code in np.flatnonzero(counts[at] / self.total >= self.threshold):
                    self.grow(at + 1, size + 1, rows[self.codes[at][rows] == code])


def basket(stage: Stage, rows: Any, check: Check) -> Any:
    """A row for each pattern: its number, rows, share and values. The last column read is how often its row stands."""
    threshold, most, wildcards = stage.arguments
    assert isinstance(threshold, float)
    assert isinstance(wildcards, tuple)
    encoded = [_encoded(rows.column(at)) for at in range(rows.num_columns - 1)]
    numbers = rows.column(rows.num_columns - 1).to_numpy().astype(np.float64)
    total = float(numbers.sum())
    search = _Search([codes for codes, _ in encoded], numbers, total, threshold, int(str(most)), check)
    if rows.num_rows:
        search.grow(0, 0, np.arange(rows.num_rows))
    ordered = sorted(search.found.items(), key=_covered, reverse=True)
    values = [[_value(pattern[at], one[1], wildcards[at]) for pattern, _ in ordered] for at, one in enumerate(encoded)]
    counts = [int(count) for _, count in ordered]
    percents = [round(100 * count / total, 1) for count in counts]
    columns: list[list[Any]] = [list(range(len(ordered))), counts, percents, *values]
    arrays = [arrow_array(ref.type, column) for ref, column in zip(stage.columns, columns, strict=True)]
    return pa.table(arrays, names=[f"c{ref.id}" for ref in stage.columns])


def _covered(item: tuple[Pattern, float]) -> tuple[float, float]:
    pattern, count = item
    return count * sum(code >= 0 for code in pattern), count


def _encoded(column: Any) -> tuple[Any, list[Any]]:
    """The code of each value, and the values by code; null is a value."""
    found = column.combine_chunks().dictionary_encode("encode")
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64), found.dictionary.to_pylist()


def _value(code: int, values: list[Any], wildcard: object) -> Any:
    return wildcard if code < 0 else values[code]
