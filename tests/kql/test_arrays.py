"""Arrays that would be too long: one row may make a million elements, and there may be many rows."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run

ROWS = "range x from 1 to 8000 step 1 | "


@pytest.mark.parametrize("call", ["repeat(x, 1048576)", 'repeat("abcdefgh", 100000)', "range(x, 1000000000)"])
def test_many_long_arrays_are_refused_before_they_fill_the_memory(call: str) -> None:
    with pytest.raises(KqlError) as caught:
        run(f"{ROWS} extend y = {call} | summarize count(array_length(y))", {})
    assert "take more memory than they may" in caught.value.message


def test_one_long_array_is_answered() -> None:
    answer = run("print a = array_sum(range(1, 100000)), b = array_length(repeat('a', 1000000))", {})
    assert answer.to_pylist() == [{"a": 5000050000.0, "b": 1000000}]
