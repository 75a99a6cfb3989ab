"""A clock that stands still and a database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazulite.core.clock import HeldClock
from lazulite.core.ids import CountingIds
from lazulite.identity import Principals
from lazulite.state.database import Database


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(638_000_000_000_000_000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'state.db'}")
    made.create()
    yield made
    made.close()


@pytest.fixture
def principals(database: Database, clock: HeldClock) -> Principals:
    return Principals(database, clock, CountingIds())
