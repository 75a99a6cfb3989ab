"""A store of its own for each test, with one subscription and one resource group in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazulite.core.caller import Caller
from lazulite.core.clock import HeldClock
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources import ResourceStore, own_kinds
from lazulite.state.database import Database

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
RG = f"{SUB}/resourceGroups/Group-A"
ALICE = Caller("oid-alice", "app-alice", "alice", address="10.0.0.7", correlation_id="corr-1")


def at(suffix: str) -> ResourceId:
    """An id in the resource group of the tests."""
    return parse(f"{RG}/providers/{suffix}")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'state.db'}")
    made.create()
    yield made
    made.close()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(638_000_000_000_000_000)


@pytest.fixture
def store(database: Database, clock: HeldClock) -> ResourceStore:
    ids = CountingIds()
    made = ResourceStore(database, own_kinds("tenant", ids), clock, ids)
    made.put(parse(SUB), {}, ALICE)
    made.put(parse(RG), {"location": "westeurope"}, ALICE)
    made.drained([event.id for event in made.pending_events(10)])
    return made
