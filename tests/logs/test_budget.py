"""Memory of results on their way out."""

from __future__ import annotations

import pytest

from lazulite.core.errors import Throttled
from lazulite.logs.budget import ResultBudget


def test_results_fit_until_the_budget_is_used_up() -> None:
    budget = ResultBudget(100, small=0)
    with budget.hold(60):
        with budget.hold(40):
            assert budget.used == 100
            with pytest.raises(Throttled) as error, budget.hold(1):
                pass
            assert error.value.retry_after > 0
        with budget.hold(40):
            pass
    assert budget.used == 0


def test_one_result_larger_than_all_of_it_goes_alone() -> None:
    budget = ResultBudget(100, small=0)
    with budget.hold(500), pytest.raises(Throttled), budget.hold(1):
        pass
    assert budget.used == 0


def test_small_results_pass_beside_one_that_takes_all() -> None:
    budget = ResultBudget(100, small=10)
    with budget.hold(500), budget.hold(10):
        assert budget.used == 510
        with pytest.raises(Throttled), budget.hold(11):
            pass
    assert budget.used == 0


def test_a_failure_gives_back_what_it_held() -> None:
    budget = ResultBudget(100)
    with pytest.raises(ValueError, match="broken"), budget.hold(80):
        raise ValueError("broken")
    assert budget.used == 0
