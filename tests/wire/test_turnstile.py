"""A crowd waits in line, and the line ends."""

from __future__ import annotations

import asyncio
import threading

from anyio import to_thread

from lazulite.core.errors import Throttled
from lazulite.wire.turnstile import Turnstile


def test_a_crowd_takes_no_thread_of_others_and_is_turned_away_past_the_queue() -> None:
    turnstile, held = Turnstile(threads=2, waiting=3), threading.Event()

    async def crowd() -> list[object]:
        tries = [asyncio.create_task(turnstile.run(lambda: held.wait(30))) for _ in range(60)]
        # As many threads as everybody shares: none of them is taken.
        assert await asyncio.gather(*(to_thread.run_sync(int) for _ in range(40))) == [0] * 40
        held.set()
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = asyncio.run(crowd())
    assert answers.count(True) == 5
    assert sum(isinstance(answer, Throttled) for answer in answers) == 55
    assert asyncio.run(turnstile.run(lambda: "free again")) == "free again"
