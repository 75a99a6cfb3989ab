"""Metric alert rules: what is accepted returns as it was sent, and everything else is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from lazulite.alerts.rule import MULTIPLE
from lazulite.core.errors import BadRequest

from .conftest import ALICE, GROUP, OTHER, RG, RULE, SUB, WORKSPACE, Room, criterion, group_body, rule_body

SCENARIO = {"name": "Scenario", "operator": "Include", "values": ["*"]}


def test_a_rule_returns_in_the_casing_it_was_sent_in(room: Room) -> None:
    sent = rule_body(criterion(dimensions=[SCENARIO]))
    properties = room.put(RULE, sent).properties
    assert properties["criteria"] == sent["properties"]["criteria"]
    assert properties["criteria"]["odata.type"] == "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


def test_defaults_and_read_only_properties_are_filled(room: Room) -> None:
    sent = rule_body(lastUpdatedTime="1999-01-01T00:00:00Z", isMigrated=True)
    del sent["properties"]["autoMitigate"], sent["properties"]["actions"]
    properties = room.put(RULE, sent).properties
    assert properties["autoMitigate"] is True
    assert properties["actions"] == []
    assert properties["lastUpdatedTime"] == "2026-11-25T03:00:00.0000000Z"
    assert properties["isMigrated"] is False


@pytest.mark.parametrize("window", ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "PT24H", "P1D"])
def test_every_window_of_the_service_is_accepted(room: Room, window: str) -> None:
    assert room.put(RULE, rule_body(windowSize=window)).properties["windowSize"] == window


def test_several_workspaces_and_enumerations_in_any_case(room: Room) -> None:
    one = criterion(operator="greaterthan", timeAggregation="TOTAL", metricName="model deploy failed")
    criteria = {"odata.type": MULTIPLE, "allOf": [one]}
    changes: dict[str, Any] = {
        "scopes": [WORKSPACE, OTHER],
        "targetResourceType": "microsoft.machinelearningservices/workspaces",
        "targetResourceRegion": "West Europe",
        "criteria": criteria,
    }
    assert room.put(RULE, rule_body(**changes)).properties["criteria"] == criteria


def test_a_metric_that_is_yet_to_be_emitted_needs_the_flag(room: Room) -> None:
    with pytest.raises(BadRequest, match="skipMetricValidation"):
        room.put(RULE, rule_body(criterion(metricName="Our Own")))
    room.put(RULE, rule_body(criterion(metricName="Our Own", skipMetricValidation=True)))


def test_a_stored_rule_may_be_disabled_by_a_patch(room: Room) -> None:
    before = room.put(RULE, rule_body())
    after = room.resources.patch(before.id, {"properties": {"enabled": False}}, ALICE)
    assert after.properties["enabled"] is False
    assert after.properties["criteria"] == before.properties["criteria"]


def criteria(*all_of: dict[str, Any], kind: str = MULTIPLE) -> dict[str, Any]:
    return {"criteria": {"odata.type": kind, "allOf": list(all_of)}}


def with_dimension(**changes: Any) -> dict[str, Any]:
    return criteria(criterion(dimensions=[SCENARIO | changes]))


WEBTEST = "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"
DYNAMIC = criterion(criterionType="DynamicThresholdCriterion", alertSensitivity="High", operator="GreaterOrLessThan")
STORAGE = f"{RG}/providers/Microsoft.Storage/storageAccounts/s"
GONE = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/gone"

# What is wrong -> what the error says.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"severity": 5}, r"properties.severity is 5; it must be 0 \(critical\) to 4"),
    ({"severity": "2"}, r"Expected `int`, got `str` - at `properties.severity`"),
    ({"enabled": None}, r"Expected `bool`, got `null` - at `properties.enabled`"),
    ({"colour": "red"}, r"unknown field `colour`"),
    ({"description": "x" * 2049}, "properties.description is longer than 2048"),
    ({"evaluationFrequency": "PT2M"}, "properties.evaluationFrequency is 'PT2M'; it must be one of PT1M, PT5M"),
    ({"evaluationFrequency": "PT6H", "windowSize": "P1D"}, "it must be one of PT1M, PT5M, PT15M, PT30M, PT1H"),
    ({"windowSize": "PT2D"}, "properties.windowSize is 'PT2D'"),
    ({"evaluationFrequency": "PT15M", "windowSize": "PT5M"}, "longer than windowSize PT5M"),
    ({"scopes": []}, "properties.scopes has 0 resources"),
    ({"scopes": [WORKSPACE, OTHER]}, "SingleResourceMultipleMetricCriteria takes 1 to 1"),
    ({"scopes": ["demo"]}, r"properties.scopes\[0\] is not a resource id"),
    ({"scopes": [GONE]}, r"properties.scopes\[0\] names '.*/gone', which does not exist"),
    ({"scopes": [STORAGE]}, "is a Microsoft.Storage/storageAccounts; metric alerts on it are not supported"),
    ({"scopes": [RG]}, "is a Microsoft.Resources/resourceGroups; metric alerts on it are not supported"),
    ({"scopes": [SUB]}, "is a Microsoft.Resources/subscriptions; metric alerts on it are not supported"),
    ({"scopes": [WORKSPACE, WORKSPACE.upper()], **criteria(criterion())}, "names a resource twice"),
    ({"targetResourceType": "Microsoft.Web/sites"}, "properties.targetResourceType is 'Microsoft.Web/sites'"),
    ({"targetResourceRegion": "eastus"}, "properties.targetResourceRegion is 'eastus', but scopes"),
    (
        {"criteria": criteria(criterion())["criteria"] | {"anyOf": []}},
        "unknown field `anyOf`",
    ),
    ({"criteria": {"allOf": []}}, "missing required field `odata.type`"),
    (criteria(), "properties.criteria.allOf has 0 conditions; it takes 1 to 5"),
    (criteria(*(criterion(name=f"c{i}") for i in range(6))), "has 6 conditions"),
    (criteria(criterion(), criterion()), "two conditions with the same name"),
    (criteria(criterion(), kind="Nonsense"), "properties.criteria.odata.type is 'Nonsense'"),
    (criteria(criterion(), kind=WEBTEST), "availability tests are not supported"),
    (
        criteria(DYNAMIC),
        r"criteria.allOf\[0\].criterionType is 'DynamicThresholdCriterion': dynamic thresholds are not",
    ),
    (criteria(criterion(criterionType="Odd")), "criterionType is 'Odd'; it must be one of StaticThresholdCriterion"),
    (criteria(criterion(failingPeriods={})), "unknown field `failingPeriods`"),
    (
        criteria(criterion(operator="NotEquals")),
        r"criteria.allOf\[0\].operator is 'NotEquals'; it must be one of Equals",
    ),
    (criteria(criterion(timeAggregation="P95")), "timeAggregation is 'P95'; it must be one of Average"),
    (criteria(criterion(threshold="0")), "Expected `float`, got `str`"),
    (criteria(criterion(name="")), "name must have 1 to 260 characters"),
    (criteria(criterion(metricName="Model Deploy Faild")), "Did you mean 'Model Deploy Failed'"),
    (criteria(criterion(metricNamespace="Microsoft.Web/sites")), "metricNamespace is 'Microsoft.Web/sites'"),
    (with_dimension(name="Scenaro"), "'Scenaro' is not a dimension of Model Deploy Failed. Did you mean 'Scenario'"),
    (with_dimension(name="Colour"), "It has Scenario, StatusCode"),
    (with_dimension(operator="StartsWith"), r"dimensions\[0\].operator is 'StartsWith'; it must be one of Include"),
    (with_dimension(values=[]), "values has 0 values; it takes 1 to 100"),
    (with_dimension(values=["*", "a"]), "has '\\*', which stands alone"),
    (with_dimension(operator="Exclude"), "has '\\*', which stands alone and with Include only"),
    (criteria(criterion(dimensions=[SCENARIO, SCENARIO])), "names a dimension twice"),
    (
        criteria(criterion(dimensions=[SCENARIO]), criterion(name="second")),
        "must Include exactly one value, and not '\\*', because the rule has several conditions",
    ),
    (
        {"scopes": [WORKSPACE, OTHER], **criteria(criterion(), criterion(name="second"))},
        "with several scopes a rule takes one",
    ),
    ({"actions": [{"actionGroupId": GROUP}]}, r"actions\[0\].actionGroupId names '.*/night', which does not exist"),
    ({"actions": [{"actionGroupId": WORKSPACE}]}, "not a Microsoft.Insights/actionGroups"),
    ({"actions": [{"actionGroupId": GROUP}] * 6}, "has 6 action groups; a rule takes 5 at most"),
    ({"actions": [{"actionGroupId": GROUP, "webHookProperties": {"a": 1}}]}, "Expected `str`, got `int`"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG, ids=[message[:50] for _, message in WRONG])
def test_what_is_wrong_is_named(room: Room, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        room.put(RULE, rule_body(**changes))


@pytest.mark.parametrize(
    ("name", "message"),
    [("a+b", r"contains \+"), ("cpu{1}", "contains { }"), ("late.", "ends in a blank or a period"), ("x" * 250, "252")],
)
def test_names_that_the_service_forbids(room: Room, name: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        room.put(f"{RG}/providers/Microsoft.Insights/metricAlerts/{name}", rule_body())


def test_an_action_group_that_exists_may_be_named(room: Room) -> None:
    room.put(GROUP, group_body("https://example.org/hook"))
    actions = [{"actionGroupId": GROUP, "webHookProperties": {"team": "ml"}}]
    assert room.put(RULE, rule_body(actions=actions)).properties["actions"] == actions
