"""The outbox: written with what it tells about, told afterwards, forgotten when told."""

from __future__ import annotations

import pytest

from lazulite.state.database import Database
from lazulite.state.outbox import Outbox, OutboxEntry


def add(database: Database, outbox: Outbox, *ids: str) -> None:
    with database.begin() as connection:
        for entry_id in ids:
            outbox.add(OutboxEntry(entry_id, {"about": entry_id}), connection)


def test_entries_come_in_the_order_written_until_drained(database: Database) -> None:
    outbox = Outbox(database, "activity")
    add(database, outbox, "c", "a", "b")
    assert [entry.id for entry in outbox.pending(2)] == ["c", "a"]
    outbox.drained(["c", "a", "unknown"])
    assert outbox.pending(10) == [OutboxEntry("b", {"about": "b"})]
    assert outbox.depth() == 1


def test_an_entry_goes_when_its_transaction_does_not_hold(database: Database) -> None:
    outbox = Outbox(database, "activity")
    with pytest.raises(ZeroDivisionError), database.begin() as connection:
        outbox.add(OutboxEntry("a", {}), connection)
        raise ZeroDivisionError
    assert outbox.depth() == 0


def test_names_are_apart(database: Database) -> None:
    one, other = Outbox(database, "one"), Outbox(database, "other")
    add(database, one, "a")
    assert other.pending(10) == []
    other.drained(["a"])
    assert one.depth() == 1
    one.drained([])
