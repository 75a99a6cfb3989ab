"""Rules walked through minutes by a held clock: what fires, resolves, is told, and survives a crash."""

from __future__ import annotations

import pytest

from lazulite.alerts.conditions import SeriesValue
from lazulite.alerts.rule import MULTIPLE
from lazulite.core.clock import TICKS_PER_DAY, TICKS_PER_MINUTE, TICKS_PER_SECOND
from lazulite.core.resource_id import parse

from .conftest import ALICE, GROUP, OTHER, RG, RULE, START, WORKSPACE, Room, criterion, group_body, rule_body

BY_SCENARIO = {"dimensions": [{"name": "Scenario", "operator": "Include", "values": ["*"]}]}
TELLING = {"actions": [{"actionGroupId": GROUP, "webHookProperties": {"team": "ml"}}]}


def test_an_alert_fires_once_and_resolves_after_three_healthy_checks(room: Room) -> None:
    room.put(RULE, rule_body())
    room.measured.put(2.0)
    room.minute(3)
    assert room.conditions() == ["Fired"]
    room.measured.put(0.0)
    room.minute(2)
    assert room.conditions() == ["Fired"]
    room.minute()
    (alert,) = room.alerts()
    assert (alert.monitor_condition, alert.alert_state) == ("Resolved", "New")
    assert alert.started == START + TICKS_PER_MINUTE
    assert alert.resolved == START + 6 * TICKS_PER_MINUTE


def test_one_unhealthy_check_starts_the_count_again(room: Room) -> None:
    room.put(RULE, rule_body())
    for value in (1.0, 0.0, 0.0, 1.0, 0.0, 0.0):
        room.measured.put(value)
        room.minute()
    assert room.conditions() == ["Fired"]


def test_a_metric_that_falls_silent_resolves_its_alert_but_never_fires_one(room: Room) -> None:
    room.put(RULE, rule_body(criterion(operator="LessThan", threshold=5)))
    room.minute(3)
    assert room.conditions() == []
    room.measured.put(1.0)
    room.minute()
    room.measured.clear()
    room.minute(3)
    assert room.conditions() == ["Resolved"]


def test_after_it_resolved_a_rule_fires_a_new_alert(room: Room) -> None:
    room.put(RULE, rule_body())
    for value in (1.0, 0.0, 0.0, 0.0, 1.0):
        room.measured.put(value)
        room.minute()
    assert room.conditions() == ["Resolved", "Fired"]


def test_without_auto_mitigate_each_check_that_is_met_fires(room: Room) -> None:
    room.put(RULE, rule_body(autoMitigate=False))
    room.measured.put(1.0)
    room.minute(3)
    room.measured.put(0.0)
    room.minute(5)
    assert room.conditions() == ["Fired"] * 3


def test_each_time_series_has_an_alert_of_its_own(room: Room) -> None:
    room.put(RULE, rule_body(criterion(**BY_SCENARIO)))
    room.measured.put(1.0, Scenario="batch")
    room.measured.put(1.0, Scenario="online")
    room.measured.put(0.0, Scenario="test")
    room.minute()
    room.measured.put(0.0, Scenario="batch")
    room.minute(3)
    assert {alert.dimensions[0][1]: alert.monitor_condition for alert in room.alerts()} == {
        "batch": "Resolved",
        "online": "Fired",
    }


def test_each_resource_has_an_alert_of_its_own(room: Room) -> None:
    criteria = {"odata.type": MULTIPLE, "allOf": [criterion()]}
    room.put(RULE, rule_body(scopes=[WORKSPACE, OTHER], criteria=criteria))
    room.measured.put(1.0, on=OTHER)
    room.minute()
    assert [alert.target for alert in room.alerts()] == [OTHER]


