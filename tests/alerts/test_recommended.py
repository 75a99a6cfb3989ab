"""The three recommended rules are valid, are made once, and fire."""

from __future__ import annotations

from lazulite.alerts.recommended import ensure_recommended
from lazulite.core.resource_id import parse

from .conftest import ALICE, WORKSPACE, Room


def test_they_are_created_once_with_the_services_thresholds(room: Room) -> None:
    created = ensure_recommended(room.resources, parse(WORKSPACE), ALICE)
    said = []
    for rule in created:
        (one,) = rule.properties["criteria"]["allOf"]
        said.append((rule.id.name, one["metricName"], one["timeAggregation"], one["operator"], one["threshold"]))
    assert said == [
        ("Model Deploy Failed - demo", "Model Deploy Failed", "Total", "GreaterThan", 0),
        ("Quota Utilization Percentage - demo", "Quota Utilization Percentage", "Average", "GreaterThan", 90),
        ("Unusable Nodes - demo", "Unusable Nodes", "Total", "GreaterThan", 0),
    ]
    assert ensure_recommended(room.resources, parse(WORKSPACE), ALICE) == []


def test_they_fire(room: Room) -> None:
    ensure_recommended(room.resources, parse(WORKSPACE), ALICE)
    for metric, value in (
        ("Model Deploy Failed", 1.0),
        ("Quota Utilization Percentage", 90.0),
        ("Unusable Nodes", 2.0),
    ):
        room.measured.put(value, metric)
    room.minute()
    assert [alert.name for alert in room.alerts()] == ["Model Deploy Failed - demo", "Unusable Nodes - demo"]
