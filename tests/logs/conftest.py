"""A real resource store with two Log Analytics workspaces, and a real engine, in a fresh folder for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.catalog import log_table
from lazulite.core.caller import SYSTEM
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import parse
from lazulite.engine.duckdb import DuckDbEngine, DuckDbSettings
from lazulite.engine.interface import Append, Delivery
from lazulite.kql import ticks
from lazulite.logs.query import LogQueries
from lazulite.logs.workspace_kind import LogAnalyticsKind
from lazulite.logs.workspaces import Workspaces
from lazulite.resources import ResourceStore, own_kinds
from lazulite.state.database import Database

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
RG = f"{SUB}/resourceGroups/lazulite"
EPOCH = "11111111-1111-1111-1111-111111111111"
ARROW = {"datetime": pa.int64(), "long": pa.int64(), "int": pa.int32(), "real": pa.float64(), "bool": pa.bool_()}


def at(text: str) -> int:
    """Ticks of a date and time."""
    found = ticks.parse_datetime(text)
    assert found is not None
    return found


NOW = at("2024-06-15T12:00:00Z")


@dataclass(frozen=True)
class LogsRig:
    """Everything below the query service, and the service."""

    clock: HeldClock
    store: ResourceStore
    workspaces: Workspaces
    engine: DuckDbEngine
    queries: LogQueries

    def workspace(self, name: str, group: str = RG, **properties: Any) -> str:
        """Create a workspace; returns its customer id."""
        at_id = parse(f"{group}/providers/Microsoft.OperationalInsights/workspaces/{name}")
        made, _ = self.store.put(at_id, {"location": "local", "properties": properties}, SYSTEM)
        return str(made.properties["customerId"])

    def fill(
        self, space: str, table: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, str] | None = None
    ) -> None:
        """Deliver rows in storage form; columns that are left out are absent."""
        known = log_table(table)
        kinds = dict(types or (known.types if known else {}))
        names = list(dict.fromkeys(name for row in rows for name in row))
        arrays = {
            name: pa.array(
                [row.get(name, "" if kinds[name] == "string" else None) for row in rows], _arrow(kinds[name])
            )
            for name in names
        }
        columns = tuple(kql.Column(name, kind) for name, kind in kinds.items())
        cursor = self.engine.delivered()
        through = cursor.through + 1 if cursor else 1
        appends = (Append(space, table, columns, pa.table(arrays)),)
        self.engine.deliver(Delivery(EPOCH, through, appends, after=through - 1))


def _arrow(kind: str) -> pa.DataType:
    return ARROW.get(kind, pa.string())


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LogsRig]:
    clock, ids = HeldClock(NOW), CountingIds()
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    database.create()
    store = ResourceStore(database, [*own_kinds("tenant", ids), LogAnalyticsKind(clock, ids)], clock, ids)
    store.put(parse(SUB), {}, SYSTEM)
    store.put(parse(RG), {"location": "local"}, SYSTEM)
    settings = DuckDbSettings(memory_bytes=256 << 20, threads=2, disk_reserve_bytes=0)
    engine = DuckDbEngine(tmp_path, settings, Counters())
    workspaces = Workspaces(store)
    yield LogsRig(clock, store, workspaces, engine, LogQueries(engine, workspaces, clock))
    engine.close()
    database.close()
