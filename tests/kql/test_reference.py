"""Compile-then-run never disagrees with the slow evaluator in `reference/`, on tables and queries that are made up."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.kql.generated.answers import SEED, SOAK, check
from tests.kql.generated.queries import Query, query

HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=HEALTH, print_blob=True, database=None)
MANY = settings(FEW, max_examples=20_000 if SOAK else 500)


def agree(given: Query) -> None:
    check(given.answer, given.tables)


@seed(SEED)
@FEW
@given(query())
def test_a_few_queries(given: Query) -> None:
    agree(given)


@pytest.mark.long
@pytest.mark.timeout(7200)
@seed(SEED)
@MANY
@given(query())
def test_many_queries(given: Query) -> None:
    agree(given)
