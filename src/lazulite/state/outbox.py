"""An outbox: what must be told elsewhere is written in the transaction that makes it true, and told afterwards.

The reader takes the oldest entries, hands them on under their ids (which make a repeat harmless), then drops them. A
crash between the two only repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, String, Table, Text, delete, func, insert, select

from lazulite.state.database import METADATA, Database

_OUTBOX = Table(
    "outbox",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("id", String(100), nullable=False, unique=True),
    Column("payload", Text, nullable=False),
    Index("outbox_by_name", "name", "sequence"),
)


@dataclass(frozen=True)
class OutboxEntry:
    """One thing to be told; `id` is its own, for ever."""

    id: str
    payload: Mapping[str, Any]


class Outbox:
    """The entries under one name."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def add(self, entry: OutboxEntry, connection: Connection) -> None:
        """Write an entry inside the caller's transaction."""
        text = msgspec.json.encode(entry.payload).decode()
        connection.execute(insert(_OUTBOX).values(name=self._name, id=entry.id, payload=text))

    def pending(self, limit: int) -> list[OutboxEntry]:
        """The oldest entries, in the order in which they were written."""
        query = (
            select(_OUTBOX.c.id, _OUTBOX.c.payload)
            .where(_OUTBOX.c.name == self._name)
            .order_by(_OUTBOX.c.sequence)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [OutboxEntry(row.id, msgspec.json.decode(row.payload)) for row in connection.execute(query)]

    def drained(self, ids: Sequence[str]) -> None:
        """Forget entries that are safe elsewhere. Unknown ids are ignored: they were drained before."""
        if ids:
            with self._database.begin() as connection:
                connection.execute(delete(_OUTBOX).where(_OUTBOX.c.name == self._name, _OUTBOX.c.id.in_(ids)))

    def depth(self) -> int:
        query = select(func.count()).select_from(_OUTBOX).where(_OUTBOX.c.name == self._name)
        with self._database.read() as connection:
            return connection.scalar(query) or 0
