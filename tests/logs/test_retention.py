"""Retention: a row lives as long as the later of its own time and its arrival says."""

from __future__ import annotations

from lazulite.logs.retention import Retention
from tests.logs.conftest import LogsRig, at

EVENTS = "AmlComputeJobEvent"


def left(rig: LogsRig, space: str) -> list[str]:
    from lazulite.logs.query import LogQuery

    answer = rig.queries.run(LogQuery(f"{EVENTS} | project JobName | order by JobName asc", (space,)))
    return [str(name) for name in answer.tables[0].rows.column(0).to_pylist()]


def test_rows_go_when_both_their_times_are_too_old(rig: LogsRig) -> None:
    short, long = rig.workspace("short", retentionInDays=30), rig.workspace("long", retentionInDays=730)
    old, fresh = at("2024-05-01T00:00:00Z"), at("2024-06-14T00:00:00Z")
    rows = [
        {"JobName": "old", "TimeGenerated": old, "_TimeReceived": old},
        {"JobName": "imported", "TimeGenerated": old, "_TimeReceived": fresh},
        {"JobName": "fresh", "TimeGenerated": fresh, "_TimeReceived": fresh},
    ]
    rig.fill(short, EVENTS, rows)
    rig.fill(long, EVENTS, rows)
    assert Retention(rig.engine, rig.workspaces, rig.clock).run() == 1
    assert left(rig, short) == ["fresh", "imported"]
    assert left(rig, long) == ["fresh", "imported", "old"]


def test_the_event_clock_decides(rig: LogsRig) -> None:
    space = rig.workspace("logs", retentionInDays=4)
    when = at("2024-06-15T00:00:00Z")
    rig.fill(space, EVENTS, [{"JobName": "a", "TimeGenerated": when, "_TimeReceived": when}])
    retention = Retention(rig.engine, rig.workspaces, rig.clock)
    assert retention.run() == 0
    rig.clock.advance(4 * 86_400)
    assert retention.run() == 1


def test_tables_without_a_time_are_left_alone(rig: LogsRig) -> None:
    space = rig.workspace("logs")
    rig.fill(space, "Plain_CL", [{"A": 1}], {"A": "long"})
    assert Retention(rig.engine, rig.workspaces, rig.clock).run() == 0
