"""Durations and time grains."""

from __future__ import annotations

import pytest

from lazulite.core.clock import TICKS_PER_MINUTE
from lazulite.core.errors import BadRequest
from lazulite.metrics.grains import FULL, GRAINS, grain_text, parse_duration, supported


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("PT1M", 1), ("PT60M", 60), ("pt1h", 60), ("P1D", 1440), ("PT24H", 1440), ("P1DT1H30M", 1530), ("P1W", 10080)],
)
def test_durations(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes * TICKS_PER_MINUTE


def test_fractions_of_a_second_are_exact_to_a_tick() -> None:
    assert parse_duration("PT0.0000001S") == 1
    assert parse_duration("PT1.5S") == 15_000_000


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1H", "P1Y", "P1M", "PT-5M", "PT5", "PT" + "9" * 99 + "H"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


def test_every_grain_has_its_text() -> None:
    assert [grain_text(ticks) for ticks in GRAINS.values()] == list(GRAINS)
    assert grain_text(supported(FULL)) == "FULL"


def test_an_unsupported_grain_names_the_supported_ones() -> None:
    with pytest.raises(BadRequest, match=r"2 minutes is not a time grain\. Use one of PT1M, PT5M"):
        supported(2 * TICKS_PER_MINUTE)


@pytest.mark.parametrize(("minutes", "closest"), [(2, "PT1M"), (4, "PT5M"), (45, "PT30M"), (9999, "P1D")])
def test_an_adjusted_grain_is_the_closest(minutes: int, closest: str) -> None:
    assert grain_text(supported(minutes * TICKS_PER_MINUTE, adjust=True)) == closest
