"""Pure: what was measured in a window to verdicts, and verdicts to what happens to an alert. No clock, no store.

One condition gives one verdict a time series (each combination of its dimension values, on each scope). Several
conditions give one verdict a scope, met when all of them are.

No data is not 0: a condition over a window without data is not met. So such a window never fires, and it counts as
a healthy check of an alert that is to be resolved, as "condition unmet" does in the public service. Sparse metrics such
as Model Deploy Failed, which are silent while all is well, would otherwise never resolve.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from lazulite.alerts.limits import MA_RESOLVE
from lazulite.alerts.rule import CriterionBody
from lazulite.core.resource_id import ResourceId

Dimensions = tuple[tuple[str, str], ...]
Compare = Callable[[float, float], bool]

OPERATORS: Mapping[str, Compare] = {
    "equals": operator.eq,
    "greaterthan": operator.gt,
    "greaterthanorequal": operator.ge,
    "lessthan": operator.lt,
    "lessthanorequal": operator.le,
}


@dataclass(frozen=True)
class SeriesValue:
    """One time series of a metric, aggregated over the whole window; `value` is None without data."""

    dimensions: Dimensions
    value: float | None


@dataclass(frozen=True)
class Reading:
    """A criterion's value for one time series."""

    criterion: CriterionBody
    dimensions: Dimensions
    value: float | None

    @property
    def met(self) -> bool:
        # The rule was checked when it was stored; an operator that is not here is a fault of ours, and is told as one.
        compare = OPERATORS[self.criterion.operator.lower()]
        return self.value is not None and compare(self.value, self.criterion.threshold)


@dataclass(frozen=True)
class Verdict:
    """Whether all conditions hold for one time series of one resource."""

    target: ResourceId
    dimensions: Dimensions
    readings: tuple[Reading, ...]

    @property
    def met(self) -> bool:
        return bool(self.readings) and all(reading.met for reading in self.readings)

    @property
    def series(self) -> str:
        """What identifies the alert of a rule: resource and dimension values, without case or order."""
        dimensions = sorted((name.lower(), value.lower()) for name, value in self.dimensions)
        return msgspec.json.encode([self.target.key, dimensions]).decode()


def verdicts(target: ResourceId, measured: Sequence[tuple[CriterionBody, Sequence[SeriesValue]]]) -> list[Verdict]:
    """`measured` has each criterion of a rule with the series found for it on this target."""
    if len(measured) == 1:
        criterion, found = measured[0]
        return [_of_series(target, criterion, each) for each in found if _watched(criterion, each)]
    readings = tuple(_alone(criterion, found) for criterion, found in measured)
    return [Verdict(target, (), readings)]


def _of_series(target: ResourceId, criterion: CriterionBody, found: SeriesValue) -> Verdict:
    dimensions = spelled(criterion, found.dimensions)
    return Verdict(target, dimensions, (Reading(criterion, dimensions, found.value),))


def spelled(criterion: CriterionBody, dimensions: Dimensions) -> Dimensions:
    """Dimension names as the rule writes them; metric answers give them in lower case."""
    names = {each.name.lower(): each.name for each in criterion.dimensions or ()}
    return tuple((names.get(name.lower(), name), value) for name, value in dimensions)


def _alone(criterion: CriterionBody, found: Sequence[SeriesValue]) -> Reading:
    """With several conditions each one names one value a dimension, so one series is left at most."""
    watched = [each for each in found if _watched(criterion, each)]
    if not watched:
        return Reading(criterion, (), None)
    return Reading(criterion, spelled(criterion, watched[0].dimensions), watched[0].value)


def _watched(criterion: CriterionBody, found: SeriesValue) -> bool:
    values = {name.lower(): value for name, value in found.dimensions}
    return all(each.admits(values.get(each.name.lower(), "")) for each in criterion.dimensions or ())


class Step(Enum):
    """What an evaluation does to one series' alert."""

    FIRE = "fire"
    RESOLVE = "resolve"
    COUNT = "count"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Open:
    """The fired alert of a series, how many checks in a row found it healthy, and what it watches."""

    alert_id: str
    healthy: int
    target: str = ""
    dimensions: Dimensions = ()


def step(met: bool, current: Open | None, stateful: bool) -> tuple[Step, int]:
    """The step, and the healthy checks to remember for an alert that stays fired.

    Stateless rules fire at each check whose condition is met. Stateful ones fire once, and resolve after MA_RESOLVE
    consecutive checks with the condition unmet.
    """
    if not stateful:
        return (Step.FIRE if met else Step.NOTHING), 0
    if current is None:
        return (Step.FIRE if met else Step.NOTHING), 0
    if met:
        return (Step.COUNT if current.healthy else Step.NOTHING), 0
    healthy = current.healthy + 1
    return (Step.RESOLVE if healthy >= MA_RESOLVE else Step.COUNT), healthy
