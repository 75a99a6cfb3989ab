"""Places are taken first come first served, and the queue behind them is bounded."""

from __future__ import annotations

import threading

import pytest

from lazulite.core.errors import Throttled
from lazulite.engine.duckdb.slots import Slots
from tests.engine.test_queries import until


def never() -> None:
    """Nothing stops the waiting."""


def test_those_who_wait_are_served_in_order() -> None:
    slots, served = Slots({"query": 1}, waiting=10), list[int]()

    def enter(number: int) -> None:
        with slots.take("query", never):
            served.append(number)

    with slots.take("query", never):
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=enter, args=(number,)))
            threads[-1].start()
            until(lambda expected=number + 1: slots.depth == expected)
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4]
    assert slots.depth == 0


def test_a_full_queue_throttles_its_own_slot_only() -> None:
    slots = Slots({"query": 1, "alerts": 1}, waiting=0)
    with slots.take("query", never), pytest.raises(Throttled), slots.take("query", never):
        pass
    with slots.take("query", never), slots.take("alerts", never):
        assert slots.depth == 0


def test_one_who_gives_up_leaves_the_queue() -> None:
    slots = Slots({"query": 1}, waiting=1)

    def give_up() -> None:
        raise TimeoutError

    with slots.take("query", never):
        for _ in range(3):
            with pytest.raises(TimeoutError), slots.take("query", give_up):
                pass
        assert slots.depth == 0
    with slots.take("query", never):
        assert slots.depth == 0
