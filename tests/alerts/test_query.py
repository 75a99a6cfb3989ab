"""Lists and summaries of alerts: scopes, filters, order, pages and groups."""

from __future__ import annotations

import pytest

from lazulite.alerts.query import FILTERS, SORTS, AlertFilter, AlertPage, Group
from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE
from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import parse

from .conftest import ALICE, OTHER, RG, START, SUB, WORKSPACE, Room, criterion, rule_body


@pytest.fixture
def filled(room: Room) -> Room:
    """Severity 0 on `demo` resolved; severities 1 and 2 on `other` fired, a minute later each."""
    for severity, workspace in enumerate((WORKSPACE, OTHER, OTHER)):
        rule = f"{RG}/providers/Microsoft.Insights/metricAlerts/rule{severity}"
        room.put(rule, rule_body(severity=severity, scopes=[workspace]))
        room.measured.put(1.0, on=workspace)
        room.minute()
    room.measured.put(0.0)
    room.minute(3)
    return room


def names(room: Room, filter: AlertFilter, page: AlertPage | None = None) -> list[str]:
    return [alert.name for alert in room.queries.list(filter, page or AlertPage("name", False)).alerts]


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (None, ["rule0", "rule1", "rule2"]),
        (SUB, ["rule0", "rule1", "rule2"]),
        (RG.upper(), ["rule0", "rule1", "rule2"]),
        (RG + "x", []),
        (WORKSPACE, ["rule0"]),
        (OTHER.lower(), ["rule1", "rule2"]),
        (OTHER[:-1], []),
    ],
)
def test_a_scope_holds_what_is_on_it_and_below(filled: Room, scope: str | None, found: list[str]) -> None:
    assert names(filled, AlertFilter(scope=parse(scope) if scope else None)) == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("severity", "sev1", ["rule1"]),
        ("monitorCondition", "Fired", ["rule1", "rule2"]),
        ("monitorCondition", "resolved", ["rule0"]),
        ("alertState", "New", ["rule0", "rule1", "rule2"]),
        ("alertState", "Closed", []),
        ("monitorService", "Platform", ["rule0", "rule1", "rule2"]),
        ("monitorService", "Log Analytics", []),
        ("alertRule", "rule2", ["rule2"]),
        ("alertRule", f"{RG}/providers/microsoft.insights/metricalerts/RULE2", ["rule2"]),
        ("targetResourceGroup", "LAZULITE", ["rule0", "rule1", "rule2"]),
        ("targetResourceType", "microsoft.machinelearningservices/workspaces", ["rule0", "rule1", "rule2"]),
        ("targetResourceType", "Microsoft.Web/sites", []),
    ],
)
def test_filters_compare_without_case(filled: Room, name: str, value: str, found: list[str]) -> None:
    assert name in FILTERS
    assert names(filled, AlertFilter(equal=((name, value),))) == found


def test_a_time_range_is_that_of_the_start(filled: Room) -> None:
    minute = START + TICKS_PER_MINUTE
    assert names(filled, AlertFilter(since=minute + TICKS_PER_MINUTE)) == ["rule1", "rule2"]
    assert names(filled, AlertFilter(since=minute, until=minute + TICKS_PER_MINUTE)) == ["rule0"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_of_any_order_give_each_alert_once(filled: Room, sort: str, descending: bool) -> None:
    whole = names(filled, AlertFilter(), AlertPage(sort, descending))
    paged: list[str] = []
    after = None
    while True:
        found = filled.queries.list(AlertFilter(), AlertPage(sort, descending, 1, after))
        paged += [alert.name for alert in found.alerts]
        after = found.next
        if after is None:
            break
    assert paged == whole
    assert sorted(paged) == ["rule0", "rule1", "rule2"]


def test_a_summary_nests_its_groups(filled: Room) -> None:
    total, groups = filled.queries.summary(AlertFilter(), ["monitorCondition", "severity"])
    assert total == 3
    assert groups == (
        Group("Fired", 2, "severity", (Group("Sev1", 1), Group("Sev2", 1))),
        Group("Resolved", 1, "severity", (Group("Sev0", 1),)),
    )


def test_a_state_is_changed_by_a_user_with_a_comment(filled: Room) -> None:
    alert = filled.alerts()[0]
    changed = filled.store.change_state(alert.id, "acknowledged", ALICE, "on it")
    assert (changed.alert_state, changed.modified_by) == ("Acknowledged", "alice")
    last = filled.store.history(alert.id)[0]
    assert (last.event, last.old_value, last.new_value, last.by, last.comments) == (
        "StateChange",
        "New",
        "Acknowledged",
        "alice",
        "on it",
    )


def test_a_closed_alert_stays_closed_when_its_condition_resolves(room: Room) -> None:
    room.put(f"{RG}/providers/Microsoft.Insights/metricAlerts/r", rule_body(criterion()))
    room.measured.put(1.0)
    room.minute()
    room.store.change_state(room.alerts()[0].id, "Closed", ALICE)
    room.measured.clear()
    room.minute(3)
    (alert,) = room.alerts()
    assert (alert.alert_state, alert.monitor_condition) == ("Closed", "Resolved")


def test_a_wrong_state_and_an_unknown_alert_are_named(filled: Room) -> None:
    with pytest.raises(BadRequest, match="newState is 'Open'; it must be one of New, Acknowledged, Closed"):
        filled.store.change_state(filled.alerts()[0].id, "Open", ALICE)
    with pytest.raises(NotFound, match="There is no alert 'nope'"):
        filled.store.change_state("nope", "New", ALICE)
    with pytest.raises(BadRequest, match="longer than 2000"):
        filled.store.change_state(filled.alerts()[0].id, "New", ALICE, "x" * 2001)


def test_old_alerts_expire_but_for_those_that_are_still_fired(filled: Room) -> None:
    assert filled.store.expire(filled.clock.now() + TICKS_PER_DAY) == 1
    assert [alert.name for alert in filled.alerts()] == ["rule1", "rule2"]
    assert filled.store.expire(filled.clock.now() + TICKS_PER_DAY) == 0
