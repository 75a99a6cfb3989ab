"""Moments and spans as ticks of 100 ns, and as the text that Kusto prints."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.kql import ticks

MOMENTS = st.integers(0, ticks.MAX_TICKS)
SPANS = st.integers(-(2**62), 2**62)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0001-01-01T00:00:00.0000000Z", 0),
        ("0001-01-01T00:00:00.0000001Z", 1),
        ("1970-01-01T00:00:00.0000000Z", ticks.UNIX_EPOCH_TICKS),
        ("2024-02-29T12:34:56.7891234Z", 638448068967891234),
        ("9999-12-31T23:59:59.9999999Z", ticks.MAX_TICKS),
    ],
)
def test_a_moment_and_its_text(text: str, number: int) -> None:
    assert ticks.parse_datetime(text) == number
    assert ticks.format_datetime(number) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00:00:00", 0),
        ("1.02:03:04.5000000", 937845000000),
        ("-00:00:01", -10_000_000),
        ("00:00:00.0000001", 1),
    ],
)
def test_a_span_and_its_text(text: str, number: int) -> None:
    assert ticks.parse_timespan(text) == number
    assert ticks.format_timespan(number) == text


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "2023-02-29", "10000-01-01"])
def test_what_is_no_moment(text: str) -> None:
    assert ticks.parse_datetime(text) is None


@given(MOMENTS)
def test_a_moment_survives_its_text(number: int) -> None:
    assert ticks.parse_datetime(ticks.format_datetime(number)) == number


@given(st.lists(st.none() | MOMENTS, max_size=20))
def test_a_column_prints_as_its_values(numbers: list[int | None]) -> None:
    expected = [None if number is None else ticks.format_datetime(number) for number in numbers]
    assert ticks.format_datetime_column(pa.array(numbers, pa.int64())).to_pylist() == expected


@given(st.lists(st.none() | SPANS, max_size=20))
def test_a_column_of_spans_prints_as_its_values(numbers: list[int | None]) -> None:
    expected = [None if number is None else ticks.format_timespan(number) for number in numbers]
    assert ticks.format_timespan_column(pa.array(numbers, pa.int64())).to_pylist() == expected


def test_a_chunked_column_prints_as_one() -> None:
    chunked = pa.chunked_array([pa.array([0]), pa.array([], pa.int64()), pa.array([1, None])])
    assert ticks.format_datetime_column(chunked).to_pylist() == [
        "0001-01-01T00:00:00.0000000Z",
        "0001-01-01T00:00:00.0000001Z",
        None,
    ]
