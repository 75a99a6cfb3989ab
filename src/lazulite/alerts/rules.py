"""Microsoft.Insights/metricAlerts: what a rule may say. Everything accepted here is evaluated; the rest is refused.

The body is stored as it came, so that `odata.type` and `criterionType` return in the caller's casing (clients pick
their model class by them); defaults and read-only properties are added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lazulite import catalog
from lazulite.alerts import limits
from lazulite.alerts.checks import bad, parsed_id
from lazulite.alerts.criteria import check_criteria
from lazulite.alerts.rule import SINGLE, RuleBody, read_body
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId
from lazulite.kql import ticks
from lazulite.resources.kind import Body, Change, Resource, Traits, Write

Find = Callable[[ResourceId], Resource | None]

NOT_YET = {
    "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria": "availability tests",
    "DynamicThresholdCriterion": "dynamic thresholds",
}


class MetricAlertKind:
    """`find` looks a resource up by id: scopes and action groups must exist when a rule names them."""

    traits = Traits(
        type="Microsoft.Insights/metricAlerts",
        api_versions=("2018-03-01",),
        created_status=200,
        global_location=True,
    )

    def __init__(self, clock: Clock, find: Find) -> None:
        self._clock = clock
        self._find = find

    def validate(self, write: Write) -> Body:
        """Raises BadRequest that names the property. How many rules there may be is the store's to say."""
        _check_name(write.id)
        properties = write.body.get("properties") or {}
        if isinstance(properties, Mapping):
            _refuse_unsupported(properties)
        body = read_body(properties)
        _check_schedule(body)
        resource_type = self._check_scopes(body)
        check_criteria(body, resource_type)
        self._check_actions(body)
        return {**write.body, "properties": self._completed(properties, body)}

    def committed(self, change: Change) -> None:
        """Nothing to refresh: the evaluator compares revisions."""

    def _completed(self, properties: Mapping[str, Any], body: RuleBody) -> dict[str, Any]:
        return {
            **properties,
            "autoMitigate": body.auto_mitigate is not False,
            "actions": properties.get("actions") or [],
            "lastUpdatedTime": ticks.format_datetime(self._clock.now()),
            "isMigrated": False,
        }

    def _check_scopes(self, body: RuleBody) -> str:
        """The one resource type of all scopes."""
        most = 1 if body.criteria.odata_type.lower() == SINGLE.lower() else limits.MA_SCOPES
        if not 1 <= len(body.scopes) <= most:
            raise bad("scopes", f"has {len(body.scopes)} resources; {body.criteria.odata_type} takes 1 to {most}.")
        found = [self._resource(f"scopes[{place}]", scope) for place, scope in enumerate(body.scopes)]
        if len({resource.id.key for resource in found}) < len(found):
            raise bad("scopes", "names a resource twice.")
        kinds = {resource.id.type.lower() for resource in found}
        if len(kinds) > 1:
            raise bad("scopes", f"mixes resource types ({', '.join(sorted(kinds))}); a rule watches one type.")
        _check_target(body, found)
        return kinds.pop()

    def _resource(self, where: str, text: str) -> Resource:
        scope = parsed_id(where, text)
        if not catalog.metrics_of(scope.type):
            raise bad(where, f"is a {scope.type}; metric alerts on it are not supported: name resources with metrics.")
        resource = self._find(scope)
        if resource is None:
            raise bad(where, f"names '{text}', which does not exist.", code="ResourceNotFound")
        return resource

    def _check_actions(self, body: RuleBody) -> None:
        actions = body.actions or ()
        if len(actions) > limits.AG_PER_RULE:
            raise bad("actions", f"has {len(actions)} action groups; a rule takes {limits.AG_PER_RULE} at most.")
        for place, action in enumerate(actions):
            where = f"actions[{place}].actionGroupId"
            group = parsed_id(where, action.action_group_id)
            if group.type.lower() != limits.ACTION_GROUPS:
                raise bad(where, f"is a {group.type}, not a Microsoft.Insights/actionGroups.")
            if self._find(group) is None:
                raise bad(where, f"names '{group}', which does not exist: create it first.", code="ResourceNotFound")
            if len(action.web_hook_properties or ()) > limits.AG_WEBHOOK_PROPERTIES:
                raise bad(f"actions[{place}].webHookProperties", f"has over {limits.AG_WEBHOOK_PROPERTIES} properties.")


def _check_name(rule: ResourceId) -> None:
    found = sorted(limits.MA_NAME_FORBIDDEN & set(rule.name))
    if found or rule.name.endswith((" ", ".")):
        what = f"contains {' '.join(found)}" if found else "ends in a blank or a period"
        raise BadRequest("InvalidResourceName", f"The rule name '{rule.name}' {what}, which is not allowed.")
    if len(rule.name) + len(rule.resource_group or "") > limits.MA_NAME_WITH_GROUP:
        raise BadRequest(
            "InvalidResourceName", f"Resource group and rule name exceed {limits.MA_NAME_WITH_GROUP} characters."
        )


def _refuse_unsupported(properties: Mapping[str, Any]) -> None:
    """Name what Azure has and this server does not evaluate yet, before anything else is said about it."""
    criteria = properties.get("criteria")
    if not isinstance(criteria, Mapping):
        return
    conditions = criteria.get("allOf")
    # The body has not been checked yet: anything may stand in it.
    named = [("criteria", "odata.type", criteria)]
    if isinstance(conditions, list):
        named += [(f"criteria.allOf[{i}]", "criterionType", c) for i, c in enumerate(conditions)]
    for where, key, part in named:
        value = part.get(key) if isinstance(part, Mapping) else None
        what = NOT_YET.get(value) if isinstance(value, str) else None
        if what:
            raise bad(f"{where}.{key}", f"is '{value}': {what} are not supported by this server.", code="NotSupported")


def _check_schedule(body: RuleBody) -> None:
    if body.severity not in limits.MA_SEVERITY:
        raise bad("severity", f"is {body.severity}; it must be 0 (critical) to 4 (verbose).")
    if len(body.description or "") > limits.MA_DESCRIPTION:
        raise bad("description", f"is longer than {limits.MA_DESCRIPTION} characters.")
    _check_duration("evaluationFrequency", body.evaluation_frequency, limits.MA_FREQUENCY)
    _check_duration("windowSize", body.window_size, limits.MA_WINDOW)
    if limits.DURATIONS[body.evaluation_frequency.upper()] > limits.DURATIONS[body.window_size.upper()]:
        raise bad(
            "evaluationFrequency",
            f"is {body.evaluation_frequency}, longer than windowSize {body.window_size}: data between would be missed.",
        )


def _check_duration(where: str, value: str, allowed: tuple[str, ...]) -> None:
    if limits.DURATIONS.get(value.upper()) not in {limits.DURATIONS[choice] for choice in allowed}:
        raise bad(where, f"is '{value[:80]}'; it must be one of {', '.join(allowed)}.")


def _check_target(body: RuleBody, found: list[Resource]) -> None:
    for place, resource in enumerate(found):
        if body.target_resource_type and resource.id.type.lower() != body.target_resource_type.lower():
            raise bad("targetResourceType", f"is '{body.target_resource_type}', scopes[{place}] a {resource.id.type}.")
        where, region = str(resource.body.get("location") or ""), body.target_resource_region or ""
        if region and where and _region(region) != _region(where):
            raise bad("targetResourceRegion", f"is '{region}', but scopes[{place}] is in '{where}'.")


def _region(text: str) -> str:
    return text.replace(" ", "").lower()
