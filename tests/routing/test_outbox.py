"""Activity events of real resource changes reach the intake, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazulite.core.caller import SYSTEM
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.errors import Conflict, Throttled
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import parse
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.resources import ResourceStore, own_kinds
from lazulite.routing.intake import Intake, IntakeSettings
from lazulite.routing.outbox import ActivityDrain
from lazulite.routing.settings import DiagnosticSettingKind, Settings
from lazulite.state.database import Database
from tests.routing.test_settings import customer_id

NOON = 638_000_000_000_000_000
SUBSCRIPTION = parse("/subscriptions/00000000-0000-0000-0000-00000000000a")
GROUP = parse(f"{SUBSCRIPTION}/resourceGroups/Group")
ML = parse(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/demo")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResourceStore]:
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    database.create()
    ids = CountingIds()
    kinds = [*own_kinds("tenant", ids), DiagnosticSettingKind(customer_id)]
    made = ResourceStore(database, kinds, HeldClock(NOON), ids)
    made.put(SUBSCRIPTION, {}, SYSTEM)
    made.put(GROUP, {"location": "here"}, SYSTEM)
    yield made
    database.close()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    opened = Intake(tmp_path / "intake.db", HeldClock(NOON), Counters())
    yield opened
    opened.close()


def test_each_change_becomes_a_batch_of_the_activity_log(store: ResourceStore, intake: Intake) -> None:
    assert ActivityDrain(store, intake).drain() == 2
    _, group = intake.read(0, 10)
    assert (group.resource_id, group.category, group.door) == (GROUP.key, "Administrative", "activity")
    (append,) = WorkspaceEncoder(intake.epoch).encode(group, ("c1",))
    (row,) = append.rows.to_pylist()
    assert (append.table, row["TimeGenerated"], row["Caller"]) == ("AzureActivity", NOON, "lazulite")
    assert row["OperationNameValue"].lower() == "microsoft.resources/subscriptions/resourcegroups/write"
    assert row["EventSubmissionTimestamp"] == NOON
    assert row["Claims_d"].startswith("{")


def test_an_event_is_moved_once(store: ResourceStore, intake: Intake) -> None:
    drain = ActivityDrain(store, intake)
    assert (drain.drain(), drain.drain()) == (2, 0)


def test_a_crash_before_the_outbox_is_told_repeats_nothing(store: ResourceStore, intake: Intake) -> None:
    class Forgetful:
        pending_events = store.pending_events

        def drained(self, event_ids: object) -> None:
            """The process dies here."""

    ActivityDrain(Forgetful(), intake).drain()
    ActivityDrain(store, intake).drain()
    assert intake.last_sequence() == 2


def test_what_the_intake_refuses_stays_in_the_outbox(store: ResourceStore, tmp_path: Path) -> None:
    full = Intake(tmp_path / "full.db", HeldClock(NOON), Counters(), IntakeSettings(total_bytes=0))
    with pytest.raises(Throttled):
        ActivityDrain(store, full).drain()
    assert len(store.pending_events(10)) == 2
    full.close()


def test_settings_in_the_real_store_are_in_force_at_once_and_know_their_siblings(store: ResourceStore) -> None:
    store.put(ML, {"location": "here"}, SYSTEM)
    settings = Settings(store, lambda _: "c1")
    item = parse(f"{ML}/providers/microsoft.insights/diagnosticSettings/one")
    body = {
        "properties": {
            "workspaceId": "/subscriptions/s1/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs",
            "logs": [{"category": "RunEvent", "enabled": True}],
        }
    }
    assert settings.snapshot().destinations(ML.key, "RunEvent") == ()
    store.put(item, body, SYSTEM)
    assert settings.snapshot().destinations(ML.key, "RunEvent") == ("c1",)
    store.put(item, body, SYSTEM)
    with pytest.raises(Conflict, match="'one' sends RunEvent"):
        store.put(parse(f"{item}-more"), body, SYSTEM)
    store.delete(item, SYSTEM)
    assert settings.snapshot().destinations(ML.key, "RunEvent") == ()