def test_all_conditions_must_hold_in_the_same_window(room: Room) -> None:
    second = criterion(name="quota", metricName="Quota Utilization Percentage", timeAggregation="Average", threshold=90)
    room.put(RULE, rule_body(criterion(), second))
    room.measured.put(1.0)
    room.measured.put(80.0, "Quota Utilization Percentage")
    room.minute()
    assert room.alerts() == []
    room.measured.put(95.0, "Quota Utilization Percentage")
    room.minute()
    (alert,) = room.alerts()
    assert [each["metricValue"] for each in alert.context["condition"]["allOf"]] == [1.0, 95.0]


def test_windows_are_aligned_and_end_at_the_instant(room: Room) -> None:
    room.put(RULE, rule_body(evaluationFrequency="PT5M", windowSize="PT15M"))
    room.clock.ticks = START + 7 * TICKS_PER_SECOND
    room.evaluator.evaluate_due(room.clock.now())
    assert room.measured.windows == [(START - 15 * TICKS_PER_MINUTE, START)]
    room.minute(4)
    assert len(room.measured.windows) == 1
    room.minute()
    assert room.measured.windows[1:] == [(START - 10 * TICKS_PER_MINUTE, START + 5 * TICKS_PER_MINUTE)]


def test_a_minute_is_evaluated_once_however_often_it_is_asked(room: Room) -> None:
    room.put(RULE, rule_body(autoMitigate=False))
    room.measured.put(1.0)
    room.minute()
    assert [room.evaluator.evaluate_due(room.clock.now()) for _ in range(3)] == [0, 0, 0]
    assert len(room.alerts()) == 1


def test_after_a_pause_only_the_latest_instant_is_evaluated_and_the_others_are_counted(room: Room) -> None:
    room.put(RULE, rule_body())
    room.minute()
    room.clock.ticks += 59 * TICKS_PER_MINUTE
    room.minute()
    assert room.measured.windows[-1][1] == START + 61 * TICKS_PER_MINUTE
    assert len(room.measured.windows) == 2
    assert room.counters.value("lazulite_alert_instants_skipped_total") == 59


def test_a_restart_neither_fires_again_nor_forgets(room: Room) -> None:
    room.put(GROUP, group_body("http://127.0.0.1:1/hook"))
    room.put(RULE, rule_body(**TELLING))
    room.measured.put(1.0)
    room.minute()
    room.reopen()
    room.evaluator.evaluate_due(room.clock.now())
    room.minute(2)
    assert (room.conditions(), room.queue.depth()) == (["Fired"], 1)
    room.measured.put(0.0)
    room.minute(2)
    room.reopen()
    room.minute()
    assert (room.conditions(), room.queue.depth()) == (["Resolved"], 2)


def test_a_stateless_rule_does_not_fire_twice_for_an_instant_across_a_restart(room: Room) -> None:
    room.put(RULE, rule_body(autoMitigate=False))
    room.measured.put(1.0)
    room.minute()
    room.reopen()
    room.evaluator.evaluate_due(room.clock.now())
    assert len(room.alerts()) == 1


def test_when_the_clock_was_set_back_a_rule_begins_anew_and_its_alert_stays(room: Room) -> None:
    """As `serve --clock-start` does: the rule must not wait until the time comes again."""
    room.put(RULE, rule_body())
    room.measured.put(1.0)
    room.minute()
    room.clock.ticks -= 365 * TICKS_PER_DAY
    room.reopen()
    room.minute()
    assert room.conditions() == ["Fired"]
    room.measured.put(0.0)
    room.minute(3)
    assert room.conditions() == ["Resolved"]


def test_a_crash_inside_the_transaction_leaves_nothing_and_the_retry_does_it_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(GROUP, group_body("http://127.0.0.1:1/hook"))
    room.put(RULE, rule_body(**TELLING))
    room.measured.put(1.0)

    def cut_off(*_: object, **__: object) -> int:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(room.queue, "put", cut_off)
        room.minute()
    assert (room.alerts(), room.queue.depth()) == ([], 0)
    room.reopen()
    room.clock.advance(10)
    room.evaluator.evaluate_due(room.clock.now())
    assert (room.conditions(), room.queue.depth()) == (["Fired"], 1)


