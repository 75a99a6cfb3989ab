"""Wrong tries are counted in a window, and the count is bounded."""

from __future__ import annotations

import pytest

from lazulite.core.clock import HeldClock
from lazulite.core.errors import Throttled
from lazulite.identity import throttle
from lazulite.identity.throttle import Throttle


def test_a_right_try_clears_the_count(clock: HeldClock) -> None:
    tries = Throttle(clock, max_wrong=2)
    tries.wrong("a")
    tries.right("a")
    tries.wrong("a")
    tries.check("a")
    tries.wrong("a")
    with pytest.raises(Throttled):
        tries.check("a")
    tries.check("b")


def test_the_longest_unused_key_makes_room(clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_KEYS", 2)
    tries = Throttle(clock, max_wrong=1)
    for key in ("a", "b", "c"):
        tries.wrong(key)
    tries.check("a")
    with pytest.raises(Throttled):
        tries.check("c")
