"""A metric alert rule as the evaluator sees it: parsed once from the stored body, in ticks and catalog spelling.

The wire structs below say what a body may hold: a wrong type is reported with its JSON path by msgspec, and a property
that is not here is refused rather than stored and ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lazulite.alerts.limits import DURATIONS
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import Resource

SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"


class DimensionBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`values` of ["*"] stands for every value, each its own time series."""

    name: str
    operator: str
    values: tuple[str, ...]

    def admits(self, value: str) -> bool:
        """Whether a series with this value of the dimension is watched; values compare without case, as in filters."""
        wanted = {each.lower() for each in self.values}
        found = "*" in wanted or value.lower() in wanted
        return found if self.operator.lower() == "include" else not found


class CriterionBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A StaticThresholdCriterion."""

    name: str
    metric_name: str
    time_aggregation: str
    operator: str
    threshold: float
    criterion_type: str | None = None
    metric_namespace: str | None = None
    dimensions: tuple[DimensionBody, ...] | None = None
    skip_metric_validation: bool | None = None


class CriteriaBody(
    msgspec.Struct, frozen=True, rename={"odata_type": "odata.type", "all_of": "allOf"}, forbid_unknown_fields=True
):
    odata_type: str
    all_of: tuple[CriterionBody, ...]


class ActionBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    action_group_id: str
    web_hook_properties: dict[str, str] | None = None


class RuleBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`properties` of Microsoft.Insights/metricAlerts 2018-03-01."""

    severity: int
    enabled: bool
    scopes: tuple[str, ...]
    evaluation_frequency: str
    window_size: str
    criteria: CriteriaBody
    description: str | None = None
    target_resource_type: str | None = None
    target_resource_region: str | None = None
    auto_mitigate: bool | None = None
    actions: tuple[ActionBody, ...] | None = None
    # Read-only, and filled in by the service: they may come back in a PUT of what a GET gave.
    last_updated_time: str | None = None
    is_migrated: bool | None = None


class Rule(msgspec.Struct, frozen=True):
    """A rule ready to be evaluated. `frequency` and `window` are ticks; `key` is the lower-case resource id."""

    id: ResourceId
    revision: int
    body: RuleBody
    scopes: tuple[ResourceId, ...]
    frequency: int
    window: int

    @property
    def key(self) -> str:
        return self.id.key

    @property
    def criteria(self) -> tuple[CriterionBody, ...]:
        return self.body.criteria.all_of

    @property
    def actions(self) -> tuple[ActionBody, ...]:
        return self.body.actions or ()

    @property
    def stateful(self) -> bool:
        """A stateful rule fires once and resolves; autoMitigate is true unless the body says otherwise."""
        return self.body.auto_mitigate is not False


def read_body(properties: Mapping[str, Any]) -> RuleBody:
    """Raises BadRequest `InvalidRequestContent` that names the path of what is missing, unknown or of a wrong type."""
    try:
        return msgspec.convert(properties, RuleBody)
    except msgspec.ValidationError as error:
        text = str(error).replace("`$", "`properties")
        raise BadRequest("InvalidRequestContent", f"The metric alert rule cannot be read: {text}.") from None


def read_rule(resource: Resource) -> Rule:
    """The rule of a stored resource that `MetricAlertKind` has validated."""
    body = read_body(resource.properties)
    return Rule(
        id=resource.id,
        revision=resource.revision,
        body=body,
        scopes=tuple(parse(scope) for scope in body.scopes),
        frequency=DURATIONS[body.evaluation_frequency.upper()],
        window=DURATIONS[body.window_size.upper()],
    )
