"""An engine in memory: keeps what was delivered, refuses and fails on demand. Queries answer no rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lazulite.core.errors import Conflict, LazuliteError, Unavailable
from lazulite.engine import Answer, Append, Delivered, Delivery, EngineRefused, Expiry, QueryLimits, Schema


class MemoryEngine:
    """`refuses` says which appends are bad data; `failures` are raised by the next deliveries, one each.

    `fails_after_commit` makes the next delivery commit and raise all the same, as a lost answer would; a delivery of
    more than `most_appends` is more than it can do now.
    """

    def __init__(self, refuses: Callable[[Append], bool] = lambda append: False) -> None:
        self.refuses = refuses
        self.failures: list[LazuliteError] = []
        self.fails_after_commit: LazuliteError | None = None
        self.most_appends: int | None = None
        self.deliveries: list[Delivery] = []
        self.rehearsals = 0
        self.cursor: Delivered | None = None

    def delivered(self) -> Delivered | None:
        return self.cursor

    def adopt(self, epoch: str, through: int = 0) -> None:
        self.cursor = Delivered(epoch, through)

    def rehearse(self, delivery: Delivery) -> None:
        self.rehearsals += 1
        if any(self.refuses(append) for append in delivery.appends):
            raise EngineRefused("RowsRefused", "A row is bad.")

    def deliver(self, delivery: Delivery) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if self.most_appends is not None and len(delivery.appends) > self.most_appends:
            raise Unavailable("EngineBusy", "Out of memory.")
        self.rehearse(delivery)
        if self.cursor is None or self.cursor.epoch != delivery.epoch or self.cursor.through != delivery.after:
            raise Conflict("CursorMoved", "The delivery does not follow the cursor.")
        self.deliveries.append(delivery)
        self.cursor = Delivered(delivery.epoch, delivery.through)
        if self.fails_after_commit is not None:
            lost, self.fails_after_commit = self.fails_after_commit, None
            raise lost

    def rows(self, space: str, table: str) -> list[dict[str, Any]]:
        """Everything delivered into one table, in order."""
        found = [append.rows for each in self.deliveries for append in each.appends]
        keys = [(append.space, append.table) for each in self.deliveries for append in each.appends]
        return [row for rows, key in zip(found, keys, strict=True) if key == (space, table) for row in rows.to_pylist()]

    def expire(self, expiry: Expiry) -> int:
        return 0

    def schema(self) -> Schema:
        return Schema(0, {})

    def query(self, plan: Any, limits: QueryLimits | None = None, cancelled: Any = None) -> Answer:
        return Answer(pa.table({}), None, 0.0)  # type: ignore[arg-type]

    def close(self) -> None:
        return None
