"""The timespan of a query, in every form that clients send."""

from __future__ import annotations

import pytest

from lazulite.core.errors import BadRequest
from lazulite.logs.timespans import parse
from tests.logs.conftest import NOW, at

SECOND = 10_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_no_bound(text: str | None) -> None:
    assert parse(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT86400.0S", DAY),
        ("P1D", DAY),
        ("PT1H", HOUR),
        ("P2W", 14 * DAY),
        ("P1DT2H30M", DAY + 2 * HOUR + HOUR // 2),
        ("pt0.5h", HOUR // 2),
        ("PT0.0000001S", 1),
        ("PT1,5S", 15_000_000),
        ("PT2592000.123456S", 2_592_000 * SECOND + 1_234_560),
    ],
)
def test_a_duration_is_the_time_up_to_now_and_now_belongs_to_it(text: str, length: int) -> None:
    assert parse(text, NOW) == (NOW - length, NOW + 1)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z",
        "2024-01-01T00:00:00.000000Z/PT86400.0S",
        "P1D/2024-01-02T00:00:00Z",
        "2024-01-01/P1D",
        "2024-01-01T00:00:00/2024-01-02T00:00:00",
        "2024-01-01T02:00:00+02:00/PT24H",
    ],
)
def test_both_ends_given(text: str) -> None:
    assert parse(text, NOW) == (at("2024-01-01T00:00:00Z"), at("2024-01-02T00:00:00Z"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "'yesterday' is not a duration"),
        ("P", "'P' is not a duration"),
        ("PT", "'PT' is not a duration"),
        ("P1DT", "not a duration"),
        ("1D", "not a duration"),
        ("P1M", "years or months"),
        ("P1Y", "years or months"),
        ("-P1D", "not a duration"),
        ("P1D/P1D", "not an ISO 8601 date"),
        ("2024-13-01/P1D", "'2024-13-01' is not an ISO 8601 date"),
        ("2024-01-02/2024-01-01", "its end is not after its start"),
        ("2024-01-01/2024-01-01", "its end is not after its start"),
        ("2024-01-01/P1D/P1D", "more than two parts"),
        ("PT999999999999H", "longer than"),
        ("x" * 1000, "longer than 128 characters"),
    ],
)
def test_anything_else_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(BadRequest) as error:
        parse(text, NOW)
    assert why in error.value.message
    assert error.value.target == "timespan"


def test_a_long_duration_starts_at_the_first_instant() -> None:
    found = parse("P900000D", NOW)
    assert found == (0, NOW + 1)


def test_minutes_are_not_months() -> None:
    assert parse("PT1M", NOW) == (NOW - 60 * SECOND, NOW + 1)