def test_one_rule_that_fails_stops_no_other_and_is_tried_again(room: Room) -> None:
    other = f"{RG}/providers/Microsoft.Insights/metricAlerts/broken"
    room.put(other, rule_body(criterion(metricName="Unusable Nodes")))
    room.put(RULE, rule_body())
    room.measured.put(1.0)
    room.measured.put(1.0, "Unusable Nodes")
    room.measured.broken.add("Unusable Nodes")
    room.minute()
    assert [alert.rule for alert in room.alerts()] == [RULE]
    run = room.store.run(other.lower())
    assert run is not None
    assert run.error == "The engine is being reopened."
    assert room.counters.value("lazulite_alert_evaluations_total", outcome="failed") == 1
    room.measured.broken.clear()
    assert room.evaluator.evaluate_due(room.clock.now()) == 0
    room.clock.advance(10)
    assert room.evaluator.evaluate_due(room.clock.now()) == 1
    assert [alert.rule for alert in room.alerts()] == [RULE, other]


def test_a_failed_evaluation_is_no_healthy_check(room: Room) -> None:
    room.put(RULE, rule_body())
    room.measured.put(1.0)
    room.minute()
    room.measured.clear()
    room.measured.broken.add("Model Deploy Failed")
    room.minute(5)
    assert room.conditions() == ["Fired"]


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_rule_that_is_no_longer_in_force_resolves_its_alerts_and_tells_nobody(room: Room, how: str) -> None:
    room.put(GROUP, group_body("http://127.0.0.1:1/hook"))
    room.put(RULE, rule_body(**TELLING))
    room.measured.put(1.0)
    room.minute()
    if how == "disabled":
        room.put(RULE, rule_body(enabled=False, **TELLING))
    else:
        room.resources.delete(parse(RULE), ALICE)
    room.minute(3)
    (alert,) = room.alerts()
    assert (alert.monitor_condition, room.queue.depth()) == ("Resolved", 1)
    assert room.store.history(alert.id)[0].description == f"The rule was {how}."


def test_too_many_series_fail_the_rule_by_name(room: Room) -> None:
    room.put(RULE, rule_body(criterion(**BY_SCENARIO)))
    many = [SeriesValue((("Scenario", str(number)),), 1.0) for number in range(5_001)]
    room.measured.values_now[WORKSPACE.lower(), "Model Deploy Failed"] = many
    room.minute()
    run = room.store.run(RULE.lower())
    assert run is not None
    assert run.error == "The rule watches 5001 series, above 5000."


@pytest.mark.parametrize(
    ("group", "event", "said"),
    [
        (group_body("http://127.0.0.1:1/h", enabled=False), "ActionsSuppressed", "Action group night is disabled"),
        (group_body("http://127.0.0.1:1/h"), "ActionsTriggered", "Action group night: hook0."),
        (group_body(), "ActionsTriggered", "Action group night: no receivers."),
    ],
)
def test_the_history_says_who_was_told(room: Room, group: dict[str, object], event: str, said: str) -> None:
    room.put(GROUP, group)
    room.put(RULE, rule_body(**TELLING))
    room.measured.put(1.0)
    room.minute()
    told, created = room.store.history(room.alerts()[0].id)
    assert created.event == "AlertCreated"
    assert told.event == event
    assert told.description.startswith(said)


def test_an_action_group_that_is_gone_is_said_in_the_history(room: Room) -> None:
    room.put(GROUP, group_body("http://127.0.0.1:1/h"))
    room.put(RULE, rule_body(**TELLING))
    room.resources.delete(parse(GROUP), ALICE)
    room.measured.put(1.0)
    room.minute()
    assert "does not exist; nobody was told" in room.store.history(room.alerts()[0].id)[0].description
