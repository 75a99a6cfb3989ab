"""The one durable queue: work that must happen, at least once, although the process may die at any instant.

    put -> (due) -> take: leased, attempt counted -> done: gone
                                                 -> retry: due again later, with the error
                                                 -> bury: dead letter, kept with its last error
                                                 -> (crash): due again when the lease runs out

Items may be done twice, never lost; what they do must bear a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    false,
    func,
    insert,
    select,
    true,
    update,
)

from lazulite.core.clock import TICKS_PER_SECOND, Clock
from lazulite.core.errors import Throttled, TooLarge
from lazulite.state.database import METADATA, Database

MAX_DEPTH = 100_000
MAX_DEAD = 10_000
MAX_PAYLOAD = 1024 * 1024
MAX_ERROR = 4_000
LEASE_SECONDS = 120.0

_QUEUE = Table(
    "queue",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("payload", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("dead", Boolean, nullable=False, default=False),
    Column("error", Text, nullable=False, default=""),
    Index("queue_by_due", "name", "dead", "due"),
    # Without it SQLite would give a deleted item's id to the next one, and a late `done` would end the wrong work.
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class QueueItem:
    """Work that was taken. `attempts` counts this one; `due` is in ticks."""

    id: int
    payload: Mapping[str, Any]
    attempts: int
    due: int


@dataclass(frozen=True)
class DeadItem:
    """Work that was given up, with the error of its last attempt."""

    id: int
    payload: Mapping[str, Any]
    attempts: int
    error: str


class DurableQueue:
    """The items under one name. A taken item is leased for `lease_seconds`; give a clock that runs (the real one)."""

    def __init__(
        self,
        database: Database,
        name: str,
        clock: Clock,
        *,
        lease_seconds: float = LEASE_SECONDS,
        max_depth: int = MAX_DEPTH,
    ) -> None:
        self._database = database
        self._name = name
        self._clock = clock
        self._lease = round(lease_seconds * TICKS_PER_SECOND)
        self._max_depth = max_depth

    def put(self, payload: Mapping[str, Any], *, connection: Connection | None = None, due: int | None = None) -> int:
        """Add work, due now or at `due` ticks, inside the caller's transaction where one is given.

        Raises TooLarge `QueueItemTooLarge` and Throttled `QueueFull`.
        """
        text = msgspec.json.encode(payload).decode()
        if len(text) > MAX_PAYLOAD:
            raise TooLarge("QueueItemTooLarge", f"An item of queue '{self._name}' is above {MAX_PAYLOAD} characters.")
        row = {"name": self._name, "payload": text, "due": self._clock.now() if due is None else due}
        with nullcontext(connection) if connection is not None else self._database.begin() as open_one:
            if self._count(open_one, self._alive()) >= self._max_depth:
                raise Throttled("QueueFull", f"Queue '{self._name}' holds {self._max_depth} items, its limit.")
            return int(open_one.execute(insert(_QUEUE).values(row).returning(_QUEUE.c.id)).scalar_one())

    def take(self, limit: int) -> list[QueueItem]:
        """Lease up to `limit` due items, the longest due first, counting an attempt on each."""
        now = self._clock.now()
        ready = and_(self._alive(), _QUEUE.c.due <= now, _QUEUE.c.leased_until <= now)
        query = select(_QUEUE).where(ready).order_by(_QUEUE.c.due, _QUEUE.c.id).limit(limit)
        with self._database.begin() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            leased = _QUEUE.c.id.in_([row.id for row in rows])
            changes = {"leased_until": now + self._lease, "attempts": _QUEUE.c.attempts + 1}
            if rows:
                connection.execute(update(_QUEUE).where(leased).values(changes))
        return [QueueItem(row.id, msgspec.json.decode(row.payload), row.attempts + 1, row.due) for row in rows]

    def done(self, item_id: int) -> None:
        """The work is finished; forget it."""
        with self._database.begin() as connection:
            connection.execute(delete(_QUEUE).where(self._alive(), _QUEUE.c.id == item_id))

    def retry(self, item_id: int, due: int, error: str) -> None:
        """The attempt failed; try again at `due` ticks."""
        self._change(item_id, due=due, leased_until=0, error=error[:MAX_ERROR])

    def bury(self, item_id: int, error: str) -> None:
        """Give the item up and keep it as a dead letter. The oldest beyond `MAX_DEAD` make room."""
        self._change(item_id, dead=True, leased_until=0, error=error[:MAX_ERROR])
        with self._database.begin() as connection:
            newest = select(_QUEUE.c.id).where(self._dead()).order_by(_QUEUE.c.id.desc()).offset(MAX_DEAD).limit(1)
            last = connection.scalar(newest)
            if last is not None:
                connection.execute(delete(_QUEUE).where(self._dead(), _QUEUE.c.id <= last))

    def revive(self, item_id: int) -> None:
        """Make a dead letter due again, with its attempts counted from zero."""
        changes = {"dead": False, "attempts": 0, "due": self._clock.now()}
        with self._database.begin() as connection:
            connection.execute(update(_QUEUE).where(self._dead(), _QUEUE.c.id == item_id).values(changes))

    def depth(self) -> int:
        """Items that wait or are being worked on; dead letters are not among them."""
        with self._database.read() as connection:
            return self._count(connection, self._alive())

    def dead(self, limit: int = 100) -> list[DeadItem]:
        """Dead letters, the newest first."""
        query = select(_QUEUE).where(self._dead()).order_by(_QUEUE.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_dead_item(row) for row in connection.execute(query)]

    def _change(self, item_id: int, **changes: object) -> None:
        with self._database.begin() as connection:
            connection.execute(update(_QUEUE).where(self._alive(), _QUEUE.c.id == item_id).values(changes))

    def _alive(self) -> ColumnElement[bool]:
        return and_(_QUEUE.c.name == self._name, _QUEUE.c.dead == false())

    def _dead(self) -> ColumnElement[bool]:
        return and_(_QUEUE.c.name == self._name, _QUEUE.c.dead == true())

    def _count(self, connection: Connection, which: ColumnElement[bool]) -> int:
        return connection.scalar(select(func.count()).select_from(_QUEUE).where(which)) or 0


def _dead_item(row: Row[Any]) -> DeadItem:
    return DeadItem(row.id, msgspec.json.decode(row.payload), row.attempts, row.error)
