"""What a rule's conditions may say: operators, aggregations, and the catalog's metrics and dimensions."""

from __future__ import annotations

import math

from lazulite import catalog
from lazulite.alerts import limits
from lazulite.alerts.checks import bad, one_of, suggestion
from lazulite.alerts.rule import MULTIPLE, SINGLE, CriteriaBody, CriterionBody, DimensionBody, RuleBody


def check_criteria(body: RuleBody, resource_type: str) -> None:
    criteria = body.criteria
    one_of("criteria.odata.type", criteria.odata_type, (SINGLE, MULTIPLE))
    if not 1 <= len(criteria.all_of) <= limits.MA_CONDITIONS:
        raise bad("criteria.allOf", f"has {len(criteria.all_of)} conditions; it takes 1 to {limits.MA_CONDITIONS}.")
    if len(body.scopes) > 1 and len(criteria.all_of) > 1:
        raise bad("criteria.allOf", "has several conditions; with several scopes a rule takes one.")
    names = [criterion.name.lower() for criterion in criteria.all_of]
    if len(set(names)) < len(names):
        raise bad("criteria.allOf", "has two conditions with the same name.")
    for place, criterion in enumerate(criteria.all_of):
        _check_criterion(f"criteria.allOf[{place}]", criterion, resource_type)
    if len(criteria.all_of) > 1:
        _check_single_values(criteria)


def _check_criterion(where: str, criterion: CriterionBody, resource_type: str) -> None:
    one_of(
        f"{where}.criterionType", criterion.criterion_type or "StaticThresholdCriterion", ["StaticThresholdCriterion"]
    )
    one_of(f"{where}.operator", criterion.operator, limits.MA_OPERATORS)
    one_of(f"{where}.timeAggregation", criterion.time_aggregation, limits.MA_AGGREGATIONS)
    if not math.isfinite(criterion.threshold):
        raise bad(f"{where}.threshold", "is not a finite number.")
    for part, text in (("name", criterion.name), ("metricName", criterion.metric_name)):
        if not 1 <= len(text) <= limits.MA_TEXT:
            raise bad(f"{where}.{part}", f"must have 1 to {limits.MA_TEXT} characters.")
    _check_dimensions(f"{where}.dimensions", criterion.dimensions or ())
    if not criterion.skip_metric_validation:
        _check_metric(where, criterion, resource_type)


def _check_dimensions(where: str, dimensions: tuple[DimensionBody, ...]) -> None:
    if len(dimensions) > limits.MA_DIMENSIONS:
        raise bad(where, f"has {len(dimensions)} dimensions; it takes {limits.MA_DIMENSIONS} at most.")
    if len({dimension.name.lower() for dimension in dimensions}) < len(dimensions):
        raise bad(where, "names a dimension twice.")
    for place, dimension in enumerate(dimensions):
        here = f"{where}[{place}]"
        one_of(f"{here}.operator", dimension.operator, limits.MA_DIMENSION_OPERATORS)
        if not 1 <= len(dimension.values) <= limits.MA_DIMENSION_VALUES:
            raise bad(
                f"{here}.values", f"has {len(dimension.values)} values; it takes 1 to {limits.MA_DIMENSION_VALUES}."
            )
        if "*" in dimension.values and (len(dimension.values) > 1 or dimension.operator.lower() == "exclude"):
            raise bad(f"{here}.values", "has '*', which stands alone and with Include only.")


def _check_metric(where: str, criterion: CriterionBody, resource_type: str) -> None:
    metric = catalog.metric(resource_type, criterion.metric_name)
    if metric is None:
        near = suggestion(criterion.metric_name, [each.name for each in catalog.metrics_of(resource_type)])
        raise bad(
            f"{where}.metricName",
            f"'{criterion.metric_name}' is not a metric of {resource_type}.{near} Set skipMetricValidation to"
            " true for a metric that is yet to be emitted.",
        )
    if criterion.metric_namespace:
        one_of(f"{where}.metricNamespace", criterion.metric_namespace, [metric.metric_namespace])
    one_of(f"{where}.timeAggregation", criterion.time_aggregation, metric.supported_aggregations)
    for place, dimension in enumerate(criterion.dimensions or ()):
        if dimension.name.lower() not in {name.lower() for name in metric.dimensions}:
            known = f" It has {', '.join(metric.dimensions)}." if metric.dimensions else " It has none."
            near = suggestion(dimension.name, metric.dimensions) or known
            raise bad(
                f"{where}.dimensions[{place}].name", f"'{dimension.name}' is not a dimension of {metric.name}.{near}"
            )


def _check_single_values(criteria: CriteriaBody) -> None:
    for place, criterion in enumerate(criteria.all_of):
        for at, dimension in enumerate(criterion.dimensions or ()):
            if len(dimension.values) != 1 or "*" in dimension.values or dimension.operator.lower() != "include":
                raise bad(
                    f"criteria.allOf[{place}].dimensions[{at}]",
                    "must Include exactly one value, and not '*', because the rule has several conditions.",
                )
