"""Local stages: rows a few at a time, bounded in memory, ended by a deadline."""

from __future__ import annotations

import time

import duckdb
import pytest

from lazulite.kql import KqlError, Options, local
from lazulite.kql import compile as compile_query
from lazulite.kql.memory import Memory


def read(query: str, check: local.Check = lambda: None) -> int:
    with duckdb.connect(config={"threads": 1}) as connection:
        compiled = compile_query(query, Memory({}, connection), Options(now=0))
        return int(local.stream(compiled, connection, check=check).read_all().num_rows)


def test_the_first_rows_are_few_and_later_ones_more() -> None:
    checks: list[float] = []
    query = "range a from 1 to 20000 step 1 | extend b = range(a, a + 1) | where array_length(b) == 2"
    assert read(query, lambda: checks.append(time.monotonic())) == 20_000
    assert 8 < len(checks) < 200


def test_rows_that_are_large_together_are_refused() -> None:
    with pytest.raises(KqlError) as caught:
        read("range a from 1 to 5000 step 1 | extend b = range(1, 100000) | where array_length(b) == 2")
    assert caught.value.code == "RUN0001"
    assert "range()" in caught.value.message


def test_a_large_row_alone_is_not() -> None:
    assert read("print b = range(1, 1000000) | where array_length(b) == 1000000") == 1


def test_a_check_ends_a_stage() -> None:
    class Ended(Exception):
        pass

    def end() -> None:
        raise Ended

    with pytest.raises(Ended):
        read("range a from 1 to 100000000000 step 1 | extend b = range(1, 5) | count", end)
