"""The pure core: values of a window to verdicts, verdicts to steps."""

from __future__ import annotations

import msgspec
import pytest

from lazulite.alerts.conditions import Open, SeriesValue, Step, step, verdicts
from lazulite.alerts.rule import CriterionBody
from lazulite.core.resource_id import parse

from .conftest import WORKSPACE, criterion

TARGET = parse(WORKSPACE)
FIRED = Open("alert", 0)


def read(**changes: object) -> CriterionBody:
    return msgspec.convert(criterion(**changes), CriterionBody)


def including(*values: str, operator: str = "Include") -> dict[str, object]:
    return {"dimensions": [{"name": "Scenario", "operator": operator, "values": list(values)}]}


def series(value: float | None, scenario: str | None = None) -> SeriesValue:
    return SeriesValue((("scenario", scenario),) if scenario else (), value)


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("Equals", False, True, False),
        ("GreaterThan", False, False, True),
        ("GreaterThanOrEqual", False, True, True),
        ("LessThan", True, False, False),
        ("LessThanOrEqual", True, True, False),
    ],
)
def test_operators(operator: str, below: bool, equal: bool, above: bool) -> None:
    one = read(operator=operator, threshold=90)
    found = [verdicts(TARGET, [(one, [series(value)])])[0].met for value in (89.9, 90.0, 90.1)]
    assert found == [below, equal, above]


@pytest.mark.parametrize("operator", ["Equals", "LessThan", "LessThanOrEqual", "GreaterThanOrEqual"])
def test_no_data_is_not_zero_and_meets_no_condition(operator: str) -> None:
    one = read(operator=operator, threshold=0)
    assert not verdicts(TARGET, [(one, [series(None)])])[0].met
    assert verdicts(TARGET, [(one, [])]) == []


def test_a_star_gives_each_value_a_verdict_of_its_own() -> None:
    found = verdicts(TARGET, [(read(**including("*")), [series(3.0, "batch"), series(0.0, "online")])])
    assert [(each.dimensions, each.met) for each in found] == [
        ((("Scenario", "batch"),), True),
        ((("Scenario", "online"),), False),
    ]


@pytest.mark.parametrize(
    ("dimensions", "watched"),
    [
        (including("batch", "gone"), ["batch"]),
        (including("BATCH"), ["batch"]),
        (including("batch", operator="Exclude"), ["online", "test"]),
        (including("batch", "test", operator="Exclude"), ["online"]),
    ],
)
def test_included_and_excluded_values(dimensions: dict[str, object], watched: list[str]) -> None:
    values = [series(1.0, name) for name in ("batch", "online", "test")]
    found = verdicts(TARGET, [(read(**dimensions), values)])
    assert [each.dimensions[0][1] for each in found] == watched


@pytest.mark.parametrize(("first", "second", "met"), [(1.0, 1.0, True), (1.0, 0.0, False), (1.0, None, False)])
def test_all_of_several_conditions_must_hold(first: float, second: float | None, met: bool) -> None:
    found = verdicts(TARGET, [(read(), [series(first)]), (read(name="other"), [series(second)])])
    assert [each.met for each in found] == [met]


def test_a_condition_without_any_series_keeps_the_others_from_firing() -> None:
    assert [each.met for each in verdicts(TARGET, [(read(), [series(1.0)]), (read(name="other"), [])])] == [False]


def test_a_series_is_the_same_in_any_case_and_order() -> None:
    one = verdicts(TARGET, [(read(**including("*")), [series(1.0, "Batch")])])[0]
    two = verdicts(parse(WORKSPACE.upper()), [(read(**including("*")), [series(1.0, "batch")])])[0]
    assert one.series == two.series


@pytest.mark.parametrize(
    ("met", "current", "expected"),
    [
        (False, None, (Step.NOTHING, 0)),
        (True, None, (Step.FIRE, 0)),
        (True, FIRED, (Step.NOTHING, 0)),
        (False, FIRED, (Step.COUNT, 1)),
        (False, Open("alert", 1), (Step.COUNT, 2)),
        (True, Open("alert", 2), (Step.COUNT, 0)),
        (False, Open("alert", 2), (Step.RESOLVE, 3)),
    ],
)
def test_a_stateful_rule_fires_once_and_resolves_after_three_healthy_checks(
    met: bool, current: Open | None, expected: tuple[Step, int]
) -> None:
    assert step(met, current, stateful=True) == expected


def test_a_stateless_rule_fires_each_time() -> None:
    assert step(True, None, stateful=False) == (Step.FIRE, 0)
    assert step(False, None, stateful=False) == (Step.NOTHING, 0)
