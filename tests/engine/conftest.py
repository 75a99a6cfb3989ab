"""A real engine in a fresh folder, and a short way to fill and ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.core.counters import Counters
from lazulite.engine import Answer, Append, Delivery, QueryLimits, Schema
from lazulite.engine.duckdb import DuckDbEngine, DuckDbSettings
from lazulite.engine.duckdb.columns import form_of

SPACE = "workspace"
EPOCH = "11111111-1111-1111-1111-111111111111"
SETTINGS = DuckDbSettings(memory_bytes=256 * 1024 * 1024, threads=2, disk_reserve_bytes=0, reopen_seconds=0.02)


class StoredDatabase:
    """The kql.Database of one space: exactly the tables that have rows."""

    def __init__(self, schema: Schema, space: str) -> None:
        self._tables = schema.of(space)

    def table(self, name: str) -> kql.Table | None:
        found = self._tables.get(name)
        return kql.Table(name, found.columns, (found.relation,)) if found else None

    def names(self) -> list[str]:
        return list(self._tables)


def rows_of(table: str, columns: dict[str, str], rows: list[tuple[Any, ...]], space: str = SPACE) -> Append:
    """An append from rows written out: `columns` gives the Kusto type by name."""
    arrays = {
        name: pa.array([row[index] for row in rows], form_of(kind).arrow)
        for index, (name, kind) in enumerate(columns.items())
    }
    return Append(space, table, tuple(kql.Column(name, kind) for name, kind in columns.items()), pa.table(arrays))


class Rig:
    """An engine with its folder and counters; `deliver` goes on from the cursor by itself."""

    def __init__(self, folder: Path, settings: DuckDbSettings = SETTINGS) -> None:
        self.folder = folder
        self.settings = settings
        self.counters = Counters()
        self.engine = DuckDbEngine(folder, settings, self.counters)

    def deliver(self, *appends: Append) -> int:
        cursor = self.engine.delivered()
        through = cursor.through + 1 if cursor else 1
        self.engine.deliver(Delivery(EPOCH, through, appends, after=through - 1))
        return through

    def ask(self, query: str, space: str = SPACE, cancelled: Callable[[], bool] | None = None, **limits: Any) -> Answer:
        def plan(schema: Schema, discover: kql.Discover) -> kql.Compiled:
            return kql.compile(query, StoredDatabase(schema, space), kql.Options(now=0), discover)

        return self.engine.query(plan, replace(QueryLimits(), **limits), cancelled)

    def rows(self, query: str, space: str = SPACE) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(query, space).rows.to_pylist()
        return rows

    def reopen(self) -> None:
        self.engine.close()
        self.engine = DuckDbEngine(self.folder, self.settings, self.counters)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """A rig with settings of its own: make_rig(queries=1)."""
    made: list[Rig] = []

    def make(**settings: Any) -> Rig:
        made.append(Rig(tmp_path, replace(SETTINGS, **settings)))
        return made[-1]

    yield make
    for each in made:
        each.engine.close()


NUMBERS = {"n": "long"}
SLOW = "Numbers | extend k = 1 | join kind=inner (Numbers | extend k = 1) on k | where n * n1 % 7 == 3 | count"


def fill_numbers(rig: Rig, count: int = 200_000) -> None:
    """Enough rows for `SLOW` to run for minutes."""
    rows = pa.table({"n": pa.array(range(count), pa.int64())})
    rig.deliver(Append(SPACE, "Numbers", (kql.Column("n", "long"),), rows))
