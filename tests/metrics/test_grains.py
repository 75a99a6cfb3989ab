"""Time grains."""

from __future__ import annotations

import pytest

from lazulite.core.clock import TICKS_PER_MINUTE
from lazulite.core.errors import BadRequest
from lazulite.metrics.grains import FULL, GRAINS, available, grain_text, supported


def test_every_grain_has_its_text() -> None:
    assert [grain_text(ticks) for ticks in GRAINS.values()] == list(GRAINS)
    assert grain_text(supported(FULL)) == "FULL"


def test_a_metric_can_be_had_in_its_own_grains_and_their_roll_ups() -> None:
    assert available(["PT1M"]) == list(GRAINS)
    assert available(["PT1H"]) == ["PT1H", "PT6H", "PT12H", "P1D"]


def test_an_unsupported_grain_names_the_supported_ones() -> None:
    with pytest.raises(BadRequest, match=r"2 minutes is not a time grain\. Use one of PT1M, PT5M"):
        supported(2 * TICKS_PER_MINUTE)


@pytest.mark.parametrize(("minutes", "closest"), [(2, "PT1M"), (4, "PT5M"), (45, "PT30M"), (9999, "P1D")])
def test_an_adjusted_grain_is_the_closest(minutes: int, closest: str) -> None:
    assert grain_text(supported(minutes * TICKS_PER_MINUTE, adjust=True)) == closest
