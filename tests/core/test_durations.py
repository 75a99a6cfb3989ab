"""ISO 8601 durations."""

from __future__ import annotations

import pytest

from lazulite.core.clock import TICKS_PER_MINUTE
from lazulite.core.durations import parse


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("PT1M", 1),
        ("PT60M", 60),
        ("pt1h", 60),
        ("pt0.5h", 30),
        ("P1D", 1440),
        ("PT24H", 1440),
        ("PT86400.0S", 1440),
        ("P1DT1H30M", 1530),
        ("P1W", 10080),
        ("PT0S", 0),
    ],
)
def test_durations(text: str, minutes: int) -> None:
    assert parse(text) == minutes * TICKS_PER_MINUTE


def test_fractions_are_exact_to_a_tick() -> None:
    assert parse("PT0.0000001S") == 1
    assert parse("PT1.5S") == parse("PT1,5S") == 15_000_000


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1H", "P1Y", "P1M", "-P1D", "PT-5M", "PT5", "PT.5S", "PT" + "9" * 99 + "H"]
)
def test_what_is_no_duration(text: str) -> None:
    assert parse(text) is None
